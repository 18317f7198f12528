import { collisionKey } from "../names/local-name.ts";
import type { SettledOptions } from "./plan-options.ts";
import { type TreeEntry, type TreeItem, compareTreePaths, parentOf } from "./tree.ts";

/** What both halves of the planning, changes and deletions, look at and tell each other. */
export interface Planning {
  readonly options: SettledOptions;
  /** Paths with the same key are the same in the target. */
  readonly keyOf: (path: string) => string;
  /** Entries of the target by key. */
  readonly target: ReadonlyMap<string, TreeEntry>;
  /** The same by the key of their directory; made when first asked for. */
  readonly targetByParent: () => ReadonlyMap<string, readonly TreeEntry[]>;
  /** Keys of directories of the target that could not be listed. */
  readonly targetUnlisted: ReadonlySet<string>;
  /** Keys of all that the source has, also of what is not transferred. */
  readonly sourceKeys: Set<string>;
  /** Keys of entries of the target that are deleted to make room for something else. */
  readonly clashKeys: Set<string>;
  /** Paths of directories below which nothing is done, because they themselves could not be carried over. */
  readonly blocked: Set<string>;
  /** Keys of directories of the target in whose place the source has something else, and no word on what is in them. */
  readonly untold: Set<string>;
}

/** A planning before the first entry of the source. */
export function newPlanning(items: readonly TreeItem[], options: SettledOptions): Planning {
  const keyOf = options.targetFoldsCase ? collisionKey : (path: string): string => path;
  const entries = items.filter((item) => item.kind !== "unlisted");
  let byParent: ReadonlyMap<string, readonly TreeEntry[]> | undefined;
  return {
    options,
    keyOf,
    target: new Map(entries.map((entry) => [keyOf(entry.path), entry])),
    targetByParent: () => (byParent ??= Map.groupBy(entries, ({ path }) => keyOf(parentOf(path)))),
    targetUnlisted: new Set(items.filter((item) => item.kind === "unlisted").map(({ path }) => keyOf(path))),
    sourceKeys: new Set(),
    clashKeys: new Set(),
    blocked: new Set(),
    untold: new Set(),
  };
}

/** An entry of the target and all below it, in the order of their paths. */
export function subtreeOf({ keyOf, targetByParent }: Planning, root: TreeEntry): readonly TreeEntry[] {
  const found = [root];
  for (const entry of found) {
    if (entry.kind === "directory") found.push(...(targetByParent().get(keyOf(entry.path)) ?? []));
  }
  return found.toSorted((one, other) => compareTreePaths(one.path, other.path));
}
