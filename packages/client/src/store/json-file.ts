import { ConfigError, limits } from "@sallyport/protocol";
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, lockFile } from "./file-lock.ts";

/** What a client remembers in one file, read and written as a whole. */
export interface JsonFile<T> {
  /** The content; what `empty` gave where there is no file yet. */
  read(): Promise<T>;
  /** Replaces the content by what `change` makes of it; the same object means that nothing changes. */
  update(change: (content: T) => T): Promise<T>;
}

export interface JsonFileOptions<T> {
  readonly empty: T;
  /** Checks what was read; undefined where it is something else than this file should hold. */
  readonly parse: (value: unknown) => T | undefined;
  /** What the file holds, for messages: `bookmarks`. */
  readonly what: string;
}

/**
 * Keeps a value in a JSON file that its owner alone can read. Readers see the old content or the new, also after a
 * crash; one process writes at a time. Folder and file are made when there is something to write.
 *
 * Both methods reject with ConfigError SALLYPORT_FILE_UNREADABLE where the file cannot be read, is larger than
 * `rememberedFileBytes` or holds something else: it is never overwritten then. `update` also with
 * SALLYPORT_FILE_LOCKED after `rememberedLockMs`, and with the file system's errors.
 */
export function jsonFile<T>(path: string, options: JsonFileOptions<T>): JsonFile<T> {
  return {
    read: () => readJson(path, options),
    update: async (change) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // Where the path is a link, the file behind it is replaced and not the link.
      const real = await realpath(path).catch(() => path);
      await using lock = await lockFile(real, { waitMs: limits.rememberedLockMs.value });
      if (lock === undefined) {
        const message = `Another process is writing the ${options.what}; if none is, remove ${real}.lock.`;
        throw new ConfigError("SALLYPORT_FILE_LOCKED", message);
      }
      const before = await readJson(real, options);
      const after = change(before);
      if (after !== before) await replaceFile(real, `${JSON.stringify(after, undefined, 2)}\n`);
      return after;
    },
  };
}

/** Writes a whole file under its name at once, readable by its owner alone, and forces it to the disk. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const staged = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    await using file = await open(staged, "wx", 0o600);
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
  try {
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes a rename last; Windows has no such call for directories. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using directory = await open(path, "r");
  await directory.sync();
}

async function readJson<T>(path: string, { empty, parse, what }: JsonFileOptions<T>): Promise<T> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > limits.rememberedFileBytes.value) throw unreadable(path, what, "is too large");
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return empty;
    throw cause instanceof ConfigError ? cause : unreadable(path, what, "cannot be read", cause);
  }
  const value = parse(valueOf(text));
  if (value === undefined) throw unreadable(path, what, "holds something else");
  return value;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function unreadable(path: string, what: string, how: string, cause?: unknown): ConfigError {
  const message = `The file of ${what}, ${path}, ${how}; correct it or move it away.`;
  return new ConfigError("SALLYPORT_FILE_UNREADABLE", message, { cause });
}
