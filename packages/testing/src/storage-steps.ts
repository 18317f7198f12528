import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import { type Octets, rootPath, type VirtualPath } from "@sallyport/protocol";
import {
  type Entry,
  type Storage,
  StorageError,
  type StorageErrorKind,
  type StorageSource,
  type WritableFile,
  type WriteIntent,
} from "@sallyport/server/storage";

/** Makes an empty storage for one test; what is to be cleaned up afterwards hangs on the test's context. */
export type MakeSource = (context: TestContext) => StorageSource | Promise<StorageSource>;

/** Makes the view of one owner on such a storage. */
export type MakeStorage = (context: TestContext) => Promise<Storage>;

/** A virtual path, without the check that one from a peer would need. */
export function path(text: string): VirtualPath {
  return text as VirtualPath;
}

/** Octets that differ at every place, so that a shifted or torn copy is seen. */
export function pattern(lengthBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at++) bytes[at] = (at * 31 + (at >> 8) * 17 + seed * 101) & 0xff;
  return bytes;
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Writes in pieces, two of them outstanding at a time, and does not end the upload unless a write fails. */
export async function fill(
  storage: Storage,
  at: string,
  content: Uint8Array,
  intent: WriteIntent,
): Promise<WritableFile> {
  const file = await storage.openWrite(path(at), intent);
  const outstanding: Promise<void>[] = [];
  try {
    for (let done = 0; done < content.length; done += pieceBytes) {
      const writing = file.write(content.subarray(done, done + pieceBytes), file.startPosition + done);
      if (writing !== undefined) outstanding.push(writing);
      if (outstanding.length === 2) await outstanding.shift();
    }
    await Promise.all(outstanding);
  } catch (error) {
    await Promise.allSettled(outstanding);
    await file.abandon({ keep: false });
    throw error;
  }
  return file;
}

const pieceBytes = 100_000;

/** Writes and publishes. */
export async function put(
  storage: Storage,
  at: string,
  content: Uint8Array | string,
  intent: WriteIntent = { kind: "replace" },
): Promise<Entry> {
  const file = await fill(storage, at, typeof content === "string" ? ascii(content) : content, intent);
  return file.publish();
}

/** Writes and is interrupted. */
export async function interrupt(
  storage: Storage,
  at: string,
  content: Uint8Array | string,
  intent: WriteIntent = { kind: "replace" },
): Promise<void> {
  const file = await fill(storage, at, typeof content === "string" ? ascii(content) : content, intent);
  await file.abandon({ keep: true });
}

/** The whole content of a file, as octets in a string. */
export async function get(storage: Storage, at: string): Promise<string> {
  await using file = await storage.openRead(path(at));
  const buffer = new Uint8Array(65_536);
  let content = "";
  for (;;) {
    const count = await file.read(buffer, content.length);
    if (count === 0) break;
    content += Buffer.from(buffer.subarray(0, count)).toString("latin1");
  }
  assert.equal(content.length, file.sizeBytes, "the file is as long as it says");
  return content;
}

export async function entries(storage: Storage, at = "/"): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const slice of storage.list(at === "/" ? rootPath : path(at))) found.push(...slice);
  return found;
}

/** The sorted names of a directory. */
export async function names(storage: Storage, at = "/"): Promise<Octets[]> {
  return (await entries(storage, at)).map((entry) => entry.name).toSorted();
}

/** The kind of error that an operation raises, or `done`. */
export async function kindOf(operation: Promise<unknown> | (() => unknown)): Promise<StorageErrorKind | "done"> {
  try {
    await (typeof operation === "function" ? operation() : operation);
    return "done";
  } catch (error) {
    assert(error instanceof StorageError, `not a StorageError: ${String(error)}`);
    return error.kind;
  }
}
