import { isGrease, parseClientHello, type ClientHello } from "@sallyport/protocol";
import { getDiffieHellman } from "node:crypto";

/** Answers to hand-made hellos, as servers give them that no OpenSSL of today would be; undefined leaves it to TLS. */

/** A ServerHello of SSL 3.0 to a hello of SSL 3.0. */
export function ssl3Hello(hello: Buffer): Buffer | undefined {
  return hello.readUInt16BE(9) === 0x0300 ? serverHello({ version: 0x0300, suite: 0x000a }) : undefined;
}

/** A ServerHello of TLS 1.2 that takes DEFLATE, to whoever offers it. */
export function compressingHello(hello: Buffer): Buffer | undefined {
  const at = 44 + hello.readUInt16BE(44) + 2;
  return hello[43] === 0 && hello[at] === 2 ? serverHello({ compression: 1 }) : undefined;
}

/** A ServerHello of TLS 1.2 without extensions, to whoever cannot do TLS 1.3. */
export function bareHello(octets: Buffer): Buffer | undefined {
  return isOlder(octets) ? serverHello({}) : undefined;
}

/** One with the heartbeat. */
export function beatingHello(octets: Buffer): Buffer | undefined {
  return isOlder(octets) ? serverHello({ extensions: [0, 15, 0, 1, 1] }) : undefined;
}

/** Made once: OpenSSL checks it each time. */
let worldlyPrime: Buffer | undefined;

/** One behind which stands the same key each time, of a prime of 1024 bits that half the world has. */
export function worldlyHello(octets: Buffer): Buffer | undefined {
  if (!isOlder(octets)) return undefined;
  const prime = (worldlyPrime ??= getDiffieHellman("modp2").getPrime());
  const share = Buffer.alloc(prime.length, 7);
  const key = Buffer.concat([
    vector(prime),
    vector(Buffer.from([2])),
    vector(share),
    Buffer.from([4, 1]),
    vector(Buffer.alloc(4)),
  ]);
  return serverHello({ suite: 0x009f, keyExchange: key });
}

/** An alert decode_error to a suite that is reserved. */
export function refusingGrease(octets: Buffer): Buffer | undefined {
  return helloOf(octets)?.cipherSuites.some((suite) => isGrease(suite)) === true ? alert(50) : undefined;
}

/** An alert internal_error to a hello of more than one segment, except to Node's own. */
export function refusingLarge(octets: Buffer): Buffer | undefined {
  return helloOf(octets)?.extensions.some(({ type }) => type === 21) === true ? alert(80) : undefined;
}

/** An alert unrecognized_name to a hello that names nobody. */
export function refusingNameless(octets: Buffer): Buffer | undefined {
  return helloOf(octets)?.extensions.some(({ type }) => type === 0) === false ? alert(112) : undefined;
}

/** An alert protocol_version to versions that do not exist. */
export function refusingFuture(octets: Buffer): Buffer | undefined {
  return helloOf(octets)?.supportedVersions.includes(0x0306) === true ? alert(70) : undefined;
}

/** A SERVER-HELLO of SSL 2.0 without certificate, to a CLIENT-HELLO of it. */
export function ssl2Hello(hello: Buffer): Buffer | undefined {
  return hello[0] === 0x80 ? Buffer.from([0x80, 11, 4, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0]) : undefined;
}

export function alert(description: number): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, description]);
}

interface Flight {
  readonly version?: number;
  readonly suite?: number;
  readonly compression?: number;
  readonly extensions?: readonly number[];
  readonly keyExchange?: Buffer;
}

function serverHello({ version = 0x0303, suite = 0xc02c, compression = 0, extensions, keyExchange }: Flight): Buffer {
  const body = Buffer.alloc(2 + 32 + 1 + 2 + 1);
  body.writeUInt16BE(version, 0);
  body.writeUInt16BE(suite, 35);
  body[37] = compression;
  const hello = extensions === undefined ? body : Buffer.concat([body, vector(Buffer.from(extensions))]);
  const messages = Buffer.concat([
    message(2, hello),
    ...(keyExchange === undefined ? [] : [message(12, keyExchange)]),
    message(14, Buffer.alloc(0)),
  ]);
  const header = Buffer.from([22, version >> 8, version & 255, messages.length >> 8, messages.length & 255]);
  return Buffer.concat([header, messages]);
}

function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 255]), body]);
}

function vector(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([content.length >> 8, content.length & 255]), content]);
}

function helloOf(octets: Buffer): ClientHello | undefined {
  const hello = parseClientHello(octets);
  return typeof hello === "string" ? undefined : hello;
}

function isOlder(octets: Buffer): boolean {
  return helloOf(octets)?.supportedVersions.length === 0;
}
