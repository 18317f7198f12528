import fs from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { DirectoryHandle, PinnedEntry } from "./directory-handle.ts";
import type { FileCalls } from "./file-calls.ts";
import { type NativePath, nativePath } from "./native-path.ts";

/**
 * The fallback where there is no `/proc` (macOS, BSD): a directory known by its real path. Before each use of a name,
 * and after each open, the real path of the directory is looked up again and must be unchanged.
 *
 * This stops links that lie there, not someone with a login on the same machine who swaps a directory for a link in the
 * microseconds between check and call. Where such people are, serve from Linux.
 */
export class PathHandle implements DirectoryHandle {
  readonly #calls: FileCalls;
  readonly #path: Octets;

  constructor(calls: FileCalls, realPath: Octets) {
    this.#calls = calls;
    this.#path = realPath;
  }

  get self(): NativePath {
    this.#verify();
    return nativePath(this.#path, "" as Octets);
  }

  at(name: Octets): NativePath {
    this.#verify();
    return nativePath(this.#path.endsWith("/") ? this.#path : `${this.#path}/`, name);
  }

  async child(name: Octets): Promise<DirectoryHandle | { readonly target: Octets }> {
    const path = this.at(name);
    const stats = await this.#calls.lstat(path);
    if (stats === undefined) throw errno("ENOENT");
    if (stats.isSymbolicLink()) return { target: await this.#calls.readlink(path) };
    if (!stats.isDirectory()) throw errno("ENOTDIR");
    const child = new PathHandle(this.#calls, octetsOf(path));
    child.#verify();
    return child;
  }

  duplicate(): DirectoryHandle {
    return this;
  }

  async pin(name: Octets): Promise<PinnedEntry> {
    const path = this.at(name);
    const stats = await this.#calls.lstat(path);
    if (stats === undefined) throw errno("ENOENT");
    return { path, stats, [Symbol.dispose]: () => undefined };
  }

  async open(pinned: PinnedEntry, flags: number): Promise<number> {
    const { O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    const descriptor = await this.#calls.open(pinned.path, flags | O_NOFOLLOW | O_NONBLOCK);
    const stats = await this.#calls.fstat(descriptor);
    try {
      this.#verify();
      if (stats.ino === pinned.stats.ino && stats.dev === pinned.stats.dev) return descriptor;
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
    fs.closeSync(descriptor);
    throw errno("ELOOP");
  }

  async currentPath(): Promise<Octets> {
    this.#verify();
    return this.#path;
  }

  async mountIdentity(): Promise<string> {
    return String(fs.statSync(this.self).dev);
  }

  [Symbol.dispose](): void {}

  #verify(): void {
    const path = nativePath(this.#path, "" as Octets);
    if (fs.realpathSync.native(path, "latin1") !== this.#path) throw errno("ELOOP");
  }
}

function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

function octetsOf(path: NativePath): Octets {
  return (typeof path === "string" ? path : path.toString("latin1")) as Octets;
}
