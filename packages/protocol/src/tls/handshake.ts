import { limits } from "../limits.ts";
import type { TlsRecord } from "./records.ts";
import { recordHeaderBytes } from "./records.ts";

/** A handshake message put together from its records (RFC 8446 §4). */
export interface HandshakeMessage {
  readonly type: number;
  /** The message with its 4-octet header. */
  readonly octets: Uint8Array;
  /** Where the message lies in the stream, by ascending `at`: octet `at` of the message stands at offset `from`. */
  readonly pieces: readonly MessagePiece[];
}

export interface MessagePiece {
  readonly at: number;
  readonly from: number;
}

/** The handshake content of one direction that is no whole message yet. */
export interface HandshakeStream {
  readonly pending: Uint8Array;
  readonly pieces: readonly MessagePiece[];
  /** Set once a message outgrows limits.handshakeMessageBytes or handshakeRecordsCount; nothing is joined after it. */
  readonly failure: "too-long" | undefined;
}

export const messageHeaderBytes = 4;

export function handshakeStream(): HandshakeStream {
  return { pending: new Uint8Array(0), pieces: [], failure: undefined };
}

/** Adds the content of the next handshake record and takes out the messages that it completes. */
export function joinHandshake(
  stream: HandshakeStream,
  record: TlsRecord,
): { readonly stream: HandshakeStream; readonly messages: readonly HandshakeMessage[] } {
  if (stream.failure) return { stream, messages: [] };
  if (stream.pieces.length >= limits.handshakeRecordsCount.value) return { stream: overgrown, messages: [] };
  const content = new Uint8Array(stream.pending.length + record.fragment.length);
  content.set(stream.pending);
  content.set(record.fragment, stream.pending.length);
  let pieces = [...stream.pieces, { at: stream.pending.length, from: record.from + recordHeaderBytes }];
  const messages: HandshakeMessage[] = [];
  let start = 0;
  while (content.length - start >= messageHeaderBytes) {
    const length = messageLength(content, start);
    if (length > limits.handshakeMessageBytes.value) return { stream: overgrown, messages };
    if (content.length - start < length) break;
    messages.push({ type: content[start] ?? 0, octets: content.slice(start, start + length), pieces });
    start += length;
    pieces = piecesBehind(pieces, length);
  }
  const pending = content.slice(start);
  return { stream: { pending, pieces: pending.length > 0 ? pieces : [], failure: undefined }, messages };
}

const overgrown: HandshakeStream = { pending: new Uint8Array(0), pieces: [], failure: "too-long" };

/** The offset in the stream of an octet of the message; for the end of a range ask for its last octet and add one. */
export function streamOffset(message: HandshakeMessage, at: number): number {
  const piece = message.pieces.findLast((candidate) => candidate.at <= at);
  return piece ? piece.from + (at - piece.at) : at;
}

function messageLength(content: Uint8Array, start: number): number {
  const octet = (at: number) => content[start + at] ?? 0;
  return messageHeaderBytes + octet(1) * 65_536 + octet(2) * 256 + octet(3);
}

/** The pieces of what follows the first `length` octets, counted from there. */
function piecesBehind(pieces: readonly MessagePiece[], length: number): MessagePiece[] {
  const last = pieces.findLast((piece) => piece.at <= length);
  const behind = pieces.filter((piece) => piece.at > length).map(({ at, from }) => ({ at: at - length, from }));
  return last ? [{ at: 0, from: last.from + (length - last.at) }, ...behind] : behind;
}
