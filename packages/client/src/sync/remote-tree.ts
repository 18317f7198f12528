import type { Entry } from "../listing/entry.ts";
import type { TreeEntry } from "./tree.ts";

/**
 * An entry of a listing as one of a tree. A time counts only where its instant is known; an entry that the server does
 * not say the kind of is `other`, which is never transferred.
 *
 * @param path - from the root of the tree, as in `TreeEntry`.
 */
export function treeEntryOf(entry: Pick<Entry, "type" | "size" | "modified" | "target">, path: string): TreeEntry {
  const { type, size, modified, target } = entry;
  const instantMs = modified?.instant?.getTime();
  const precisionMs = modified?.precisionMs;
  return {
    path,
    kind: type === "file" || type === "directory" || type === "link" ? type : "other",
    ...(size !== undefined && { sizeBytes: size }),
    ...(instantMs !== undefined && precisionMs !== undefined && { modified: { instantMs, precisionMs } }),
    ...(target !== undefined && { linkTarget: target }),
  };
}
