import fs from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { StorageError } from "../storage-error.ts";
import { storageErrorFrom } from "./errno.ts";
import type { FileCalls } from "./file-calls.ts";
import { inLane } from "./mount-lanes.ts";

/**
 * Writes one open file: at once where the file system is local and answers quickly, otherwise by the thread pool. It
 * knows how far the content reaches without a gap, which is all that an interrupted upload may keep.
 */
export class FileWriter {
  readonly descriptor: number;
  readonly #calls: FileCalls;
  readonly #path: Octets;
  readonly #underWay = new Set<Promise<void>>();
  readonly #ahead = new Map<number, number>();
  #gaplessEnd: number;
  #threadWritesLeft = 0;
  #failure: StorageError | undefined;

  constructor(calls: FileCalls, descriptor: number, options: { path: Octets; startPosition: number }) {
    this.#calls = calls;
    this.descriptor = descriptor;
    this.#path = options.path;
    this.#gaplessEnd = options.startPosition;
  }

  /** Where content ends that was written without a gap from the start position. */
  get gaplessEnd(): number {
    return this.#gaplessEnd;
  }

  write(buffer: Uint8Array, position: number): undefined | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#calls.synchronous || this.#threadWritesLeft > 0) {
      if (this.#threadWritesLeft > 0) this.#threadWritesLeft--;
      return this.#writeByThread(buffer, position);
    }
    const startedMs = performance.now();
    try {
      for (let done = 0; done < buffer.length;) {
        done += fs.writeSync(this.descriptor, buffer, done, buffer.length - done, position + done);
      }
    } catch (error) {
      throw this.#fail(error);
    }
    this.#wrote(position, buffer.length);
    if (performance.now() - startedMs > slowWriteMs) this.#threadWritesLeft = threadWritesCount;
    return undefined;
  }

  async truncate(lengthBytes: number): Promise<void> {
    await this.settle();
    await this.#calls.ftruncate(this.descriptor, lengthBytes);
    this.#gaplessEnd = Math.min(this.#gaplessEnd, lengthBytes);
  }

  /** Waits for the writes under way and raises the first failure of any write. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for the writes under way, whatever becomes of them. */
  async quiesce(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  #writeByThread(buffer: Uint8Array, position: number): Promise<void> {
    const write = (): Promise<void> => this.#writeAll(buffer, position);
    const writing = this.#calls.synchronous ? write() : inLane(this.descriptor, write, { patient: true });
    const over = writing.then(
      () => {
        this.#underWay.delete(over);
        this.#wrote(position, buffer.length);
      },
      (error: unknown) => {
        this.#underWay.delete(over);
        throw this.#fail(error);
      },
    );
    // Who asked for the write may be busy with another one; settle() tells all the same, and nothing dies of it.
    over.catch(() => {});
    this.#underWay.add(over);
    return over;
  }

  #writeAll(buffer: Uint8Array, position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = (done: number): void => {
        fs.write(this.descriptor, buffer, done, buffer.length - done, position + done, (error, count) => {
          if (error === null && done + count < buffer.length) return next(done + count);
          if (error === null) resolve();
          else reject(error);
        });
      };
      next(0);
    });
  }

  #wrote(position: number, length: number): void {
    if (position > this.#gaplessEnd) {
      this.#ahead.set(position, position + length);
      return;
    }
    this.#gaplessEnd = Math.max(this.#gaplessEnd, position + length);
    for (let end = this.#ahead.get(this.#gaplessEnd); end !== undefined; end = this.#ahead.get(this.#gaplessEnd)) {
      this.#ahead.delete(this.#gaplessEnd);
      this.#gaplessEnd = end;
    }
  }

  #fail(error: unknown): StorageError {
    const failure = storageErrorFrom(error, this.#path);
    this.#failure ??= failure;
    return failure;
  }
}

/** A write that takes longer met the limit of dirty pages; the next ones must not hold up everybody. */
const slowWriteMs = 4;
const threadWritesCount = 64;
