import { limits } from "../limits.ts";
import { octetsFromBytes } from "../octets.ts";
import { ByteCursor } from "./byte-cursor.ts";

/** A range of octets in {@link ClientHello.message}; `end` is exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** One extension as it stands in the hello, known to us or not; the range covers its data without type and length. */
export interface HelloExtension extends ByteRange {
  readonly type: number;
}

/** One identity of the pre_shared_key extension: in TLS 1.3 a ticket (RFC 8446 §4.2.11). */
export interface OfferedIdentity extends ByteRange {
  readonly length: number;
  readonly obfuscatedAgeMs: number;
}

/**
 * What a ClientHello says, readable by anyone on the wire (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2). Code points stand as
 * they were sent and in their order, GREASE among them (see {@link isGrease}); lists of absent extensions are empty.
 */
export interface ClientHello {
  /** Octets of the records that carried the hello; whatever follows them in the input belongs to later records. */
  readonly byteLength: number;
  /** The handshake message with its 4-octet header, put together again where it spanned records. */
  readonly message: Uint8Array;
  /** Version in the header of the first record; says nothing (RFC 8446 §5.1). */
  readonly recordVersion: number;
  /** The highest version in TLS 1.2 and before; 0x0303 in TLS 1.3, whose offer stands in `supportedVersions`. */
  readonly legacyVersion: number;
  readonly random: ByteRange;
  readonly sessionId: ByteRange;
  readonly sessionIdLength: number;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: readonly number[];
  /** The host name of server_name, as sent; undefined without one (RFC 6066 §3). */
  readonly serverName: string | undefined;
  /** Protocol names of the ALPN extension, one octet a code unit (RFC 7301). */
  readonly alpn: readonly string[];
  readonly supportedVersions: readonly number[];
  readonly supportedGroups: readonly number[];
  readonly keyShareGroups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /** Length of an RFC 5077 ticket; 0 where the client asks for one, undefined where it does not know tickets. */
  readonly sessionTicketLength: number | undefined;
  readonly preSharedKeyIdentities: readonly OfferedIdentity[];
  readonly pskModes: readonly number[];
  readonly extendedMasterSecret: boolean;
  /** Secure renegotiation by extension or by the signalling suite TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746). */
  readonly renegotiationInfo: boolean;
  readonly earlyData: boolean;
  /** An encrypted_client_hello extension, real or GREASE; the two cannot be told apart (RFC 9849 §6.2). */
  readonly encryptedClientHello: boolean;
  readonly extensions: readonly HelloExtension[];
}

/**
 * Why bytes are no ClientHello: `not-tls`, the first octets are no TLS handshake record; `not-client-hello`, another
 * handshake message; `malformed`, lengths contradict each other or a rule of the format is broken; `too-long`, no
 * whole hello within the bound.
 */
export type ClientHelloFailure = "not-tls" | "not-client-hello" | "malformed" | "too-long";

/** Extension code points that the parser reads (IANA, TLS ExtensionType Values). */
export const extensionTypes = {
  serverName: 0,
  supportedGroups: 10,
  signatureAlgorithms: 13,
  alpn: 16,
  extendedMasterSecret: 23,
  sessionTicket: 35,
  preSharedKey: 41,
  earlyData: 42,
  supportedVersions: 43,
  pskModes: 45,
  keyShare: 51,
  encryptedClientHello: 0xfe0d,
  renegotiationInfo: 0xff01,
} as const;

/**
 * Reads a ClientHello from the first octets of a connection, given as raw TLS records.
 *
 * The hello may span any number of records, and the input may end at any octet: `"incomplete"` asks for more of it.
 * No input makes it throw, and it looks at no more than `bytesMax` octets (default: limits.clientHelloBytes) in no more
 * than limits.handshakeRecordsCount records.
 */
