import { keyUsageOf, type KeyUsage } from "../certificates/extensions.ts";
import { distinctLeaves, noCertificate } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";

const serverAuthentication = "1.3.6.1.5.5.7.3.1";

export const certificateUsage = check({
  id: "C5",
  name: "usage",
  title: "The certificate is one for servers",
  reference: "RFC 5280 §4.2.1.3, §4.2.1.9 and §4.2.1.12",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    if (leaves.length === 0) return noCertificate;
    return leaves.map(({ mode, leaf: { usages, isAuthority, der } }): Verdict => {
      const keyUsage = keyUsageOf(der);
      const evidence = [
        `extended key usage: ${usages?.join(", ") ?? "absent"}`,
        `authority: ${isAuthority ? "yes" : "no"}`,
        `key usage: ${keyUsage === undefined ? "absent" : usageText(keyUsage)}`,
      ];
      if (keyUsage?.digitalSignature === false) {
        const text = keyUsage.keyEncipherment
          ? "The key may not sign: handshakes of today, with forward secrecy and in TLS 1.3, need that"
          : "The key may neither sign nor carry keys: clients that look refuse it";
        return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "B" }, fix: "certificate-trust" };
      }
      if (usages !== undefined && !usages.includes(serverAuthentication)) {
        const text = "The certificate is not made for servers: clients refuse it";
        return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "T" }, fix: "certificate-trust" };
      }
      if (isAuthority) {
        const text = "The server shows an authority's certificate as its own: its key could sign others";
        return { status: "warn", text, evidence, mode, fix: "certificate-trust" };
      }
      return { status: "ok", text: "Made for servers", evidence, mode };
    });
  },
});

function usageText({ digitalSignature, keyEncipherment }: KeyUsage): string {
  const named = [digitalSignature && "digitalSignature", keyEncipherment && "keyEncipherment"].filter(Boolean);
  return named.join(", ") || "neither digitalSignature nor keyEncipherment";
}
