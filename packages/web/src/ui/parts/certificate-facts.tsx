import type { PeerCertificateJson } from "../../api/api.ts";
import { nameLine, timeText, visible } from "../quantities.ts";
import { texts } from "../texts/language.ts";

/** What a certificate says, for a person to compare. */
export function CertificateFacts({ certificate }: { readonly certificate: PeerCertificateJson }) {
  const { subject, issuer, names, validFrom, validUntil, key, fingerprint, pin, chain } = certificate;
  const t = texts.value.certificate;
  const rows: readonly (readonly [string, string])[] = [
    [t.host, names.length === 0 ? t.noName : names.join(", ")],
    [t.subject, nameLine(subject)],
    [t.issuer, nameLine(issuer)],
    [t.valid, `${timeText(validFrom)} – ${timeText(validUntil)}`],
    [t.key, key],
    [t.pin, pin],
    [t.fingerprint, (fingerprint.match(/../g) ?? []).join(":").toUpperCase()],
    [t.chain, chain.map((each) => nameLine(each.subject)).join(" ← ")],
  ];
  return (
    <dl class="facts">
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{visible(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
