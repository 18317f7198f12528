import { BlockReader, BlockWriter } from "./modes/block.ts";
import { CompressedReader, CompressedWriter, fillerOctet } from "./modes/compressed.ts";
import type { ModeReader, ModeSink, ModeWriter } from "./modes/mode.ts";
import { OctetBuffer } from "./octet-buffer.ts";
import type { Octets } from "./octets.ts";
import { asciiDecoder, AsciiEncoder, type AsciiPosition, AsciiReader } from "./representation/ascii.ts";
import { RecordJoiner, RecordSplitter, RecordStreamReader, RecordStreamWriter } from "./structure/record.ts";
import type { FileStructure, RepresentationType, TransmissionMode } from "./transfer-parameters.ts";
import type { DecodedPart, ExpansionGuard, TransferDecoder, TransferEncoder, TransferFailure } from "./transformer.ts";

/** TYPE, STRU and MODE of one transfer. Mode Z counts as S: compression wraps what comes out here. */
export interface EncodingParameters {
  readonly type: RepresentationType;
  readonly structure: FileStructure;
  readonly mode: TransmissionMode;
}

export interface DecodingLimits {
  readonly markerBytesMax: number;
  /** Judges output against input in mode C; absent: the 63 to 1 of the format is the only bound (S-24). */
  readonly expansion?: ExpansionGuard;
}

/**
 * Makes the encoder of one file: representation type, then structure, then mode. Undefined where the octets pass
 * unchanged (TYPE I, STRU F, MODE S). `position` starts inside a file of TYPE A and STRU F.
 */
export function encoderFor(parameters: EncodingParameters, position?: AsciiPosition): TransferEncoder | undefined {
  const { type, structure } = parameters;
  const output = new OctetBuffer();
  const writer = modeWriter(parameters, output);
  const ascii = type === "A" && structure === "F" ? new AsciiEncoder(position) : undefined;
  if (writer === undefined) return ascii;
  return structure === "R" ? recordEncoder(writer, output, type) : fileEncoder(writer, output, ascii);
}

/**
 * Makes the decoder of one file: mode, then structure, then representation type. Undefined where the octets pass
 * unchanged. Give the decoder pieces of moderate size: memory is bound to the piece, in mode C to 256 KiB.
 */
export function decoderFor(
  parameters: EncodingParameters,
  limits: DecodingLimits,
  position?: AsciiPosition,
): TransferDecoder | undefined {
  const { type, structure, mode } = parameters;
  if (structure === "F" && (mode === "S" || mode === "Z")) return type === "A" ? asciiDecoder(position) : undefined;
  return new ModeDecoder(parameters, limits, position);
}

function modeWriter({ type, structure, mode }: EncodingParameters, output: OctetBuffer): ModeWriter | undefined {
  if (mode === "B") return new BlockWriter(output);
  if (mode === "C") return new CompressedWriter(output, fillerOctet(type));
  return structure === "R" ? new RecordStreamWriter(output) : undefined;
}

function fileEncoder(writer: ModeWriter, output: OctetBuffer, ascii: AsciiEncoder | undefined): TransferEncoder {
  return encoder(writer, output, {
    push: (input) => {
      const octets = ascii?.push(input) ?? input;
      writer.write(octets, 0, octets.length, false);
    },
    flush: () => undefined,
    end: () => writer.end(),
  });
}

function recordEncoder(writer: ModeWriter, output: OctetBuffer, type: RepresentationType): TransferEncoder {
  return encoder(writer, output, new RecordSplitter(writer, type));
}

interface StructureEncoder {
  push(input: Uint8Array): void;
  flush(): void;
  end(): void;
}

function encoder(writer: ModeWriter, output: OctetBuffer, structure: StructureEncoder): TransferEncoder {
  const collected = (act: () => void): Uint8Array => {
    output.clear();
    act();
    return output.cut();
  };
  const encode: TransferEncoder = {
    push: (input) => collected(() => structure.push(input)),
    end: () => collected(() => structure.end()),
  };
  if (writer.mark === undefined) return encode;
  const mark = (marker: Octets) =>
    collected(() => {
      structure.flush();
      writer.mark?.(marker);
    });
  return { ...encode, mark };
}

/** Input taken at once: what it may grow to has to fit into memory. */
const pieceBytes = { S: 1_048_576, Z: 1_048_576, B: 1_048_576, C: 4096 } as const;

/** Joins a mode, a structure and a type. */
class ModeDecoder implements TransferDecoder {
  readonly #collector: PartCollector;
  readonly #reader: ModeReader;
  readonly #pieceBytes: number;
  readonly #expansion: ExpansionGuard | undefined;

