import { randomUUID } from "node:crypto";
import fs from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { ConfinedTree } from "./confined-tree.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { errnoOf } from "./errno.ts";
import { fileTime, fsync, moveToFreeName, readText, unlinkIfThere, writeText } from "./file-calls.ts";
import { identityOf } from "./local-entry.ts";
import { isLiving, processToken } from "./living-process.ts";
import { listNames } from "./local-listing.ts";
import { existingChild, existingFolder, folderOf } from "./reserved-folder.ts";
import { syncDirectory } from "./sync-directory.ts";
import type { NativePath } from "./native-path.ts";

/** An exclusive right on a file or a free name, until it is released or its process ends. */
export interface Claim {
  release(options: { readonly durable: boolean }): Promise<void>;
  /** Leaves it as a process does that dies: whoever comes next undoes what it covers. */
  leave(): Promise<void>;
}

/** What to put back when the process that wrote a file in place is gone. */
export interface Restore {
  /** The directory of a published file, by the names from the root; for a kept part the name of its folder alone. */
  readonly directory: readonly Octets[];
  readonly kind: "published" | "part";
  readonly name: Octets;
  readonly identity: string;
  readonly lengthBytes: number;
  readonly modifiedMs: number;
}

interface ClaimOptions {
  readonly restore?: Restore;
  /** Whether the claim must survive a power failure, as what it covers will. */
  readonly durable: boolean;
}

interface ClaimRecord {
  readonly process: string;
  readonly restore?: Restore;
}

/**
 * Claims on files that are written in place and on names that are being created. Each is a file in the reserved
 * directory, so that all processes which serve the directory respect it, and at the same time the journal of what must
 * be undone when its process dies: the next one to come by cuts the file back.
 */
export class Claims {
  readonly #tree: ConfinedTree;
  /** Claims of this process which it holds no longer, and which lie there still. */
  readonly #left = new Set<Octets>();

  constructor(tree: ConfinedTree) {
    this.#tree = tree;
  }

