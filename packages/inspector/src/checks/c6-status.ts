import { X509Certificate } from "node:crypto";
import { escapeControls } from "@sallyport/protocol";
import type { ShownCertificate } from "../probes/secured.ts";
import { distinctLeaves, noCertificate } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";

/** DER of object identifiers, tag and length in front: they stand so in an extension and nowhere by chance. */
const mustStapleOid = Buffer.from("06082b06010505070118", "hex");
const timestampsOid = Buffer.from("060a2b06010401d679020402", "hex");

export const revocation = check({
  id: "C6",
  name: "revocation",
  title: "Whether a revoked certificate could be noticed",
  reference: "RFC 6066 §8, RFC 7633",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    if (leaves.length === 0) return noCertificate;
    return leaves.map(({ mode, secured: { hasStaple }, leaf }): Verdict => {
      const demandsStaple = leaf.der.includes(mustStapleOid);
      const evidence = [
        `OCSP response in the handshake: ${hasStaple ? "yes" : "no"}`,
        `certificate demands one (must-staple): ${demandsStaple ? "yes" : "no"}`,
        ...responders(leaf).map((url) => `responder ${url}`),
      ];
      if (demandsStaple && !hasStaple) {
        const text =
          "The certificate demands an OCSP response in the handshake, and there is none: strict clients refuse it";
        return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "B" }, fix: "certificate-staple" };
      }
      // Public authorities have begun to do without OCSP: its absence is no fault.
      const text = hasStaple
        ? "An OCSP response comes with the handshake"
        : "No OCSP response comes with the handshake";
      return { status: hasStaple ? "ok" : "info", text, evidence, mode };
    });
  },
});

export const transparency = check({
  id: "C7",
  name: "transparency",
  title: "Whether the certificate is in public logs",
  reference: "RFC 6962 §3.3",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    if (leaves.length === 0) return noCertificate;
    return leaves.map(({ mode, leaf }): Verdict => {
      const isLogged = leaf.der.includes(timestampsOid);
      const evidence = [`signed certificate timestamps in the certificate: ${isLogged ? "yes" : "no"}`];
      const text = isLogged
        ? "The certificate carries timestamps of public logs"
        : "The certificate carries no timestamps of public logs: those of authorities of one's own never do";
      return { status: "info", text, evidence, mode };
    });
  },
});

function responders({ der }: ShownCertificate): readonly string[] {
  const access = new X509Certificate(der).infoAccess ?? "";
  return access.split("\n").flatMap((line) => {
    const url = /^OCSP - URI:(?<url>.+)$/.exec(line)?.groups?.["url"];
    return url === undefined ? [] : [escapeControls(url)];
  });
}
