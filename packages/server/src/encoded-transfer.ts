import {
  type AsciiPosition,
  decoderFor,
  encoderFor,
  expansionGuard,
  PeerViolation,
  reply,
  type TransferEncoder,
} from "@sallyport/protocol";
import type { DataConnection, ReceiveResult, TransferOptions } from "@sallyport/transport";
import { deflateChunks } from "./deflate-chunks.ts";
import type { ReadableFile, WritableFile } from "@sallyport/server/storage";
import type { CommandContext } from "./command-handler.ts";

const blockBytes = 262_144;

/** A part of a file as a data connection carries it, encoded by TYPE, STRU and MODE; undefined where it is unchanged. */
export function encodedFile(
  { state }: CommandContext,
  file: ReadableFile,
  extent: { readonly first: number; readonly end: number; readonly position?: AsciiPosition | undefined },
  report: (bytes: number) => void,
): AsyncGenerator<Uint8Array> | undefined {
  const { parameters, deflateLevel } = state;
  const encoder = encoderFor(parameters, extent.position);
  if (encoder === undefined && parameters.mode !== "Z") return undefined;
  const plain = fileChunks(file, extent.first, extent.end, report);
  const encoded = encoder === undefined ? plain : encodedChunks(plain, encoder);
  return parameters.mode === "Z" ? deflateChunks(encoded, { level: deflateLevel }) : encoded;
}

async function* fileChunks(
  file: ReadableFile,
  first: number,
  end: number,
  report: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.max(1, Math.min(blockBytes, end - first)));
  for (let position = first; position < end;) {
    const read = await file.read(buffer.subarray(0, Math.min(buffer.length, end - position)), position);
    if (read === 0) break;
    yield buffer.subarray(0, read);
    position += read;
    report(position - first);
  }
}

async function* encodedChunks(chunks: AsyncIterable<Uint8Array>, encoder: TransferEncoder): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield encoder.push(chunk);
  const end = encoder.end();
  if (end.length > 0) yield end;
}

/** What came of an encoded upload; `provenEnd`: the mode itself says where the file ends, and it did. */
export interface EncodedUpload {
  readonly bytes: number;
  readonly provenEnd: boolean;
  readonly result: ReceiveResult;
}

/**
 * Receives an upload in any TYPE, STRU and MODE. What the decoder calls a failure is the peer's violation, answered 426
 * (`SALLYPORT_DATA_ENCODING`); restart markers are answered 110 once what came before them is written (R-1123-15).
 */
export async function receiveEncoded(
  context: CommandContext,
  data: DataConnection,
  file: WritableFile,
  options: TransferOptions,
): Promise<EncodedUpload> {
  const { state, limits } = context;
  const decoder = decoderFor(state.parameters, {
    markerBytesMax: limits.restartMarkerBytes,
    expansion: expansionGuard(limits.inflateRatio),
  });
  let position = file.startPosition;
  let ended = false;
  const take = async (parts: ReturnType<NonNullable<typeof decoder>["push"]>): Promise<void> => {
    for (const part of parts) {
      if (part.kind === "failure")
        throw new PeerViolation("SALLYPORT_DATA_ENCODING", `the data broke the rules of its mode: ${part.failure}`);
      if (part.kind === "end") ended = true;
      if (part.kind === "marker")
        context.send(reply(110, `MARK ${part.marker} = ${file.startPosition + part.receivedOctets}`));
      if (part.kind !== "data" || part.octets.length === 0) continue;
      await file.write(part.octets, position);
      position += part.octets.length;
      options.onProgress?.(position - file.startPosition);
    }
  };
  const write = async (octets: Uint8Array): Promise<void> => {
    await file.write(octets, position);
    position += octets.length;
    options.onProgress?.(position - file.startPosition);
  };
  const { onProgress: _, ...quiet } = options;
  const inflates = state.parameters.mode === "Z";
  const result = await data.receiveChunks(
    (octets) => (decoder === undefined ? write(octets) : take(decoder.push(octets))),
    {
      ...quiet,
      ...(inflates ? { inflate: { ratioMax: limits.inflateRatio } } : {}),
    },
  );
  if (decoder !== undefined) await take(decoder.end());
  const selfDelimiting = inflates || state.parameters.mode !== "S" || state.parameters.structure === "R";
  return { bytes: position - file.startPosition, provenEnd: selfDelimiting && (inflates || ended), result };
}
