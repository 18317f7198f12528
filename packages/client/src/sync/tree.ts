/**
 * When something was changed, as exactly as is known: the true time lies in `[instantMs, instantMs + precisionMs)`,
 * milliseconds since 1970 UTC. A listing that shows minutes has a precision of 60,000.
 */
export interface EntryTime {
  readonly instantMs: number;
  readonly precisionMs: number;
}

/** One entry of a tree that is mirrored. */
export interface TreeEntry {
  /** From the root of the tree, names parted by `/`, none at either end. */
  readonly path: string;
  /** A link that the caller wants followed is given as what it leads to. */
  readonly kind: "file" | "directory" | "link" | "other";
  readonly sizeBytes?: number | bigint;
  readonly modified?: EntryTime;
  /** Where a link leads. */
  readonly linkTarget?: string;
}

/** A directory whose listing failed or was cut off; the root has the path ``. */
export interface UnlistedDirectory {
  readonly kind: "unlisted";
  readonly path: string;
}

export type TreeItem = TreeEntry | UnlistedDirectory;

/** The directory part of a tree path; empty for what lies in the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** All directories above a tree path, nearest first, without the root. */
export function ancestorsOf(path: string): readonly string[] {
  const ancestors: string[] = [];
  for (let above = parentOf(path); above !== ""; above = parentOf(above)) ancestors.push(above);
  return ancestors;
}

/** Whether a path stays in its tree: single names, none of them empty, `.`, `..` or with NUL. */
export function isTreePath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- NUL is one of the points
  return !/\0|(?:^|\/)\.{0,2}(?:\/|$)/.test(path);
}

/** Order in which a directory comes before what is in it, and its contents before what follows it. */
export function compareTreePaths(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (left === right) continue;
    if (left === slash) return -1;
    return right === slash ? 1 : left - right;
  }
  return one.length - other.length;
}

const slash = 0x2f;
