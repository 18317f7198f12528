import type { Octets } from "@sallyport/protocol";

import type { DirectoryHandle } from "./directory-handle.ts";
import { errnoOf } from "./errno.ts";
import type { FileCalls } from "./file-calls.ts";

/** What a reserved directory holds: uploads under way, kept parts, claims, and notes of reserved directories elsewhere. */
export type ReservedFolder = "staging" | "parts" | "claims" | "elsewhere";

/** Opens a folder of a reserved directory, made where it is missing. */
export function folderOf(calls: FileCalls, area: DirectoryHandle, folder: ReservedFolder): Promise<DirectoryHandle> {
  return madeChild(calls, area, folder as string as Octets);
}

/** Opens a folder of a reserved directory, or tells that there is none. */
export function existingFolder(area: DirectoryHandle, folder: ReservedFolder): Promise<DirectoryHandle | undefined> {
  return existingChild(area, folder as string as Octets);
}

/** Opens a directory, made where it is missing, for this user alone. */
export async function madeChild(calls: FileCalls, parent: DirectoryHandle, name: Octets): Promise<DirectoryHandle> {
  const existing = await existingChild(parent, name);
  if (existing !== undefined) return existing;
  try {
    await calls.mkdir(parent.at(name), 0o700);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  const made = await existingChild(parent, name);
  if (made === undefined)
    throw Object.assign(new Error("a reserved name is taken by something else"), { code: "ELOOP" });
  return made;
}

/** Opens a directory, or tells that there is none of that name; a file or a link of that name is none. */
export async function existingChild(parent: DirectoryHandle, name: Octets): Promise<DirectoryHandle | undefined> {
  try {
    const child = await parent.child(name);
    return "target" in child ? undefined : child;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Removes a directory if it is there and nothing lies in it; true if nothing is left. */
export async function removeIfEmpty(calls: FileCalls, parent: DirectoryHandle, name: Octets): Promise<boolean> {
  try {
    await calls.rmdir(parent.at(name));
    return true;
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "ENOENT") throw error;
    return errnoOf(error) === "ENOENT";
  }
}
