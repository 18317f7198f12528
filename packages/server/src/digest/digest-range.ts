import type { HashAlgorithmName } from "@sallyport/protocol";
import type { ReadableFile } from "@sallyport/server/storage";
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { cryptoNames } from "./digest-algorithms.ts";

const blockBytes = 1_048_576;

/** Computes a digest of `first` to `end`, exclusive; after each block, which took a while, it pauses. */
export async function digestRange(
  file: ReadableFile,
  algorithm: HashAlgorithmName,
  first: number,
  end: number,
  signal: AbortSignal,
  pause: (blockMs: number) => Promise<void> = () => nextTurn(),
): Promise<string> {
  const digest = newDigest(algorithm);
  const buffer = new Uint8Array(Math.max(1, Math.min(blockBytes, end - first)));
  for (let position = first; position < end;) {
    signal.throwIfAborted();
    const startedMs = performance.now();
    const read = await file.read(buffer.subarray(0, Math.min(buffer.length, end - position)), position);
    if (read === 0) break;
    digest.update(buffer.subarray(0, read));
    position += read;
    await pause(performance.now() - startedMs);
  }
  return digest.hex();
}

function newDigest(algorithm: HashAlgorithmName): { update(octets: Uint8Array): void; hex(): string } {
  if (algorithm === "CRC32") {
    let checksum = 0;
    return {
      update: (octets) => (checksum = crc32(octets, checksum)),
      hex: () => checksum.toString(16).padStart(8, "0"),
    };
  }
  const hash = createHash(cryptoNames[algorithm]);
  return { update: (octets) => hash.update(octets), hex: () => hash.digest("hex") };
}
