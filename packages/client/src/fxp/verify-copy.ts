import { IntegrityError, type LimitValues } from "@sallyport/protocol";
import { hash, offeredHashes } from "../operations/hash.ts";
import { sizeOf } from "../operations/stat.ts";
import { read } from "../transfer/read.ts";
import { digestFor, type Verification, verifyContent, type VerifyMode } from "../transfer/verify.ts";
import type { FileEnd, FileEnds } from "./direct.ts";

export interface VerifyCopyOptions {
  readonly mode: VerifyMode;
  /** Of the source; undefined where it does not tell. */
  readonly size: number | undefined;
  readonly seams: readonly number[];
  readonly limits: LimitValues;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares a file on two servers: by size, and where that is asked for by the digest that both compute, or by parts that
 * are read from both.
 *
 * @throws {IntegrityError} `SALLYPORT_INTEGRITY_SIZE`, `SALLYPORT_INTEGRITY_CONTENT` where they differ
 * @throws {PeerIncompatible} `SALLYPORT_HASH_UNAVAILABLE`, `SALLYPORT_SAMPLE_UNAVAILABLE`
 */
export async function verifyCopy(ends: FileEnds, options: VerifyCopyOptions): Promise<Verification> {
  const { mode, size, seams, limits, signal } = options;
  if (mode === "off") return { method: "off" };
  const found = await sizeOf(ends.to.connection, ends.to.path, { signal });
  if (found !== undefined && size !== undefined && Number(found) !== size) {
    throw new IntegrityError("SALLYPORT_INTEGRITY_SIZE", `The target has ${found} octets of ${size}`);
  }
  if (mode === "size" || size === undefined) return { method: "size", bytes: found === undefined ? undefined : size };
  const algorithm = commonDigest(ends, mode);
  if (algorithm !== undefined) return compareDigests(ends, algorithm, signal);
  const local = partsOf(ends.from, limits.sampleBytes, size, signal);
  // Without a digest of our own it compares samples, or says that there is no digest.
  return verifyContent(ends.to.connection, ends.to.path, {
    mode,
    size,
    local,
    seams,
    digest: undefined,
    limits,
    signal,
  });
}

function commonDigest({ from, to }: FileEnds, mode: VerifyMode): string | undefined {
  const preferred = digestFor(to.connection, mode);
  if (preferred === undefined) return undefined;
  const ours = offeredHashes(from.connection);
  return ours.has(preferred) ? preferred : [...offeredHashes(to.connection).keys()].find((name) => ours.has(name));
}

/** Both compute at the same time. */
async function compareDigests(
  { from, to }: FileEnds,
  algorithm: string,
  signal: AbortSignal | undefined,
): Promise<Verification> {
  const [source, target] = await Promise.all(
    [from, to].map(({ connection, path }) => hash(connection, path, { algorithm, signal })),
  );
  if (source?.hex !== target?.hex) {
    const message = `The file on the target is not the same: its ${algorithm} is another`;
    throw new IntegrityError("SALLYPORT_INTEGRITY_CONTENT", message);
  }
  return { method: "hash", algorithm, hex: target?.hex ?? "" };
}

/** Reads parts of the source, a whole sample at a time. */
function partsOf(
  { connection, path }: FileEnd,
  sampleBytes: number,
  size: number,
  signal: AbortSignal | undefined,
): (position: number, length: number) => Promise<Uint8Array> {
  let kept: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array(0) };
  return async (position, length) => {
    const isKept = position >= kept.start && position + length <= kept.start + kept.bytes.length;
    if (!isKept) {
      const end = Math.min(size, position + Math.max(length, sampleBytes));
      const range = end === size ? { start: position } : { start: position, end };
      const chunks = await Array.fromAsync(await read(connection, path, { ...range, signal }));
      kept = { start: position, bytes: Buffer.concat(chunks) };
    }
    return kept.bytes.subarray(position - kept.start, position - kept.start + length);
  };
}
