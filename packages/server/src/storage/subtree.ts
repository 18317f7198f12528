import { displayOctets, type Octets, UsageError, type VirtualPath } from "@sallyport/protocol";

import { StorageError } from "./storage-error.ts";
import type { Attributes, Entry, ReadableFile, Storage, WritableFile, WriteIntent } from "./storage.ts";

/**
 * Shows a directory of a storage as a root of its own, out of which neither a path nor a symbolic link leads; how it is
 * guarded is the backend's affair where it has links.
 *
 * @throws {UsageError} SALLYPORT_SUBTREE where the storage has links but no way to keep them inside
 */
export function subtree(storage: Storage, directory: VirtualPath): Storage {
  if (directory === "/") return storage;
  if (storage.subtree !== undefined) return storage.subtree(directory);
  if (storage.makeSymbolicLink !== undefined) {
    throw new UsageError("SALLYPORT_SUBTREE", "a storage with symbolic links must offer subtree itself");
  }
  return new PrefixedStorage(storage, directory);
}

/** A directory of a storage that knows no symbolic links, so that a prefix is a wall. */
class PrefixedStorage implements Storage {
  readonly #storage: Storage;
  readonly #directory: VirtualPath;
  readonly setAttributes?: (path: VirtualPath, attributes: Attributes) => Promise<void>;
  readonly freeSpaceBytes?: (path: VirtualPath) => Promise<number>;

  constructor(storage: Storage, directory: VirtualPath) {
    this.#storage = storage;
    this.#directory = directory;
    if (storage.setAttributes !== undefined) {
      this.setAttributes = async (path, attributes) => storage.setAttributes?.(this.#below(path), attributes);
    }
    if (storage.freeSpaceBytes !== undefined) {
      this.freeSpaceBytes = async (path) => (await storage.freeSpaceBytes?.(this.#below(path))) ?? 0;
    }
  }

  async stat(path: VirtualPath, options?: { readonly followLinks?: boolean }): Promise<Entry> {
    const entry = await this.#storage.stat(this.#below(path), options);
    return path === "/" ? { ...entry, name: "" as Octets } : entry;
  }

  list(directory: VirtualPath): AsyncIterable<readonly Entry[]> {
    return this.#storage.list(this.#below(directory));
  }

  openRead(path: VirtualPath): Promise<ReadableFile> {
    return this.#storage.openRead(this.#below(path));
  }

  openWrite(path: VirtualPath, intent: WriteIntent): Promise<WritableFile> {
    return this.#storage.openWrite(this.#below(path), intent);
  }

  async rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    refuseRoot(from);
    refuseRoot(to);
    await this.#storage.rename(this.#below(from), this.#below(to));
  }

  remove(path: VirtualPath): Promise<void> {
    return this.#storage.remove(this.#below(path));
  }

  makeDirectory(path: VirtualPath): Promise<void> {
    return this.#storage.makeDirectory(this.#below(path));
  }

  async removeDirectory(path: VirtualPath): Promise<void> {
    refuseRoot(path);
    await this.#storage.removeDirectory(this.#below(path));
  }

  subtree(directory: VirtualPath): Storage {
    return subtree(this.#storage, this.#below(directory));
  }

  #below(path: VirtualPath): VirtualPath {
    return (path === "/" ? this.#directory : this.#directory + path) as VirtualPath;
  }
}

function refuseRoot(path: VirtualPath): void {
  if (path === "/") throw new StorageError("denied", `${displayOctets(path)}: the root stays as it is`);
}
