import fs from "node:fs";

import { displayOctets, type Octets, pathComponents, rootPath, type VirtualPath } from "@sallyport/protocol";

import { StorageError } from "../storage-error.ts";
import type { Attributes, Entry, ReadableFile, Storage, WritableFile, WriteIntent } from "../storage.ts";
import type { Claims } from "./claims.ts";
import type { ConfinedTree, Location } from "./confined-tree.ts";
import type { PinnedEntry } from "./directory-handle.ts";
import { errnoOf, storageErrorFrom } from "./errno.ts";
import { type FileCalls, fileTime, freeBytes } from "./file-calls.ts";
import { nativePath } from "./native-path.ts";
import type { KeptParts } from "./kept-parts.ts";
import { identityOf } from "./local-entry.ts";
import { describe, listDirectory } from "./local-listing.ts";
import { LocalReadableFile } from "./local-readable-file.ts";
import { openWrite } from "./open-write.ts";
import type { ReservedAreas } from "./reserved-areas.ts";

/** What the views of all owners share. */
export interface LocalGround {
  readonly tree: ConfinedTree;
  readonly areas: ReservedAreas;
  readonly parts: KeptParts;
  readonly claims: Claims;
  readonly durable: boolean;
  readonly fileMode: number;
  readonly directoryMode: number;
}

/** One owner's view of a local directory, or of a directory in it. */
export class LocalStorage implements Storage {
  readonly #ground: LocalGround;
  readonly #owner: string;
  readonly #base: VirtualPath;

  constructor(ground: LocalGround, owner: string, base: VirtualPath = rootPath) {
    this.#ground = ground;
    this.#owner = owner;
    this.#base = base;
  }

