import { displayOctets, type VirtualPath } from "@sallyport/protocol";

import type { QuotaAccount } from "./quota-usage.ts";
import { StorageError } from "./storage-error.ts";
import type { Entry, Storage, WritableFile, WriteIntent } from "./storage.ts";
import { subtree } from "./subtree.ts";

/**
 * Holds a storage to a number of octets, interrupted uploads included. What an upload adds counts while it is written,
 * so that it stops at the limit with kind `quota-exceeded`; what it replaces is credited to it from the start.
 *
 * The usage is shared by all logins of an account; where several processes serve, it is kept by one of them. Separate
 * servers over the same files count each for itself, so that an account which writes through several at once may pass
 * the limit by what the others wrote since the count.
 */
export function quota(storage: Storage, usage: QuotaAccount): Storage {
  return quotaOver(storage, usage, storage);
}

/** `whole` is what is counted where `storage` is but a part of it. */
function quotaOver(storage: Storage, usage: QuotaAccount, whole: Storage): Storage {
  return {
    stat: (path, options) => storage.stat(path, options),
    list: (directory) => storage.list(directory),
    openRead: (path) => storage.openRead(path),
    openWrite: (path, intent) => openWrite(storage, usage, whole, path, intent),
    rename: (from, to) => changing(storage, usage, whole, to, () => storage.rename(from, to), from),
    remove: (path) => changing(storage, usage, whole, path, () => storage.remove(path)),
    makeDirectory: (path) => storage.makeDirectory(path),
    removeDirectory: (path) => storage.removeDirectory(path),
    ...(storage.setAttributes && {
      setAttributes: async (path, attributes) => storage.setAttributes?.(path, attributes),
    }),
    ...(storage.makeSymbolicLink && {
      makeSymbolicLink: async (path, target) => storage.makeSymbolicLink?.(path, target),
    }),
    freeSpaceBytes: async (path) => {
      await usage.count(whole);
      const freeBytes = await usage.free();
      return Math.min(freeBytes, (await storage.freeSpaceBytes?.(path)) ?? freeBytes);
    },
    subtree: (directory) => quotaOver(subtree(storage, directory), usage, whole),
  };
}

/** Carries out what takes away the file that lies at a path, and gives its octets back. */
async function changing(
  storage: Storage,
  usage: QuotaAccount,
  whole: Storage,
  path: VirtualPath,
  change: () => Promise<void>,
  from?: VirtualPath,
): Promise<void> {
  await usage.count(whole);
  await usage.exclusively(async () => {
    const lost = from === path ? undefined : await entryAt(storage, path);
    await change();
    // Another name of the same file keeps its octets.
    if (lost !== undefined && (lost.linkCount ?? 1) <= 1) usage.add(-lost.sizeBytes);
  });
}

async function openWrite(
  storage: Storage,
  usage: QuotaAccount,
  whole: Storage,
  path: VirtualPath,
  intent: WriteIntent,
): Promise<WritableFile> {
  await usage.count(whole);
  const before = (await entryAt(storage, path, true))?.sizeBytes ?? 0;
  if (intent.expectedBytes !== undefined) {
    const growth = startBytes(intent, before) + intent.expectedBytes - before;
    if (growth > (await usage.free())) {
      usage.doubt();
      throw exceeded(path);
    }
  }
  return new QuotaUpload(storage, usage, path, { file: await storage.openWrite(path, intent), before, intent });
}

function startBytes(intent: WriteIntent, before: number): number {
  if (intent.kind === "append") return before;
  if (intent.kind === "resume") return intent.offset;
  return intent.kind === "range" ? intent.first : 0;
}