  constructor({ type, structure, mode }: EncodingParameters, limits: DecodingLimits, position?: AsciiPosition) {
    const output = new OctetBuffer();
    const local = structure === "R" ? new RecordJoiner(output, type) : new FileJoiner(output, type, position);
    this.#collector = new PartCollector(output, local);
    this.#pieceBytes = pieceBytes[mode];
    this.#expansion = mode === "C" ? limits.expansion : undefined;
    if (mode === "B") this.#reader = new BlockReader(this.#collector, limits.markerBytesMax);
    else if (mode !== "C") this.#reader = new RecordStreamReader(this.#collector);
    else this.#reader = new CompressedReader(this.#collector, fillerOctet(type), limits.markerBytesMax);
  }

  *push(input: Uint8Array): Generator<DecodedPart> {
    for (let start = 0; start < input.length && !this.#collector.hasFailed; start += this.#pieceBytes) {
      const end = Math.min(input.length, start + this.#pieceBytes);
      const failure = this.#reader.read(input, start, end);
      const isBearable = this.#expansion?.admits(end - start, this.#collector.outputBytes) ?? true;
      yield* this.#collector.take(failure ?? (isBearable ? undefined : "expansion"));
    }
  }

  *end(): Generator<DecodedPart> {
    if (!this.#collector.hasFailed) yield* this.#collector.take(this.#reader.close());
  }
}

/** Writes what a mode reader gives out as a local file. */
interface LocalJoiner {
  data(input: Uint8Array, start: number, end: number): TransferFailure | undefined;
  recordEnd(): TransferFailure | undefined;
  /** Gives out what was withheld. */
  flush(): void;
}

/** Gathers what a mode reader finds, in order, as parts. */
class PartCollector implements ModeSink {
  readonly #output: OctetBuffer;
  readonly #local: LocalJoiner;
  #parts: DecodedPart[] = [];
  #receivedOctets = 0;
  #failure: TransferFailure | undefined;

  constructor(output: OctetBuffer, local: LocalJoiner) {
    this.#output = output;
    this.#local = local;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Octets that wait to be taken. */
  get outputBytes(): number {
    return this.#output.length;
  }

  *take(failure: TransferFailure | undefined): Generator<DecodedPart> {
    this.#cut();
    this.#failure ??= failure;
    yield* this.#parts;
    if (this.#failure !== undefined) yield { kind: "failure", failure: this.#failure };
    this.#parts = [];
    this.#output.clear();
  }

  data(input: Uint8Array, start: number, end: number): void {
    this.#receivedOctets += end - start;
    this.#failure ??= this.#local.data(input, start, end);
  }

  recordEnd(): void {
    this.#failure ??= this.#local.recordEnd();
  }

  marker(marker: Octets): void {
    this.#local.flush();
    this.#note({ kind: "marker", marker, receivedOctets: this.#receivedOctets });
  }

  suspect(): void {
    this.#note({ kind: "suspect" });
  }

  fileEnd(): void {
    this.#local.flush();
    this.#note({ kind: "end" });
  }

  /** After a failure nothing counts any more. */
  #note(part: DecodedPart): void {
    if (this.#failure !== undefined) return;
    this.#cut();
    this.#parts.push(part);
  }

  #cut(): void {
    const octets = this.#output.cut();
    if (octets.length > 0) this.#parts.push({ kind: "data", octets });
  }
}

/**
 * Writes a file without records. Some senders flag the end of the file as the end of a record too; anywhere else a
 * record would be lost in silence, so it is a failure.
 */
class FileJoiner implements LocalJoiner {
  readonly #output: OctetBuffer;
  readonly #ascii: AsciiReader | undefined;
  #recordEnded = false;

  constructor(output: OctetBuffer, type: RepresentationType, position?: AsciiPosition) {
    this.#output = output;
    this.#ascii = type === "A" ? new AsciiReader(output, position) : undefined;
  }

  data(input: Uint8Array, start: number, end: number): TransferFailure | undefined {
    if (this.#recordEnded && start < end) return "unexpected-record";
    if (this.#ascii === undefined) this.#output.append(input, start, end);
    else this.#ascii.read(input, start, end);
    return undefined;
  }

  recordEnd(): TransferFailure | undefined {
    if (this.#recordEnded) return "unexpected-record";
    this.#recordEnded = true;
    return undefined;
  }

  flush(): void {
    this.#ascii?.flush();
  }
}
