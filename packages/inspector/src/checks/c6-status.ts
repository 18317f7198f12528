import { X509Certificate } from "node:crypto";
import { escapeControls } from "@sallyport/protocol";
import { certificateExtensions, extensionOf, revocationListsOf } from "../certificates/extensions.ts";
import { readOcspResponse, type CertificateStatus } from "../certificates/ocsp.ts";
import type { ShownCertificate } from "../probes/secured.ts";
import { day, distinctLeaves, noCertificate, type ShownLeaf } from "./certificate.ts";
import { check, type Verdict } from "./check.ts";

export const revocation = check({
  id: "C6",
  name: "revocation",
  title: "Whether a revoked certificate could be noticed",
  reference: "RFC 6066 §8, RFC 6960, RFC 7633",
  needs: ["modes"],
  judge({ modes }) {
    const leaves = distinctLeaves(modes);
    return leaves.length === 0 ? noCertificate : leaves.map((shown) => verdictOf(shown));
  },
});

function verdictOf({ mode, secured: { staple, seen }, leaf }: ShownLeaf): Verdict {
  const demandsStaple = extensionOf(leaf.der, certificateExtensions.features) !== undefined;
  const evidence = [
    `OCSP response in the handshake: ${staple === undefined ? "no" : `${staple.length} octets`}`,
    `certificate demands one (must-staple): ${demandsStaple ? "yes" : "no"}`,
    ...responders(leaf).map((url) => `responder ${url}`),
    ...revocationListsOf(leaf.der).map((url) => `list of the revoked ${escapeControls(url)}`),
  ];
  if (staple === undefined) {
    if (!demandsStaple) {
      // Public authorities have begun to do without OCSP: its absence is no fault.
      return { status: "info", text: "No OCSP response comes with the handshake", evidence, mode };
    }
    const text =
      "The certificate demands an OCSP response in the handshake, and there is none: strict clients refuse it";
    return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter: "B" }, fix: "certificate-staple" };
  }
  const status = readOcspResponse(staple, issuerOf(seen().sent));
  evidence.push(statusText(status));
  const fault = faultOf(status, leaf);
  if (fault === undefined)
    return { status: "ok", text: "An OCSP response vouches for the certificate", evidence, mode };
  const { text, letter } = fault;
  return { status: "fail", text, evidence, mode, cap: { scale: "tls", letter }, fix: "certificate-renew" };
}

function faultOf(
  status: CertificateStatus | undefined,
  { serialNumber }: ShownCertificate,
): { readonly text: string; readonly letter: "B" | "T" } | undefined {
  if (status === undefined) return { text: "The OCSP response cannot be read", letter: "B" };
  if (status.isSigned === false) return { text: "The OCSP response is signed by a stranger", letter: "B" };
  if (status.serialNumber !== serialNumber)
    return { text: "The OCSP response is about another certificate", letter: "B" };
  if (status.status === "revoked") return { text: "The certificate is revoked, by the server's own word", letter: "T" };
  if (status.status === "unknown") return { text: "The responder does not know the certificate", letter: "B" };
  if ((status.nextUpdate?.getTime() ?? Infinity) < Date.now())
    return { text: "The OCSP response is out of date", letter: "B" };
  return undefined;
}

function statusText(status: CertificateStatus | undefined): string {
  if (status === undefined) return "OCSP: unreadable";
  const { status: said, serialNumber, thisUpdate, nextUpdate, isSigned } = status;
  const until = nextUpdate === undefined ? "" : ` to ${day(nextUpdate)}`;
  const signed = isSigned === undefined ? "signature not checked" : `signed by the issuer: ${isSigned ? "yes" : "no"}`;
  return `OCSP: ${said}, serial ${serialNumber}, ${day(thisUpdate)}${until}, ${signed}`;
}

function issuerOf([, issuer]: readonly Buffer[]): X509Certificate | undefined {
  try {
    return issuer && new X509Certificate(issuer);
  } catch {
    return undefined;
  }
}

function responders({ der }: ShownCertificate): readonly string[] {
  const access = new X509Certificate(der).infoAccess ?? "";
  return access.split("\n").flatMap((line) => {
    const url = /^OCSP - URI:(?<url>.+)$/.exec(line)?.groups?.["url"];
    return url === undefined ? [] : [escapeControls(url)];
  });
}
