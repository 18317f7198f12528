import { childPath, rootPath, type VirtualPath } from "@sallyport/protocol";

import { StorageError } from "./storage-error.ts";
import type { Storage } from "./storage.ts";

/** One account's quota as its uploads see it, whichever process keeps the count. */
export interface QuotaAccount {
  /** Counts what a storage holds, unless that is known. */
  count(storage: Storage): Promise<void>;
  /** Octets that may still be added, uploads under way taken into account. */
  free(): number | Promise<number>;
  /** Holds octets for an upload under way, or gives them back; false, and nothing held, where they are not there. */
  hold(bytes: number): boolean | Promise<boolean>;
  /** Counts octets that files have gained or lost. */
  add(bytes: number): void;
  /** Tells that somebody was refused, so that the count may be wrong. */
  doubt(): void;
  /** Runs what looks at sizes and changes them, one at a time. */
  exclusively<T>(operation: () => Promise<T>): Promise<T>;
}

/**
 * What one account uses of its quota, shared by its logins. The octets are counted once by walking the whole storage
 * and kept up to date from then on. Because files may also change behind our back, a refusal makes the count doubtful:
 * the next upload counts again, at most once a minute.
 */
export class QuotaUsage implements QuotaAccount {
  limitBytes: number;
  #usedBytes = 0;
  #heldBytes = 0;
  #counting: Promise<void> | undefined;
  #countedMs = 0;
  #doubtful = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Octets in files and interrupted uploads, as of the first count. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Octets that may still be added, uploads under way taken into account. */
  get freeBytes(): number {
    return Math.max(0, this.limitBytes - this.#usedBytes - this.#heldBytes);
  }

  free(): number {
    return this.freeBytes;
  }

  count(storage: Storage): Promise<void> {
    return this.counted(() => sizeOf(storage));
  }

  /** As {@link count}, where somebody else looks what there is. */
  async counted(look: () => Promise<number>): Promise<void> {
    const recount = this.#doubtful && this.#heldBytes === 0 && this.#countedMs + recountMs < Date.now();
    if (this.#counting === undefined || recount) {
      this.#doubtful = false;
      this.#countedMs = Date.now();
      this.#counting = this.exclusively(async () => {
        this.#usedBytes = await look();
      });
      // A count that failed is tried again by the next who asks.
      this.#counting.catch(() => (this.#counting = undefined));
    }
    await this.#counting;
  }

  hold(bytes: number): boolean {
    if (bytes > 0 && bytes > this.freeBytes) {
      this.#doubtful = true;
      return false;
    }
    this.#heldBytes += bytes;
    return true;
  }

  add(bytes: number): void {
    this.#usedBytes = Math.max(0, this.#usedBytes + bytes);
  }

  doubt(): void {
    this.#doubtful = true;
  }

  /** Tells that changes may not have been counted: as soon as nothing is held they are. */
  lost(): void {
    this.#doubtful = true;
    this.#countedMs = 0;
  }

  exclusively<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(operation);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** The usages of accounts, one for each name, so that all its logins share it. */
export class QuotaUsages {
  readonly #byOwner = new Map<string, QuotaUsage>();

  /** The usage of an account under its present limit. */
  of(owner: string, limitBytes: number): QuotaUsage {
    const usage = this.#byOwner.get(owner) ?? new QuotaUsage(limitBytes);
    usage.limitBytes = limitBytes;
    this.#byOwner.set(owner, usage);
    return usage;
  }
}

const recountMs = 60_000;

/** The octets of all files in a storage, interrupted uploads included; a file with several names counts once. */
export async function sizeOf(storage: Storage): Promise<number> {
  let sum = 0;
  const severalNames = new Set<string>();
  const pending: VirtualPath[] = [rootPath];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    try {
      for await (const slice of storage.list(directory)) {
        for (const { name, type, sizeBytes, linkCount, identity } of slice) {
          if (type === "directory") pending.push(childPath(directory, name));
          if (type !== "file" || severalNames.has(identity)) continue;
          if ((linkCount ?? 1) > 1) severalNames.add(identity);
          sum += sizeBytes;
        }
      }
    } catch (error) {
      // What vanishes or is closed to us while we count cannot be counted.
      if (!(error instanceof StorageError) || (error.kind !== "not-found" && error.kind !== "denied")) throw error;
    }
  }
  return sum;
}
