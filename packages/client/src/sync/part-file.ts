import type { ByteSink } from "@sallyport/transport";
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { errorCode } from "../store/file-lock.ts";

/**
 * A local file in the making that a later run may go on with. Writes are done one after the other, so whatever ends the
 * process leaves the beginning of the file and no gap in it.
 */
export class PartFile implements AsyncDisposable, ByteSink {
  readonly #path: string | Buffer;
  readonly #handle: FileHandle;
  /** Octets that are there. */
  sizeBytes: number;
  #writing: Promise<void> = Promise.resolve();
  #isOpen = true;

  /** Opens a part, and makes it where it is missing. */
  static async open(path: string | Buffer): Promise<PartFile> {
    // Not through a link that somebody has put there.
    const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
    const handle = await open(path, flags, 0o666);
    return new PartFile(path, handle, (await handle.stat()).size);
  }

  private constructor(path: string | Buffer, handle: FileHandle, sizeBytes: number) {
    this.#path = path;
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  write(buffer: Uint8Array, position: number): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(buffer, position));
    return this.#writing;
  }

  async truncate(): Promise<void> {
    await this.#handle.truncate(0);
    this.sizeBytes = 0;
    this.#writing = Promise.resolve();
  }

  /** Gives the file its name, in place of what has it, with that one's permissions. */
  async publish(path: string | Buffer, modified: Date | undefined): Promise<void> {
    const replaced = await stat(path).catch(() => undefined);
    if (replaced?.isFile() === true) await this.#handle.chmod(replaced.mode & 0o777).catch(() => {});
    if (modified !== undefined) await this.#handle.utimes(exactSeconds(modified), exactSeconds(modified));
    await this.#close();
    await rename(this.#path, path);
  }

  /** Removes the part. */
  async discard(): Promise<void> {
    await this.#close();
    await rm(this.#path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #write(buffer: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < buffer.length;) {
      at += (await this.#handle.write(buffer, at, buffer.length - at, position + at)).bytesWritten;
      this.sizeBytes = Math.max(this.sizeBytes, position + at);
    }
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#handle.close();
  }
}

/** Removes a file that may be gone already. */
export async function removeIfThere(remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/** Node cuts a fraction off to the microsecond, and a double may lie just below it. */
export function exactSeconds(time: Date): number {
  const ms = time.getTime();
  return ms % 1000 === 0 ? ms / 1000 : (ms + 0.001) / 1000;
}
