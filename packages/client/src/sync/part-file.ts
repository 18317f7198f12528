import type { ByteSink } from "@sallyport/transport";
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { LocalWriter } from "../transfer/local-writer.ts";
import { errorCode } from "../store/file-lock.ts";

/**
 * A local file in the making that a later run may go on with. Writes are done one after the other, so whatever ends the
 * process leaves the beginning of the file and no gap in it.
 */
export class PartFile implements AsyncDisposable, ByteSink {
  readonly #path: string | Buffer;
  readonly #handle: FileHandle;
  readonly #writer: LocalWriter;
  /** Octets that are there. */
  sizeBytes: number;
  /** What is not done at once. */
  #writing: Promise<void> | undefined;
  #isOpen = true;

  /** Opens a part, and makes it where it is missing. */
  static async open(path: string | Buffer): Promise<PartFile> {
    // Not through a link that somebody has put there.
    const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
    const handle = await open(path, flags, 0o666);
    const writer = await LocalWriter.of(handle, path);
    return new PartFile(path, handle, writer, (await handle.stat()).size);
  }

  private constructor(path: string | Buffer, handle: FileHandle, writer: LocalWriter, sizeBytes: number) {
    this.#path = path;
    this.#handle = handle;
    this.#writer = writer;
    this.sizeBytes = sizeBytes;
  }

  write(buffer: Uint8Array, position: number): undefined | Promise<void> {
    const write = (): undefined | Promise<void> => this.#writer.write(buffer, position, (end) => this.#reached(end));
    if (this.#writing === undefined) return this.#keep(write());
    return this.#keep(this.#writing.then(write));
  }

  async truncate(): Promise<void> {
    await this.#handle.truncate(0);
    this.sizeBytes = 0;
    this.#writing = undefined;
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

  #keep(writing: undefined | Promise<void>): undefined | Promise<void> {
    this.#writing = writing;
    return writing;
  }

  #reached(end: number): void {
    this.sizeBytes = Math.max(this.sizeBytes, end);
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
