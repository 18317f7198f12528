import type { Octets } from "@sallyport/protocol";

import type { Claims } from "./claims.ts";
import type { ConfinedTree } from "./confined-tree.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { type FileCalls, unlinkIfThere } from "./file-calls.ts";
import { isLiving } from "./living-process.ts";
import { listNames } from "./local-listing.ts";
import { existingChild, existingFolder, removeIfEmpty } from "./reserved-folder.ts";

/**
 * Cleans a reserved directory: files written in place by processes that died are cut back, their staged files removed,
 * and interrupted uploads removed when their time is over. What belongs to a living process is left alone.
 */
export async function sweepArea(
  tree: ConfinedTree,
  claims: Claims,
  area: DirectoryHandle,
  keepPartsMs: number,
): Promise<void> {
  await claims.recoverAll(area);
  await removeOrphans(tree.calls, area);
  await removeExpired(tree.calls, area, Date.now() - keepPartsMs);
}

async function removeOrphans(calls: FileCalls, area: DirectoryHandle): Promise<void> {
  using folder = await existingFolder(area, "staging");
  if (folder === undefined) return;
  for await (const names of listNames(calls, folder)) {
    for (const name of names) {
      if (!isLiving(name.split(".")[0] ?? "")) await unlinkIfThere(calls, folder.at(name));
    }
  }
}

async function removeExpired(calls: FileCalls, area: DirectoryHandle, beforeMs: number): Promise<void> {
  using folders = await existingFolder(area, "parts");
  if (folders === undefined) return;
  for await (const names of listNames(calls, folders)) {
    for (const name of names) {
      using folder = await existingChild(folders, name);
      if (folder === undefined) continue;
      for await (const parts of listNames(calls, folder)) {
        for (const part of parts) await removeIfOlder(calls, folder, part, beforeMs);
      }
      await removeIfEmpty(calls, folders, name);
    }
  }
}

async function removeIfOlder(calls: FileCalls, folder: DirectoryHandle, name: Octets, beforeMs: number): Promise<void> {
  const stats = await calls.lstat(folder.at(name));
  if (stats !== undefined && stats.ctimeMs < beforeMs) await unlinkIfThere(calls, folder.at(name));
}
