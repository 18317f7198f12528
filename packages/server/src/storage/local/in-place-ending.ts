import type { Stats } from "node:fs";

import { displayOctets } from "@sallyport/protocol";

import { StorageError } from "../storage-error.ts";
import type { Entry } from "../storage.ts";
import type { Claim } from "./claims.ts";
import type { Location } from "./confined-tree.ts";
import { type FileCalls, fileTime, fsync } from "./file-calls.ts";
import type { FileWriter } from "./file-writer.ts";
import { entryFromStats, identityOf } from "./local-entry.ts";
import type { UploadEnding } from "./local-upload.ts";

/** The end of an append to a published file, which is written where it lies and cut back if it fails. */
export class InPlaceEnding implements UploadEnding {
  readonly #calls: FileCalls;
  readonly #writer: FileWriter;
  readonly #location: Location;
  readonly #before: Stats;
  readonly #claim: Claim;
  readonly #durable: boolean;
  /** The file could not be brought back to what it was. */
  #torn = false;

  constructor(
    calls: FileCalls,
    writer: FileWriter,
    options: { location: Location; before: Stats; claim: Claim; durable: boolean },
  ) {
    this.#calls = calls;
    this.#writer = writer;
    this.#location = options.location;
    this.#before = options.before;
    this.#claim = options.claim;
    this.#durable = options.durable;
  }

  async publish(): Promise<Entry> {
    const { directory, name } = this.#location;
    if (this.#durable) await fsync(this.#writer.descriptor);
    const now = await this.#calls.lstat(directory.at(name));
    if (now === undefined || identityOf(now) !== identityOf(this.#before)) {
      throw new StorageError("not-found", `${displayOctets(name)}: replaced or removed while it was appended to`);
    }
    return entryFromStats(name, now);
  }

  keep(): Promise<void> {
    return this.undo();
  }

  async undo(): Promise<void> {
    const { size, atimeMs, mtimeMs } = this.#before;
    const { descriptor } = this.#writer;
    this.#torn = true;
    if ((await this.#calls.fstat(descriptor)).size !== size) {
      await this.#calls.ftruncate(descriptor, size);
      await this.#calls.futimes(descriptor, fileTime(atimeMs), fileTime(mtimeMs));
    }
    this.#torn = false;
  }

  async release(): Promise<void> {
    using _ = this.#location;
    try {
      await this.#calls.close(this.#writer.descriptor);
    } catch (error) {
      // Network file systems tell only now that something was not written.
      await this.#claim.leave();
      throw error;
    }
    await (this.#torn ? this.#claim.leave() : this.#claim.release({ durable: this.#durable }));
  }
}
