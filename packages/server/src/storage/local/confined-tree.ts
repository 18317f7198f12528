import fs from "node:fs";

import { displayOctets, limits, type Octets, pathComponents, rootPath, type VirtualPath } from "@sallyport/protocol";

import { namesOfTarget, targetStaysInside } from "../link-target.ts";
import { StorageError } from "../storage-error.ts";
import { DescriptorHandle } from "./descriptor-handle.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { type FileCalls, targetOf } from "./file-calls.ts";
import { nativePath } from "./native-path.ts";
import { PathHandle } from "./path-handle.ts";
import { isReservedName } from "./reserved-name.ts";

/** What becomes of a symbolic link on the way: followed while it stays inside, or refused always. */
export type LinkPolicy = "follow-inside" | "refuse";

/** How directories are held: by descriptors (Linux), or by checked paths where there is no `/proc`. */
export type Confinement = "descriptors" | "paths";

/** A name in a directory that is held open; the empty name is the directory itself. Dispose of it after use. */
export interface Location extends Disposable {
  readonly directory: DirectoryHandle;
  /** The names that lead from the root to the directory, without any link. */
  readonly canonical: readonly Octets[];
  /** How many of them are the base of the walk, above which nothing may lead. */
  readonly floorCount: number;
  readonly name: Octets;
}

/** Whether a walk is to end at an entry that is there, or at a name that may be taken; only the error differs. */
export type Purpose = "existing" | "new";

/**
 * A directory tree which no path leaves. Paths are walked name by name, each opened relative to the handle before it;
 * symbolic links are resolved here, name by name as well, and refused where they lead out (S-19, S-21).
 */
export class ConfinedTree {
  readonly calls: FileCalls;
  readonly #root: DirectoryHandle;
  readonly #rootNames: readonly Octets[];
  readonly #links: LinkPolicy;
  #open = true;

  constructor(calls: FileCalls, path: Octets, options: { links: LinkPolicy; confinement: Confinement }) {
    this.calls = calls;
    this.#links = options.links;
    const realPath = fs.realpathSync.native(nativePath(path, "" as Octets), "latin1") as Octets;
    this.#rootNames = realPath.split("/").filter((name) => name !== "") as Octets[];
    this.#root =
      options.confinement === "paths"
        ? new PathHandle(calls, realPath)
        : DescriptorHandle.openRoot(calls, nativePath(realPath, "" as Octets));
  }

  /** The location of a path below `base`; its last name is taken as it is, be it a link or nothing at all. */
  locate(base: VirtualPath, path: VirtualPath, purpose: Purpose = "existing"): Promise<Location> {
    return this.#within(base, path, { follow: false, purpose });
  }

  /** The location that a path means after all links, also the last, are followed; the name may be free. */
  follow(base: VirtualPath, path: VirtualPath, purpose: Purpose = "existing"): Promise<Location> {
    return this.#within(base, path, { follow: true, purpose });
  }

  /** The directory that a path means after all links are followed. */
  async directory(base: VirtualPath, path: VirtualPath): Promise<Location> {
    const location = await this.follow(base, path);
    if (location.name === "") return location;
    using parent = location;
    const child = await parent.directory.child(parent.name);
    if ("target" in child) throw leaves(path);
    return located(child, [...parent.canonical, parent.name], parent.floorCount, "" as Octets);
  }

  /** Opens a directory by names that held no link when they were walked; a link among them now is an attack. */
  async openPlain(canonical: readonly Octets[]): Promise<DirectoryHandle> {
    let here = await this.root();
    for (const name of canonical) {
      using parent = here;
      const next = await parent.child(name);
      if ("target" in next) throw new StorageError("denied", `${displayOctets(name)}: became a link`);
      here = next;
    }
    return here;
  }

