import type { TlsAlert } from "./alerts.ts";
import { parseAlert } from "./alerts.ts";
import type { ServerKeyExchange } from "./clear-messages.ts";
import { parseCertificates, parseServerKeyExchange } from "./clear-messages.ts";
import type { ByteRange, ClientHello } from "./client-hello.ts";
import { parseClientHelloMessage } from "./client-hello.ts";
import type { HandshakeMessage, HandshakeStream } from "./handshake.ts";
import { handshakeStream, joinHandshake } from "./handshake.ts";
import { contentTypes, handshakeTypes } from "./names.ts";
import type { RecordFailure, RecordStream, TlsRecord } from "./records.ts";
import { recordStream, splitRecords } from "./records.ts";
import {
  type CertificateVerify,
  type EncryptedExtensions,
  type NewSessionTicket,
  parseCertificateVerify,
  parseEncryptedExtensions,
  parseNewSessionTicket,
  parseSealedCertificates,
} from "./sealed-messages.ts";
import type { ServerHello } from "./server-hello.ts";
import { isTls13, parseServerHello } from "./server-hello.ts";

/**
 * Reads both directions of one TLS connection as an observer on the wire can: hellos, the clear handshake of TLS 1.2,
 * clear alerts, and of everything else type and length.
 *
 * The functions are pure: a dissection goes in with the next octets of one direction, and comes out with what they
 * say. However the octets are cut, the contents are the same. Nothing throws, and what is kept is bounded by
 * {@link recordBytesMax} and limits.handshakeMessageBytes for each direction.
 */
export type TlsSender = "client" | "server";

export interface TlsDissection {
  readonly client: SenderState;
  readonly server: SenderState;
  /** The last ServerHello or HelloRetryRequest that was seen. */
  readonly serverHello: ServerHello | undefined;
}

interface SenderState {
  readonly records: RecordStream;
  readonly handshake: HandshakeStream;
  /** The handshake inside encrypted records, as far as they are opened. */
  readonly sealed: HandshakeStream;
  /** Whether the sender's change_cipher_spec of TLS 1.2 is past: every content after it is encrypted. */
  readonly ciphered: boolean;
}

export interface DissectedRecord {
  readonly record: TlsRecord;
  readonly content: RecordContent;
}

export type RecordContent =
  | { readonly kind: "handshake"; readonly messages: readonly DissectedMessage[]; readonly unfinished: boolean }
  | { readonly kind: "alert"; readonly alert: TlsAlert }
  | { readonly kind: "change-cipher-spec" }
  | { readonly kind: "encrypted"; readonly opened: OpenedContent | undefined }
  | { readonly kind: "unreadable" };

/** What is inside an encrypted record. */
export type OpenedContent =
  | { readonly kind: "handshake"; readonly messages: readonly DissectedMessage[]; readonly unfinished: boolean }
  | { readonly kind: "alert"; readonly alert: TlsAlert }
  | { readonly kind: "application"; readonly octets: Uint8Array }
  | { readonly kind: "unreadable" };

export type DissectedMessage = { readonly message: HandshakeMessage } & MessageMeaning;

export type MessageMeaning =
  | { readonly kind: "client-hello"; readonly hello: ClientHello }
  | { readonly kind: "server-hello"; readonly hello: ServerHello }
  | { readonly kind: "certificate"; readonly certificates: readonly ByteRange[] }
  | { readonly kind: "server-key-exchange"; readonly key: ServerKeyExchange }
  | { readonly kind: "encrypted-extensions"; readonly extensions: EncryptedExtensions }
  | { readonly kind: "certificate-verify"; readonly proof: CertificateVerify }
  | { readonly kind: "new-session-ticket"; readonly ticket: NewSessionTicket }
  | { readonly kind: "other" };

/** The content of an encrypted record, as whoever holds the keys sees it. */
export interface OpenedRecord {
  /** Its true type, without padding (RFC 8446 §5.2). */
  readonly type: number;
  readonly content: Uint8Array;
  /**
   * Octets of the record's fragment before the content. The ciphers that are opened change each octet in its place, so
   * octet 0 of the content stands there.
   */
  readonly contentAt: number;
}

