import { limits } from "@sallyport/protocol";
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { alternativeNames, certificateFingerprint, pinOfKey } from "../tls-identity.ts";

/** What one certificate says. Names are the peer's words: they may hold anything. */
export interface CertificateFacts {
  /** The distinguished name, one attribute a line, as Node prints it. */
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** Such as `rsa 2048`, `ec prime256v1`, `ed25519`. */
  readonly key: string;
  /** SHA-256 over the DER, lower-case hex. */
  readonly fingerprint: string;
  /** SHA-256 over the public key (SPKI) as `sha256/BASE64`, the form in which pins are given. */
  readonly pin: string;
}

/** What the authorities object to: a code of TlsError, and the rest of a sentence that begins with "The certificate". */
export interface CertificateProblem {
  readonly code: string;
  readonly text: string;
}

/** The certificate that a server showed, and what is to be said about it. */
export interface PeerCertificateFacts extends CertificateFacts {
  /** The host that was meant. */
  readonly host: string;
  /** DNS names and IP addresses that it is for. */
  readonly names: readonly string[];
  /** From the server's certificate up, as far as the server sent them or the authorities complete them. */
  readonly chain: readonly CertificateFacts[];
  /** None where the authorities vouch for it; otherwise the weightiest first. */
  readonly problems: readonly CertificateProblem[];
}

export interface VerificationResult {
  /** The host that was meant. */
  readonly host: string;
  /** OpenSSL's code for what it found last; undefined where all was well. */
  readonly verifyError: string | undefined;
  /** PEM of those who are trusted. */
  readonly authorities: readonly string[];
  readonly now?: Date;
}

/** Reads a server's certificate as it was shown in a handshake. */
export function readPeerCertificate(leaf: X509Certificate, result: VerificationResult): PeerCertificateFacts {
  const chain = chainOf(leaf);
  return {
    ...certificateFacts(leaf),
    host: result.host,
    names: namesOf(leaf),
    chain: chain.map((certificate) => certificateFacts(certificate)),
    problems: problemsOf(leaf, chain, result),
  };
}

function chainOf(leaf: X509Certificate): X509Certificate[] {
  const chain = [leaf];
  for (let next = leaf.issuerCertificate; next && chain.length < limits.certificateChainCount.value;) {
    chain.push(next);
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber,
    validFrom: certificate.validFromDate,
    validUntil: certificate.validToDate,
    fingerprint: certificateFingerprint(certificate),
    ...keyFacts(certificate),
  };
}

function keyFacts(certificate: X509Certificate): Pick<CertificateFacts, "key" | "pin"> {
  try {
    const { publicKey } = certificate;
    const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
    const size = modulusLength ?? namedCurve;
    const key = `${publicKey.asymmetricKeyType ?? "unknown"}${size === undefined ? "" : ` ${size}`}`;
    return { key, pin: pinOfKey(publicKey) };
  } catch {
    // A kind of key that Node cannot read; such a server can be pinned by its certificate.
    return { key: "unknown", pin: "" };
  }
}

function namesOf(leaf: X509Certificate): string[] {
  return alternativeNames(leaf.subjectAltName).flatMap(
    (name) => /^(?:DNS|IP Address):(?<value>.+)$/s.exec(name)?.groups?.["value"] ?? [],
  );
}

function problemsOf(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  { host, verifyError, authorities, now = new Date() }: VerificationResult,
): CertificateProblem[] {
  const byAuthorities = verifyError === undefined ? undefined : authorityProblem(verifyError, chain, leaf, authorities);
  const found = [byAuthorities, dateProblem(chain, now), nameProblem(leaf, host)].filter(
    (problem) => problem !== undefined,
  );
  if (found.length > 0 || verifyError === undefined) return found;
  return [{ code: untrusted, text: `is not accepted (${verifyError})` }];
}

const untrusted = "SALLYPORT_CERTIFICATE_UNTRUSTED";