  /** A handle of the root, to be disposed of. */
  async root(): Promise<DirectoryHandle> {
    if (!this.#open) throw new StorageError("failed", "the storage is closed");
    return this.#root.duplicate();
  }

  /** Whether a link at this location would stay inside, as far as the text of its target tells. */
  staysInside(location: Location, target: Octets): boolean {
    return targetStaysInside(location, target, this.#rootNames);
  }

  /** Whether a directory that was opened earlier lies inside still; it may have been moved while it was held. */
  async holds(directory: DirectoryHandle): Promise<boolean> {
    using root = await this.root();
    const [top, path] = [await root.currentPath(), await directory.currentPath()];
    return path === top || path.startsWith(top === "/" ? "/" : `${top}/`);
  }

  /** Refuses all further walks; those under way end on the handles that they have. */
  async close(): Promise<void> {
    this.#open = false;
    this.#root[Symbol.dispose]();
  }

  async #within(base: VirtualPath, path: VirtualPath, end: WalkEnd): Promise<Location> {
    if (base === "/") return this.#walk(await this.root(), [], path, end);
    using top = await this.directory(rootPath, base);
    return await this.#walk(top.directory.duplicate(), top.canonical, path, end);
  }

  /** Walks a path from a handle, which it takes over, of the directory `floor`, above which neither `..` nor an absolute link may lead. */
  async #walk(start: DirectoryHandle, floor: readonly Octets[], path: VirtualPath, end: WalkEnd): Promise<Location> {
    let here = start;
    const pending = pathComponents(path).toReversed();
    let canonical = [...floor];
    let linksLeft = limits.symbolicLinksCount.value;
    const restart = async (at: Octets[]): Promise<void> => {
      here[Symbol.dispose]();
      canonical = at;
      here = await this.openPlain(at);
    };
    const followLink = async (target: Octets): Promise<void> => {
      if (this.#links === "refuse")
        throw new StorageError("denied", `${displayOctets(path)}: symbolic links are refused`);
      if (linksLeft-- === 0) throw leaves(path);
      const absolute = target.startsWith("/");
      const inside = namesOfTarget(target, [...this.#rootNames, ...floor]);
      if (inside === undefined) throw leaves(path);
      if (absolute) await restart([...floor]);
      pending.push(...inside.toReversed());
    };
    try {
      for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
        if (name === "" || name === ".") continue;
        if (name === "..") {
          if (canonical.length <= floor.length) throw leaves(path);
          await restart(canonical.slice(0, -1));
          continue;
        }
        const last = pending.length === 0;
        if (isReservedName(name)) throw reserved(path, last ? end.purpose : "existing");
        const target = last ? await this.#lastTarget(here, name, end) : await step(name);
        if (last && target === undefined) return located(here, canonical, floor.length, name);
        if (target !== undefined) await followLink(target);
      }
      return located(here, canonical, floor.length, "" as Octets);
    } catch (error) {
      here[Symbol.dispose]();
      throw error;
    }

    async function step(name: Octets): Promise<Octets | undefined> {
      const next = await here.child(name);
      if ("target" in next) return next.target;
      here[Symbol.dispose]();
      here = next;
      canonical.push(name);
      return undefined;
    }
  }

  async #lastTarget(directory: DirectoryHandle, name: Octets, end: WalkEnd): Promise<Octets | undefined> {
    if (!end.follow) return undefined;
    const path = directory.at(name);
    const stats = await this.calls.lstat(path);
    return stats?.isSymbolicLink() ? targetOf(this.calls, path) : undefined;
  }
}

interface WalkEnd {
  readonly follow: boolean;
  readonly purpose: Purpose;
}

function located(directory: DirectoryHandle, canonical: readonly Octets[], floorCount: number, name: Octets): Location {
  return { directory, canonical, floorCount, name, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

function leaves(path: VirtualPath): StorageError {
  return new StorageError(
    "not-found",
    `${displayOctets(path)}: a symbolic link leads out of the storage or in a circle`,
  );
}

function reserved(path: VirtualPath, purpose: Purpose): StorageError {
  const kind = purpose === "new" ? "name-not-allowed" : "not-found";
  return new StorageError(kind, `${displayOctets(path)}: the name is reserved`);
}
