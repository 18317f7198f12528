import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type * as tls from "node:tls";
import { escapeControls, limits } from "@sallyport/protocol";
import type { InspectedServer } from "./inspected-server.ts";
import type { HandshakeSeen } from "./handshake-watch.ts";
import type { HandshakeSize, WireEnd } from "./wire-end.ts";

/** What was agreed in one finished handshake, and the certificates that came with it. */
export interface Secured {
  readonly kind: "secured";
  /** `TLSv1.3` and so on, as Node names them. */
  readonly protocol: string;
  /** By its IANA name. */
  readonly suite: string;
  /** Key-exchange group as OpenSSL names it; undefined for RSA key transport and on resumption of TLS 1.2. */
  readonly group: string | undefined;
  readonly alpn: string | undefined;
  readonly resumed: boolean;
  /** The OCSP response that came with the handshake (RFC 6066 §8). */
  readonly staple: Buffer | undefined;
  /** Octets until our end was done with the handshake. */
  readonly size: HandshakeSize;
  /** As the server sent them or the authorities complete them, leaf first; empty on resumption. */
  readonly chain: readonly ShownCertificate[];
  /** Whether the authorities vouch for it, and the name fits. */
  readonly trusted: boolean;
  /** OpenSSL's code for what is wrong with the chain; undefined where it is trusted and for this host. */
  readonly problem: string | undefined;
  /** Whether the chain leads to one of our authorities, whatever its dates are. */
  readonly isAnchored: () => boolean;
  readonly isNamed: boolean;
  /** Sessions to resume, received so far; more arrive while the connection is read. */
  readonly tickets: readonly Buffer[];
  /** What the server's messages say, as far as they have come when it is asked. */
  readonly seen: () => HandshakeSeen;
  readonly socket: tls.TLSSocket;
}

/** One certificate, with its texts escaped. */
export interface ShownCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly validFrom: Date;
  readonly validUntil: Date;
  readonly keyType: string;
  /** Bits of the modulus or of the curve's field; undefined for keys of one size. */
  readonly keyBits: number | undefined;
  readonly curve: string | undefined;
  readonly exponent: bigint | undefined;
  /** Of an RSA key. */
  readonly modulus: bigint | undefined;
  readonly signatureAlgorithm: string;
  readonly names: readonly string[];
  /** Object identifiers of the extended key usage; undefined without the extension. */
  readonly usages: readonly string[] | undefined;
  readonly isAuthority: boolean;
  readonly isSelfIssued: boolean;
  /** SHA-256 over the DER, lower-case hex. */
  readonly fingerprint: string;
  readonly der: Buffer;
}

export function readSecured(
  socket: tls.TLSSocket,
  {
    tickets,
    end,
    staple,
  }: { readonly tickets: readonly Buffer[]; readonly end: WireEnd; readonly staple?: Buffer | undefined },
  server: InspectedServer,
): Secured {
  const leaf = socket.getPeerX509Certificate();
  const resumed = socket.isSessionReused();
  const error: unknown = socket.authorizationError;
  const { watch } = end;
  return {
    kind: "secured",
    protocol: socket.getProtocol() ?? "unknown",
    suite: socket.getCipher().standardName,
    group: groupOf(socket),
    alpn: typeof socket.alpnProtocol === "string" ? escapeControls(socket.alpnProtocol) : undefined,
    resumed,
    staple,
    size: end.sinceTlsBegan,
    chain: leaf === undefined ? [] : chainOf(leaf).map(shown),
    trusted: socket.authorized,
    problem: error === undefined || error === null ? undefined : problemCode(error),
    isAnchored: () => leaf !== undefined && leadsToAuthority(leaf, server.authorities),
    isNamed: leaf !== undefined && isFor(leaf, server.host),
    tickets,
    seen: () => watch.seen(),
    socket,
  };
}

