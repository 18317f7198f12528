/** One TLS record as it stands on the wire (RFC 8446 §5.1, RFC 5246 §6.2). */
export interface TlsRecord {
  /** Content type: 20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data. */
  readonly type: number;
  /** Version in the header; says nothing from TLS 1.3 on. */
  readonly version: number;
  /** Offset of the header's first octet in this direction of the stream. */
  readonly from: number;
  /** Offset of the first octet behind the record. */
  readonly to: number;
  /** The content without its 5-octet header, a copy. */
  readonly fragment: Uint8Array;
}

/**
 * Why octets stopped being records: `not-tls`, no content type or no version of TLS stands where a header must;
 * `too-long`, the announced content is longer than any version allows.
 */
export type RecordFailure = "not-tls" | "too-long";

/** What is known of one direction between two reads. */
export interface RecordStream {
  /** Where the first header of this direction stands. */
  readonly start: number;
  /** Octets that records have used up; where the next header starts. */
  readonly offset: number;
  /** The beginning of a record whose rest is on its way; at most {@link recordBytesMax} less one. */
  readonly pending: Uint8Array;
  /** Set once and for good: nothing after it is read. */
  readonly failure: RecordFailure | undefined;
}

export const recordHeaderBytes = 5;

/** The longest record: 2^14 + 2048 octets of TLS 1.2 ciphertext (RFC 5246 §6.2.3) behind the header. */
export const recordBytesMax = recordHeaderBytes + 16_384 + 2048;

/** A direction whose first record starts at `offset`: 0 in implicit mode, behind the clear text in explicit mode. */
export function recordStream(offset = 0): RecordStream {
  return { start: offset, offset, pending: new Uint8Array(0), failure: undefined };
}

/**
 * Splits the next octets of one direction into records.
 *
 * Any cutting of the input gives the same records. It never throws, keeps at most one unfinished record, and stops
 * for good at the first octet that cannot belong to a record header.
 */
export function splitRecords(
  stream: RecordStream,
  octets: Uint8Array,
): { readonly stream: RecordStream; readonly records: readonly TlsRecord[] } {
  if (stream.failure) return { stream, records: [] };
  const input = stream.pending.length === 0 ? octets : concat(stream.pending, octets);
  const records: TlsRecord[] = [];
  let at = 0;
  let failure: RecordFailure | undefined;
  for (;;) {
    failure = headerFailure(input, at);
    if (failure || input.length - at < recordHeaderBytes) break;
    const end = at + recordHeaderBytes + pair(input, at + 3);
    if (end > input.length) break;
    records.push({
      type: input[at] ?? 0,
      version: pair(input, at + 1),
      from: stream.offset + at,
      to: stream.offset + end,
      fragment: copy(input, at + recordHeaderBytes, end),
    });
    at = end;
  }
  const pending = failure ? new Uint8Array(0) : copy(input, at, input.length);
  return { stream: { ...stream, offset: stream.offset + at, pending, failure }, records };
}

/** Judges as much of a header as there is, so that a single octet of clear text is enough to tell. */
function headerFailure(input: Uint8Array, at: number): RecordFailure | undefined {
  const type = input[at];
  if (type === undefined) return undefined;
  if (type < 20 || type > 24) return "not-tls";
  const major = input[at + 1];
  if (major !== undefined && major !== 3) return "not-tls";
  if (input.length - at < recordHeaderBytes) return undefined;
  return pair(input, at + 3) > recordBytesMax - recordHeaderBytes ? "too-long" : undefined;
}

function pair(input: Uint8Array, at: number): number {
  return (input[at] ?? 0) * 256 + (input[at + 1] ?? 0);
}

/** A copy even of a Buffer, whose own `slice` shares memory with the reader's buffer. */
function copy(input: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(input.subarray(start, end));
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + tail.length);
  joined.set(head);
  joined.set(tail, head.length);
  return joined;
}
