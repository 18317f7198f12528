import fs, { type Stats } from "node:fs";
import { promisify } from "node:util";

import type { Octets } from "@sallyport/protocol";

import { errnoOf } from "./errno.ts";
import { inLane } from "./mount-lanes.ts";
import type { NativePath } from "./native-path.ts";

/** A time for `utimes`, which takes a negative number for the present, but a string for what it says. */
export type FileTime = number | string;

export function fileTime(milliseconds: number): FileTime {
  return milliseconds < 0 ? String(milliseconds / 1000) : milliseconds / 1000;
}

/** What came at once or will come. */
export type Soon<T> = T | Promise<T>;

/**
 * The file calls that a local directory needs, in one of two manners: at once where the file system is local (a
 * thread-pool hop costs more than the cached call itself), by the thread pool where it may hang (NFS, CIFS, FUSE).
 */
export interface FileCalls {
  readonly synchronous: boolean;
  open(path: NativePath, flags: number, mode?: number): Soon<number>;
  close(descriptor: number): Soon<void>;
  fstat(descriptor: number): Soon<Stats>;
  /** Undefined where there is no entry of that name. */
  lstat(path: NativePath): Soon<Stats | undefined>;
  readlink(path: NativePath): Soon<Octets>;
  access(path: NativePath, mode: number): Soon<void>;
  mkdir(path: NativePath, mode: number): Soon<void>;
  rmdir(path: NativePath): Soon<void>;
  unlink(path: NativePath): Soon<void>;
  rename(from: NativePath, to: NativePath): Soon<void>;
  link(existing: NativePath, name: NativePath): Soon<void>;
  symlink(target: NativePath, name: NativePath): Soon<void>;
  chmod(path: NativePath, mode: number): Soon<void>;
  utimes(path: NativePath, accessed: FileTime, modified: FileTime): Soon<void>;
  futimes(descriptor: number, accessed: FileTime, modified: FileTime): Soon<void>;
  fchmod(descriptor: number, mode: number): Soon<void>;
  fchown(descriptor: number, userId: number, groupId: number): Soon<void>;
  ftruncate(descriptor: number, lengthBytes: number): Soon<void>;
  opendir(path: NativePath): Soon<fs.Dir>;
  /** The next entry's name, or undefined at the end. */
  readdir(directory: fs.Dir): Soon<Octets | undefined>;
}

/** Entries that one `getdents` hop brings. */
const directoryBufferCount = 256;

const openDirectoryOptions = { encoding: "latin1" as BufferEncoding, bufferSize: directoryBufferCount };

export const synchronousCalls: FileCalls = {
  synchronous: true,
  open: fs.openSync,
  close: fs.closeSync,
  fstat: (descriptor) => fs.fstatSync(descriptor),
  lstat: (path) => fs.lstatSync(path, { throwIfNoEntry: false }),
  readlink: (path) => fs.readlinkSync(path, "latin1") as Octets,
  access: fs.accessSync,
  mkdir: (path, mode) => void fs.mkdirSync(path, mode),
  rmdir: (path) => fs.rmdirSync(path),
  unlink: fs.unlinkSync,
  rename: fs.renameSync,
  link: fs.linkSync,
  symlink: (target, name) => fs.symlinkSync(target, name),
  chmod: fs.chmodSync,
  utimes: fs.utimesSync,
  futimes: fs.futimesSync,
  fchmod: fs.fchmodSync,
  fchown: fs.fchownSync,
  ftruncate: fs.ftruncateSync,
  opendir: (path) => fs.opendirSync(path, openDirectoryOptions),
  readdir: (directory) => directory.readSync()?.name as Octets | undefined,
};

const lstatAsync: (path: NativePath) => Promise<Stats> = promisify(fs.lstat);
const readlinkAsync = promisify(fs.readlink);

/** By the thread pool, in the lane of the mount that the first argument leads to. */
function laned<Given extends [NativePath | number, ...unknown[]], T>(
  call: (...given: Given) => Promise<T>,
  undo?: (late: T) => void,
): (...given: Given) => Promise<T> {
  return (...given) => inLane(given[0], () => call(...given), undo && { undo });
}

const closeLate = (descriptor: number): void => fs.close(descriptor);

