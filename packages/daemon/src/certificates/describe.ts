import { pinOfKey } from "@sallyport/transport";
import type { KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { parseCertificateName } from "./certificate-name.ts";

/** What a person wants to know about a certificate. */
export interface CertificateDescription {
  readonly subject: string;
  readonly issuer: string;
  readonly selfSigned: boolean;
  readonly authority: boolean;
  /** DNS names and addresses. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** For example `EC prime256v1` or `RSA 2048`. */
  readonly key: string;
  readonly serialNumber: string;
  /** SHA-256 of the certificate, in upper-case hex pairs with colons, as `openssl x509 -fingerprint` prints it. */
  readonly fingerprint: string;
  /** SHA-256 of the key, in the form in which clients pin it: `sha256/` and Base64. */
  readonly pin: string;
}

/** Describes a certificate. */
export function describeCertificate(certificate: X509Certificate): CertificateDescription {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    selfSigned: certificate.subject === certificate.issuer,
    authority: certificate.ca,
    names: alternativeNames(certificate),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    key: describeKey(certificate.publicKey),
    serialNumber: certificate.serialNumber,
    fingerprint: certificate.fingerprint256,
    pin: pinOfKey(certificate.publicKey),
  };
}

/** The DNS names and addresses that a certificate is valid for, addresses in their short form. */
export function alternativeNames(certificate: X509Certificate): string[] {
  const list = certificate.subjectAltName ?? "";
  const names = [...list.matchAll(/(?:^|, )(?:DNS|IP Address):([^",]+)/g)].map((match) => match[1] ?? "");
  return names.map((name) => parseCertificateName(name)?.text ?? name);
}

/** Whether a certificate is valid for a host name or an address. */
export function certificateCovers(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

/** Node prints one attribute a line. */
function oneLine(name: string | undefined): string {
  return (name ?? "").split("\n").join(", ");
}

function describeKey(key: KeyObject): string {
  const type = (key.asymmetricKeyType ?? "unknown").toUpperCase();
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  return [type, namedCurve ?? modulusLength].filter((part) => part !== undefined).join(" ");
}
