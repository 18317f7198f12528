import type { ByteSink } from "@sallyport/transport";
import { constants } from "node:fs";
import { rm } from "node:fs/promises";
import { type LocalCalls, localCallsFor } from "../transfer/local-calls.ts";
import { LocalWriter } from "../transfer/local-writer.ts";
import { errorCode } from "../store/file-lock.ts";

/**
 * A local file in the making that a later run may go on with. Writes are done one after the other, so whatever ends the
 * process leaves the beginning of the file and no gap in it.
 */
export class PartFile implements AsyncDisposable, ByteSink {
  readonly #path: string | Buffer;
  readonly #calls: LocalCalls;
  readonly #descriptor: number;
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
    const calls = await localCallsFor(path);
    const descriptor = await calls.open(path, flags, 0o666);
    const writer = await LocalWriter.of(descriptor, path);
    return new PartFile(path, { calls, descriptor, writer, sizeBytes: (await calls.fstat(descriptor)).size });
  }

  private constructor(path: string | Buffer, { calls, descriptor, writer, sizeBytes }: Opened) {
    this.#path = path;
    this.#calls = calls;
    this.#descriptor = descriptor;
    this.#writer = writer;
    this.sizeBytes = sizeBytes;
  }

  write(buffer: Uint8Array, position: number): undefined | Promise<void> {
    const write = (): undefined | Promise<void> => this.#writer.write(buffer, position, (end) => this.#reached(end));
    if (this.#writing === undefined) return this.#keep(write());
    return this.#keep(this.#writing.then(write));
  }

  /** Octets that are there, fewer at the end. */
  async read(position: number, length: number): Promise<Uint8Array> {
    await this.#writing;
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, await this.#calls.read(this.#descriptor, buffer, position));
  }

  async truncate(): Promise<void> {
    await this.#calls.ftruncate(this.#descriptor, 0);
    this.sizeBytes = 0;
    this.#writing = undefined;
  }

  /** Gives the file its name, in place of what has it, with that one's permissions. */
  async publish(path: string | Buffer, modified: Date | undefined): Promise<void> {
    await this.#takePermissionsOf(path);
    if (modified !== undefined) {
      await this.#calls.futimes(this.#descriptor, exactSeconds(modified), exactSeconds(modified));
    }
    await this.#close();
    await this.#calls.rename(this.#path, path);
  }

  /** Removes the part. */
  async discard(): Promise<void> {
    await this.#close();
    await rm(this.#path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  /** Where there is nothing, or it is not ours to change, the file keeps its own. */
  async #takePermissionsOf(path: string | Buffer): Promise<void> {
    try {
      const replaced = await this.#calls.stat(path);
      if (replaced?.isFile() === true) await this.#calls.fchmod(this.#descriptor, replaced.mode & 0o777);
    } catch {
      // As said.
    }
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
    await this.#calls.close(this.#descriptor);
  }
}

interface Opened {
  readonly calls: LocalCalls;
  readonly descriptor: number;
  readonly writer: LocalWriter;
  readonly sizeBytes: number;
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
