import type { Stats } from "node:fs";

import type { Octets } from "@sallyport/protocol";

import type { NativePath } from "./native-path.ts";

/**
 * One directory, held in such a way that an operation on a name in it cannot be led elsewhere by renaming or swapping
 * what lies above it. Every path of a local storage is walked from such a handle of the root.
 */
export interface DirectoryHandle extends Disposable {
  /** The native path of the directory itself; only to be used while the handle is open. */
  readonly self: NativePath;
  /** The native path of a name in the directory; the empty name is the directory itself. */
  at(name: Octets): NativePath;
  /**
   * Opens a directory in this one. Raises ENOTDIR for anything else, and gives the target instead where the name is
   * a symbolic link, which is never followed here.
   */
  child(name: Octets): Promise<DirectoryHandle | { readonly target: Octets }>;
  /** Another handle of the same directory, closed on its own; the directory is let go with the last. */
  duplicate(): DirectoryHandle;
  /** Holds on to whatever the name means now, without opening it (a FIFO or a device feels nothing). */
  pin(name: Octets): Promise<PinnedEntry>;
  /** Opens what was pinned if it is still the same; the caller has made sure that it is a regular file. */
  open(pinned: PinnedEntry, flags: number): Promise<number>;
  /** Where the directory lies at this moment, as an absolute path of the machine. */
  currentPath(): Promise<Octets>;
  /** Tells two mounts apart, also two that show the same file system. */
  mountIdentity(): Promise<string>;
}

/** An entry that stays the same whatever happens to its name. */
export interface PinnedEntry extends Disposable {
  readonly path: NativePath;
  readonly stats: Stats;
}