/**
 * Opens encrypted records for a dissection whose owner holds the keys; `undefined` leaves the record closed. It is
 * asked once for each encrypted record of each sender, in their order, so that it can count sequence numbers.
 */
export type RecordOpener = (sender: TlsSender, record: TlsRecord, serverHello: ServerHello) => OpenedRecord | undefined;

/** Starts a dissection; offsets are where each side's first record stands in its direction of the stream. */
export function tlsDissection(clientOffset = 0, serverOffset = 0): TlsDissection {
  return { client: senderState(clientOffset), server: senderState(serverOffset), serverHello: undefined };
}

/** Why a direction is no TLS any more, or never was. */
export function dissectionFailure(dissection: TlsDissection, sender: TlsSender): RecordFailure | undefined {
  return dissection[sender].records.failure;
}

/** Dissects the next octets of one direction into its records. */
export function dissect(
  dissection: TlsDissection,
  sender: TlsSender,
  octets: Uint8Array,
  opener?: RecordOpener,
): { readonly dissection: TlsDissection; readonly records: readonly DissectedRecord[] } {
  const split = splitRecords(dissection[sender].records, octets);
  let state: TlsDissection = { ...dissection, [sender]: { ...dissection[sender], records: split.stream } };
  const records: DissectedRecord[] = [];
  for (const record of split.records) {
    const read = readRecord(state, sender, record, opener);
    state = read.dissection;
    records.push({ record, content: read.content });
  }
  return { dissection: state, records };
}

interface Read {
  readonly dissection: TlsDissection;
  readonly content: RecordContent;
}

function senderState(offset: number): SenderState {
  return { records: recordStream(offset), handshake: handshakeStream(), sealed: handshakeStream(), ciphered: false };
}

function readRecord(state: TlsDissection, sender: TlsSender, record: TlsRecord, opener?: RecordOpener): Read {
  const { serverHello } = state;
  if (state[sender].ciphered || record.type === contentTypes.applicationData) {
    const opened = serverHello && opener?.(sender, record, serverHello);
    return opened ? readOpened(state, sender, record, opened) : sealed(state);
  }
  switch (record.type) {
    case contentTypes.changeCipherSpec:
      return readChangeCipherSpec(state, sender);
    case contentTypes.handshake:
      return readHandshake(state, sender, record);
    case contentTypes.alert: {
      const alert = parseAlert(record.fragment);
      return { dissection: state, content: alert ? { kind: "alert", alert } : { kind: "unreadable" } };
    }
    default:
      return { dissection: state, content: { kind: "unreadable" } };
  }
}

function sealed(state: TlsDissection): Read {
  return { dissection: state, content: { kind: "encrypted", opened: undefined } };
}

function readOpened(state: TlsDissection, sender: TlsSender, record: TlsRecord, opened: OpenedRecord): Read {
  const { type, content, contentAt } = opened;
  const contentOf = (inside: OpenedContent): RecordContent => ({ kind: "encrypted", opened: inside });
  switch (type) {
    case contentTypes.handshake: {
      const inside = { ...record, type, from: record.from + contentAt, fragment: content };
      const { stream, messages } = joinHandshake(state[sender].sealed, inside);
      const meanings = messages.map((message) => ({ message, ...sealedMeaningOf(message, state.serverHello) }));
      return {
        dissection: { ...state, [sender]: { ...state[sender], sealed: stream } },
        content: contentOf({ kind: "handshake", messages: meanings, unfinished: stream.pending.length > 0 }),
      };
    }
    case contentTypes.alert: {
      const alert = parseAlert(content);
      return { dissection: state, content: contentOf(alert ? { kind: "alert", alert } : { kind: "unreadable" }) };
    }
    case contentTypes.applicationData:
      return { dissection: state, content: contentOf({ kind: "application", octets: content }) };
    default:
      return { dissection: state, content: contentOf({ kind: "unreadable" }) };
  }
}

