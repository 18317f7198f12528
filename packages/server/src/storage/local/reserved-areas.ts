import { constants } from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { ConfinedTree } from "./confined-tree.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { errnoOf } from "./errno.ts";
import { reservedName } from "./reserved-name.ts";

/** What a reserved directory holds: uploads under way, kept parts, claims, and notes of reserved directories elsewhere. */
export type AreaFolder = "staging" | "parts" | "claims" | "elsewhere";

/** A directory, held open, and how it is reached from the root. */
export interface Place {
  readonly directory: DirectoryHandle;
  readonly canonical: readonly Octets[];
}

/**
 * Finds the reserved directory that serves a directory: the one at the root, so that everything left over lies in one
 * place; but that of the directory itself where the two are different mounts (a rename between them fails, also
 * between two bind mounts of one file system) or where the root may not be written.
 */
export class ReservedAreas {
  readonly #tree: ConfinedTree;
  #rootMount: string | undefined;
  #rootUsable: boolean | undefined;

  constructor(tree: ConfinedTree) {
    this.#tree = tree;
  }

  /** Opens a folder of the reserved directory that serves a place, made where it is missing. */
  async provide(place: Place, folder: AreaFolder): Promise<DirectoryHandle> {
    using top = await this.#top(place);
    using area = await this.child(top, reservedName);
    return await this.child(area, folder as Octets);
  }

  /** Opens a folder of the reserved directory that serves a place, or tells that there is none. */
  async find(place: Place, folder: AreaFolder): Promise<DirectoryHandle | undefined> {
    using top = await this.#top(place);
    using area = await existingChild(top, reservedName);
    return area === undefined ? undefined : await existingChild(area, folder as Octets);
  }

  /** Opens a directory in a reserved one, made where it is missing, readable by this user alone. */
  async child(parent: DirectoryHandle, name: Octets): Promise<DirectoryHandle> {
    const existing = await existingChild(parent, name);
    if (existing !== undefined) return existing;
    try {
      await this.#tree.calls.mkdir(parent.at(name), 0o700);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    const made = await parent.child(name);
    if ("target" in made) throw Object.assign(new Error("reserved name is a link"), { code: "ELOOP" });
    return made;
  }

  async #top(place: Place): Promise<DirectoryHandle> {
    const root = await this.#tree.root();
    try {
      this.#rootMount ??= await root.mountIdentity();
      this.#rootUsable ??= await this.#mayWrite(root);
      if (this.#rootUsable && (await place.directory.mountIdentity()) === this.#rootMount) return root;
    } catch (error) {
      root[Symbol.dispose]();
      throw error;
    }
    root[Symbol.dispose]();
    return place.directory.duplicate();
  }

  async #mayWrite(root: DirectoryHandle): Promise<boolean> {
    using area = await existingChild(root, reservedName);
    try {
      await this.#tree.calls.access((area ?? root).self, constants.W_OK | constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }
}

/** Opens a directory in a directory, or tells that there is none of that name. */
export async function existingChild(parent: DirectoryHandle, name: Octets): Promise<DirectoryHandle | undefined> {
  try {
    const child = await parent.child(name);
    return "target" in child ? undefined : child;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
