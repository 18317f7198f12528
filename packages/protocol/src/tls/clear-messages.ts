import { ByteCursor } from "./byte-cursor.ts";
import type { ByteRange } from "./client-hello.ts";
import { messageHeaderBytes } from "./handshake.ts";
import { tlsVersions } from "./names.ts";
import { suiteKeyExchange } from "./suites.ts";

/** Where the certificates of a TLS 1.2 Certificate message lie, leaf first (RFC 5246 §7.4.2). */
export function parseCertificates(message: Uint8Array): readonly ByteRange[] | "malformed" {
  const list = new ByteCursor(message, messageHeaderBytes).vector(3);
  const certificates: ByteRange[] = [];
  while (list.more) {
    const certificate = list.vector(3);
    certificates.push({ start: certificate.at, end: certificate.end });
  }
  return list.failed || list.end !== message.length ? "malformed" : certificates;
}

/** What a server wants to know of a client's certificate. */
export interface CertificateRequest {
  /** Where the DER of each name lies of whose certificates the server takes; empty where it takes any. */
  readonly authorities: readonly ByteRange[];
}

/** Reads a CertificateRequest of TLS 1.2 (RFC 5246 §7.4.4) or, where that is in force, of TLS 1.3 (RFC 8446 §4.3.2). */
export function parseCertificateRequest(message: Uint8Array, version: number): CertificateRequest | "malformed" {
  const body = new ByteCursor(message, messageHeaderBytes);
  body.vector(1);
  if (version === tlsVersions.tls13) return requestOfTls13(body);
  body.vector(2);
  const authorities = namesIn(body.vector(2));
  return body.failed || body.left > 0 || authorities === undefined ? "malformed" : { authorities };
}

const certificateAuthoritiesExtension = 47;

function requestOfTls13(body: ByteCursor): CertificateRequest | "malformed" {
  const extensions = body.vector(2);
  let authorities: readonly ByteRange[] | undefined = [];
  while (extensions.more && authorities !== undefined) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (type === certificateAuthoritiesExtension) authorities = namesIn(data.vector(2));
  }
  return body.failed || extensions.failed || authorities === undefined ? "malformed" : { authorities };
}

function namesIn(list: ByteCursor): readonly ByteRange[] | undefined {
  const names: ByteRange[] = [];
  while (list.more) {
    const name = list.vector(2);
    names.push({ start: name.at, end: name.end });
  }
  return list.failed ? undefined : names;
}

/** What a TLS 1.2 ServerKeyExchange tells in clear (RFC 8422 §5.4, RFC 5246 §7.4.3). */
export interface ServerKeyExchange {
  /** The named curve of ECDHE. */
  readonly group: number | undefined;
  /** Length of the prime of DHE, in bits. */
  readonly primeBits: number | undefined;
  /** Where the prime of DHE lies in the message. */
  readonly prime: ByteRange | undefined;
  readonly publicKeyLength: number;
  /** Where the server's share lies in the message. */
  readonly publicKey: ByteRange;
  /** Absent in anonymous suites. */
  readonly signatureAlgorithm: number | undefined;
  readonly signatureLength: number;
}

/** Reads a ServerKeyExchange of TLS 1.2; the suite of the ServerHello says which of its forms it has. */
export function parseServerKeyExchange(message: Uint8Array, suite: number): ServerKeyExchange | "malformed" {
  const body = new ByteCursor(message, messageHeaderBytes);
  const key = suiteKeyExchange(suite) === "DHE" ? readFiniteField(body) : readCurve(body);
  if (!key || body.failed) return "malformed";
  const signatureAlgorithm = body.left > 0 ? body.number(2) : undefined;
  const signatureLength = body.left > 0 ? body.vector(2).left : 0;
  return body.failed ? "malformed" : { ...key, signatureAlgorithm, signatureLength };
}

type Key = Pick<ServerKeyExchange, "group" | "primeBits" | "prime" | "publicKeyLength" | "publicKey">;

const namedCurve = 3;

function readCurve(body: ByteCursor): Key | undefined {
  if (body.number(1) !== namedCurve) return undefined;
  const group = body.number(2);
  return { group, primeBits: undefined, prime: undefined, ...shareOf(body.vector(1)) };
}

function readFiniteField(body: ByteCursor): Key {
  const prime = body.vector(2);
  body.vector(2);
  const share = shareOf(body.vector(2));
  return { group: undefined, primeBits: prime.left * 8, prime: { start: prime.at, end: prime.end }, ...share };
}

function shareOf(share: ByteCursor): Pick<Key, "publicKeyLength" | "publicKey"> {
  return { publicKeyLength: share.left, publicKey: { start: share.at, end: share.end } };
}