export function parseClientHello(
  bytes: Uint8Array,
  bytesMax: number = limits.clientHelloBytes.value,
): ClientHello | "incomplete" | ClientHelloFailure {
  const carried = collectMessage(bytes, bytesMax);
  if (typeof carried === "string") return carried;
  return readHello(carried) ?? "malformed";
}

/**
 * Reads a ClientHello from its handshake message, header included, where a dissector has already taken the records
 * off: `byteLength` and `recordVersion`, which are theirs, are 0.
 */
export function parseClientHelloMessage(message: Uint8Array): ClientHello | "malformed" {
  const header = new ByteCursor(message);
  if (header.number(1) !== clientHelloMessage || header.number(3) !== header.left) return "malformed";
  return readHello({ byteLength: 0, recordVersion: 0, message }) ?? "malformed";
}

/** Whether a code point is one of the reserved ones that clients send to keep servers tolerant (RFC 8701). */
export function isGrease(codePoint: number): boolean {
  return (codePoint & 0x0f0f) === 0x0a0a && codePoint >>> 8 === (codePoint & 0xff);
}

/** The highest version that the client offers, TLS 1.3 included, GREASE left out. */
export function highestOfferedVersion(hello: ClientHello): number {
  const offered = hello.supportedVersions.filter((version) => !isGrease(version));
  return offered.length > 0 ? Math.max(...offered) : hello.legacyVersion;
}

/** The tickets that the client offers for resumption: identities of TLS 1.3, then the ticket of TLS 1.2. */
export function offeredTickets(hello: ClientHello): Uint8Array[] {
  const tickets = hello.preSharedKeyIdentities.map(({ start, end }) => hello.message.subarray(start, end));
  const legacy = hello.extensions.find(({ type }) => type === extensionTypes.sessionTicket);
  if (legacy && legacy.end > legacy.start) tickets.push(hello.message.subarray(legacy.start, legacy.end));
  return tickets;
}

const handshakeRecord = 22;
const clientHelloMessage = 1;
const recordHeaderBytes = 5;
const recordPayloadBytesMax = 16_384;
const messageHeaderBytes = 4;
const renegotiationScsv = 0x00ff;

interface CarriedMessage {
  readonly byteLength: number;
  readonly recordVersion: number;
  readonly message: Uint8Array;
}

/** Walks the record headers first and copies only when the message is whole: a dripped hello stays cheap. */
function collectMessage(bytes: Uint8Array, bytesMax: number): CarriedMessage | "incomplete" | ClientHelloFailure {
  const header: number[] = [];
  let carriedBytes = 0;
  for (let at = 0, recordsCount = 1; ; recordsCount++) {
    if (recordsCount > limits.handshakeRecordsCount.value) return "too-long";
    const payload = recordPayload(bytes, at);
    if (typeof payload === "string") return payload === "incomplete" && bytes.length >= bytesMax ? "too-long" : payload;
    for (let i = payload.start; i < payload.end && header.length < messageHeaderBytes; i++) header.push(bytes[i] ?? 0);
    if (header.length > 0 && header[0] !== clientHelloMessage) return "not-client-hello";
    carriedBytes += payload.recordEnd - payload.start;
    at = payload.recordEnd;
    if (header.length === messageHeaderBytes) {
      const messageBytes = messageHeaderBytes + new ByteCursor(Uint8Array.from(header), 1).number(3);
      if (messageBytes > bytesMax || at > bytesMax) return "too-long";
      // Nothing may share the hello's last record: the keys change after it (RFC 8446 §5.1).
      if (carriedBytes > messageBytes) return "malformed";
      if (carriedBytes === messageBytes && at <= bytes.length) return join(bytes, at, messageBytes);
    }
    if (at > bytes.length) return bytes.length >= bytesMax ? "too-long" : "incomplete";
  }
}

