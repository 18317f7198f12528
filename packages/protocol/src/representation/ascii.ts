import { OctetBuffer } from "../octet-buffer.ts";
import type { TransferDecoder, TransferEncoder } from "../transformer.ts";

/*
 * TYPE A N (RFC 959 §3.1.1.1). Two rules make a pair that loses nothing on the way data connection → file → data
 * connection, for every stream without a bare LF (R-959-32):
 *
 *   sending    an LF gets a CR in front, unless it has one already;
 *   receiving  the CR of a CRLF is dropped, unless another CR stands before it.
 *
 * So files with LF and files with CRLF on disk both go out with CRLF, as vsftpd and ProFTPD do it, and what a client
 * stores it fetches back the same, CR CR LF included. One loss remains and is meant: a file with CRLF on disk, fetched
 * and stored again in TYPE A, has LF. A bare LF from a sloppy client is kept and sent back as CRLF.
 */

const cr = 0x0d;
const lf = 0x0a;

/** A place in the network form of a local file. */
export interface AsciiPosition {
  /** The octet of the local file that comes next. */
  readonly localOffset: number;
  /** True between the CR and the LF of a line end that is a bare LF on disk. */
  readonly withinLineEnd: boolean;
  /** How many CRs stand right before it in the local file, counted up to two. */
  readonly carriageReturns: 0 | 1 | 2;
}

/** Encodes local text for the data connection. `position` says where in the file it starts, if not at the front. */
export class AsciiEncoder implements TransferEncoder {
  readonly #output = new OctetBuffer();
  #afterCr: boolean;

  constructor(position?: AsciiPosition) {
    this.#afterCr = position !== undefined && (position.withinLineEnd || position.carriageReturns > 0);
  }

  push(input: Uint8Array): Uint8Array {
    if (input.length === 0) return input;
    if (!input.includes(lf)) {
      this.#afterCr = input.at(-1) === cr;
      return input;
    }
    this.#output.clear();
    const bytes = this.#output.reserve(input.length * 2);
    let to = 0;
    let previous = this.#afterCr ? cr : 0;
    for (let at = 0; at < input.length; at++) {
      const octet = input[at] as number;
      if (octet === lf && previous !== cr) bytes[to++] = cr;
      bytes[to++] = octet;
      previous = octet;
    }
    this.#afterCr = previous === cr;
    this.#output.advance(to);
    return this.#output.cut();
  }

  end(): Uint8Array {
    return nothing;
  }
}

/** Decodes text from the data connection into a buffer. A CR is withheld until the next octet is known. */
export class AsciiReader {
  readonly #output: OctetBuffer;
  #withheld = false;
  #afterCr = false;

  constructor(output: OctetBuffer, position?: AsciiPosition) {
    this.#output = output;
    if (position === undefined) return;
    this.#withheld = position.withinLineEnd || position.carriageReturns > 0;
    this.#afterCr = position.carriageReturns === 2;
  }

  read(input: Uint8Array, start: number, end: number): void {
    const bytes = this.#output.reserve(end - start + 1);
    let to = this.#output.length;
    let [before, previous] = [this.#afterCr ? cr : 0, this.#withheld ? cr : 0];
    if (this.#withheld) bytes[to++] = cr;
    for (let at = start; at < end; at++) {
      const octet = input[at] as number;
      if (octet === lf && previous === cr && before !== cr) bytes[to - 1] = lf;
      else bytes[to++] = octet;
      before = previous;
      previous = octet;
    }
    [this.#afterCr, this.#withheld] = [before === cr, previous === cr];
    this.#output.advance(previous === cr ? to - 1 : to);
  }

  /** Gives out a withheld CR: the stream ends, or a restart marker says that everything before it is stored. */
  flush(): void {
    if (this.#withheld) this.#output.octet(cr);
    this.#withheld = false;
  }
}

/** Decodes the text of a whole transfer in stream mode. */
export function asciiDecoder(position?: AsciiPosition): TransferDecoder {
  const output = new OctetBuffer();
  const reader = new AsciiReader(output, position);
  return {
    push: (input) => {
      output.clear();
      reader.read(input, 0, input.length);
      return [{ kind: "data", octets: output.cut() }];
    },
    end: () => {
      output.clear();
      reader.flush();
      return [{ kind: "data", octets: output.cut() }, { kind: "end" }];
    },
  };
}

/** Where in the local file a decoder that starts at a position begins to write: before a CR that it withholds. */
export function writeOffset({ localOffset, carriageReturns }: AsciiPosition): number {
  return carriageReturns > 0 ? localOffset - 1 : localOffset;
}

/**
 * Measures a local file in octets of its network form: for SIZE in TYPE A (R-3659-04), and to find the place in the
 * file that belongs to a restart offset (RFC 3659 §5.1, R-3659-08). The file has to be read from its front.
 */
export class AsciiMeter {
  #networkOctets = 0;
  #localOffset = 0;
  #carriageReturns: 0 | 1 | 2 = 0;

  /** Network octets of all that was measured. */
  get networkOctets(): number {
    return this.#networkOctets;
  }

  /** Measures the next piece whole. */
  push(input: Uint8Array): void {
    this.seek(input, Infinity);
  }

  /**
   * Measures the next piece up to a network offset and returns the place when it is reached; undefined where the offset
   * lies behind the piece. Ask first with an empty piece, when the file itself may be empty.
   */
  seek(input: Uint8Array, networkOffset: number): AsciiPosition | undefined {
    let network = this.#networkOctets;
    let returns = this.#carriageReturns;
    let at = 0;
    let withinLineEnd = false;
    while (at < input.length && network < networkOffset) {
      const octet = input[at] as number;
      const width = octet === lf && returns === 0 ? 2 : 1;
      withinLineEnd = network + width > networkOffset;
      if (withinLineEnd) break;
      network += width;
      returns = octet !== cr ? 0 : returns === 0 ? 1 : 2;
      at++;
    }
    this.#networkOctets = network;
    this.#carriageReturns = returns;
    this.#localOffset += at;
    if (network < networkOffset && !withinLineEnd) return undefined;
    return { localOffset: this.#localOffset, withinLineEnd, carriageReturns: returns };
  }
}

const nothing = new Uint8Array(0);
