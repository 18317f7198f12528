import { AsciiMeter, type AsciiPosition, type VirtualPath } from "@sallyport/protocol";
import type { ReadableFile, Storage } from "@sallyport/server/storage";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { CommandContext } from "../command-handler.ts";

type Bounds = Pick<CommandContext, "limits" | "signal">;

const blockBytes = 1_048_576;

/** Octets that a TYPE A transfer of a file would send; undefined for files too large to be read for it (R-3659-04). */
export async function asciiSize(storage: Storage, path: VirtualPath, bounds: Bounds): Promise<number | undefined> {
  const file = await storage.openRead(path);
  try {
    if (file.sizeBytes > bounds.limits.asciiSizeBytes) return undefined;
    const meter = new AsciiMeter();
    await readAll(file, bounds, (octets) => meter.push(octets));
    return meter.networkOctets;
  } finally {
    await file.close();
  }
}

/** The place in a file that belongs to a restart offset in TYPE A; undefined beyond its end or beyond measure. */
export async function asciiPosition(
  file: ReadableFile,
  networkOffset: bigint,
  bounds: Bounds,
): Promise<AsciiPosition | undefined> {
  if (file.sizeBytes > bounds.limits.asciiSizeBytes || networkOffset > BigInt(2 * file.sizeBytes)) return undefined;
  const meter = new AsciiMeter();
  let found: AsciiPosition | undefined;
  await readAll(file, bounds, (octets) => {
    found ??= meter.seek(octets, Number(networkOffset));
    return found !== undefined;
  });
  return found;
}

/** Reads a file from its front, turns of the event loop between, until the visitor says that it has enough. */
async function readAll(
  file: ReadableFile,
  { signal }: Bounds,
  visit: (octets: Uint8Array) => boolean | void,
): Promise<void> {
  const buffer = new Uint8Array(Math.max(1, Math.min(blockBytes, file.sizeBytes)));
  for (let position = 0; ;) {
    signal.throwIfAborted();
    const read = await file.read(buffer, position);
    if (read === 0 || visit(buffer.subarray(0, read)) === true) return;
    position += read;
    await nextTurn();
  }
}