/** The payload that has arrived of the record at `at`; `end` < `recordEnd` while the rest is on its way. */
function recordPayload(
  bytes: Uint8Array,
  at: number,
): { start: number; end: number; recordEnd: number } | "incomplete" | "not-tls" | "malformed" {
  const type = bytes[at];
  const major = bytes[at + 1];
  const minor = bytes[at + 2];
  const high = bytes[at + 3];
  const low = bytes[at + 4];
  const misfit = at === 0 ? "not-tls" : "malformed";
  if (type === undefined) return "incomplete";
  if (type !== handshakeRecord) return misfit;
  if (major === undefined) return "incomplete";
  if (major !== 3) return misfit;
  if (minor === undefined || high === undefined || low === undefined) return "incomplete";
  const length = high * 256 + low;
  if (length === 0 || length > recordPayloadBytesMax) return "malformed";
  const start = at + recordHeaderBytes;
  return { start, end: Math.min(start + length, bytes.length), recordEnd: start + length };
}

/** Joins the payloads of whole records that end at `byteLength`; one record is not copied. */
function join(bytes: Uint8Array, byteLength: number, messageBytes: number): CarriedMessage {
  if (byteLength === recordHeaderBytes + messageBytes) {
    const recordVersion = (bytes[1] ?? 0) * 256 + (bytes[2] ?? 0);
    return { byteLength, recordVersion, message: bytes.subarray(recordHeaderBytes, byteLength) };
  }
  const message = new Uint8Array(messageBytes);
  const records = new ByteCursor(bytes, 0, byteLength);
  const recordVersion = new ByteCursor(bytes, 1).number(2);
  for (let filled = 0; records.more;) {
    records.octets(recordHeaderBytes - 2);
    const payload = records.octets(records.number(2));
    message.set(payload, filled);
    filled += payload.length;
  }
  return { byteLength, recordVersion, message };
}

type Findings = {
  -readonly [Name in keyof ClientHello]: ClientHello[Name];
};

function readHello({ byteLength, recordVersion, message }: CarriedMessage): ClientHello | undefined {
  const body = new ByteCursor(message, messageHeaderBytes);
  const legacyVersion = body.number(2);
  const random = rangeOf(body.octets(32), message);
  const sessionId = rangeOf(body.vector(1), message);
  const cipherSuites = body.vector(2);
  const compressionMethods = body.vector(1);
  const sessionIdLength = sessionId.end - sessionId.start;
  if (sessionIdLength > 32 || cipherSuites.left < 2 || compressionMethods.left < 1) return undefined;
  const found: Findings = {
    byteLength,
    message,
    recordVersion,
    legacyVersion,
    random,
    sessionId,
    sessionIdLength,
    cipherSuites: cipherSuites.numbers(2),
    compressionMethods: compressionMethods.numbers(1),
    serverName: undefined,
    alpn: [],
    supportedVersions: [],
    supportedGroups: [],
    keyShareGroups: [],
    signatureAlgorithms: [],
    sessionTicketLength: undefined,
    preSharedKeyIdentities: [],
    pskModes: [],
    extendedMasterSecret: false,
    renegotiationInfo: false,
    earlyData: false,
    encryptedClientHello: false,
    extensions: [],
  };
  found.renegotiationInfo = found.cipherSuites.includes(renegotiationScsv);
  // TLS 1.2 allows a hello without any extensions (RFC 5246 §7.4.1.2).
  if (!cipherSuites.failed && body.left > 0 && !readExtensions(body.vector(2), found)) return undefined;
  return body.failed || cipherSuites.failed || body.left > 0 ? undefined : found;
}

function readExtensions(list: ByteCursor, found: Findings): boolean {
  const extensions: HelloExtension[] = [];
  const seen = new Set<number>();
  while (list.more) {
    const type = list.number(2);
    const data = list.vector(2);
    if (seen.has(type)) return false;
    seen.add(type);
    extensions.push({ type, start: data.at, end: data.end });
    const read = extensionReaders.get(type);
    if (read && !list.failed) {
      read(data, found);
      if (data.failed || data.left > 0) return false;
    }
  }
  found.extensions = extensions;
  return !list.failed;
}

type ExtensionReader = (data: ByteCursor, found: Findings) => void;

