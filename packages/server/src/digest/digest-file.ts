import { type DigestArgument, type HashAlgorithmName, reply, type Reply, type VirtualPath } from "@sallyport/protocol";
import type { Storage } from "@sallyport/server/storage";
import { type CommandContext, type Outcome, withPath } from "../command-handler.ts";
import { digestRange } from "./digest-range.ts";

/** The octets that a digest covers; `end` is exclusive. */
export type FileDigest =
  | { readonly ok: true; readonly hex: string; readonly first: number; readonly end: number }
  | { readonly ok: false; readonly reply: Reply };

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