/** TLS 1.2 seals its Finished alone, and tickets and certificates of a renegotiation, whose form is another. */
function sealedMeaningOf(message: HandshakeMessage, serverHello?: ServerHello): MessageMeaning {
  if (serverHello === undefined || !isTls13(serverHello)) return { kind: "other" };
  return sealedReaders.get(message.type)?.(message.octets) ?? { kind: "other" };
}

/** In TLS 1.3 the record means nothing and only calms middle boxes (RFC 8446 D.4). */
function readChangeCipherSpec(state: TlsDissection, sender: TlsSender): Read {
  const ciphered = state.serverHello !== undefined && !isTls13(state.serverHello);
  return {
    dissection: { ...state, [sender]: { ...state[sender], ciphered } },
    content: { kind: "change-cipher-spec" },
  };
}

function readHandshake(state: TlsDissection, sender: TlsSender, record: TlsRecord): Read {
  const joined = joinHandshake(state[sender].handshake, record);
  let { serverHello } = state;
  const messages: DissectedMessage[] = [];
  for (const message of joined.messages) {
    const meaning = meaningOf(message, sender, serverHello);
    if (meaning.kind === "server-hello") serverHello = meaning.hello;
    messages.push({ message, ...meaning });
  }
  return {
    dissection: { ...state, [sender]: { ...state[sender], handshake: joined.stream }, serverHello },
    content: { kind: "handshake", messages, unfinished: joined.stream.pending.length > 0 },
  };
}

function meaningOf(message: HandshakeMessage, sender: TlsSender, serverHello?: ServerHello): MessageMeaning {
  const reader = messageReaders.get(message.type);
  return reader?.(message.octets, sender, serverHello) ?? { kind: "other" };
}

type MessageReader = (
  octets: Uint8Array,
  sender: TlsSender,
  serverHello: ServerHello | undefined,
) => MessageMeaning | undefined;

const messageReaders = new Map<number, MessageReader>([
  [
    handshakeTypes.clientHello,
    (octets, sender) => {
      const hello = sender === "client" ? parseClientHelloMessage(octets) : "malformed";
      return hello === "malformed" ? undefined : { kind: "client-hello", hello };
    },
  ],
  [
    handshakeTypes.serverHello,
    (octets, sender) => {
      const hello = sender === "server" ? parseServerHello(octets) : "malformed";
      return typeof hello === "string" ? undefined : { kind: "server-hello", hello };
    },
  ],
  [
    handshakeTypes.certificate,
    (octets) => {
      const certificates = parseCertificates(octets);
      return certificates === "malformed" ? undefined : { kind: "certificate", certificates };
    },
  ],
  [
    handshakeTypes.serverKeyExchange,
    (octets, _sender, serverHello) => {
      const key = serverHello ? parseServerKeyExchange(octets, serverHello.cipherSuite) : "malformed";
      return key === "malformed" ? undefined : { kind: "server-key-exchange", key };
    },
  ],
]);

const sealedReaders = new Map<number, (octets: Uint8Array) => MessageMeaning | undefined>([
  [
    handshakeTypes.encryptedExtensions,
    (octets) => {
      const extensions = parseEncryptedExtensions(octets);
      return extensions === "malformed" ? undefined : { kind: "encrypted-extensions", extensions };
    },
  ],
  [
    handshakeTypes.certificate,
    (octets) => {
      const certificates = parseSealedCertificates(octets);
      return certificates === "malformed" ? undefined : { kind: "certificate", certificates };
    },
  ],
  [
    handshakeTypes.certificateVerify,
    (octets) => {
      const proof = parseCertificateVerify(octets);
      return proof === "malformed" ? undefined : { kind: "certificate-verify", proof };
    },
  ],
  [
    handshakeTypes.newSessionTicket,
    (octets) => {
      const ticket = parseNewSessionTicket(octets);
      return ticket === "malformed" ? undefined : { kind: "new-session-ticket", ticket };
    },
  ],
]);
