import type { EntryTime, TreeEntry } from "./tree.ts";

/** By what two files are compared. `hash` is asked for only where size and time leave a doubt. */
export type CompareBy = "size" | "time" | "hash";

export interface CompareOptions {
  readonly by: readonly CompareBy[];
  /** `newer`: only a source that was changed later counts; `differ`: any difference of the times does. */
  readonly timeRule: "newer" | "differ";
  /** Times this much apart are still held to be equal. */
  readonly timeWindowMs: number;
}

/** How the time of one entry lies to that of another; `overlap` where their precision does not tell them apart. */
export type TimeRelation = "later" | "earlier" | "overlap" | "unknown";

/** What comes of comparing two files; `unknown` means that nothing at all could be compared. */
export type Comparison =
  | { readonly outcome: "same" }
  | { readonly outcome: "different"; readonly because: "size" | "newer" | "time" | "unknown" }
  | { readonly outcome: "needs-hash" };

/**
 * Compares two files by what their listings say. No decision is finer than the precision of the times: listings that
 * show minutes cannot prove a change within the same minute, there equal sizes mean equal files, or the hash decides.
 */
export function compareFiles(source: TreeEntry, target: TreeEntry, options: CompareOptions): Comparison {
  const byHash = options.by.includes("hash");
  const sizes = options.by.includes("size") ? compareSizes(source, target) : "unknown";
  if (sizes === "different") return { outcome: "different", because: "size" };
  if (!options.by.includes("time")) return withoutTime(sizes, byHash);
  const relation = relateTimes(source.modified, target.modified, options.timeWindowMs);
  if (relation === "unknown") return withoutTime(sizes, byHash);
  const isChanged = relation === "later" || (relation === "earlier" && options.timeRule === "differ");
  if (isChanged) {
    return byHash
      ? { outcome: "needs-hash" }
      : { outcome: "different", because: relation === "later" ? "newer" : "time" };
  }
  const isExact = relation === "overlap" && precisionOf(source, target) <= exactMs;
  return byHash && !isExact ? { outcome: "needs-hash" } : { outcome: "same" };
}

/** How `one` lies to `other` in time, with certainty. */
export function relateTimes(one: EntryTime | undefined, other: EntryTime | undefined, windowMs: number): TimeRelation {
  if (one === undefined || other === undefined) return "unknown";
  if (one.instantMs >= other.instantMs + other.precisionMs + windowMs) return "later";
  if (other.instantMs >= one.instantMs + one.precisionMs + windowMs) return "earlier";
  return "overlap";
}

/** FAT file systems keep even seconds only; what is coarser than that proves little. */
const exactMs = 2_000;

function precisionOf(source: TreeEntry, target: TreeEntry): number {
  return Math.max(source.modified?.precisionMs ?? Infinity, target.modified?.precisionMs ?? Infinity);
}

function compareSizes(source: TreeEntry, target: TreeEntry): "same" | "different" | "unknown" {
  if (source.sizeBytes === undefined || target.sizeBytes === undefined) return "unknown";
  return BigInt(source.sizeBytes) === BigInt(target.sizeBytes) ? "same" : "different";
}

function withoutTime(sizes: "same" | "unknown", byHash: boolean): Comparison {
  if (byHash) return { outcome: "needs-hash" };
  return sizes === "same" ? { outcome: "same" } : { outcome: "different", because: "unknown" };
}
