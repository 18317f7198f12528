import { ConfigError } from "@sallyport/protocol";
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/** A certificate and its key as an administrator gives them. */
export interface TlsIdentityOptions {
  /** PEM: the leaf first, then the chain in order; without the root. */
  readonly certificate: string | Uint8Array;
  /** PEM: PKCS#8, PKCS#1 or SEC1. */
  readonly key: string | Uint8Array;
  readonly passphrase?: string;
  /** Host names it is shown for, with a leading `*.` as a wildcard. Default: the names in the leaf. */
  readonly names?: readonly string[];
  /** What error messages call it, for example its file. */
  readonly label?: string;
}

/** A certificate with its key, checked: they match, are strong enough, in order and valid when they were read. */
export class TlsIdentity {
  /** Host names and IP addresses in lower case. */
  readonly names: readonly string[];
  /** PEM, leaf first. */
  readonly certificate: string;
  readonly keyType: string;
  readonly validUntil: Date;
  /** SHA-256 over the DER of the leaf, lower-case hex. */
  readonly fingerprint: string;
  readonly #key: string;

  constructor(chain: CertificateChain, key: KeyObject, names: readonly string[]) {
    const [leaf] = chain;
    this.names = names.map((name) => name.toLowerCase());
    this.certificate = chain.map(String).join("");
    this.keyType = key.asymmetricKeyType ?? "unknown";
    this.validUntil = leaf.validToDate;
    this.fingerprint = certificateFingerprint(leaf);
    this.#key = key.export({ type: "pkcs8", format: "pem" });
  }

  /** The key as PEM without passphrase, for a secure context; kept out of every printed form of the identity. */
  revealKey(): string {
    return this.#key;
  }
}

/**
 * Reads and checks a certificate with its key.
 *
 * @throws {ConfigError} SALLYPORT_CERTIFICATE_UNREADABLE, SALLYPORT_KEY_UNREADABLE, SALLYPORT_CERTIFICATE_KEY_MISMATCH,
 * SALLYPORT_CERTIFICATE_EXPIRED, SALLYPORT_CERTIFICATE_NOT_YET_VALID, SALLYPORT_CERTIFICATE_CHAIN_ORDER or
 * SALLYPORT_KEY_TOO_WEAK; the message says what to do.
 */
export function readTlsIdentity(options: TlsIdentityOptions, now = new Date()): TlsIdentity {
  const label = options.label ?? "the certificate";
  const chain = readChain(textOf(options.certificate), label);
  const [leaf] = chain;
  const key = readKey(options, label);
  if (!leaf.checkPrivateKey(key)) throw mismatch(label, chain, key);
  checkValidity(leaf, label, now);
  checkOrder(chain, label);
  checkStrength(key, label);
  return new TlsIdentity(chain, key, options.names ?? namesIn(leaf));
}

/** SHA-256 over a certificate's DER in lower-case hex, the form in which certificates are compared and configured. */
export function certificateFingerprint(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}

/** SHA-256 over the DER of a public key, in the form in which clients pin it: `sha256/` and Base64. */
export function pinOfKey(key: KeyObject): string {
  const spki = key.export({ type: "spki", format: "der" });
  return `sha256/${createHash("sha256").update(spki).digest("base64")}`;
}

/**
 * How well a list of names fits a host name: 2 by name, 1 by a wildcard for the whole left-most label, 0 not
 * (RFC 9525 §6.3).
 */
export function nameFit(names: readonly string[], hostName: string): 0 | 1 | 2 {
  const wanted = hostName.toLowerCase().replace(/\.$/, "");
  if (names.includes(wanted)) return 2;
  const dot = wanted.indexOf(".");
  return dot > 0 && names.includes(`*${wanted.slice(dot)}`) ? 1 : 0;
}

type CertificateChain = readonly [X509Certificate, ...X509Certificate[]];