/** Undefined where dates alone are wrong, of which the certificates themselves tell more. */
function authorityProblem(
  verifyError: string,
  chain: readonly X509Certificate[],
  leaf: X509Certificate,
  authorities: readonly string[],
): CertificateProblem | undefined {
  if (verifyError === "CERT_REVOKED") return { code: "SALLYPORT_CERTIFICATE_REVOKED", text: "is revoked" };
  // OpenSSL tells of the last fault that it found, and dates come last: an unknown authority may be behind them.
  if (aboutDates.has(verifyError) && isAnchored(chain, authorities)) return undefined;
  if (isSelfSigned(leaf) && (aboutIssuers.has(verifyError) || aboutDates.has(verifyError))) {
    return { code: untrusted, text: "is self-signed: nothing but itself vouches for it" };
  }
  const error = aboutDates.has(verifyError) ? "SELF_SIGNED_CERT_IN_CHAIN" : verifyError;
  const text = authorityTexts[error] ?? `is not accepted (${error})`;
  return { code: untrusted, text: text.replace("{issuer}", () => oneLine(leaf.issuer)) };
}

/** Whether a chain is for servers, each of its certificates signed by the next, and the last one the authorities'. */
function isAnchored(chain: readonly X509Certificate[], authorities: readonly string[]): boolean {
  try {
    const isLinked = chain.every((certificate, at) => {
      const issuer = chain[at + 1];
      return issuer === undefined || isIssuedBy(certificate, issuer);
    });
    const [leaf, top] = [chain[0], chain.at(-1)];
    const uses: readonly string[] | undefined = leaf?.keyUsage;
    if (!isLinked || !top || uses?.includes(serverAuthentication) === false) return false;
    const trusted = authorities.map((pem) => new X509Certificate(pem));
    return trusted.some((authority) => authority.raw.equals(top.raw) || isIssuedBy(top, authority));
  } catch {
    return false;
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** id-kp-serverAuth (RFC 5280 §4.2.1.12); Node's `keyUsage` lists extended key usages. */
const serverAuthentication = "1.3.6.1.5.5.7.3.1";

const aboutDates = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);

/** What OpenSSL says of a self-signed certificate, also where it is not allowed to be its own issuer. */
const aboutIssuers = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const authorityTexts: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: "comes from an authority that is not trusted here: {issuer}",
  UNABLE_TO_GET_ISSUER_CERT: "comes from an unknown issuer: {issuer}",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "comes from an unknown issuer: {issuer}",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "comes from an unknown issuer, {issuer}, unless the server leaves out a certificate in between",
  CERT_SIGNATURE_FAILURE: "has a signature that is wrong",
  INVALID_PURPOSE: "is not meant for servers",
  INVALID_CA: "was issued by a certificate that may not issue any: {issuer}",
  EE_KEY_TOO_SMALL: "has a key that is too weak",
  CA_KEY_TOO_SMALL: "was issued with a key that is too weak",
  CA_MD_TOO_WEAK: "was signed with a hash that is too weak",
};

function dateProblem(chain: readonly X509Certificate[], now: Date): CertificateProblem | undefined {
  for (const [at, { validFromDate, validToDate, subject }] of chain.entries()) {
    const whose = at === 0 ? "" : `was issued by ${oneLine(subject)}, whose certificate `;
    if (validToDate < now) {
      return { code: "SALLYPORT_CERTIFICATE_EXPIRED", text: `${whose}expired on ${validToDate.toISOString()}` };
    }
    if (validFromDate > now) {
      const text = `${whose}is not valid before ${validFromDate.toISOString()}, unless this machine's clock is wrong`;
      return { code: "SALLYPORT_CERTIFICATE_NOT_YET_VALID", text };
    }
  }
  return undefined;
}

/** By alternative names alone, with wildcards for whole left-most labels (RFC 9525 §6, R-TLS-10). */
function nameProblem(leaf: X509Certificate, host: string): CertificateProblem | undefined {
  const isNamed =
    isIP(host) === 0
      ? leaf.checkHost(host, { subject: "never", partialWildcards: false }) !== undefined
      : leaf.checkIP(host) !== undefined;
  if (isNamed) return undefined;
  const names = namesOf(leaf);
  const listed = names.slice(0, namesToldCount).map(printable).join(", ");
  const more = names.length > namesToldCount ? ` and ${names.length - namesToldCount} others` : "";
  const text = names.length === 0 ? "names no host at all" : `is for ${listed}${more}`;
  return { code: "SALLYPORT_CERTIFICATE_NAME", text: `${text}, not for ${host}` };
}

const namesToldCount = 5;

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && certificate.checkIssued(certificate);
}

/** A distinguished name for a sentence. */
function oneLine(name: string): string {
  return printable(name.split("\n").join(", "));
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "").slice(0, 120);
}
