import { distinctLeaves, noCertificate } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";

/** What stays of a long list of names as evidence. */
const namesMax = 8;
const privateAddress = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|f[cd][0-9a-f]{2}:)/i;

export const certificateName = check({
  id: "C2",
  name: "name",
  title: "The certificate is for this host",
  reference: "RFC 9525 §6, R-TLS-10",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    if (leaves.length === 0) return noCertificate;
    return leaves.flatMap(({ mode, secured, leaf }): Verdict[] => {
      const listed = leaf.names.slice(0, namesMax).join(", ");
      const evidence = [leaf.names.length === 0 ? `no alternative names; ${leaf.subject}` : `names ${listed}`];
      const isPrivate = leaf.names.some((name) => privateAddress.test(name));
      const leak: Verdict[] = isPrivate
        ? [{ status: "info", text: "The certificate tells addresses of an inner network", evidence, mode }]
        : [];
      if (secured.isNamed) return [{ status: "ok", text: "The certificate is for this host", evidence, mode }, ...leak];
      const text = "The certificate is for other names: clients that check refuse it, those that do not trust anybody";
      const cap = { scale: "tls", letter: "M" } as const;
      return [{ status: "fail", text, evidence, mode, cap, fix: "certificate-name" }, ...leak];
    });
  },
});
