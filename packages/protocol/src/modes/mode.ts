import { octetsFromBytes, type Octets } from "../octets.ts";
import type { TransferFailure } from "../transformer.ts";

/** Writes a file, cut into records or not, in the form of one transmission mode. */
export interface ModeWriter {
  /** Writes a piece; with `endsRecord` the record is complete after it. Without, an empty piece writes nothing. */
  write(input: Uint8Array, start: number, end: number, endsRecord: boolean): void;
  /** Writes a restart marker of printable ASCII 33–126. Absent where the mode has none. */
  mark?(marker: Octets): void;
  end(): void;
}

/** Reads the form of one transmission mode and tells a {@link ModeSink} what was in it. */
export interface ModeReader {
  /** Reads the next octets, `end` exclusive. After a failure the reader is of no more use. */
  read(input: Uint8Array, start: number, end: number): TransferFailure | undefined;
  /** Says that nothing more comes. */
  close(): TransferFailure | undefined;
}

export interface ModeSink {
  /** Takes octets, which it may not keep. */
  data(input: Uint8Array, start: number, end: number): void;
  recordEnd(): void;
  marker(marker: Octets): void;
  /** What follows may be damaged on the sender's side. */
  suspect(): void;
  fileEnd(): void;
}

/** The descriptor codes of RFC 959 §3.4.2, which compressed mode shares. */
export const descriptor = { recordEnd: 128, fileEnd: 64, suspect: 32, marker: 16 } as const;

/** The four bits that RFC 959 leaves undefined. */
export const undefinedDescriptorBits = 0x0f;

/** Tells the sink what a descriptor says about the end of its block or string; returns whether the file is over. */
export function applyDescriptor(bits: number, sink: ModeSink): boolean {
  if ((bits & descriptor.recordEnd) !== 0) sink.recordEnd();
  const isOver = (bits & descriptor.fileEnd) !== 0;
  if (isOver) sink.fileEnd();
  return isOver;
}

/** Collects a restart marker that may arrive in pieces. */
export class MarkerCollector {
  readonly #octets: Uint8Array;
  #length = 0;

  constructor(lengthMax: number) {
    this.#octets = new Uint8Array(lengthMax);
  }

  /** Adds octets; false where the marker gets too long or holds other than printable ASCII. */
  add(input: Uint8Array, start: number, end: number): boolean {
    if (end - start > this.#octets.length - this.#length) return false;
    for (let at = start; at < end; at++) {
      const octet = input[at] as number;
      if (octet < 33 || octet > 126) return false;
      this.#octets[this.#length++] = octet;
    }
    return true;
  }

  /** Returns the marker and begins a new one; undefined where it is empty. */
  take(): Octets | undefined {
    const marker = this.#length === 0 ? undefined : octetsFromBytes(this.#octets, 0, this.#length);
    this.#length = 0;
    return marker;
  }
}
