import { displayOctets, type Octets } from "@sallyport/protocol";

import { StorageError } from "../storage-error.ts";
import type { Entry, WritableFile } from "../storage.ts";
import { storageErrorFrom } from "./errno.ts";
import type { FileWriter } from "./file-writer.ts";

/** What the end of an upload does; exactly one of the three is called, once, when no write is under way. */
export interface UploadEnding {
  publish(): Promise<Entry>;
  /** Keeps what has been written as the owner's interrupted upload, as far as the ending can. */
  keep(): Promise<void>;
  /** Leaves everything as if the upload had never begun. */
  undo(): Promise<void>;
  /** Gives back what the upload holds; called after any of the others, also when they fail. */
  release(): Promise<void>;
}

/** Which octets an upload may touch. */
export interface UploadBounds {
  readonly startPosition: number;
  /** First octet behind the range that may be written; none: no bound. */
  readonly endPosition?: number;
  /** The length below which nothing may be cut off. */
  readonly lengthMinBytes: number;
}

/** A file being written; how it ends is the ending's affair. */
export class LocalUpload implements WritableFile {
  readonly startPosition: number;
  readonly #path: Octets;
  readonly #writer: FileWriter;
  readonly #bounds: UploadBounds;
  readonly #ending: UploadEnding;
  #state: "open" | "ended" = "open";

  constructor(path: Octets, writer: FileWriter, bounds: UploadBounds, ending: UploadEnding) {
    this.#path = path;
    this.#writer = writer;
    this.#bounds = bounds;
    this.#ending = ending;
    this.startPosition = bounds.startPosition;
  }

  write(buffer: Uint8Array, position: number): undefined | Promise<void> {
    this.#assertOpen();
    const { startPosition, endPosition } = this.#bounds;
    if (position < startPosition || (endPosition !== undefined && position + buffer.length > endPosition)) {
      throw new StorageError("out-of-range", `${displayOctets(this.#path)}: written outside of what was asked for`);
    }
    return this.#writer.write(buffer, position);
  }

  async truncate(lengthBytes: number): Promise<void> {
    this.#assertOpen();
    if (lengthBytes < this.#bounds.lengthMinBytes) {
      throw new StorageError("out-of-range", `${displayOctets(this.#path)}: cut below what was there before`);
    }
    try {
      await this.#writer.truncate(lengthBytes);
    } catch (error) {
      throw storageErrorFrom(error, this.#path);
    }
  }

  async publish(): Promise<Entry> {
    this.#assertOpen();
    this.#state = "ended";
    try {
      await this.#writer.settle();
      return await this.#ending.publish();
    } catch (error) {
      await this.#writer.quiesce();
      await this.#ending.undo().catch(() => undefined);
      throw storageErrorFrom(error, this.#path);
    } finally {
      await this.#release();
    }
  }

  async abandon({ keep }: { readonly keep: boolean }): Promise<void> {
    if (this.#state === "ended") return;
    this.#state = "ended";
    await this.#writer.quiesce();
    try {
      if (keep) await this.#ending.keep();
      else await this.#ending.undo();
    } catch (error) {
      if (keep) await this.#ending.undo().catch(() => undefined);
      throw storageErrorFrom(error, this.#path);
    } finally {
      await this.#release();
    }
  }

  async #release(): Promise<void> {
    try {
      await this.#ending.release();
    } catch (error) {
      throw storageErrorFrom(error, this.#path);
    }
  }

  #assertOpen(): void {
    if (this.#state === "ended") throw new StorageError("failed", `${displayOctets(this.#path)}: the upload has ended`);
  }
}
