import type { OctetBuffer } from "../octet-buffer.ts";
import { bytesFromOctets, type Octets } from "../octets.ts";
import type { TransferFailure } from "../transformer.ts";
import {
  applyDescriptor,
  descriptor,
  MarkerCollector,
  type ModeReader,
  type ModeSink,
  type ModeWriter,
  undefinedDescriptorBits,
} from "./mode.ts";

/*
 * MODE B (RFC 959 §3.4.2, R-959-35): blocks of a header and data. The header is one octet of descriptor bits and a
 * count of two octets, the higher first. The end of the file is a bit, so that the data connection may stay open.
 */

/** Half of what the count could say: pieces of 64 KiB make equal blocks. */
const blockDataBytesMax = 32_768;

export class BlockWriter implements ModeWriter {
  readonly #output: OctetBuffer;

  constructor(output: OctetBuffer) {
    this.#output = output;
  }

  write(input: Uint8Array, start: number, end: number, endsRecord: boolean): void {
    let at = start;
    for (; end - at > blockDataBytesMax; at += blockDataBytesMax) this.#block(0, input, at, at + blockDataBytesMax);
    if (at < end || endsRecord) this.#block(endsRecord ? descriptor.recordEnd : 0, input, at, end);
  }

  mark(marker: Octets): void {
    this.#block(descriptor.marker, bytesFromOctets(marker), 0, marker.length);
  }

  end(): void {
    this.#block(descriptor.fileEnd, nothing, 0, 0);
  }

  #block(bits: number, input: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.#output.octet(bits);
    this.#output.octet(count >> 8);
    this.#output.octet(count & 0xff);
    this.#output.append(input, start, end);
  }
}

type BlockState =
  | { readonly kind: "header"; readonly octets: readonly number[] }
  | { readonly kind: "data"; readonly bits: number; readonly remainingBytes: number }
  | { readonly kind: "over" };

export class BlockReader implements ModeReader {
  readonly #sink: ModeSink;
  readonly #marker: MarkerCollector;
  #state: BlockState = betweenBlocks;

  constructor(sink: ModeSink, markerBytesMax: number) {
    this.#sink = sink;
    this.#marker = new MarkerCollector(markerBytesMax);
  }

  read(input: Uint8Array, start: number, end: number): TransferFailure | undefined {
    let at = start;
    while (at < end) {
      const state = this.#state;
      let failure: TransferFailure | undefined;
      if (state.kind === "header") {
        failure = this.#readHeader([...state.octets, input[at++] as number]);
      } else if (state.kind === "data") {
        const stop = Math.min(end, at + state.remainingBytes);
        failure = this.#readData(state.bits, state.remainingBytes, input, at, stop);
        at = stop;
      } else failure = "data-after-end";
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  close(): TransferFailure | undefined {
    return this.#state.kind === "over" ? undefined : "missing-end";
  }

  #readHeader(octets: readonly number[]): TransferFailure | undefined {
    const [bits = 0, high = 0, low = 0] = octets;
    if ((bits & undefinedDescriptorBits) !== 0) return "unknown-control";
    if (octets.length < 3) {
      this.#state = { kind: "header", octets };
      return undefined;
    }
    if ((bits & descriptor.suspect) !== 0) this.#sink.suspect();
    return this.#expectData(bits, high * 256 + low);
  }

  #readData(bits: number, remainingBytes: number, input: Uint8Array, start: number, end: number) {
    if ((bits & descriptor.marker) === 0) this.#sink.data(input, start, end);
    else if (!this.#marker.add(input, start, end)) return "bad-marker";
    return this.#expectData(bits, remainingBytes - (end - start));
  }

  #expectData(bits: number, remainingBytes: number): TransferFailure | undefined {
    if (remainingBytes > 0) {
      this.#state = { kind: "data", bits, remainingBytes };
      return undefined;
    }
    if ((bits & descriptor.marker) !== 0) {
      const marker = this.#marker.take();
      if (marker === undefined) return "bad-marker";
      this.#sink.marker(marker);
    }
    this.#state = applyDescriptor(bits, this.#sink) ? { kind: "over" } : betweenBlocks;
    return undefined;
  }
}

const betweenBlocks: BlockState = { kind: "header", octets: [] };
const nothing = new Uint8Array(0);