function readChain(pem: string, label: string): CertificateChain {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\r?\n?/g) ?? [];
  try {
    const [leaf, ...rest] = blocks.map((block) => new X509Certificate(block));
    if (leaf) return [leaf, ...rest];
  } catch (cause) {
    throw new ConfigError("SALLYPORT_CERTIFICATE_UNREADABLE", `${capital(label)} is no readable X.509 certificate`, {
      cause,
    });
  }
  throw new ConfigError(
    "SALLYPORT_CERTIFICATE_UNREADABLE",
    `${capital(label)} holds no PEM certificate; it must contain -----BEGIN CERTIFICATE-----, the server's first`,
  );
}

function readKey({ key, passphrase }: TlsIdentityOptions, label: string): KeyObject {
  try {
    return createPrivateKey({ key: textOf(key), ...(passphrase !== undefined && { passphrase }) });
  } catch (cause) {
    const needsPassphrase = /ENCRYPTED/.test(textOf(key));
    const why = needsPassphrase
      ? passphrase === undefined
        ? "is encrypted; give its passphrase or store it decrypted"
        : "does not open with the given passphrase"
      : "is no readable PEM private key";
    throw new ConfigError("SALLYPORT_KEY_UNREADABLE", `The key of ${label} ${why}`, { cause });
  }
}

function mismatch(label: string, chain: CertificateChain, key: KeyObject): ConfigError {
  const at = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  const fix =
    at > 0
      ? `it belongs to certificate ${at + 1} of the file, which must come first`
      : "give the key that the certificate was issued for";
  return new ConfigError("SALLYPORT_CERTIFICATE_KEY_MISMATCH", `The key does not belong to ${label}: ${fix}`);
}

function checkValidity(leaf: X509Certificate, label: string, now: Date): void {
  if (leaf.validToDate < now) {
    throw new ConfigError(
      "SALLYPORT_CERTIFICATE_EXPIRED",
      `${capital(label)} expired on ${leaf.validToDate.toISOString()}; renew it`,
    );
  }
  if (leaf.validFromDate > now) {
    throw new ConfigError(
      "SALLYPORT_CERTIFICATE_NOT_YET_VALID",
      `${capital(label)} is not valid before ${leaf.validFromDate.toISOString()}; check this machine's clock`,
    );
  }
}

/** TLS 1.2 wants each certificate certified by the next one (RFC 5246 §7.4.2), and clients still rely on it. */
function checkOrder(chain: CertificateChain, label: string): void {
  const broken = chain.findIndex((certificate, at) => {
    const issuer = chain[at + 1];
    return issuer !== undefined && !certificate.checkIssued(issuer);
  });
  if (broken < 0) return;
  throw new ConfigError(
    "SALLYPORT_CERTIFICATE_CHAIN_ORDER",
    `The chain of ${label} is out of order: certificate ${broken + 2} did not issue certificate ${broken + 1}; ` +
      "put the server's certificate first, then each one's issuer",
  );
}

/** RFC 9325 §4.1 asks for 112 bits of security: RSA of 2048 bits, or a curve. */
function checkStrength(key: KeyObject, label: string): void {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits === undefined || bits >= 2048) return;
  throw new ConfigError(
    "SALLYPORT_KEY_TOO_WEAK",
    `The RSA key of ${label} has ${bits} bits; make one of 2048 bits or an ECDSA P-256 key`,
  );
}

function namesIn(leaf: X509Certificate): string[] {
  const names = alternativeNames(leaf.subjectAltName);
  return names.flatMap((name) => /^(?:DNS|IP Address):(?<value>.+)$/.exec(name)?.groups?.["value"] ?? []);
}

/** Splits Node's one-line form of alternative names, in which a value with a comma or quote is quoted as JSON. */
export function alternativeNames(line: string | undefined): string[] {
  return line?.match(/[^,\s"][^,"]*(?:"(?:[^"\\]|\\.)*")?/g) ?? [];
}

function textOf(pem: string | Uint8Array): string {
  return typeof pem === "string" ? pem : Buffer.from(pem).toString("latin1");
}

function capital(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
