import {
  baseName,
  childPath,
  displayOctets,
  isWithin,
  type Octets,
  parentPath,
  rootPath,
  type VirtualPath,
} from "@sallyport/protocol";

import { StorageError, type StorageErrorKind } from "./storage-error.ts";
import type { Attributes, Entry, ReadableFile, Storage, WritableFile, WriteIntent } from "./storage.ts";
import { subtree } from "./subtree.ts";

/** A storage and the directory at which it appears; `/` is the one that holds everything without a mount of its own. */
export interface Mount {
  readonly path: VirtualPath;
  readonly storage: Storage;
}

/**
 * Joins several storages into one tree. Mount points and the directories that lead to them are always there, whether
 * or not the storage below has them, and can neither be removed nor renamed; what a storage has under the name of a
 * mount point is hidden. Between two mounts nothing is renamed (kind `unsupported`), and links lead out of none.
 */
export function overlay(mounts: readonly Mount[]): Storage {
  return new OverlayStorage(mounts);
}

interface Route {
  readonly storage: Storage;
  /** The path as the storage of the mount knows it. */
  readonly inner: VirtualPath;
}

class OverlayStorage implements Storage {
  /** The deepest first, so that the first that holds a path is the right one. */
  readonly #mounts: readonly Mount[];
  readonly #madeMs = Date.now();
  readonly setAttributes?: (path: VirtualPath, attributes: Attributes) => Promise<void>;
  readonly makeSymbolicLink?: (path: VirtualPath, target: Octets) => Promise<void>;
  readonly freeSpaceBytes?: (path: VirtualPath) => Promise<number>;

  constructor(mounts: readonly Mount[]) {
    this.#mounts = mounts.toSorted((one, other) => other.path.length - one.path.length);
    const any = (capability: "setAttributes" | "makeSymbolicLink" | "freeSpaceBytes"): boolean =>
      mounts.some(({ storage }) => storage[capability] !== undefined);
    if (any("setAttributes")) this.setAttributes = (path, attributes) => this.#setAttributes(path, attributes);
    if (any("makeSymbolicLink")) this.makeSymbolicLink = (path, target) => this.#makeSymbolicLink(path, target);
    if (any("freeSpaceBytes")) this.freeSpaceBytes = (path) => this.#freeSpaceBytes(path);
  }

  async stat(path: VirtualPath, options?: { readonly followLinks?: boolean }): Promise<Entry> {
    const route = this.#route(path);
    const fixed = this.#isFixed(path);
    if (route === undefined) return fixed ? this.#fixedEntry(path) : raise("not-found", path);
    if (!fixed) return route.storage.stat(route.inner, options);
    return (await directoryOrNothing(route, baseName(path))) ?? this.#fixedEntry(path);
  }

  async *list(directory: VirtualPath): AsyncGenerator<readonly Entry[]> {
    const route = this.#route(directory);
    const fixed = this.#isFixed(directory);
    const mounted = this.#mountedNames(directory);
    if (route === undefined && !fixed) raise("not-found", directory);
    if (route !== undefined && (!fixed || (await directoryOrNothing(route, "" as Octets)))) {
      for await (const slice of route.storage.list(route.inner)) {
        yield mounted.size === 0 ? slice : slice.filter((entry) => !mounted.has(entry.name));
      }
    }
    if (mounted.size > 0) yield await Promise.all([...mounted].map((name) => this.stat(childPath(directory, name))));
  }

  openRead(path: VirtualPath): Promise<ReadableFile> {
    return this.#inside(path, "is-a-directory", ({ storage, inner }) => storage.openRead(inner));
  }

  openWrite(path: VirtualPath, intent: WriteIntent): Promise<WritableFile> {
    return this.#inside(path, "is-a-directory", ({ storage, inner }) => storage.openWrite(inner, intent));
  }

