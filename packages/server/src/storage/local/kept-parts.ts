import { createHash } from "node:crypto";
import type { Stats } from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { Entry } from "../storage.ts";
import type { ConfinedTree, Location } from "./confined-tree.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { entryFromStats } from "./local-entry.ts";
import { listNames } from "./local-listing.ts";
import { existingChild, type Place, type ReservedAreas } from "./reserved-areas.ts";

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

  /** The folder of the owner's parts for a directory, or nothing where there are none; to be disposed of. */
  async find(owner: string, place: Place): Promise<DirectoryHandle | undefined> {
    using folders = await this.#areas.find(place, "parts");
    return folders && (await existingChild(folders, folderName(owner, place)));
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
    using folders = await this.#areas.provide(location, "parts");
    using folder = await this.#areas.child(folders, folderName(owner, location));
    await this.#tree.calls.rename(staged.folder.at(staged.name), folder.at(location.name));
  }

  /** Removes the owner's part under a name and tells whether there was one. */
  async discard(owner: string, location: Location): Promise<boolean> {
    using folder = await this.find(owner, location);
    if (folder === undefined || (await this.#tree.calls.lstat(folder.at(location.name))) === undefined) return false;
    await this.#tree.calls.unlink(folder.at(location.name));
    return true;
  }

  /** Whether a part has outlived its time; renaming and writing it begin the time anew. */
  isExpired(stats: Stats): boolean {
    return stats.ctimeMs + this.#keepMs < Date.now();
  }

  async #entry(folder: DirectoryHandle, name: Octets): Promise<Entry | undefined> {
    const stats = await this.#tree.calls.lstat(folder.at(name));
    if (stats === undefined || !stats.isFile() || this.isExpired(stats)) return undefined;
    return entryFromStats(name, stats, { incomplete: true });
  }
}

function folderName(owner: string, place: Place): Octets {
  const directory = Buffer.from(place.canonical.join("/"), "latin1");
  return createHash("sha256").update(`${owner}\0`).update(directory).digest("hex") as Octets;
}