const extensionReaders = new Map<number, ExtensionReader>([
  [extensionTypes.serverName, readServerName],
  [extensionTypes.alpn, readAlpn],
  [extensionTypes.keyShare, readKeyShare],
  [extensionTypes.preSharedKey, readPreSharedKey],
  [extensionTypes.supportedVersions, (data, found) => (found.supportedVersions = numberList(data, 1, 2))],
  [extensionTypes.supportedGroups, (data, found) => (found.supportedGroups = numberList(data, 2, 2))],
  [extensionTypes.signatureAlgorithms, (data, found) => (found.signatureAlgorithms = numberList(data, 2, 2))],
  [extensionTypes.pskModes, (data, found) => (found.pskModes = numberList(data, 1, 1))],
  [extensionTypes.sessionTicket, (data, found) => (found.sessionTicketLength = skip(data))],
  [extensionTypes.extendedMasterSecret, (_data, found) => (found.extendedMasterSecret = true)],
  [extensionTypes.earlyData, (_data, found) => (found.earlyData = true)],
  [extensionTypes.encryptedClientHello, (data, found) => (found.encryptedClientHello = skip(data) > 0)],
  [extensionTypes.renegotiationInfo, readRenegotiationInfo],
]);

function readServerName(data: ByteCursor, found: Findings): void {
  const names = data.vector(2);
  while (names.more) {
    const type = names.number(1);
    const name = names.vector(2);
    // Names of other types than host_name (0) do not exist; a second host_name is forbidden (RFC 6066 §3).
    if (type !== 0) continue;
    const text = asciiText(name.octets(name.left));
    if (text === undefined || found.serverName !== undefined) data.failed = true;
    else found.serverName = text;
  }
  data.failed ||= names.failed;
}

/** A host name in printable ASCII of at most 255 octets; anything else is no name (and no log line's friend). */
function asciiText(octets: Uint8Array): string | undefined {
  const text = octetsFromBytes(octets.subarray(0, 256));
  return /^[\x21-\x7e]{1,255}$/.test(text) ? text : undefined;
}

function readAlpn(data: ByteCursor, found: Findings): void {
  const names = data.vector(2);
  const alpn: string[] = [];
  while (names.more) {
    const name = names.vector(1);
    if (name.left === 0) data.failed = true;
    alpn.push(octetsFromBytes(name.octets(name.left)));
  }
  data.failed ||= names.failed;
  found.alpn = alpn;
}

function readKeyShare(data: ByteCursor, found: Findings): void {
  const shares = data.vector(2);
  const groups: number[] = [];
  while (shares.more) {
    groups.push(shares.number(2));
    shares.vector(2);
  }
  data.failed ||= shares.failed;
  found.keyShareGroups = groups;
}

function readPreSharedKey(data: ByteCursor, found: Findings): void {
  const identities = data.vector(2);
  const offered: OfferedIdentity[] = [];
  while (identities.more) {
    const { at: start, end } = identities.vector(2);
    offered.push({ start, end, length: end - start, obfuscatedAgeMs: identities.number(4) });
  }
  const binders = data.vector(2);
  skip(binders);
  data.failed ||= identities.failed;
  found.preSharedKeyIdentities = offered;
}

function readRenegotiationInfo(data: ByteCursor, found: Findings): void {
  skip(data.vector(1));
  found.renegotiationInfo = true;
}

function numberList(data: ByteCursor, lengthWidth: 1 | 2, width: 1 | 2): number[] {
  const content = data.vector(lengthWidth);
  const numbers = content.numbers(width);
  data.failed ||= content.failed;
  return numbers;
}

function skip(data: ByteCursor): number {
  return data.octets(data.left).length;
}

function rangeOf(part: Uint8Array | ByteCursor, message: Uint8Array): ByteRange {
  if (part instanceof ByteCursor) return { start: part.at, end: part.end };
  const start = part.byteOffset - message.byteOffset;
  return { start, end: start + part.length };
}
