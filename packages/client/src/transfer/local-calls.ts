import { isLocalFileSystemType } from "@sallyport/protocol";
import fs from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

type Path = string | Buffer;
type Soon<T> = T | Promise<T>;

/** Calls on files of this machine; every one of them may throw, or reject, as those of node:fs do. */
export interface LocalCalls {
  open(path: Path, flags: number, mode: number): Soon<number>;
  close(descriptor: number): Soon<void>;
  /** Undefined where there is nothing. */
  stat(path: Path): Soon<fs.Stats | undefined>;
  fstat(descriptor: number): Soon<fs.Stats>;
  /** The same, with times and sizes as exact as the system tells them. */
  exactFstat(descriptor: number): Soon<fs.BigIntStats>;
  fchmod(descriptor: number, mode: number): Soon<void>;
  futimes(descriptor: number, accessed: number, modified: number): Soon<void>;
  ftruncate(descriptor: number, length: number): Soon<void>;
  rename(from: Path, to: Path): Soon<void>;
  /** Returns how many octets came. */
  read(descriptor: number, buffer: Uint8Array, position: number): Soon<number>;
}

/**
 * The calls for a file: such as are waited for where its file system lies on this machine, which cost a tenth of what a
 * thread does that has to be woken for each; those of a thread elsewhere, since one mount that hangs must not stop all.
 */
export async function localCallsFor(path: Path): Promise<LocalCalls> {
  return (await isOnQuickFileSystem(path)) ? quickCalls : patientCalls;
}

/** Whether a file system lies on this machine and answers at once; the folder of `path` is there. */
export function isOnQuickFileSystem(path: Path): Promise<boolean> {
  const folder = dirname(typeof path === "string" ? path : path.toString("latin1"));
  if (latest?.folder !== folder) latest = { folder, isQuick: askFileSystem(folderOf(path)) };
  return latest.isQuick;
}

/** The same for a file that is open. */
export async function isQuickDescriptor(descriptor: number): Promise<boolean> {
  return askFileSystem(`/proc/self/fd/${descriptor}`);
}

/** Of the folder that was asked about last: files come folder by folder. */
let latest: { readonly folder: string; readonly isQuick: Promise<boolean> } | undefined;

function folderOf(path: Path): Path {
  return typeof path === "string" ? dirname(path) : Buffer.from(dirname(path.toString("latin1")), "latin1");
}

async function askFileSystem(path: Path): Promise<boolean> {
  try {
    return isLocalFileSystemType((await promisify(fs.statfs)(path)).type);
  } catch {
    return false;
  }
}

const quickCalls: LocalCalls = {
  open: fs.openSync,
  close: fs.closeSync,
  // An error for each new file costs more than the call.
  stat: (path) => fs.statSync(path, { throwIfNoEntry: false }),
  fstat: (descriptor) => fs.fstatSync(descriptor),
  exactFstat: (descriptor) => fs.fstatSync(descriptor, { bigint: true }),
  fchmod: fs.fchmodSync,
  futimes: fs.futimesSync,
  ftruncate: fs.ftruncateSync,
  rename: fs.renameSync,
  read: (descriptor, buffer, position) => fs.readSync(descriptor, buffer, 0, buffer.length, position),
};

const exactFstat = promisify<number, { bigint: true }, fs.BigIntStats>(fs.fstat);

const patientCalls: LocalCalls = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  stat: (path) => fs.promises.stat(path),
  fstat: promisify(fs.fstat),
  exactFstat: (descriptor) => exactFstat(descriptor, { bigint: true }),
  fchmod: promisify(fs.fchmod),
  futimes: promisify(fs.futimes),
  ftruncate: promisify(fs.ftruncate),
  rename: promisify(fs.rename),
  read: async (descriptor, buffer, position) =>
    (await promisify(fs.read)(descriptor, buffer, 0, buffer.length, position)).bytesRead,
};