/** The file or interrupted upload at a path, if there is one that takes room. */
async function entryAt(storage: Storage, path: VirtualPath, followLinks = false): Promise<Entry | undefined> {
  try {
    const entry = await storage.stat(path, { followLinks });
    return entry.type === "file" ? entry : undefined;
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

class QuotaUpload implements WritableFile {
  readonly startPosition: number;
  readonly #storage: Storage;
  readonly #usage: QuotaAccount;
  readonly #path: VirtualPath;
  readonly #file: WritableFile;
  readonly #before: number;
  readonly #intent: WriteIntent;
  #heldBytes = 0;
  /** Octets that another process is asked for; they are taken in order. */
  #asking: Promise<unknown> | undefined;
  #state: "open" | "ended" = "open";

  constructor(
    storage: Storage,
    usage: QuotaAccount,
    path: VirtualPath,
    { file, before, intent }: { file: WritableFile; before: number; intent: WriteIntent },
  ) {
    this.startPosition = file.startPosition;
    this.#storage = storage;
    this.#usage = usage;
    this.#path = path;
    this.#file = file;
    this.#before = before;
    this.#intent = intent;
  }

  write(buffer: Uint8Array, position: number): undefined | Promise<void> {
    const held = this.#hold(position + buffer.length - this.#before);
    if (held === undefined) return this.#file.write(buffer, position);
    return held.then(async () => this.#file.write(buffer, position));
  }

  async truncate(lengthBytes: number): Promise<void> {
    await this.#file.truncate(lengthBytes);
    this.#giveBack(Math.max(0, lengthBytes - this.#before));
  }

  publish(): Promise<Entry> {
    return this.#end(
      () => this.#file.publish(),
      async (entry) => entry.sizeBytes,
    );
  }

  async abandon(options: { readonly keep: boolean }): Promise<void> {
    if (this.#state === "ended") return;
    await this.#end(
      () => this.#file.abandon(options),
      async () => (await entryAt(this.#storage, this.#path, true))?.sizeBytes ?? 0,
    );
  }

  /** Ends the upload and counts what it changed, one end at a time, so that two on one name are not counted twice. */
  #end<T>(end: () => Promise<T>, sizeAfter: (result: T) => Promise<number>): Promise<T> {
    this.#state = "ended";
    return this.#usage.exclusively(async () => {
      try {
        const before = await this.#sizeBefore();
        const result = await end();
        this.#usage.add((await sizeAfter(result)) - before);
        return result;
      } finally {
        this.#giveBack(0);
      }
    });
  }

  /** What lies there now; but a file that may be written in place has grown already, and nobody else changes it. */
  async #sizeBefore(): Promise<number> {
    if (this.#intent.kind === "append" || this.#intent.kind === "resume") return this.#before;
    return (await entryAt(this.#storage, this.#path, true))?.sizeBytes ?? 0;
  }

  /** Holds what an upload that reaches so far adds; undefined where that is settled at once. */
  #hold(bytes: number): undefined | Promise<void> {
    if (this.#asking !== undefined) return this.#ask(bytes);
    const growth = bytes - this.#heldBytes;
    if (growth <= 0) return undefined;
    const granted = this.#usage.hold(growth);
    if (typeof granted !== "boolean") return this.#ask(bytes, { growth, granted });
    if (!granted) throw exceeded(this.#path);
    this.#heldBytes += growth;
    return undefined;
  }

  #ask(bytes: number, begun?: { readonly growth: number; readonly granted: Promise<boolean> }): Promise<void> {
    const asked = (this.#asking ?? Promise.resolve()).then(async () => {
      const growth = begun?.growth ?? Math.max(0, bytes - this.#heldBytes);
      if (!(await (begun?.granted ?? this.#usage.hold(growth)))) throw exceeded(this.#path);
      this.#heldBytes += growth;
      // The upload was given up meanwhile, and nobody else would give it back.
      if (this.#state === "ended") {
        this.#giveBack(0);
        throw new StorageError("failed", `${displayOctets(this.#path)}: the upload has ended`);
      }
    });
    const settled = asked
      .catch(() => undefined)
      .then(() => {
        if (this.#asking === settled) this.#asking = undefined;
      });
    this.#asking = settled;
    return asked;
  }

  #giveBack(heldBytes: number): void {
    if (heldBytes >= this.#heldBytes) return;
    void this.#usage.hold(heldBytes - this.#heldBytes);
    this.#heldBytes = heldBytes;
  }
}

function exceeded(path: VirtualPath): StorageError {
  return new StorageError("quota-exceeded", `${displayOctets(path)}: the quota is used up`);
}
