import { isLocalFileSystemType } from "@sallyport/protocol";
import { writeSync } from "node:fs";
import { type FileHandle, statfs } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes to a local file: at once where its file system lies on this machine, which costs half of what a thread does
 * that has to be woken for each piece, and by such a thread elsewhere, or after a write that took long.
 */
export class LocalWriter {
  readonly #handle: FileHandle;
  #isQuick: boolean;

  /** @param path of the file, which is open as `handle`. */
  static async of(handle: FileHandle, path: string | Buffer): Promise<LocalWriter> {
    return new LocalWriter(handle, await isOnQuickFileSystem(path));
  }

  private constructor(handle: FileHandle, isQuick: boolean) {
    this.#handle = handle;
    this.#isQuick = isQuick;
  }

  /** Writes the whole buffer at a position, and tells how far it has come. Undefined where it is done at once. */
  write(buffer: Uint8Array, position: number, onWritten: (end: number) => void): undefined | Promise<void> {
    if (!this.#isQuick) return this.#writeLater(buffer, position, onWritten);
    const beganMs = performance.now();
    for (let at = 0; at < buffer.length;) {
      at += writeSync(this.#handle.fd, buffer, at, buffer.length - at, position + at);
      onWritten(position + at);
    }
    if (performance.now() - beganMs > slowMs) this.#isQuick = false;
    return undefined;
  }

  async #writeLater(buffer: Uint8Array, position: number, onWritten: (end: number) => void): Promise<void> {
    for (let at = 0; at < buffer.length;) {
      at += (await this.#handle.write(buffer, at, buffer.length - at, position + at)).bytesWritten;
      onWritten(position + at);
    }
  }
}

/** Longer than that, and other transfers would wait for the disk. */
const slowMs = 100;

/** Of the folder that was asked about last: files come folder by folder. */
let latest: { readonly folder: string; readonly isQuick: Promise<boolean> } | undefined;

function isOnQuickFileSystem(path: string | Buffer): Promise<boolean> {
  const folder = dirname(typeof path === "string" ? path : path.toString("latin1"));
  if (latest?.folder !== folder) latest = { folder, isQuick: askFileSystem(path) };
  return latest.isQuick;
}

async function askFileSystem(path: string | Buffer): Promise<boolean> {
  try {
    return isLocalFileSystemType((await statfs(path)).type);
  } catch {
    return false;
  }
}