/** A certificate, as in a handshake that others can read. */
export function shown(certificate: X509Certificate): ShownCertificate {
  const { subject, issuer, serialNumber, validFromDate, validToDate, subjectAltName, fingerprint256 } = certificate;
  const key = keyOf(certificate);
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    serialNumber,
    validFrom: validFromDate,
    validUntil: validToDate,
    ...key,
    signatureAlgorithm: escapeControls(certificate.signatureAlgorithm ?? "unknown"),
    names: namesOf(subjectAltName),
    usages: certificate.keyUsage,
    isAuthority: certificate.ca,
    isSelfIssued: certificate.subject === certificate.issuer,
    fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(),
    der: certificate.raw,
  };
}

function keyOf(certificate: X509Certificate): KeyFacts {
  try {
    const { asymmetricKeyType: keyType = "unknown", asymmetricKeyDetails: details = {} } = certificate.publicKey;
    const curve = details.namedCurve;
    const keyBits = details.modulusLength ?? (curve === undefined ? undefined : curveBits(curve));
    return { keyType, keyBits, curve, exponent: details.publicExponent, modulus: modulusOf(certificate) };
  } catch {
    return { keyType: "unknown", keyBits: undefined, curve: undefined, exponent: undefined, modulus: undefined };
  }
}

type KeyFacts = Pick<ShownCertificate, "keyType" | "keyBits" | "curve" | "exponent" | "modulus">;

function modulusOf({ publicKey }: X509Certificate): bigint | undefined {
  if (publicKey.asymmetricKeyType !== "rsa") return undefined;
  const { n } = publicKey.export({ format: "jwk" });
  return n === undefined ? undefined : BigInt(`0x${Buffer.from(n, "base64url").toString("hex")}`);
}

/** The size stands in the names of all curves: prime256v1, secp384r1, brainpoolP512r1. */
function curveBits(curve: string): number | undefined {
  const [digits] = /\d{3}/.exec(curve) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function namesOf(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? "")
    .split(", ")
    .flatMap((name) => /^(?:DNS|IP Address):(?<value>.+)$/s.exec(name)?.groups?.["value"] ?? [])
    .map((name) => escapeControls(name));
}

function chainOf(leaf: X509Certificate): X509Certificate[] {
  const chain = [leaf];
  for (let next = leaf.issuerCertificate; next && chain.length < limits.certificateChainCount.value;) {
    chain.push(next);
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

/** Looks for it link by link: OpenSSL tells of a chain that has expired that alone, also where nobody vouches for it. */
function leadsToAuthority(leaf: X509Certificate, authorities: readonly string[]): boolean {
  const roots = authorities.flatMap((pem) => (pem.match(pemCertificate) ?? []).map((one) => new X509Certificate(one)));
  const chain = chainOf(leaf);
  for (const [at, certificate] of chain.entries()) {
    if (roots.some((root) => root.raw.equals(certificate.raw) || isSignedBy(certificate, root))) return true;
    const issuer = chain[at + 1];
    if (issuer === undefined || !isSignedBy(certificate, issuer)) return false;
  }
  return false;
}

const pemCertificate = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/** By alternative names alone, wildcards for whole left-most labels (RFC 9525 §6). */
function isFor(leaf: X509Certificate, host: string): boolean {
  return isIP(host) === 0
    ? leaf.checkHost(host, { subject: "never", partialWildcards: false }) !== undefined
    : leaf.checkIP(host) !== undefined;
}

function problemCode(error: unknown): string {
  if (!(error instanceof Error)) return escapeControls(String(error));
  return escapeControls("code" in error ? String(error.code) : error.message);
}

function groupOf(socket: tls.TLSSocket): string | undefined {
  const info: { readonly name?: string; readonly type?: string; readonly size?: number } | null =
    socket.getEphemeralKeyInfo() as { name?: string; type?: string; size?: number } | null;
  return info?.name ?? (info?.type === undefined ? undefined : `${info.type} ${info.size ?? ""}`.trim());
}

function oneLine(name: string): string {
  return escapeControls(name.split("\n").join(", "));
}
