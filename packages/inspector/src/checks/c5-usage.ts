import { distinctLeaves, noCertificate } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";

const serverAuthentication = "1.3.6.1.5.5.7.3.1";

export const certificateUsage = check({
  id: "C5",
  name: "usage",
  title: "The certificate is one for servers",
  reference: "RFC 5280 §4.2.1.9 and §4.2.1.12",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    if (leaves.length === 0) return noCertificate;
    return leaves.map(({ mode, leaf: { usages, isAuthority } }): Verdict => {
      const evidence = [
        `extended key usage: ${usages?.join(", ") ?? "absent"}`,
        `authority: ${isAuthority ? "yes" : "no"}`,
      ];
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
