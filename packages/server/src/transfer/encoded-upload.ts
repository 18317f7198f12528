import {
  type DecodedPart,
  decoderFor,
  expansionGuard,
  PeerViolation,
  reply,
  type TransferDecoder,
} from "@sallyport/protocol";
import { type DataConnection, Inflater, type ReceiveResult, type TransferOptions } from "@sallyport/transport";
import type { CommandContext } from "../command-handler.ts";
import type { UploadSink } from "./upload-digest.ts";

/** What came of an encoded upload; `provenEnd`: the mode itself says where the file ends, and it did. */
export interface EncodedUpload {
  readonly bytes: number;
  readonly provenEnd: boolean;
  readonly result: ReceiveResult;
}

/** Whether TYPE, STRU and MODE leave the octets of a file as they are. */
export function isUnchanged({ state }: CommandContext): boolean {
  const { type, structure, mode } = state.parameters;
  return type === "I" && structure === "F" && mode === "S";
}

/**
 * Receives an upload in any TYPE, STRU and MODE. What a decoder calls a failure is the peer's violation
 * (`SALLYPORT_DATA_ENCODING`, `SALLYPORT_DEFLATE_…`), answered 426; restart markers are answered 110 once what came
 * before them is written (R-1123-15).
 */
export async function receiveEncoded(
  context: CommandContext,
  data: DataConnection,
  file: UploadSink,
  { onProgress, ...options }: TransferOptions,
): Promise<EncodedUpload> {
  const intake = new Intake(context, file, onProgress);
  const inflates = context.state.parameters.mode === "Z";
  using inflater = inflates ? new Inflater({ ratioMax: context.limits.inflateRatio }) : undefined;
  const result = await data.receiveChunks(async (octets) => {
    if (inflater === undefined) return intake.take(octets);
    for await (const piece of inflater.push(octets)) await intake.take(piece);
  }, options);
  await inflater?.finish();
  await intake.finish();
  return { bytes: intake.bytes, provenEnd: inflates || intake.sawEnd, result };
}

/** Decodes pieces and writes what they become. */
class Intake {
  /** The mode marked the end of the file. */
  sawEnd = false;
  readonly #context: CommandContext;
  readonly #file: UploadSink;
  readonly #onProgress: ((bytes: number) => void) | undefined;
  readonly #decoder: TransferDecoder | undefined;
  readonly #marksEnd: boolean;
  #position: number;

  constructor(context: CommandContext, file: UploadSink, onProgress: ((bytes: number) => void) | undefined) {
    const { parameters } = context.state;
    this.#context = context;
    this.#file = file;
    this.#onProgress = onProgress;
    this.#position = file.startPosition;
    this.#marksEnd = parameters.mode === "B" || parameters.mode === "C" || parameters.structure === "R";
    this.#decoder = decoderFor(parameters, {
      markerBytesMax: context.limits.restartMarkerBytes,
      expansion: expansionGuard(context.limits.inflateRatio),
    });
  }

  get bytes(): number {
    return this.#position - this.#file.startPosition;
  }

  async take(octets: Uint8Array): Promise<void> {
    if (this.#decoder === undefined) await this.#write(octets);
    else for (const part of this.#decoder.push(octets)) await this.#takePart(part);
  }

  async finish(): Promise<void> {
    for (const part of this.#decoder?.end() ?? []) await this.#takePart(part);
  }

  async #takePart(part: DecodedPart): Promise<void> {
    switch (part.kind) {
      case "data":
        return this.#write(part.octets);
      case "marker": {
        const stored = this.#file.startPosition + part.receivedOctets;
        return this.#context.send(reply(110, `MARK ${part.marker} = ${stored}`));
      }
      case "end":
        this.sawEnd = this.#marksEnd;
        return undefined;
      case "suspect":
        return undefined;
      case "failure":
        throw new PeerViolation("SALLYPORT_DATA_ENCODING", `The data broke the rules of its mode: ${part.failure}`);
    }
  }

  async #write(octets: Uint8Array): Promise<void> {
    if (octets.length === 0) return;
    await this.#file.write(octets, this.#position);
    this.#position += octets.length;
    this.#onProgress?.(this.bytes);
  }
}
