import { displayOctets, type VirtualPath } from "@sallyport/protocol";

import { StorageError } from "../storage-error.ts";
import type { Entry, WritableFile } from "../storage.ts";

/** Octets that a memory storage may hold, and holds: published, kept and under way. */
export interface MemoryBudget {
  readonly limitBytes: number;
  usedBytes: number;
}

/** Content that grows, counted against a budget until it is given up or becomes a file. */
export class GrowingContent {
  readonly #budget: MemoryBudget;
  #bytes: Uint8Array;
  #lengthBytes: number;

  /** Starts with a copy of what is to be kept. */
  constructor(budget: MemoryBudget, start: Uint8Array) {
    this.#budget = budget;
    this.#bytes = new Uint8Array(0);
    this.#lengthBytes = 0;
    this.write(start, 0);
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  write(buffer: Uint8Array, position: number): void {
    this.#lengthen(Math.max(this.#lengthBytes, position + buffer.length));
    this.#bytes.set(buffer, position);
  }

  truncate(lengthBytes: number): void {
    this.#lengthen(lengthBytes);
    this.#bytes.fill(0, lengthBytes);
  }

  /** The content as an array of its own length, which nobody writes to any more. */
  freeze(): Uint8Array {
    return this.#bytes.slice(0, this.#lengthBytes);
  }

  #lengthen(lengthBytes: number): void {
    const usedBytes = this.#budget.usedBytes + lengthBytes - this.#lengthBytes;
    if (usedBytes > this.#budget.limitBytes) throw new StorageError("no-space", "the memory storage is full");
    this.#budget.usedBytes = usedBytes;
    this.#lengthBytes = lengthBytes;
    if (lengthBytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(lengthBytes, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** What the end of an upload does to the storage. */
export interface MemoryEnding {
  publish(content: Uint8Array): Entry;
  keep(content: Uint8Array): void;
  /** Called once at the end, whatever it was. */
  release(): void;
}

/** A file being written to memory. */
export class MemoryUpload implements WritableFile {
  readonly startPosition: number;
  readonly #path: VirtualPath;
  readonly #budget: MemoryBudget;
  readonly #content: GrowingContent;
  readonly #bounds: { readonly endPosition: number; readonly lengthMinBytes: number };
  readonly #ending: MemoryEnding;
  #state: "open" | "failed" | "ended" = "open";

  constructor(
    path: VirtualPath,
    budget: MemoryBudget,
    start: {
      readonly content: Uint8Array;
      readonly position: number;
      readonly endPosition: number;
      readonly lengthMinBytes: number;
    },
    ending: MemoryEnding,
  ) {
    this.#path = path;
    this.#budget = budget;
    this.#content = new GrowingContent(budget, start.content);
    this.#bounds = start;
    this.#ending = ending;
    this.startPosition = start.position;
  }

  write(buffer: Uint8Array, position: number): undefined {
    this.#assertOpen();
    if (position < this.startPosition || position + buffer.length > this.#bounds.endPosition) {
      throw new StorageError("out-of-range", `${displayOctets(this.#path)}: written outside of what was asked for`);
    }
    try {
      this.#content.write(buffer, position);
    } catch (error) {
      this.#state = "failed";
      throw error;
    }
  }

  async truncate(lengthBytes: number): Promise<void> {
    this.#assertOpen();
    if (lengthBytes < this.#bounds.lengthMinBytes) {
      throw new StorageError("out-of-range", `${displayOctets(this.#path)}: cut below what was there before`);
    }
    this.#content.truncate(lengthBytes);
  }

  async publish(): Promise<Entry> {
    const failed = this.#state === "failed";
    if (!failed) this.#assertOpen();
    try {
      if (failed) throw new StorageError("failed", `${displayOctets(this.#path)}: a write failed`);
      return this.#ending.publish(this.#content.freeze());
    } finally {
      this.#end();
    }
  }

  async abandon({ keep }: { readonly keep: boolean }): Promise<void> {
    if (this.#state === "ended") return;
    try {
      if (keep && this.#content.lengthBytes > 0) this.#ending.keep(this.#content.freeze());
    } finally {
      this.#end();
    }
  }

  /** The staged octets are given back; what the ending made of them it has counted itself. */
  #end(): void {
    this.#state = "ended";
    this.#budget.usedBytes -= this.#content.lengthBytes;
    this.#ending.release();
  }

  #assertOpen(): void {
    if (this.#state !== "open") throw new StorageError("failed", `${displayOctets(this.#path)}: the upload has ended`);
  }
}