  async rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    if (this.#isFixed(from)) raise("denied", from);
    if (to === "/") raise("denied", to);
    const target = this.#route(to);
    await this.#inside(from, "denied", async ({ storage, inner }) => {
      if (target?.storage !== storage) {
        await storage.stat(inner);
        raise("unsupported", to);
      }
      if (this.#isFixed(to)) raise("exists", to);
      await storage.rename(inner, target.inner);
    });
  }

  remove(path: VirtualPath): Promise<void> {
    return this.#inside(path, "is-a-directory", ({ storage, inner }) => storage.remove(inner));
  }

  makeDirectory(path: VirtualPath): Promise<void> {
    return this.#inside(path, "exists", ({ storage, inner }) => storage.makeDirectory(inner));
  }

  removeDirectory(path: VirtualPath): Promise<void> {
    return this.#inside(path, "denied", ({ storage, inner }) => storage.removeDirectory(inner));
  }

  subtree(directory: VirtualPath): Storage {
    const route = this.#route(directory);
    const below = this.#mounts.filter(({ path }) => path !== directory && isWithin(path, directory));
    const moved = below.map(({ path, storage }) => ({ path: relative(path, directory), storage }));
    if (route === undefined) return overlay(moved);
    const base = subtree(route.storage, route.inner);
    return below.length === 0 ? base : overlay([{ path: rootPath, storage: base }, ...moved]);
  }

  async #setAttributes(path: VirtualPath, attributes: Attributes): Promise<void> {
    const { storage, inner } = this.#route(path) ?? this.#noRoute(path);
    if (storage.setAttributes === undefined) raise("unsupported", path);
    await storage.setAttributes(inner, attributes);
  }

  #makeSymbolicLink(path: VirtualPath, target: Octets): Promise<void> {
    return this.#inside(path, "exists", async ({ storage, inner }) => {
      if (storage.makeSymbolicLink === undefined) raise("unsupported", path);
      await storage.makeSymbolicLink(inner, target);
    });
  }

  async #freeSpaceBytes(path: VirtualPath): Promise<number> {
    const { storage, inner } = this.#route(path) ?? this.#noRoute(path);
    if (storage.freeSpaceBytes === undefined) raise("unsupported", path);
    return storage.freeSpaceBytes(inner);
  }

  /** Does something inside a mount; refuses with a kind where the path is a mount point or leads to one. */
  async #inside<T>(
    path: VirtualPath,
    fixedKind: StorageErrorKind,
    operation: (route: Route) => Promise<T>,
  ): Promise<T> {
    if (this.#isFixed(path)) return raise(fixedKind, path);
    return operation(this.#route(path) ?? this.#noRoute(path));
  }

  #noRoute(path: VirtualPath): never {
    return raise(this.#isFixed(path) || this.#isFixed(parentPath(path)) ? "denied" : "not-found", path);
  }

  #route(path: VirtualPath): Route | undefined {
    const mount = this.#mounts.find((candidate) => isWithin(path, candidate.path));
    return mount && { storage: mount.storage, inner: relative(path, mount.path) };
  }

  /** Whether a path is the root, a mount point, or leads to a mount point. */
  #isFixed(path: VirtualPath): boolean {
    return path === "/" || this.#mounts.some((mount) => isWithin(mount.path, path));
  }

  /** The names in a directory that are mount points or lead to one. */
  #mountedNames(directory: VirtualPath): Set<Octets> {
    const names = new Set<Octets>();
    for (const { path } of this.#mounts) {
      if (path === directory || !isWithin(path, directory)) continue;
      names.add(relative(path, directory).slice(1).split("/")[0] as Octets);
    }
    return names;
  }

  #fixedEntry(path: VirtualPath): Entry {
    const modifiedMs = this.#madeMs;
    return {
      name: baseName(path),
      type: "directory",
      sizeBytes: 0,
      modifiedMs,
      mode: 0o555,
      identity: `overlay:${path}`,
    };
  }
}

/** The directory of a fixed path where the storage has one; its other entries of that name are hidden. */
async function directoryOrNothing({ storage, inner }: Route, name: Octets): Promise<Entry | undefined> {
  try {
    const entry = await storage.stat(inner);
    return entry.type === "directory" ? { ...entry, name } : undefined;
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

function relative(path: VirtualPath, ancestor: VirtualPath): VirtualPath {
  if (ancestor === "/") return path;
  return (path === ancestor ? rootPath : path.slice(ancestor.length)) as VirtualPath;
}

function raise(kind: StorageErrorKind, path: VirtualPath): never {
  throw new StorageError(kind, `${displayOctets(path)}: ${kind}`);
}