  /** Takes a claim in a reserved directory, or gives undefined where a living process holds it. */
  async take(area: DirectoryHandle, key: Octets, options: ClaimOptions): Promise<Claim | undefined> {
    using folder = await folderOf(this.#tree.calls, area, "claims");
    return await this.#take(area, folder, key, options);
  }

  /** Whether a living process holds a claim. */
  async isHeld(area: DirectoryHandle, key: Octets): Promise<boolean> {
    using folder = await existingFolder(area, "claims");
    if (folder === undefined || (await this.#tree.calls.lstat(folder.at(key))) === undefined) return false;
    return !(await this.#recover(area, folder, key));
  }

  /** Undoes what the claims of dead processes cover. */
  async recoverAll(area: DirectoryHandle): Promise<void> {
    using folder = await existingFolder(area, "claims");
    if (folder === undefined) return;
    for await (const keys of listNames(this.#tree.calls, folder)) {
      for (const key of keys) await this.#recover(area, folder, key);
    }
  }

  async #take(
    area: DirectoryHandle,
    folder: DirectoryHandle,
    key: Octets,
    options: ClaimOptions,
  ): Promise<Claim | undefined> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      using undo = new DisposableStack();
      const held = undo.use(folder.duplicate());
      if (await this.#create(area, held, key, options)) {
        undo.move();
        return this.#claim(held, key, options);
      }
      if (!(await this.#recover(area, folder, key))) return undefined;
    }
    return undefined;
  }

  /** Makes a claim appear with its record in it, so that none is half-written, whenever its process dies. */
  async #create(
    area: DirectoryHandle,
    folder: DirectoryHandle,
    key: Octets,
    { restore, durable }: ClaimOptions,
  ): Promise<boolean> {
    const { calls } = this.#tree;
    using staging = await folderOf(calls, area, "staging");
    const written = staging.at(`${processToken()}.${randomUUID()}` as Octets);
    try {
      await this.#write(written, { process: processToken(), ...(restore && { restore }) }, durable);
      await moveToFreeName(calls, written, folder.at(key));
    } catch (error) {
      await unlinkIfThere(calls, written).catch(() => undefined);
      if (errnoOf(error) === "EEXIST") return false;
      throw error;
    }
    this.#left.delete(key);
    try {
      if (durable) await syncDirectory(folder);
    } catch (error) {
      await unlinkIfThere(calls, folder.at(key)).catch(() => this.#left.add(key));
      throw error;
    }
    return true;
  }

  async #write(path: NativePath, record: ClaimRecord, durable: boolean): Promise<void> {
    const { calls } = this.#tree;
    const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
    const descriptor = await calls.open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600);
    try {
      await writeText(calls, descriptor, JSON.stringify(record));
      if (durable) await fsync(descriptor);
    } finally {
      await calls.close(descriptor);
    }
  }

  #claim(held: DirectoryHandle, key: Octets, { restore }: ClaimOptions): Claim {
    return {
      release: async ({ durable }) => {
        using folder = held;
        try {
          await unlinkIfThere(this.#tree.calls, folder.at(key));
        } catch (error) {
          this.#left.add(key);
          // What it covers will be undone, so that nobody may be told that it is done.
          if (restore !== undefined) throw error;
        }
        // A claim that came back after a power failure would cut off what has been acknowledged.
        if (durable) await syncDirectory(folder);
      },
      leave: async () => {
        using _ = held;
        this.#left.add(key);
      },
    };
  }

  /**
   * Undoes what a dead process's claim covers and removes it; false where its process lives. Only who holds the claim
   * on the recovery itself (the key and a `~`) may do so, and reads the record again under it: another process may
   * have finished the recovery and begun a new claim since it was read first.
   */
  async #recover(area: DirectoryHandle, folder: DirectoryHandle, key: Octets): Promise<boolean> {
    if (!(await this.#isDead(folder, key))) return (await this.#tree.calls.lstat(folder.at(key))) === undefined;
    if (key.endsWith("~~")) {
      await unlinkIfThere(this.#tree.calls, folder.at(key));
      return true;
    }
    const recovery = await this.#take(area, folder, `${key}~` as Octets, { durable: false });
    if (recovery === undefined) return false;
    try {
      const record = await this.#isDead(folder, key);
      if (!record) return (await this.#tree.calls.lstat(folder.at(key))) === undefined;
      if (record.restore !== undefined) await this.#restore(area, record.restore);
      await unlinkIfThere(this.#tree.calls, folder.at(key));
      return true;
    } finally {
      await recovery.release({ durable: false });
    }
  }

  /** The record of a claim whose process is dead; false where it lives, is being written, or there is no claim. */
  async #isDead(folder: DirectoryHandle, key: Octets): Promise<ClaimRecord | false> {
    let text: string;
    let writtenMs: number;
    try {
      using pinned = await folder.pin(key);
      text = await readText(this.#tree.calls, pinned.path);
      writtenMs = pinned.stats.mtimeMs;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
    const record = parseRecord(text);
    if (record === undefined) return writtenMs + unwrittenMs < Date.now() && { process: "" };
    const isLeft = record.process === processToken() && this.#left.has(key);
    return isLiving(record.process) && !isLeft ? false : record;
  }

  /** Cuts a file back to what it was, if it still is the same file in the same place. */
  async #restore(area: DirectoryHandle, restore: Restore): Promise<void> {
    const { calls } = this.#tree;
    try {
      using directory = await this.#directoryOf(area, restore);
      if (directory === undefined) return;
      using pinned = await directory.pin(restore.name);
      if (!pinned.stats.isFile() || identityOf(pinned.stats) !== restore.identity) return;
      if (pinned.stats.size <= restore.lengthBytes) return;
      const descriptor = await directory.open(pinned, fs.constants.O_WRONLY);
      try {
        await calls.ftruncate(descriptor, restore.lengthBytes);
        await calls.futimes(descriptor, fileTime(pinned.stats.atimeMs), fileTime(restore.modifiedMs));
        await fsync(descriptor);
      } finally {
        await calls.close(descriptor);
      }
    } catch (error) {
      if (!gone.has(errnoOf(error))) throw error;
    }
  }

  async #directoryOf(area: DirectoryHandle, { kind, directory }: Restore): Promise<DirectoryHandle | undefined> {
    if (kind === "published") return this.#tree.openPlain(directory);
    using parts = await existingFolder(area, "parts");
    return parts && (await existingChild(parts, directory[0] ?? ("" as Octets)));
  }
}

function parseRecord(text: string): ClaimRecord | undefined {
  try {
    const record: ClaimRecord = JSON.parse(text);
    return record;
  } catch {
    return undefined;
  }
}

const attemptsMax = 3;

/** An unreadable record is one that is being written, or one whose writer died before it touched anything. */
const unwrittenMs = 60_000;

const gone: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);
