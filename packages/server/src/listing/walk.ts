import { childPath, type VirtualPath } from "@sallyport/protocol";
import type { Entry, Storage } from "@sallyport/server/storage";
import type { CommandContext } from "../command-handler.ts";

export interface FoundEntry {
  readonly path: VirtualPath;
  readonly entry: Entry;
}

/**
 * Walks a tree, a directory before what it holds, without following links. It ends with `too-many` at the bounds on
 * depth and entries (S-18), and when the command is aborted.
 */
export async function* walk(
  storage: Storage,
  root: VirtualPath,
  { limits, signal }: Pick<CommandContext, "limits" | "signal">,
): AsyncGenerator<FoundEntry | "too-many"> {
  let count = 0;
  const pending: { path: VirtualPath; depth: number }[] = [{ path: root, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > limits.listOptionsDepthCount) {
      yield "too-many";
      return;
    }
    for await (const slice of storage.list(next.path)) {
      signal.throwIfAborted();
      for (const entry of slice) {
        if (++count > limits.listEntriesCount) {
          yield "too-many";
          return;
        }
        const path = childPath(next.path, entry.name);
        yield { path, entry };
        if (entry.type === "directory") pending.push({ path, depth: next.depth + 1 });
      }
    }
  }
}

/** Removes a directory with its content; false where a bound stopped it, with part of the tree gone. */
export async function removeTree(
  storage: Storage,
  root: VirtualPath,
  bounds: Pick<CommandContext, "limits" | "signal">,
): Promise<boolean> {
  const directories: VirtualPath[] = [root];
  for await (const found of walk(storage, root, bounds)) {
    if (found === "too-many") return false;
    if (found.entry.type === "directory") directories.push(found.path);
    else await storage.remove(found.path);
  }
  for (const directory of directories.toReversed()) await storage.removeDirectory(directory);
  return true;
}
