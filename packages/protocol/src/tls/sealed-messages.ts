import { ByteCursor } from "./byte-cursor.ts";
import { type ByteRange, extensionTypes } from "./client-hello.ts";
import { messageHeaderBytes } from "./handshake.ts";

/** What EncryptedExtensions says (RFC 8446 §4.3.1). */
export interface EncryptedExtensions {
  /** The protocol chosen by ALPN. One octet a code unit. */
  readonly alpn: string | undefined;
  /** Types of all extensions, in their order. */
  readonly extensions: readonly number[];
}

export function parseEncryptedExtensions(message: Uint8Array): EncryptedExtensions | "malformed" {
  const list = new ByteCursor(message, messageHeaderBytes).vector(2);
  const extensions: number[] = [];
  let alpn: string | undefined;
  while (list.more) {
    const type = list.number(2);
    const data = list.vector(2);
    extensions.push(type);
    if (type !== extensionTypes.alpn) continue;
    const name = data.vector(2).vector(1);
    alpn = String.fromCharCode(...name.octets(name.left));
  }
  return list.failed || list.end !== message.length ? "malformed" : { alpn, extensions };
}

/** Where the certificates of a TLS 1.3 Certificate message lie, leaf first (RFC 8446 §4.4.2). */
export function parseSealedCertificates(message: Uint8Array): readonly ByteRange[] | "malformed" {
  const body = new ByteCursor(message, messageHeaderBytes);
  body.vector(1);
  const list = body.vector(3);
  const certificates: ByteRange[] = [];
  while (list.more) {
    const certificate = list.vector(3);
    certificates.push({ start: certificate.at, end: certificate.end });
    list.vector(2);
  }
  return body.failed || list.failed || list.end !== message.length ? "malformed" : certificates;
}

/** What proves that the sender has the certificate's key (RFC 8446 §4.4.3). */
export interface CertificateVerify {
  readonly signatureAlgorithm: number;
  readonly signatureLength: number;
}

export function parseCertificateVerify(message: Uint8Array): CertificateVerify | "malformed" {
  const body = new ByteCursor(message, messageHeaderBytes);
  const signatureAlgorithm = body.number(2);
  const signatureLength = body.vector(2).left;
  return body.failed || body.left > 0 ? "malformed" : { signatureAlgorithm, signatureLength };
}

/** A ticket of TLS 1.3 (RFC 8446 §4.6.1). */
export interface NewSessionTicket {
  readonly lifetimeSeconds: number;
  readonly ticketLength: number;
  /** How much early data the server takes with it; undefined where it takes none (RFC 8446 §4.2.10). */
  readonly earlyDataBytes: number | undefined;
}

export function parseNewSessionTicket(message: Uint8Array): NewSessionTicket | "malformed" {
  const body = new ByteCursor(message, messageHeaderBytes);
  const lifetimeSeconds = body.number(4);
  body.number(4);
  body.vector(1);
  const ticketLength = body.vector(2).left;
  const extensions = body.vector(2);
  let earlyDataBytes: number | undefined;
  while (extensions.more) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (type === extensionTypes.earlyData) earlyDataBytes = data.number(4);
  }
  const isWhole = !body.failed && body.left === 0 && !extensions.failed;
  return isWhole ? { lifetimeSeconds, ticketLength, earlyDataBytes } : "malformed";
}
