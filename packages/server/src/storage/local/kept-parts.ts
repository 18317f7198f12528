import { createHash } from "node:crypto";
import type { Stats } from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { Entry } from "../storage.ts";
import type { ConfinedTree, Location } from "./confined-tree.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { errnoOf } from "./errno.ts";
import { entryFromStats } from "./local-entry.ts";
import { listNames } from "./local-listing.ts";
import type { Place, ReservedAreas } from "./reserved-areas.ts";
import { existingChild, existingFolder, folderOf, madeChild } from "./reserved-folder.ts";

/**
 * Interrupted uploads to names that did not exist. Each lies under its own name in a folder of the reserved directory
 * that is named after its owner and directory, so that the disk itself is the index: it survives a restart, and all
 * worker processes see the same. Renaming the directory loses the connection and leaves the part to the sweep.
 */
export class KeptParts {
  readonly #tree: ConfinedTree;
  readonly #areas: ReservedAreas;
  readonly #keepMs: number;

  constructor(tree: ConfinedTree, areas: ReservedAreas, keepMs: number) {
    this.#tree = tree;
    this.#areas = areas;
    this.#keepMs = keepMs;
  }

  /** The owner's part under a name, as an entry. */
  async stat(owner: string, location: Location): Promise<Entry | undefined> {
    using folder = await this.find(owner, location);
    return folder && (await this.#entry(folder, location.name));
  }

  /** What lies under a name in a folder of parts; nothing where it is none or has outlived its time. */
  async statIn(folder: DirectoryHandle, name: Octets): Promise<Stats | undefined> {
    const stats = await this.#tree.calls.lstat(folder.at(name));
    // Renaming a file changes its ctime, so that the time runs from the interruption.
    return stats?.isFile() && stats.ctimeMs + this.#keepMs >= Date.now() ? stats : undefined;
  }

  /** The folder of the owner's parts for a directory, or nothing where there are none; to be disposed of. */
  async find(owner: string, place: Place): Promise<DirectoryHandle | undefined> {
    using area = await this.#areas.find(place);
    // Asked first: there are seldom any, and opening what is not there costs three times as much as this.
    if (area === undefined || (await this.#tree.calls.lstat(area.at("parts" as Octets))) === undefined)
      return undefined;
    using folders = await existingFolder(area, "parts");
    return folders && (await existingChild(folders, partsFolderName(owner, place)));
  }

  /** The owner's parts in a directory, less those whose name has been published since. */
  async *list(owner: string, place: Place): AsyncGenerator<Entry[]> {
    const { calls } = this.#tree;
    using folder = await this.find(owner, place);
    if (folder === undefined) return;
    for await (const names of listNames(calls, folder)) {
      const slice: Entry[] = [];
      for (const name of names) {
        const entry = await this.#entry(folder, name);
        if (entry !== undefined && (await calls.lstat(place.directory.at(name))) === undefined) slice.push(entry);
      }
      yield slice;
    }
  }

  /** Makes a staged file the owner's part under the name of its location. */
  async keep(owner: string, location: Location, staged: { folder: DirectoryHandle; name: Octets }): Promise<void> {
    const { calls } = this.#tree;
    using area = await this.#areas.provide(location);
    using folders = await folderOf(calls, area, "parts");
    for (let attempt = 1; ; attempt++) {
      using folder = await madeChild(calls, folders, partsFolderName(owner, location));
      try {
        return await calls.rename(staged.folder.at(staged.name), folder.at(location.name));
      } catch (error) {
        // A sweep may remove the folder while it is empty.
        if (errnoOf(error) !== "ENOENT" || attempt === 3) throw error;
      }
    }
  }

  /** Removes the owner's part under a name and tells whether there was one. */
  async discard(owner: string, location: Location): Promise<boolean> {
    using folder = await this.find(owner, location);
    if (folder === undefined || (await this.#tree.calls.lstat(folder.at(location.name))) === undefined) return false;
    await this.#tree.calls.unlink(folder.at(location.name));
    return true;
  }

  async #entry(folder: DirectoryHandle, name: Octets): Promise<Entry | undefined> {
    const stats = await this.statIn(folder, name);
    return stats && entryFromStats(name, stats, { incomplete: true });
  }
}

/** The folder of an owner's parts for a directory; nothing about either can be read from it. */
export function partsFolderName(owner: string, place: Place): Octets {
  const directory = Buffer.from(place.canonical.join("/"), "latin1");
  return createHash("sha256").update(`${owner}\0`).update(directory).digest("hex") as Octets;
}
