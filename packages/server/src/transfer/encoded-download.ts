import { type AsciiPosition, encoderFor, type TransferEncoder } from "@sallyport/protocol";
import { deflateChunks } from "@sallyport/transport";
import type { ReadableFile } from "@sallyport/server/storage";
import type { CommandContext } from "../command-handler.ts";

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

/** Encodes chunks one by one, and the end. */
export async function* encodedChunks(
  chunks: AsyncIterable<Uint8Array>,
  encoder: TransferEncoder,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield encoder.push(chunk);
  const end = encoder.end();
  if (end.length > 0) yield end;
}
