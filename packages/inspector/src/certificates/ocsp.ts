import { verify, X509Certificate } from "node:crypto";
import { derContent, derValues, identifierText, type DerValue } from "./der.ts";

/** What an OCSP response says of one certificate (RFC 6960 §4.2). */
export interface CertificateStatus {
  readonly status: "good" | "revoked" | "unknown";
  /** Of the certificate that it is about, upper-case hex as Node has it. */
  readonly serialNumber: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** Whether the issuer, or somebody whom it lets sign these, signed it; undefined for algorithms that are not known here. */
  readonly isSigned: boolean | undefined;
}

/** Reads an OCSP response about the first certificate that it names; undefined where it says nothing. Never throws. */
export function readOcspResponse(response: Buffer, issuer: X509Certificate | undefined): CertificateStatus | undefined {
  const [, bytes] = derContent(response);
  const basic = bytes && derContent(bytes.content)[1]?.content;
  if (basic === undefined) return undefined;
  const [data, algorithm, signature, certificates] = derContent(basic);
  const single = data && singleOf(data);
  if (data === undefined || algorithm === undefined || signature === undefined || single === undefined)
    return undefined;
  const signers = signersOf(certificates, issuer);
  return { ...single, isSigned: isSignedBy(signers, { data, algorithm, signature }) };
}

function singleOf(data: DerValue): Omit<CertificateStatus, "isSigned"> | undefined {
  const responses = derValues(data.content).find(({ tag }) => tag === sequence);
  const first = responses && derContent(responses.octets)[0];
  const [certificate, state, thisUpdate, next] = first ? derValues(first.content) : [];
  const serial = certificate && derValues(certificate.content)[3];
  if (serial === undefined || state === undefined || thisUpdate === undefined) return undefined;
  return {
    status: statuses[state.tag & 0x1f] ?? "unknown",
    serialNumber: serial.content
      .toString("hex")
      .toUpperCase()
      .replace(/^00(?=..)/, ""),
    thisUpdate: timeOf(thisUpdate.content),
    nextUpdate: next?.tag === contextZero ? timeOf(derValues(next.content)[0]?.content) : undefined,
  };
}

const sequence = 0x30;
const contextZero = 0xa0;
const statuses = ["good", "revoked", "unknown"] as const;

/** GeneralizedTime, which is in UTC (RFC 5280 §4.1.2.5.2). */
function timeOf(content: Buffer | undefined): Date {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(content?.toString("latin1") ?? "") ?? [];
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

const ocspSigning = "1.3.6.1.5.5.7.3.9";

/** The issuer, and those in the response whom it made signers of such responses (RFC 6960 §4.2.2.2). */
function signersOf(
  certificates: DerValue | undefined,
  issuer: X509Certificate | undefined,
): readonly X509Certificate[] {
  if (issuer === undefined) return [];
  const sent = certificates === undefined ? [] : derContent(certificates.content);
  const delegated = sent.flatMap(({ octets }) => {
    try {
      const candidate = new X509Certificate(octets);
      const isLet = candidate.keyUsage?.includes(ocspSigning) ?? false;
      return isLet && candidate.checkIssued(issuer) && candidate.verify(issuer.publicKey) ? [candidate] : [];
    } catch {
      return [];
    }
  });
  return [issuer, ...delegated];
}

function isSignedBy(
  signers: readonly X509Certificate[],
  { data, algorithm, signature }: Readonly<Record<"data" | "algorithm" | "signature", DerValue>>,
): boolean | undefined {
  const [identifier] = derValues(algorithm.content);
  const digest = digests.get(identifier === undefined ? "" : identifierText(identifier.content));
  if (digest === undefined || signers.length === 0) return undefined;
  // The first octet of a BIT STRING counts the bits that are left over.
  const bits = signature.content.subarray(1);
  return signers.some(({ publicKey }) => {
    try {
      return verify(digest, data.octets, publicKey, bits);
    } catch {
      return false;
    }
  });
}

const digests = new Map([
  ["1.2.840.113549.1.1.11", "sha256"],
  ["1.2.840.113549.1.1.12", "sha384"],
  ["1.2.840.113549.1.1.13", "sha512"],
  ["1.2.840.10045.4.3.2", "sha256"],
  ["1.2.840.10045.4.3.3", "sha384"],
  ["1.2.840.10045.4.3.4", "sha512"],
]);
