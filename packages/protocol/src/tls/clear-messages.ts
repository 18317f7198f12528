import { ByteCursor } from "./byte-cursor.ts";
import type { ByteRange } from "./client-hello.ts";
import { messageHeaderBytes } from "./handshake.ts";
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

/** What a TLS 1.2 ServerKeyExchange tells in clear (RFC 8422 §5.4, RFC 5246 §7.4.3). */
export interface ServerKeyExchange {
  /** The named curve of ECDHE. */
  readonly group: number | undefined;
  /** Length of the prime of DHE, in bits. */
  readonly primeBits: number | undefined;
  readonly publicKeyLength: number;
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

type Key = Pick<ServerKeyExchange, "group" | "primeBits" | "publicKeyLength">;

const namedCurve = 3;

function readCurve(body: ByteCursor): Key | undefined {
  if (body.number(1) !== namedCurve) return undefined;
  return { group: body.number(2), primeBits: undefined, publicKeyLength: body.vector(1).left };
}

function readFiniteField(body: ByteCursor): Key {
  const primeBits = body.vector(2).left * 8;
  body.vector(2);
  return { group: undefined, primeBits, publicKeyLength: body.vector(2).left };
}
