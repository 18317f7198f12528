import { limits, type VirtualPath } from "@sallyport/protocol";

import { MemoryStorage, type MemoryGround } from "./memory/memory-storage.ts";
import { MemoryTree } from "./memory/memory-tree.ts";
import type { Storage, StorageSource } from "./storage.ts";

export interface MemoryDirectoryOptions {
  /** Octets that all files, interrupted uploads and uploads under way may take together; unbounded if not given. */
  readonly limitBytes?: number;
  /** Files, directories, links and interrupted uploads that there may be together; unbounded if not given. */
  readonly limitCount?: number;
  /** How long interrupted uploads are kept; a day if not given. */
  readonly keepPartsMs?: number;
}

/** A directory tree in memory, gone with the process: for tests, demonstrations and drop boxes. */
export class MemoryDirectory implements StorageSource {
  readonly #ground: MemoryGround;

  constructor(options: MemoryDirectoryOptions = {}) {
    this.#ground = {
      tree: new MemoryTree(),
      budget: { limitBytes: options.limitBytes ?? Number.POSITIVE_INFINITY, usedBytes: 0 },
      entries: { limitCount: options.limitCount ?? Number.POSITIVE_INFINITY, count: 0 },
      parts: new Map(),
      appending: new Set(),
      keepPartsMs: options.keepPartsMs ?? limits.interruptedUploadMs.value,
    };
  }

  /** Octets held now. */
  get usedBytes(): number {
    return this.#ground.budget.usedBytes;
  }

  forOwner(owner: string): Storage {
    return new MemoryStorage(this.#ground, owner, "/" as VirtualPath);
  }

  /** Removes interrupted uploads whose time is over. */
  async sweep(): Promise<void> {
    for (const part of this.#ground.parts.values()) {
      if (part.expiresMs > Date.now()) continue;
      this.#ground.parts.delete(part.key);
      this.#ground.budget.usedBytes -= part.file.content.length;
      this.#ground.entries.count -= 1;
    }
  }
}