export const asynchronousCalls: FileCalls = {
  synchronous: false,
  open: laned<[NativePath, number, number?], number>(promisify(fs.open), closeLate),
  close: laned(promisify(fs.close)),
  fstat: laned(fstatAsync),
  lstat: laned(async (path: NativePath) => {
    try {
      return await lstatAsync(path);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }),
  readlink: laned(async (path: NativePath) => (await readlinkAsync(path, "latin1")) as Octets),
  access: laned<[NativePath, number], void>(promisify(fs.access)),
  mkdir: laned(async (path: NativePath, mode: number) => void (await fs.promises.mkdir(path, mode))),
  rmdir: laned((path: NativePath) => fs.promises.rmdir(path)),
  unlink: laned(promisify(fs.unlink) as (path: NativePath) => Promise<void>),
  rename: laned(promisify(fs.rename) as (from: NativePath, to: NativePath) => Promise<void>),
  link: laned(promisify(fs.link) as (existing: NativePath, name: NativePath) => Promise<void>),
  symlink: (target, name) => inLane(name, () => fs.promises.symlink(target, name)),
  chmod: laned(promisify(fs.chmod) as (path: NativePath, mode: number) => Promise<void>),
  utimes: laned<[NativePath, FileTime, FileTime], void>(promisify(fs.utimes)),
  futimes: laned<[number, FileTime, FileTime], void>(promisify(fs.futimes)),
  fchmod: laned<[number, number], void>(promisify(fs.fchmod)),
  fchown: laned<[number, number, number], void>(promisify(fs.fchown)),
  ftruncate: laned<[number, number], void>(promisify(fs.ftruncate)),
  opendir: laned(
    (path: NativePath) => fs.promises.opendir(path, openDirectoryOptions),
    (late) => void late.close().catch(() => undefined),
  ),
  readdir: (directory) => inLane(directory.path, async () => (await directory.read())?.name as Octets | undefined),
};

function fstatAsync(descriptor: number): Promise<Stats> {
  return new Promise((resolve, reject) => {
    fs.fstat(descriptor, (error, stats) => (error === null ? resolve(stats) : reject(error)));
  });
}

/** The target of a symbolic link, or undefined where the name is none (any more). */
export async function targetOf(calls: FileCalls, path: NativePath): Promise<Octets | undefined> {
  try {
    return await calls.readlink(path);
  } catch (error) {
    if (errnoOf(error) === "EINVAL" || errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Removes a file, if it is there still. */
export async function unlinkIfThere(calls: FileCalls, path: NativePath): Promise<void> {
  try {
    await calls.unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/**
 * Gives a file another name, which must be free: raises EEXIST otherwise. On a file system without hard links the name is
 * taken first, and then what holds it is replaced.
 */
export async function moveToFreeName(calls: FileCalls, from: NativePath, to: NativePath): Promise<void> {
  try {
    await calls.link(from, to);
  } catch (error) {
    if (!linkless.has(errnoOf(error))) throw error;
    const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
    await calls.close(await calls.open(to, O_CREAT | O_EXCL | O_WRONLY, 0o600));
    return calls.rename(from, to);
  }
  // The file has its name; an old one that stays is for the sweep.
  await unlinkIfThere(calls, from).catch(() => undefined);
}

const linkless: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** Flushes a descriptor to the disk; always by the thread pool, because it takes milliseconds anywhere. */
export function fsync(descriptor: number): Promise<void> {
  return inLane(descriptor, () => fsyncAsync(descriptor), { patient: true });
}

const fsyncAsync = promisify(fs.fsync);

/** Copies a whole file, by sharing its blocks where the file system can (reflink), else inside the kernel. */
export function copyFile(from: NativePath, to: NativePath): Promise<void> {
  return inLane(to, () => fs.promises.copyFile(from, to, fs.constants.COPYFILE_FICLONE), { patient: true });
}

/** Free space of the file system that a path leads to. */
export async function freeBytes(path: NativePath): Promise<number> {
  const { bavail, bsize } = await inLane(path, () => fs.promises.statfs(path));
  return bavail * bsize;
}

/** The text of a small file. */
export function readText(calls: FileCalls, path: NativePath): Soon<string> {
  return calls.synchronous ? fs.readFileSync(path, "utf8") : inLane(path, () => fs.promises.readFile(path, "utf8"));
}

/** Writes a small text to a new file. */
export function writeText(calls: FileCalls, descriptor: number, text: string): Soon<void> {
  if (calls.synchronous) return void fs.writeSync(descriptor, text);
  return inLane(descriptor, async () => void (await writeAsync(descriptor, text)));
}

const writeAsync = promisify(fs.write) as unknown as (descriptor: number, text: string) => Promise<unknown>;
