import type { Stats } from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { Entry } from "../storage.ts";

/** Describes what `lstat` found under a name. */
export function entryFromStats(
  name: Octets,
  stats: Stats,
  extras?: { readonly target?: Octets; readonly incomplete?: boolean },
): Entry {
  const type = typeOf(stats);
  const entry: Entry = {
    name,
    type,
    sizeBytes: type === "file" ? stats.size : 0,
    modifiedMs: stats.mtimeMs,
    createdMs: stats.birthtimeMs,
    mode: stats.mode & 0o7777,
    userId: stats.uid,
    groupId: stats.gid,
    linkCount: stats.nlink,
    identity: identityOf(stats),
  };
  return extras === undefined ? entry : { ...entry, ...extras };
}

/** Equal for two names of one file on this machine. */
export function identityOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}

function typeOf(stats: Stats): Entry["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symbolic-link" : "other";
}
