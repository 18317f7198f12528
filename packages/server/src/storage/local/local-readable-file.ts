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
 *
 * Where the file system is local, pieces that follow each other are read at once, so that they are in the processor's
 * cache when they are encrypted; by a thread are read the first piece of a stretch, which may lie on a disk, what comes
 * behind a read that took long, longer each time, and what would keep a turn of the event loop for too long.
 */
export class LocalReadableFile implements ReadableFile {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly #calls: FileCalls;
  readonly #path: VirtualPath;
  readonly #descriptor: number;
  readonly #reading = new Set<Promise<number>>();
  #open = true;
  /** Where the last read ended. */
  #position = -1;
  #threadReadsLeft = 0;
  #threadReadsNext = threadReadsMin;
  #quickReadsCount = 0;
  /** Read at once in this turn of the event loop. */
  #turnBytes = 0;

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
    const isNext = position === this.#position;
    this.#position = position + length;
    if (this.#calls.synchronous && (this.sizeBytes <= smallFileBytes || (isNext && this.#mayReadAtOnce(length))))
      return this.#readAtOnce(buffer, length, position);
    return this.#readByThread(buffer, length, position);
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

  #mayReadAtOnce(length: number): boolean {
    if (this.#threadReadsLeft > 0) {
      this.#threadReadsLeft--;
      return false;
    }
    if (this.#turnBytes + length > turnBytesMax) return false;
    if (this.#turnBytes === 0) setImmediate(() => (this.#turnBytes = 0));
    this.#turnBytes += length;
    return true;
  }

  #readAtOnce(buffer: Uint8Array, length: number, position: number): number {
    const startedMs = performance.now();
    try {
      return fs.readSync(this.#descriptor, buffer, 0, length, position);
    } catch (error) {
      throw storageErrorFrom(error, this.#path);
    } finally {
      if (performance.now() - startedMs > slowReadMs) {
        this.#threadReadsLeft = this.#threadReadsNext;
        this.#threadReadsNext *= 2;
        this.#quickReadsCount = 0;
      } else if (++this.#quickReadsCount === threadReadsMin) this.#threadReadsNext = threadReadsMin;
    }
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
/**
 * What one turn of the event loop spends on one file. Read at once, pieces of 1 MiB make a download over TLS 1.2 times as
 * fast as by a thread, for 0.85 of the processor time; pieces of a quarter cost as much as a thread (Node 26.10, files in
 * memory, 27 pairs, nothing else running).
 */
const turnBytesMax = 2_097_152;
/** A piece in memory takes 0.3 ms; on a machine with much to do, a process may lose its turn meanwhile. */
const slowReadMs = 4;
const threadReadsMin = 64;
