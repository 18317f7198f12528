import type { Stats } from "node:fs";

import { displayOctets, type Octets } from "@sallyport/protocol";

import { StorageError } from "../storage-error.ts";
import type { Entry } from "../storage.ts";
import type { Claim } from "./claims.ts";
import type { ConfinedTree, Location } from "./confined-tree.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { errnoOf } from "./errno.ts";
import { fsync, moveToFreeName, unlinkIfThere } from "./file-calls.ts";
import type { FileWriter } from "./file-writer.ts";
import type { KeptParts } from "./kept-parts.ts";
import { entryFromStats } from "./local-entry.ts";
import type { UploadEnding } from "./local-upload.ts";
import { syncDirectory } from "./sync-directory.ts";

/** Where an upload lies until it is published, and what becomes of it. */
export interface Staging {
  readonly tree: ConfinedTree;
  readonly writer: FileWriter;
  /** Where the name will appear. */
  readonly location: Location;
  /** The folder and name of the staged file. */
  readonly folder: DirectoryHandle;
  readonly stagedName: Octets;
  readonly parts: KeptParts;
  readonly owner: string;
  readonly durable: boolean;
  /** The name must still be free when it is published. */
  readonly exclusive: boolean;
  /** There was no published file under the name, so that an interruption may keep a part. */
  readonly mayKeep: boolean;
  readonly claim?: Claim;
  /** Set where the staged file is the owner's kept part itself: the length to go back to. */
  readonly partBytes?: number;
}

/** The end of an upload that lies apart and is renamed to its name when it is whole. */
export class StagedEnding implements UploadEnding {
  readonly #staging: Staging;
  #descriptorOpen = true;
  #renamed = false;

  constructor(staging: Staging) {
    this.#staging = staging;
  }

  async publish(): Promise<Entry> {
    const { tree, writer, location, owner, parts, durable, partBytes } = this.#staging;
    const { calls } = tree;
    if (!(await tree.holds(location.directory))) {
      throw new StorageError(
        "not-found",
        `${displayOctets(location.name)}: its directory was moved out of the storage`,
      );
    }
    await this.#inherit(await calls.lstat(location.directory.at(location.name)));
    if (durable) await fsync(writer.descriptor);
    const stats = await calls.fstat(writer.descriptor);
    await this.#close();
    await this.#rename();
    this.#renamed = true;
    if (durable) await syncDirectory(location.directory);
    // The file is published: a part that cannot be removed is for the sweep.
    if (partBytes === undefined) await parts.discard(owner, location).catch(() => false);
    return entryFromStats(location.name, stats);
  }

  async keep(): Promise<void> {
    const { tree, writer, location, mayKeep, owner, parts, folder, stagedName, partBytes, durable } = this.#staging;
    const { calls } = tree;
    const published = await calls.lstat(location.directory.at(location.name));
    if (!mayKeep || published !== undefined || writer.gaplessEnd === 0) return this.undo();
    await calls.ftruncate(writer.descriptor, writer.gaplessEnd);
    if (durable) await fsync(writer.descriptor);
    await this.#close();
    if (partBytes === undefined) await parts.keep(owner, location, { folder, name: stagedName });
  }

  async undo(): Promise<void> {
    const { tree, writer, folder, stagedName, partBytes } = this.#staging;
    const { calls } = tree;
    if (this.#renamed) return;
    if (partBytes !== undefined && this.#descriptorOpen) await calls.ftruncate(writer.descriptor, partBytes);
    await this.#close();
    if (partBytes === undefined) await unlinkIfThere(calls, folder.at(stagedName));
  }

  async release(): Promise<void> {
    const { claim, durable, folder, location } = this.#staging;
    try {
      await this.#close();
      await claim?.release({ durable });
    } finally {
      folder[Symbol.dispose]();
      location[Symbol.dispose]();
    }
  }

  /** A file that replaces another takes over its permissions and, where the process may give it, its owner. */
  async #inherit(replaced: Stats | undefined): Promise<void> {
    const { tree, writer, location, exclusive } = this.#staging;
    const { calls } = tree;
    if (replaced === undefined) return;
    if (exclusive) throw new StorageError("exists", `${displayOctets(location.name)}: appeared meanwhile`);
    if (replaced.isDirectory())
      throw new StorageError("is-a-directory", `${displayOctets(location.name)}: a directory`);
    if (!replaced.isFile()) return;
    const own = await calls.fstat(writer.descriptor);
    if (own.uid !== replaced.uid || own.gid !== replaced.gid) {
      try {
        await calls.fchown(writer.descriptor, replaced.uid, replaced.gid);
      } catch (error) {
        if (errnoOf(error) !== "EPERM") throw error;
      }
    }
    // Set-id bits are dropped, as the kernel drops them when a file is written.
    await calls.fchmod(writer.descriptor, replaced.mode & 0o777);
  }

  async #rename(): Promise<void> {
    const { tree, location, folder, stagedName, exclusive } = this.#staging;
    const { calls } = tree;
    const from = folder.at(stagedName);
    const to = location.directory.at(location.name);
    return exclusive ? moveToFreeName(calls, from, to) : calls.rename(from, to);
  }

  async #close(): Promise<void> {
    if (!this.#descriptorOpen) return;
    this.#descriptorOpen = false;
    await this.#staging.tree.calls.close(this.#staging.writer.descriptor);
  }
}
