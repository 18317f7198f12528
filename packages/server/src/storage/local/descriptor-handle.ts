import fs, { type Stats } from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { DirectoryHandle, PinnedEntry } from "./directory-handle.ts";
import { errnoOf } from "./errno.ts";
import { type FileCalls, targetOf } from "./file-calls.ts";
import { type NativePath, nativePath } from "./native-path.ts";

/**
 * A directory held by a Linux O_PATH descriptor. `/proc/self/fd/N/name` makes every path call start at the descriptor,
 * as the `*at` system calls do, which Node does not offer; O_NOFOLLOW keeps the one name that follows from being a
 * link. O_PATH asks for no read permission, has no effect on what it opens, and never waits.
 */
export class DescriptorHandle implements DirectoryHandle {
  readonly self: string;
  readonly #calls: FileCalls;
  readonly #shared: SharedDescriptor;
  #released = false;

  constructor(calls: FileCalls, shared: SharedDescriptor) {
    this.#calls = calls;
    this.#shared = shared;
    this.self = `/proc/self/fd/${shared.number}`;
    shared.holdersCount++;
  }

  /** Opens a directory by its ordinary path, following links: for the root alone, which the operator chose. */
  static openRoot(calls: FileCalls, path: NativePath): DescriptorHandle {
    return new DescriptorHandle(calls, { number: fs.openSync(path, pathOnly | directoryOnly), holdersCount: 0 });
  }

  at(name: Octets): NativePath {
    return nativePath(`${this.self}/`, name);
  }

  async child(name: Octets): Promise<DirectoryHandle | { readonly target: Octets }> {
    const path = this.at(name);
    for (let attempt = 1; ; attempt++) {
      try {
        const number = await this.#calls.open(path, pathOnly | directoryOnly | noFollow);
        return new DescriptorHandle(this.#calls, { number, holdersCount: 0 });
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

  duplicate(): DirectoryHandle {
    if (this.#released) throw Object.assign(new Error("the directory is closed"), { code: "EBADF" });
    return new DescriptorHandle(this.#calls, this.#shared);
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

  /** A descriptor stays on the mount that it was opened on. */
  async mountIdentity(): Promise<string> {
    return (this.#shared.mountIdentity ??= readMountIdentity(this.#shared.number));
  }

  /** Closing an O_PATH descriptor flushes nothing and so cannot hang, not even on NFS. */
  [Symbol.dispose](): void {
    if (this.#released) return;
    this.#released = true;
    if (--this.#shared.holdersCount === 0) fs.closeSync(this.#shared.number);
  }
}

/** A descriptor that several handles hold; the last one closes it. */
interface SharedDescriptor {
  readonly number: number;
  holdersCount: number;
  mountIdentity?: string;
}

/** Less than half the calls that readFileSync makes. */
function readMountIdentity(descriptor: number): string {
  const file = fs.openSync(`/proc/self/fdinfo/${descriptor}`, "r");
  try {
    const length = fs.readSync(file, information, 0, information.length, 0);
    return /^mnt_id:\s*(\d+)/m.exec(information.toString("latin1", 0, length))?.[1] ?? "";
  } finally {
    fs.closeSync(file);
  }
}

/** The mount stands in the third line. */
const information = Buffer.alloc(512);

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
