import type { LoginJson } from "../../api/api.ts";
import { showCertificate } from "../state/dialogs.ts";
import { Icon } from "./icon.tsx";
import { texts } from "../texts/language.ts";

/** Who can read this connection, in one line; more behind it. */
export function TlsBadge({ login }: { readonly login: LoginJson }) {
  const { security, tls, kerberos } = login;
  const t = texts.value.tls;
  if (kerberos !== undefined) {
    return (
      <span class="badge badge-encrypted" role="status">
        <Icon name="closed" /> <span class="badge-mode">Kerberos</span>
        <span class="badge-more"> · {kerberos}</span>
      </span>
    );
  }
  if (tls === undefined) {
    return (
      <span class="badge badge-clear" role="status">
        <Icon name="open" /> {t.inClear}
      </span>
    );
  }
  const verified = tls.trustedBy === "authorities" ? t.verified : t.keyTrusted;
  const data = tls.dataResumed === undefined ? "" : tls.dataResumed ? ` · ${t.dataResumed}` : ` · ${t.dataNotResumed}`;
  return (
    <button type="button" class="badge badge-encrypted" onClick={showCertificate} aria-haspopup="dialog">
      <Icon name="closed" /> <span class="badge-mode">{security}</span> {tls.protocol.replace("TLSv", "TLS ")}
      <span class="badge-more">
        {tls.group !== undefined && <span class="badge-group"> · {tls.group}</span>} · {verified}
        <span class="badge-data">{data}</span>
      </span>
    </button>
  );
}
