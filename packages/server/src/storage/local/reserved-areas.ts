import { createHash } from "node:crypto";
import fs from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { ConfinedTree } from "./confined-tree.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { listNames } from "./local-listing.ts";
import { existingChild, existingFolder, folderOf, madeChild, removeIfEmpty } from "./reserved-folder.ts";
import { reservedName } from "./reserved-name.ts";

/** A directory, held open, and how it is reached from the root. */
export interface Place {
  readonly directory: DirectoryHandle;
  readonly canonical: readonly Octets[];
}

/**
 * Finds the reserved directory (here: area) that serves a directory: the one at the root, so that everything left over
 * lies in one place; but one in the directory itself where the two are different mounts (a rename between them fails,
 * even between two bind mounts of one file system) or where the root may not be written. The root's area keeps notes
 * of the others, for the sweep; where it cannot, each is swept when it is first used.
 */
export class ReservedAreas {
  readonly #tree: ConfinedTree;
  readonly #sweep: (area: DirectoryHandle) => Promise<void>;
  readonly #used = new Set<string>();
  /** A handle stays on the mount that it was opened on. */
  readonly #served = new WeakMap<DirectoryHandle, boolean>();
  #rootMount: string | undefined;
  #rootUsable: boolean | undefined;

  constructor(tree: ConfinedTree, sweep: (area: DirectoryHandle) => Promise<void>) {
    this.#tree = tree;
    this.#sweep = sweep;
  }

  /** Opens the area that serves a place, made where it is missing. */
  async provide(place: Place): Promise<DirectoryHandle> {
    const existing = await this.find(place);
    if (existing !== undefined) return existing;
    if (await this.#servedByRoot(place)) {
      using root = await this.#tree.root();
      return await madeChild(this.#tree.calls, root, reservedName);
    }
    await this.#note(place.canonical);
    return madeChild(this.#tree.calls, place.directory, reservedName);
  }

  /** Opens the area that serves a place, or tells that there is none. */
  async find(place: Place): Promise<DirectoryHandle | undefined> {
    if (await this.#servedByRoot(place)) return this.root();
    const area = await existingChild(place.directory, reservedName);
    const key = place.canonical.join("/");
    if (area !== undefined && !this.#used.has(key)) {
      this.#used.add(key);
      await this.#sweep(area);
    }
    return area;
  }

  /** Opens the root's area, or tells that there is none. */
  async root(): Promise<DirectoryHandle | undefined> {
    using root = await this.#tree.root();
    return await existingChild(root, reservedName);
  }

  /** The directories that were noted as having an area of their own, by the names from the root. */
  async noted(area: DirectoryHandle): Promise<Octets[][]> {
    using notes = await existingFolder(area, "elsewhere");
    if (notes === undefined) return [];
    const names = fs.readdirSync(notes.self, { encoding: "latin1" }) as Octets[];
    return names.map((name) => fs.readFileSync(notes.at(name), "latin1").split("/") as Octets[]);
  }

  /** Drops an area which nothing lies in, so that its directory can be removed; true if it did. */
  async drop(directory: DirectoryHandle): Promise<boolean> {
    const { calls } = this.#tree;
    using area = await existingChild(directory, reservedName);
    if (area === undefined) return false;
    using parts = await existingFolder(area, "parts");
    if (parts !== undefined) {
      for await (const names of listNames(calls, parts))
        for (const name of names) await removeIfEmpty(calls, parts, name);
    }
    for (const folder of ["staging", "claims", "parts"]) await removeIfEmpty(calls, area, folder as Octets);
    return await removeIfEmpty(calls, directory, reservedName);
  }

  async #servedByRoot(place: Place): Promise<boolean> {
    const known = this.#served.get(place.directory);
    if (known !== undefined) return known;
    const served = await this.#isServedByRoot(place.directory);
    this.#served.set(place.directory, served);
    return served;
  }

  async #isServedByRoot(directory: DirectoryHandle): Promise<boolean> {
    using root = await this.#tree.root();
    this.#rootUsable ??= await this.#mayWrite(root);
    if (!this.#rootUsable) return false;
    this.#rootMount ??= await root.mountIdentity();
    return (await directory.mountIdentity()) === this.#rootMount;
  }

  async #mayWrite(root: DirectoryHandle): Promise<boolean> {
    using area = await existingChild(root, reservedName);
    try {
      await this.#tree.calls.access((area ?? root).self, fs.constants.W_OK | fs.constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }

  async #note(canonical: readonly Octets[]): Promise<void> {
    if (!this.#rootUsable) return;
    using root = await this.#tree.root();
    using area = await madeChild(this.#tree.calls, root, reservedName);
    using notes = await folderOf(this.#tree.calls, area, "elsewhere");
    const path = Buffer.from(canonical.join("/"), "latin1");
    const name = createHash("sha256").update(path).digest("hex") as Octets;
    fs.writeFileSync(notes.at(name), path, { mode: 0o600 });
  }
}
