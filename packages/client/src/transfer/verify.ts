import { IntegrityError, type LimitValues, type Octets, PeerIncompatible } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import { hash, offeredHashes } from "../operations/hash.ts";
import { refusalOf } from "../operations/refusal.ts";
import type { ReadLocal, RunningDigest } from "./file-digest.ts";
import { read } from "./read.ts";

/**
 * How what moved is compared with what it was. `size`: the number of octets. `hash`: a digest that the server computes.
 * `sample`: parts are read back. `auto`: a digest where the server offers one, otherwise samples where it knows REST.
 * All but `off` compare the size.
 */
export type VerifyMode = "auto" | "hash" | "size" | "sample" | "off";

/** What a comparison came to; one that fails is an IntegrityError. */
export type Verification =
  | { readonly method: "off" }
  | { readonly method: "size"; readonly bytes: number | undefined }
  /** Parts that several RETR brought fit where they meet: the octets behind each seam came twice, and alike. */
  | { readonly method: "seams"; readonly seams: number; readonly bytes: number }
  | { readonly method: "hash"; readonly algorithm: string; readonly hex: string }
  | {
      readonly method: "sample";
      readonly samples: number;
      /** Octets that were read back. */
      readonly bytes: number;
      /** The chance that damage to one hundredth of the file, in one place, would have been found; 1 for the whole. */
      readonly confidence: number;
    };

export interface VerifyOptions {
  readonly mode: VerifyMode;
  readonly size: number;
  readonly local: ReadLocal;
  /** Where transfers were joined; samples lie there first. */
  readonly seams: readonly number[];
  readonly digest: RunningDigest | undefined;
  readonly limits: Pick<LimitValues, "sampleBytes" | "samplesCount" | "sampleWholeBytes">;
  readonly signal?: AbortSignal | undefined;
  /** Has other control connections, so many at most, take part in work that all of them share. */
  readonly shareWork?: ShareWork | undefined;
}

export type ShareWork = (count: number, work: (by: ClientConnection) => Promise<void>) => Promise<void>;

/** The digest that a comparison would use on this server, or undefined where it uses none. */
export function digestFor(connection: ClientConnection, mode: VerifyMode): string | undefined {
  if (mode !== "auto" && mode !== "hash") return undefined;
  const offered = offeredHashes(connection);
  return preferred.find((name) => offered.has(name));
}

/**
 * Compares a remote file with local octets, whose number was compared already.
 *
 * @throws {IntegrityError} `SALLYPORT_INTEGRITY_CONTENT` where they differ
 * @throws {PeerIncompatible} `SALLYPORT_HASH_UNAVAILABLE`, `SALLYPORT_SAMPLE_UNAVAILABLE` where the way that was asked
 * for is not the server's
 */
export async function verifyContent(
  connection: ClientConnection,
  remote: Octets,
  options: VerifyOptions,
): Promise<Verification> {
  const { mode, size } = options;
  if (mode === "off") return { method: "off" };
  const bySize = { method: "size", bytes: size } as const;
  if (mode === "size") return bySize;
  try {
    if (mode !== "sample") return await verifyByHash(connection, remote, options);
  } catch (error) {
    if (mode === "hash" || !isUnavailable(error)) throw error;
  }
  try {
    return await verifyBySamples(connection, remote, options);
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    if (mode === "auto") return bySize;
    throw new PeerIncompatible("SALLYPORT_SAMPLE_UNAVAILABLE", "The server lets no part of the file be read back", {
      cause: error,
    });
  }
}

/** Strong enough against accidents and quick; CRC32 last. */
const preferred = ["SHA-256", "SHA-512", "SHA-1", "MD5", "CRC32"];

async function verifyByHash(
  connection: ClientConnection,
  remote: Octets,
  { digest, size, local, signal }: VerifyOptions,
): Promise<Verification> {
  if (digest === undefined) throw new PeerIncompatible("SALLYPORT_HASH_UNAVAILABLE", "The server computes no digest");
  const { algorithm } = digest;
  // Both compute at the same time.
  const [theirs, ours] = await Promise.all([
    hash(connection, remote, { algorithm, signal }),
    digest.hexOf(size, local),
  ]);
  if (theirs.hex !== ours) throw differs(`its ${algorithm} is another`);
  return { method: "hash", algorithm, hex: ours };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof PeerIncompatible || refusalOf(error) !== undefined;
}

async function verifyBySamples(
  connection: ClientConnection,
  remote: Octets,
  options: VerifyOptions,
): Promise<Verification> {
  const { size, seams, limits, shareWork } = options;
  const samples = samplePlaces(size, seams, limits);
  const left = samples.values();
  const work = async (by: ClientConnection): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other on each control connection
    for (const sample of left) await compareSample(by, remote, sample, options);
  };
  await Promise.all([work(connection), shareWork?.(samples.length - 1, work)]);
  const bytes = samples.reduce((sum, [start, end]) => sum + end - start, 0);
  return { method: "sample", samples: samples.length, bytes, confidence: confidenceOf(size, samples) };
}

async function compareSample(
  connection: ClientConnection,
  remote: Octets,
  [start, end]: readonly [start: number, end: number],
  { size, local, signal }: VerifyOptions,
): Promise<void> {
  let at = start;
  // One that reaches the end is let come to it, which spares ABOR and a round trip.
  const range = end === size ? { start } : { start, end };
  for await (const chunk of await read(connection, remote, { ...range, signal })) {
    const ours = await local(at, chunk.length);
    if (at + chunk.length > end || Buffer.compare(ours, chunk) !== 0) throw differs(`octets from ${at} on are others`);
    at += chunk.length;
  }
  if (at !== end) throw differs(`it ends at octet ${at}`);
}

/** The whole of a small file; of others the octets around the seams, the last ones, and others anywhere. */
export function samplePlaces(
  size: number,
  seams: readonly number[],
  { sampleBytes, samplesCount, sampleWholeBytes }: VerifyOptions["limits"],
): readonly (readonly [start: number, end: number])[] {
  if (size === 0) return [];
  if (size <= sampleWholeBytes) return [[0, size]];
  const last = size - sampleBytes;
  const chosen = seams.slice(0, samplesCount).map((seam) => Math.min(last, Math.max(0, seam - sampleBytes / 2)));
  const free = Math.max(2, samplesCount - chosen.length - 1);
  // One anywhere in each of as many equal parts: more evenly spread than all of them anywhere.
  const anywhere = Array.from({ length: free }, (_, at) => Math.floor(((at + Math.random()) * last) / free));
  const starts = [...chosen, ...anywhere, last].map(Math.floor);
  return [...new Set(starts)].toSorted((one, other) => one - other).map((start) => [start, start + sampleBytes]);
}

/** Samples that lie anywhere hit a hundredth of the file with a chance of that hundredth and their own length each. */
function confidenceOf(size: number, samples: readonly (readonly [number, number])[]): number {
  const [first] = samples;
  if (first === undefined || first[1] - first[0] === size) return 1;
  const chance = Math.min(1, 0.01 + (first[1] - first[0]) / size);
  return Math.round((1 - (1 - chance) ** samples.length) * 1000) / 1000;
}

function differs(how: string): IntegrityError {
  return new IntegrityError("SALLYPORT_INTEGRITY_CONTENT", `The file on the server is not the same: ${how}`);
}
