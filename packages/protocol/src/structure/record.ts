import type { ModeReader, ModeSink, ModeWriter } from "../modes/mode.ts";
import type { OctetBuffer } from "../octet-buffer.ts";
import type { RepresentationType } from "../transfer-parameters.ts";
import type { TransferFailure } from "../transformer.ts";

/*
 * STRU R (RFC 959 §3.1.2.2) on a file system without records: a record is a line (RFC 1123 §4.1.2.13, D-21,
 * R-959-33). On disk lines end with LF; in TYPE A a CRLF ends a line too, and the CR is no part of the record. A last
 * line without line end is sent as a record like the others, because RFC 959 §3.4 wants every end of record explicit.
 *
 * Records that come in and go out again are the same unless they hold an LF, which nothing on disk can tell from a
 * line end.
 */

const cr = 0x0d;
const lf = 0x0a;

/** Cuts local octets into records. */
export class RecordSplitter {
  readonly #writer: ModeWriter;
  readonly #isText: boolean;
  #isOpen = false;
  #withheldCr = false;

  constructor(writer: ModeWriter, type: RepresentationType) {
    this.#writer = writer;
    this.#isText = type === "A";
  }

  push(input: Uint8Array): void {
    if (input.length === 0) return;
    if (this.#withheldCr && input[0] !== lf) this.flush();
    let start = 0;
    for (let lineEnd = input.indexOf(lf); lineEnd >= 0; lineEnd = input.indexOf(lf, start)) {
      const endsWithCr = this.#isText && lineEnd > start && input[lineEnd - 1] === cr;
      this.#writer.write(input, start, endsWithCr ? lineEnd - 1 : lineEnd, true);
      this.#isOpen = false;
      this.#withheldCr = false;
      start = lineEnd + 1;
    }
    if (start === input.length) return;
    this.#isOpen = true;
    this.#withheldCr = this.#isText && input.at(-1) === cr;
    this.#writer.write(input, start, input.length - (this.#withheldCr ? 1 : 0), false);
  }

  /** Writes a CR that waited for an LF. */
  flush(): void {
    if (this.#withheldCr) this.#writer.write(carriageReturn, 0, 1, false);
    this.#withheldCr = false;
  }

  end(): void {
    this.flush();
    if (this.#isOpen) this.#writer.write(carriageReturn, 0, 0, true);
    this.#writer.end();
  }
}

/** Writes records as lines of a local file. */
export class RecordJoiner {
  readonly #output: OctetBuffer;
  readonly #isText: boolean;
  #afterCr = false;

  constructor(output: OctetBuffer, type: RepresentationType) {
    this.#output = output;
    this.#isText = type === "A";
  }

  data(input: Uint8Array, start: number, end: number): undefined {
    if (start === end) return;
    this.#output.append(input, start, end);
    this.#afterCr = input[end - 1] === cr;
  }

  /** A record of text that ends with CR gets CRLF, so that the splitter takes off the right one. */
  recordEnd(): undefined {
    if (this.#isText && this.#afterCr) this.#output.octet(cr);
    this.#output.octet(lf);
    this.#afterCr = false;
  }

  /** Nothing is ever withheld. */
  flush(): void {}
}

/*
 * Records in stream mode (RFC 959 §3.4.1): the octet FF announces a control code, 01 end of record, 02 end of file,
 * 03 both; FF FF is one octet of data.
 */

const escape = 0xff;

export class RecordStreamWriter implements ModeWriter {
  readonly #output: OctetBuffer;

  constructor(output: OctetBuffer) {
    this.#output = output;
  }

  write(input: Uint8Array, start: number, end: number, endsRecord: boolean): void {
    const bytes = this.#output.reserve((end - start) * 2);
    let to = this.#output.length;
    for (let at = start; at < end; at++) {
      const octet = input[at] as number;
      bytes[to++] = octet;
      if (octet === escape) bytes[to++] = escape;
    }
    this.#output.advance(to);
    if (endsRecord) this.#control(1);
  }

  end(): void {
    this.#control(2);
  }

  #control(code: number): void {
    this.#output.octet(escape);
    this.#output.octet(code);
  }
}

export class RecordStreamReader implements ModeReader {
  readonly #sink: ModeSink;
  #state: "data" | "control" | "over" = "data";

  constructor(sink: ModeSink) {
    this.#sink = sink;
  }

  read(input: Uint8Array, start: number, end: number): TransferFailure | undefined {
    let at = start;
    while (at < end) {
      if (this.#state === "over") return "data-after-end";
      if (this.#state === "control") {
        const failure = this.#readControl(input[at++] as number);
        if (failure !== undefined) return failure;
        continue;
      }
      const found = input.indexOf(escape, at);
      const stop = found < 0 || found >= end ? end : found;
      this.#sink.data(input, at, stop);
      if (stop < end) this.#state = "control";
      at = stop + 1;
    }
    return undefined;
  }

  close(): TransferFailure | undefined {
    return this.#state === "over" ? undefined : "missing-end";
  }

  #readControl(code: number): TransferFailure | undefined {
    this.#state = "data";
    if (code === escape) this.#sink.data(escaped, 0, 1);
    else if (code < 1 || code > 3) return "unknown-control";
    if ((code & 1) !== 0 && code !== escape) this.#sink.recordEnd();
    if ((code & 2) !== 0 && code !== escape) {
      this.#sink.fileEnd();
      this.#state = "over";
    }
    return undefined;
  }
}

const carriageReturn = Uint8Array.of(cr);
const escaped = Uint8Array.of(escape);
