import type { Stats } from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { Entry } from "../storage.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { type FileCalls, type Soon, targetOf } from "./file-calls.ts";
import type { NativePath } from "./native-path.ts";
import { entryFromStats } from "./local-entry.ts";
import { isReservedName } from "./reserved-name.ts";

/** Entries of a directory in slices; the memory it takes does not depend on how many there are. */
export async function* listDirectory(calls: FileCalls, handle: DirectoryHandle): AsyncGenerator<Entry[]> {
  for await (const names of listNames(calls, handle)) {
    const slice: Entry[] = [];
    for (const name of names) {
      if (isReservedName(name)) continue;
      const described = describe(calls, handle, name);
      const entry = described instanceof Promise ? await described : described;
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
        const next = calls.readdir(directory);
        // A hundred thousand turns through the queue of promises would cost more than reading the names.
        const name = next instanceof Promise ? await next : next;
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
export function describe(calls: FileCalls, handle: DirectoryHandle, name: Octets): Soon<Entry | undefined> {
  const path = handle.at(name);
  const found = calls.lstat(path);
  if (found instanceof Promise) return found.then((stats) => entryOf(calls, path, name, stats));
  return entryOf(calls, path, name, found);
}

function entryOf(calls: FileCalls, path: NativePath, name: Octets, stats: Stats | undefined): Soon<Entry | undefined> {
  if (stats === undefined) return undefined;
  return stats.isSymbolicLink() ? describeLink(calls, path, name, stats) : entryFromStats(name, stats);
}

async function describeLink(
  calls: FileCalls,
  path: NativePath,
  name: Octets,
  stats: Stats,
): Promise<Entry | undefined> {
  const target = await targetOf(calls, path);
  return target === undefined ? undefined : entryFromStats(name, stats, { target });
}

const sliceCount = 256;

/** Other connections get their turn after this long. */
const turnMs = 4;
