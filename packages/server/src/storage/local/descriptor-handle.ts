import fs, { type Stats } from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { DirectoryHandle, PinnedEntry } from "./directory-handle.ts";
import { errnoOf } from "./errno.ts";
import { type FileCalls, type NativePath, nativePath, targetOf } from "./file-calls.ts";

/**
 * A directory held by a Linux O_PATH descriptor. `/proc/self/fd/N/name` makes every path call start at the descriptor,
 * as the `*at` system calls do, which Node does not offer; O_NOFOLLOW keeps the one name that follows from being a
 * link. O_PATH asks for no read permission, has no effect on what it opens, and never waits.
 */
export class DescriptorHandle implements DirectoryHandle {
  readonly self: string;
  readonly #calls: FileCalls;
  #descriptor: number;

  constructor(calls: FileCalls, descriptor: number) {
    this.#calls = calls;
    this.#descriptor = descriptor;
    this.self = `/proc/self/fd/${descriptor}`;
  }

  /** Opens a directory by its ordinary path, following links: for the root alone, which the operator chose. */
  static openRoot(calls: FileCalls, path: NativePath): DescriptorHandle {
    return new DescriptorHandle(calls, fs.openSync(path, pathOnly | directoryOnly));
  }

  at(name: Octets): NativePath {
    return nativePath(`${this.self}/`, name);
  }

  async child(name: Octets): Promise<DirectoryHandle | { readonly target: Octets }> {
    const path = this.at(name);
    for (let attempt = 1; ; attempt++) {
      try {
        return new DescriptorHandle(this.#calls, await this.#calls.open(path, pathOnly | directoryOnly | noFollow));
      } catch (error) {
        // Linux says ENOTDIR for a link as well, because O_DIRECTORY looks at the link itself.
        if (errnoOf(error) !== "ENOTDIR" || attempt === attemptsMax) throw error;
        const stats = await this.#calls.lstat(path);
        if (stats === undefined || stats.isDirectory()) continue;
        const target = stats.isSymbolicLink() ? await targetOf(this.#calls, path) : undefined;
        if (target !== undefined) return { target };
        if (!stats.isSymbolicLink()) throw error;
      }
    }
  }

  async duplicate(): Promise<DirectoryHandle> {
    return new DescriptorHandle(this.#calls, await this.#calls.open(this.self, pathOnly | directoryOnly));
  }

  async pin(name: Octets): Promise<PinnedEntry> {
    const descriptor = await this.#calls.open(this.at(name), pathOnly | noFollow);
    try {
      return new PinnedDescriptor(descriptor, await this.#calls.fstat(descriptor));
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
  }

  async open(pinned: PinnedEntry, flags: number): Promise<number> {
    return this.#calls.open(pinned.path, flags);
  }

  async currentPath(): Promise<Octets> {
    return this.#calls.readlink(this.self);
  }

  async mountIdentity(): Promise<string> {
    const information = fs.readFileSync(`/proc/self/fdinfo/${this.#descriptor}`, "latin1");
    return /^mnt_id:\s*(\d+)/m.exec(information)?.[1] ?? "";
  }

  /** Closing an O_PATH descriptor flushes nothing and so cannot hang, not even on NFS. */
  [Symbol.dispose](): void {
    if (this.#descriptor < 0) return;
    fs.closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}

class PinnedDescriptor implements PinnedEntry {
  readonly path: string;
  readonly stats: Stats;
  readonly #descriptor: number;

  constructor(descriptor: number, stats: Stats) {
    this.#descriptor = descriptor;
    this.path = `/proc/self/fd/${descriptor}`;
    this.stats = stats;
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#descriptor);
  }
}

/** A name that changes its kind this often between two calls is being played with. */
const attemptsMax = 3;

/** Linux's O_PATH, which `fs.constants` leaves out; the same number on every architecture that Node runs on. */
const pathOnly = 0o10000000;
const directoryOnly = fs.constants.O_DIRECTORY;
const noFollow = fs.constants.O_NOFOLLOW;
