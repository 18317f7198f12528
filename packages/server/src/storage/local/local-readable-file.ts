import fs from "node:fs";

import { displayOctets, type VirtualPath } from "@sallyport/protocol";

import { StorageError } from "../storage-error.ts";
import type { ReadableFile } from "../storage.ts";
import { storageErrorFrom } from "./errno.ts";
import type { FileCalls } from "./file-calls.ts";
import { inLane } from "./mount-lanes.ts";

/**
 * A published file open for reading. Replacing the file under its name leaves this view alone, and what an append adds
 * meanwhile is not shown, because it may yet be taken back.
 */
export class LocalReadableFile implements ReadableFile {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly #calls: FileCalls;
  readonly #path: VirtualPath;
  readonly #descriptor: number;
  readonly #reading = new Set<Promise<number>>();
  #open = true;

  constructor(calls: FileCalls, path: VirtualPath, descriptor: number, stats: { size: number; mtimeMs: number }) {
    this.#calls = calls;
    this.#path = path;
    this.#descriptor = descriptor;
    this.sizeBytes = stats.size;
    this.modifiedMs = stats.mtimeMs;
  }

  read(buffer: Uint8Array, position: number): number | Promise<number> {
    if (!this.#open) throw new StorageError("failed", `${displayOctets(this.#path)}: read after it was closed`);
    const length = Math.min(buffer.length, this.sizeBytes - position);
    if (length <= 0) return 0;
    if (!this.#calls.synchronous || this.sizeBytes > smallFileBytes)
      return this.#readByThread(buffer, length, position);
    try {
      return fs.readSync(this.#descriptor, buffer, 0, length, position);
    } catch (error) {
      throw storageErrorFrom(error, this.#path);
    }
  }

  get descriptor(): number | undefined {
    return this.#open && this.#calls.synchronous ? this.#descriptor : undefined;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    // The number of a closed descriptor is given out again, so a read under way must end first.
    await Promise.allSettled(this.#reading);
    await this.#calls.close(this.#descriptor);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #readByThread(buffer: Uint8Array, length: number, position: number): Promise<number> {
    const read = (): Promise<number> => readOnce(this.#descriptor, buffer, length, position);
    const reading = (this.#calls.synchronous ? read() : inLane(this.#descriptor, read, { patient: true })).then(
      (count) => {
        this.#reading.delete(reading);
        return count;
      },
      (error: unknown) => {
        this.#reading.delete(reading);
        throw storageErrorFrom(error, this.#path);
      },
    );
    this.#reading.add(reading);
    return reading;
  }
}

function readOnce(descriptor: number, buffer: Uint8Array, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(descriptor, buffer, 0, length, position, (error, count) =>
      error === null ? resolve(count) : reject(error),
    );
  });
}

/** A file up to this length is read at once: a thread-pool hop costs more than the copy from the page cache. */
const smallFileBytes = 262_144;
