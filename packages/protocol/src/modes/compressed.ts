import type { OctetBuffer } from "../octet-buffer.ts";
import { bytesFromOctets, type Octets } from "../octets.ts";
import type { RepresentationType } from "../transfer-parameters.ts";
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
 * MODE C (RFC 959 §3.4.3, R-959-36): strings of octets, each after one octet that tells its kind and count n.
 *
 *   0nnnnnnn d…d   n octets, n from 1 to 127       10nnnnnn d   the octet d n times
 *   11nnnnnn       n fillers                       00000000 b   descriptor bits of MODE B for the string that follows
 *
 * Where there is nothing left to carry a descriptor, for an empty record and for the end of the file, the string is
 * one of no fillers: counts of repetitions may be zero, the count of a plain string may not.
 */

const repeatCountMax = 63;
const plainCountMax = 127;
const noFillers = 0xc0;

/** From here on a repetition is shorter than the octets themselves, whatever stands around it. */
const repeatCountMin = 3;

/** The filler: space in text, zero in images. */
export function fillerOctet(type: RepresentationType): number {
  return type === "A" ? 0x20 : 0;
}

export class CompressedWriter implements ModeWriter {
  readonly #output: OctetBuffer;
  readonly #filler: number;
  /** Where the last string of the running piece begins. */
  #stringAt = -1;

  constructor(output: OctetBuffer, filler: number) {
    this.#output = output;
    this.#filler = filler;
  }

  write(input: Uint8Array, start: number, end: number, endsRecord: boolean): void {
    this.#stringAt = -1;
    let plainFrom = start;
    for (let at = start; at < end;) {
      const octet = input[at] as number;
      const stop = Math.min(end, at + repeatCountMax);
      let runEnd = at + 1;
      while (runEnd < stop && input[runEnd] === octet) runEnd++;
      if (runEnd - at >= repeatCountMin) {
        this.#plain(input, plainFrom, at);
        this.#repeated(octet, runEnd - at);
        plainFrom = runEnd;
      }
      at = runEnd;
    }
    this.#plain(input, plainFrom, end);
    if (endsRecord) this.#describeLastString(descriptor.recordEnd);
  }

  mark(marker: Octets): void {
    this.#output.octet(0);
    this.#output.octet(descriptor.marker);
    this.#plain(bytesFromOctets(marker), 0, Math.min(marker.length, plainCountMax));
  }

  end(): void {
    this.#stringAt = -1;
    this.#describeLastString(descriptor.fileEnd);
  }

  #plain(input: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at += plainCountMax) {
      const stop = Math.min(end, at + plainCountMax);
      this.#stringAt = this.#output.length;
      this.#output.octet(stop - at);
      this.#output.append(input, at, stop);
    }
  }

  #repeated(octet: number, count: number): void {
    this.#stringAt = this.#output.length;
    if (octet === this.#filler) {
      this.#output.octet(noFillers | count);
      return;
    }
    this.#output.octet(0x80 | count);
    this.#output.octet(octet);
  }

  #describeLastString(bits: number): void {
    if (this.#stringAt < 0) {
      this.#stringAt = this.#output.length;
      this.#output.octet(noFillers);
    }
    this.#output.insert(this.#stringAt, [0, bits]);
  }
}

type CompressedState =
  | { readonly kind: "head" | "descriptor" | "over" }
  | { readonly kind: "plain"; readonly remaining: number }
  | { readonly kind: "repeated"; readonly count: number };

export class CompressedReader implements ModeReader {
  readonly #sink: ModeSink;
  readonly #filler: number;
  readonly #marker: MarkerCollector;
  readonly #repetition = new Uint8Array(repeatCountMax);
  #state: CompressedState = head;
  /** Bits that wait for the string they describe. */
  #bits = 0;

  constructor(sink: ModeSink, filler: number, markerBytesMax: number) {
    this.#sink = sink;
    this.#filler = filler;
    this.#marker = new MarkerCollector(markerBytesMax);
  }

  read(input: Uint8Array, start: number, end: number): TransferFailure | undefined {
    let at = start;
    while (at < end) {
      const state = this.#state;
      let failure: TransferFailure | undefined;
      if (state.kind === "plain") {
        const stop = Math.min(end, at + state.remaining);
        failure = this.#take(input, at, stop, state.remaining - (stop - at));
        at = stop;
      } else {
        failure = this.#readOctet(state, input[at++] as number);
      }
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** An end-of-file descriptor without its string says enough. */
  close(): TransferFailure | undefined {
    if (this.#state.kind === "head" && (this.#bits & descriptor.fileEnd) !== 0) this.#finishString();
    return this.#state.kind === "over" ? undefined : "missing-end";
  }

  #readOctet(state: Exclude<CompressedState, { kind: "plain" }>, octet: number): TransferFailure | undefined {
    switch (state.kind) {
      case "over":
        return "data-after-end";
      case "descriptor":
        if ((octet & undefinedDescriptorBits) !== 0) return "unknown-control";
        if ((octet & descriptor.suspect) !== 0) this.#sink.suspect();
        this.#bits |= octet;
        this.#state = head;
        return undefined;
      case "repeated":
        return this.#repeat(octet, state.count);
      case "head":
        return this.#readHead(octet);
    }
  }

  #readHead(octet: number): TransferFailure | undefined {
    if (octet >= noFillers) return this.#repeat(this.#filler, octet & repeatCountMax);
    if (octet === 0) this.#state = { kind: "descriptor" };
    else if (octet <= plainCountMax) this.#state = { kind: "plain", remaining: octet };
    else this.#state = { kind: "repeated", count: octet & repeatCountMax };
    return undefined;
  }

  #repeat(octet: number, count: number): TransferFailure | undefined {
    return this.#take(this.#repetition.fill(octet, 0, count), 0, count, 0);
  }

  #take(input: Uint8Array, start: number, end: number, remaining: number): TransferFailure | undefined {
    if ((this.#bits & descriptor.marker) === 0) this.#sink.data(input, start, end);
    else if (!this.#marker.add(input, start, end)) return "bad-marker";
    if (remaining === 0) return this.#finishString();
    this.#state = { kind: "plain", remaining };
    return undefined;
  }

  #finishString(): TransferFailure | undefined {
    const bits = this.#bits;
    this.#bits = 0;
    if ((bits & descriptor.marker) !== 0) {
      const marker = this.#marker.take();
      if (marker === undefined) return "bad-marker";
      this.#sink.marker(marker);
    }
    this.#state = applyDescriptor(bits, this.#sink) ? { kind: "over" } : head;
    return undefined;
  }
}

const head: CompressedState = { kind: "head" };
