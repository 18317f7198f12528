import type { LoginJson } from "../../api/api.ts";
import { showCertificate } from "../state/dialogs.ts";
import { Icon } from "./icon.tsx";

/** Who can read this connection, in one line; more behind it. */
export function TlsBadge({ login }: { readonly login: LoginJson }) {
  const { security, tls } = login;
  if (tls === undefined) {
    return (
      <span class="badge badge-clear" role="status">
        <Icon name="open" /> Not encrypted: anyone on the way can read this
      </span>
    );
  }
  const verified = tls.trustedBy === "authorities" ? "verified" : "key trusted by you";
  const data = tls.dataResumed === undefined ? "" : tls.dataResumed ? " · data resumed" : " · data not resumed";
  return (
    <button type="button" class="badge badge-encrypted" onClick={showCertificate} aria-haspopup="dialog">
      <Icon name="closed" /> {security} {tls.protocol.replace("TLSv", "TLS ")}
      <span class="badge-more">
        {tls.group === undefined ? "" : ` · ${tls.group}`} · {verified}
        {data}
      </span>
    </button>
  );
}
