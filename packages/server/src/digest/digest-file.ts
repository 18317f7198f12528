import { type DigestArgument, type HashAlgorithmName, reply, type Reply, type VirtualPath } from "@sallyport/protocol";
import type { ReadableFile, Storage } from "@sallyport/server/storage";
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { type CommandContext, type Outcome, withPath } from "../command-handler.ts";
import { cryptoNames } from "./digest-algorithms.ts";

/** The octets that a digest covers; `end` is exclusive. */
export type FileDigest =
  | { readonly ok: true; readonly hex: string; readonly first: number; readonly end: number }
  | { readonly ok: false; readonly reply: Reply };

const blockBytes = 1_048_576;

/**
 * Computes a digest of a file or of a range of it, `last` inclusive, in blocks with turns of the event loop between
 * them. Digests wait for each other in a bounded queue; a full queue is 450, a directory 553, a range over the limit
 * 556 (R-HASH-01, S-18).
 */
export async function digestFile(
  context: CommandContext,
  storage: Storage,
  path: VirtualPath,
  algorithm: HashAlgorithmName,
  range: { readonly first: number; readonly last: number } | undefined,
): Promise<FileDigest> {
  const entry = await storage.stat(path, { followLinks: true });
  if (entry.type !== "file") return { ok: false, reply: reply(553, "That is not a file.") };
  const first = Math.min(range?.first ?? 0, entry.sizeBytes);
  const end = Math.min(range === undefined ? entry.sizeBytes : range.last + 1, entry.sizeBytes);
  if (end - first > context.limits.hashBytes) return { ok: false, reply: reply(556, "The range is too large.") };
  const turn = await context.environment.digests.enter(context.signal);
  if (turn === undefined) return { ok: false, reply: reply(450, "Too many digests at once; try again later.") };
  try {
    const file = await storage.openRead(path);
    try {
      return { ok: true, hex: await digestRange(file, algorithm, first, end, context.signal), first, end };
    } finally {
      await file.close();
    }
  } finally {
    turn.leave();
  }
}

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

/** The X-digests: `250 HEX` (R-XSUM-01). */
export function answerDigest(
  context: CommandContext,
  { pathname, first, last }: DigestArgument,
  algorithm: HashAlgorithmName,
): Outcome | Promise<Outcome> {
  return withPath(context, pathname, async (path, { storage }) => {
    const range = first === undefined ? undefined : { first, last: last ?? Number.MAX_SAFE_INTEGER - 1 };
    const digest = await digestFile(context, storage, path, algorithm, range);
    return { reply: digest.ok ? reply(250, digest.hex.toUpperCase()) : digest.reply };
  });
}
