import type { PeerCertificateJson } from "../../api/api.ts";
import { nameLine, timeText, visible } from "../quantities.ts";

/** What a certificate says, for a person to compare. */
export function CertificateFacts({ certificate }: { readonly certificate: PeerCertificateJson }) {
  const { subject, issuer, names, validFrom, validUntil, key, fingerprint, pin, chain } = certificate;
  const rows: readonly (readonly [string, string])[] = [
    ["For", names.length === 0 ? "no name at all" : names.join(", ")],
    ["Subject", nameLine(subject)],
    ["Issued by", nameLine(issuer)],
    ["Valid", `${timeText(validFrom)} – ${timeText(validUntil)}`],
    ["Key", key],
    ["Key fingerprint", pin],
    ["SHA-256", (fingerprint.match(/../g) ?? []).join(":")],
    ["Chain", chain.map((each) => nameLine(each.subject)).join(" ← ")],
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
