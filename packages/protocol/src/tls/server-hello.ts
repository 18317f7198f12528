import { ByteCursor } from "./byte-cursor.ts";
import type { ByteRange, HelloExtension } from "./client-hello.ts";
import { extensionTypes } from "./client-hello.ts";
import { messageHeaderBytes } from "./handshake.ts";
import { handshakeTypes, tlsVersions } from "./names.ts";

/**
 * What a ServerHello says, readable by anyone on the wire (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3). Ranges count from the
 * start of the handshake message.
 */
export interface ServerHello {
  readonly legacyVersion: number;
  /** The version in force: that of supported_versions, without it `legacyVersion`. */
  readonly version: number;
  /** Whether this is a HelloRetryRequest: a ServerHello with a random of its own (RFC 8446 §4.1.4). */
  readonly helloRetryRequest: boolean;
  readonly random: ByteRange;
  /** The random itself, of which the keys of TLS 1.2 are made (RFC 5246 §6.3), as 64 hexadecimal digits. */
  readonly randomHex: string;
  readonly sessionId: ByteRange;
  readonly cipherSuite: number;
  readonly compressionMethod: number;
  /** The key-exchange group of TLS 1.3; in a HelloRetryRequest the one asked for. TLS 1.2 names it later. */
  readonly group: number | undefined;
  /** Length of the server's key share; 0 in a HelloRetryRequest. */
  readonly keyShareLength: number;
  /** The protocol chosen by ALPN in TLS 1.2; TLS 1.3 sends it encrypted. One octet a code unit. */
  readonly alpn: string | undefined;
  /** Which offered ticket a TLS 1.3 server resumes. */
  readonly preSharedKeyIndex: number | undefined;
  readonly extendedMasterSecret: boolean;
  readonly renegotiationInfo: boolean;
  /** Whether a TLS 1.2 server announces a ticket (RFC 5077 §3.2). */
  readonly announcesTicket: boolean;
  /** The end of the random says that the server could do better than `version` (RFC 8446 §4.1.3). */
  readonly downgradeSentinel: boolean;
  readonly extensions: readonly HelloExtension[];
}

export type ServerHelloFailure = "not-server-hello" | "malformed";

/** Reads a ServerHello or HelloRetryRequest from its handshake message with the 4-octet header; never throws. */
export function parseServerHello(message: Uint8Array): ServerHello | ServerHelloFailure {
  const body = new ByteCursor(message);
  if (body.number(1) !== handshakeTypes.serverHello) return "not-server-hello";
  if (body.number(3) !== message.length - messageHeaderBytes) return "malformed";
  const legacyVersion = body.number(2);
  const random = { start: body.at, end: body.at + 32 };
  const randomHex = hex(body.octets(32));
  const sessionId = body.vector(1);
  const found: Findings = {
    legacyVersion,
    version: legacyVersion,
    helloRetryRequest: randomHex === retryRequestRandom,
    random,
    randomHex,
    sessionId: { start: sessionId.at, end: sessionId.end },
    cipherSuite: body.number(2),
    compressionMethod: body.number(1),
    group: undefined,
    keyShareLength: 0,
    alpn: undefined,
    preSharedKeyIndex: undefined,
    extendedMasterSecret: false,
    renegotiationInfo: false,
    announcesTicket: false,
    downgradeSentinel: downgradeSentinels.has(randomHex.slice(48)),
    extensions: [],
  };
  if (sessionId.left > 32) return "malformed";
  if (body.left > 0 && !readExtensions(body.vector(2), found)) return "malformed";
  return body.failed || body.left > 0 ? "malformed" : found;
}

type Findings = { -readonly [Name in keyof ServerHello]: ServerHello[Name] };

/** SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3). */
const retryRequestRandom = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

/** "DOWNGRD" and 01 for a server that could do TLS 1.3 but chose 1.2, 00 for one that chose 1.1 or less. */
const downgradeSentinels = new Set(["444f574e47524401", "444f574e47524400"]);

function readExtensions(list: ByteCursor, found: Findings): boolean {
  const extensions: HelloExtension[] = [];
  while (list.more) {
    const type = list.number(2);
    const data = list.vector(2);
    if (list.failed || extensions.some((known) => known.type === type)) return false;
    extensions.push({ type, start: data.at, end: data.end });
    extensionReaders.get(type)?.(data, found);
    if (data.failed) return false;
  }
  found.extensions = extensions;
  return !list.failed;
}

const extensionReaders = new Map<number, (data: ByteCursor, found: Findings) => void>([
  [extensionTypes.supportedVersions, (data, found) => (found.version = data.number(2))],
  [extensionTypes.keyShare, readKeyShare],
  [extensionTypes.alpn, readAlpn],
  [extensionTypes.preSharedKey, (data, found) => (found.preSharedKeyIndex = data.number(2))],
  [extensionTypes.extendedMasterSecret, (_data, found) => (found.extendedMasterSecret = true)],
  [extensionTypes.renegotiationInfo, (_data, found) => (found.renegotiationInfo = true)],
  [extensionTypes.sessionTicket, (_data, found) => (found.announcesTicket = true)],
]);

function readKeyShare(data: ByteCursor, found: Findings): void {
  found.group = data.number(2);
  if (data.left > 0) found.keyShareLength = data.vector(2).left;
}

function readAlpn(data: ByteCursor, found: Findings): void {
  const name = data.vector(2).vector(1);
  found.alpn = String.fromCharCode(...name.octets(name.left));
}

/** Whether the hello settles on TLS 1.3, after which nothing but lengths can be read without keys. */
export function isTls13(hello: ServerHello): boolean {
  return hello.version >= tlsVersions.tls13;
}

function hex(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += hexPairs[octet];
  return text;
}

const hexPairs = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));