  stat(path: VirtualPath, options: { readonly followLinks?: boolean } = {}): Promise<Entry> {
    return this.#raising(path, async () => {
      using location = options.followLinks ? await this.#follow(path) : await this.#locate(path);
      const entry = await this.#entryAt(location);
      if (entry === undefined) throw notFound(path);
      const name = pathComponents(path).at(-1) ?? ("" as Octets);
      return name === entry.name ? entry : { ...entry, name };
    });
  }

  async *list(path: VirtualPath): AsyncGenerator<readonly Entry[]> {
    const { tree, parts } = this.#ground;
    try {
      using location = await tree.directory(this.#base, path);
      yield* listDirectory(tree.calls, location.directory);
      yield* parts.list(this.#owner, location);
    } catch (error) {
      throw storageErrorFrom(error, path);
    }
  }

  openRead(path: VirtualPath): Promise<ReadableFile> {
    return this.#raising(path, async () => {
      const { calls } = this.#ground.tree;
      using location = await this.#follow(path);
      if (location.name === "") throw new StorageError("is-a-directory", `${displayOctets(path)}: a directory`);
      using pinned = await this.#pin(path, location);
      if (pinned.stats.isDirectory()) throw new StorageError("is-a-directory", `${displayOctets(path)}: a directory`);
      if (!pinned.stats.isFile()) throw new StorageError("denied", `${displayOctets(path)}: not a regular file`);
      const descriptor = await location.directory.open(pinned, fs.constants.O_RDONLY);
      try {
        return new LocalReadableFile(calls, path, descriptor, await calls.fstat(descriptor));
      } catch (error) {
        await calls.close(descriptor);
        throw error;
      }
    });
  }

  openWrite(path: VirtualPath, intent: WriteIntent): Promise<WritableFile> {
    return this.#raising(path, async () => {
      const location = await this.#ground.tree.follow(this.#base, path, "new");
      try {
        return await openWrite({ ...this.#ground, owner: this.#owner }, path, location, intent);
      } catch (error) {
        location[Symbol.dispose]();
        throw error;
      }
    });
  }

  rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    return this.#raising(from, async () => {
      const { tree, parts } = this.#ground;
      using source = await this.#locateBelowRoot(from);
      using target = await this.#locateBelowRoot(to, "new");
      const { calls } = tree;
      const moved = await calls.lstat(source.directory.at(source.name));
      if (moved === undefined) throw (await parts.stat(this.#owner, source)) ? incomplete(from) : notFound(from);
      const replaced = await calls.lstat(target.directory.at(target.name));
      if (replaced !== undefined && identityOf(replaced) === identityOf(moved)) {
        if (from !== to && moved.isFile() && moved.nlink > 1) await calls.unlink(source.directory.at(source.name));
        return;
      }
      if (replaced !== undefined && (replaced.isDirectory() || moved.isDirectory())) {
        throw new StorageError("exists", `${displayOctets(to)}: exists`);
      }
      await calls.rename(source.directory.at(source.name), target.directory.at(target.name));
      await parts.discard(this.#owner, source);
      await parts.discard(this.#owner, target);
    });
  }

  remove(path: VirtualPath): Promise<void> {
    return this.#raising(path, async () => {
      const { tree, parts } = this.#ground;
      using location = await this.#locate(path);
      const stats = await tree.calls.lstat(location.directory.at(location.name));
      if (stats?.isDirectory()) throw new StorageError("is-a-directory", `${displayOctets(path)}: a directory`);
      if (stats !== undefined) await tree.calls.unlink(location.directory.at(location.name));
      if (!(await parts.discard(this.#owner, location)) && stats === undefined) throw notFound(path);
    });
  }

  makeDirectory(path: VirtualPath): Promise<void> {
    return this.#raising(path, async () => {
      using location = await this.#locate(path, "new");
      if (location.name === "") throw new StorageError("exists", `${displayOctets(path)}: exists`);
      await this.#ground.tree.calls.mkdir(location.directory.at(location.name), this.#ground.directoryMode);
    });
  }

  removeDirectory(path: VirtualPath): Promise<void> {
    return this.#raising(path, async () => {
      const { tree, areas, parts } = this.#ground;
      using location = await this.#locateBelowRoot(path);
      const child = await location.directory.child(location.name);
      if ("target" in child) throw new StorageError("not-a-directory", `${displayOctets(path)}: a symbolic link`);
      using directory = child;
      const place = { directory, canonical: [...location.canonical, location.name] };
      for await (const slice of parts.list(this.#owner, place)) {
        if (slice.length > 0) throw new StorageError("not-empty", `${displayOctets(path)}: an interrupted upload`);
      }
      try {
        await tree.calls.rmdir(location.directory.at(location.name));
      } catch (error) {
        if (errnoOf(error) !== "ENOTEMPTY" || !(await areas.drop(directory))) throw error;
        await tree.calls.rmdir(location.directory.at(location.name));
      }
    });
  }

  setAttributes(path: VirtualPath, attributes: Attributes): Promise<void> {
    return this.#raising(path, async () => {
      if (attributes.createdMs !== undefined) {
        throw new StorageError("unsupported", `${displayOctets(path)}: the time of creation cannot be set`);
      }
      if (attributes.mode !== undefined && (attributes.mode & ~0o777) !== 0) {
        throw new StorageError("denied", `${displayOctets(path)}: only the nine permission bits may be set`);
      }
      using location = await this.#follow(path);
      using pinned = await this.#pin(path, location);
      if (!pinned.stats.isFile() && !pinned.stats.isDirectory()) {
        throw new StorageError("denied", `${displayOctets(path)}: neither a file nor a directory`);
      }
      await setAll(this.#ground.tree.calls, pinned, attributes);
    });
  }

  makeSymbolicLink(path: VirtualPath, target: Octets): Promise<void> {
    return this.#raising(path, async () => {
      const { tree } = this.#ground;
      using location = await this.#locate(path, "new");
      if (location.name === "") throw new StorageError("exists", `${displayOctets(path)}: exists`);
      if (target === "" || target.includes("\0")) {
        throw new StorageError("name-not-allowed", `${displayOctets(path)}: no such target can be`);
      }
      if (!tree.staysInside(location, target)) {
        throw new StorageError("denied", `${displayOctets(path)}: the target lies outside of the storage`);
      }
      await tree.calls.symlink(nativePath(target, "" as Octets), location.directory.at(location.name));
    });
  }

  freeSpaceBytes(path: VirtualPath): Promise<number> {
    return this.#raising(path, async () => {
      using location = await this.#follow(path);
      using pinned = await location.directory.pin(location.name);
      return await freeBytes(pinned.path);
    });
  }

  /** The view of the same owner on a directory, which then is the root that nothing leads above. */
  subtree(directory: VirtualPath): Storage {
    const base = directory === "/" ? this.#base : (((this.#base === "/" ? "" : this.#base) + directory) as VirtualPath);
    return new LocalStorage(this.#ground, this.#owner, base);
  }

  #locate(path: VirtualPath, purpose?: "new"): Promise<Location> {
    return this.#ground.tree.locate(this.#base, path, purpose);
  }

  #follow(path: VirtualPath): Promise<Location> {
    return this.#ground.tree.follow(this.#base, path);
  }

  #locateBelowRoot(path: VirtualPath, purpose?: "new"): Promise<Location> {
    if (path === "/") throw new StorageError("denied", "/: the root stays as it is");
    return this.#locate(path, purpose);
  }

  async #entryAt(location: Location): Promise<Entry | undefined> {
    const { tree, parts } = this.#ground;
    const published = await describe(tree.calls, location.directory, location.name);
    return published ?? parts.stat(this.#owner, location);
  }

  async #pin(path: VirtualPath, location: Location): Promise<PinnedEntry> {
    try {
      return await location.directory.pin(location.name);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      throw (await this.#ground.parts.stat(this.#owner, location)) ? incomplete(path) : notFound(path);
    }
  }

  async #raising<T>(path: VirtualPath, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw storageErrorFrom(error, path);
    }
  }
}

function notFound(path: VirtualPath): StorageError {
  return new StorageError("not-found", `${displayOctets(path)}: not found`);
}

function incomplete(path: VirtualPath): StorageError {
  return new StorageError("incomplete", `${displayOctets(path)}: an interrupted upload`);
}

/** Sets what is given; where the second call fails, the first is taken back. */
async function setAll(calls: FileCalls, { path, stats }: PinnedEntry, attributes: Attributes): Promise<void> {
  const { mode, modifiedMs, accessedMs } = attributes;
  if (mode !== undefined) await calls.chmod(path, mode);
  if (modifiedMs === undefined && accessedMs === undefined) return;
  try {
    await calls.utimes(path, fileTime(accessedMs ?? stats.atimeMs), fileTime(modifiedMs ?? stats.mtimeMs));
  } catch (error) {
    if (mode !== undefined) await calls.chmod(path, stats.mode & 0o7777);
    throw error;
  }
}
