import type { Octets } from "@sallyport/protocol";

import type { Entry } from "../storage.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { type FileCalls, targetOf } from "./file-calls.ts";
import { entryFromStats } from "./local-entry.ts";
import { isReservedName } from "./reserved-name.ts";

/** Entries of a directory in slices; the memory it takes does not depend on how many there are. */
export async function* listDirectory(calls: FileCalls, handle: DirectoryHandle): AsyncGenerator<Entry[]> {
  for await (const names of listNames(calls, handle)) {
    const slice: Entry[] = [];
    for (const name of names) {
      const entry = isReservedName(name) ? undefined : await describe(calls, handle, name);
      if (entry !== undefined) slice.push(entry);
    }
    yield slice;
  }
}

/** Names in a directory in slices, with a pause now and then for everybody else. */
export async function* listNames(calls: FileCalls, handle: DirectoryHandle): AsyncGenerator<Octets[]> {
  const directory = await calls.opendir(handle.self);
  try {
    let turnEndsMs = performance.now() + turnMs;
    for (;;) {
      const names: Octets[] = [];
      while (names.length < sliceCount) {
        const name = await calls.readdir(directory);
        if (name === undefined) break;
        names.push(name);
      }
      if (names.length > 0) yield names;
      if (names.length < sliceCount) return;
      if (performance.now() < turnEndsMs) continue;
      await new Promise(setImmediate);
      turnEndsMs = performance.now() + turnMs;
    }
  } finally {
    await directory.close();
  }
}

/** One entry, or undefined where it has vanished. */
export async function describe(calls: FileCalls, handle: DirectoryHandle, name: Octets): Promise<Entry | undefined> {
  const path = handle.at(name);
  const stats = await calls.lstat(path);
  if (stats === undefined) return undefined;
  if (!stats.isSymbolicLink()) return entryFromStats(name, stats);
  const target = await targetOf(calls, path);
  return target === undefined ? undefined : entryFromStats(name, stats, { target });
}

const sliceCount = 256;

/** Other connections get their turn after this long. */
const turnMs = 4;
