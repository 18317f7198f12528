import type { Octets, VirtualPath } from "@sallyport/protocol";

/**
 * What a server needs of a place that keeps files. Everything that FTP has to say about them (formats, permissions of
 * logins, reply codes) stays outside; a storage raises {@link StorageError} and nothing else.
 *
 * An instance belongs to one login: {@link Storage} methods act in the name of the owner that it was made for, which
 * matters for interrupted uploads alone (only their owner sees and continues them).
 */
export interface Storage {
  /**
   * Describes one entry. A symbolic link in the last component is described itself, or with `followLinks` what it
   * leads to (kind `not-found` where it leads nowhere or out of the storage).
   */
  stat(path: VirtualPath, options?: { readonly followLinks?: boolean }): Promise<Entry>;

  /**
   * Lists a directory in slices of at most a few hundred entries, in no particular order, without `.` and `..`. An
   * entry that vanishes while it is listed is left out. Leaving the loop early gives everything back.
   */
  list(directory: VirtualPath): AsyncIterable<readonly Entry[]>;

  /** Opens a published file for reading; an interrupted upload is refused with kind `incomplete`. */
  openRead(path: VirtualPath): Promise<ReadableFile>;

  /**
   * Opens a file for writing as the intent says. Nothing that others see changes before {@link WritableFile.publish},
   * but for an `append` to a published file, which a backend may write in place and take back.
   */
  openWrite(path: VirtualPath, intent: WriteIntent): Promise<WritableFile>;

  /**
   * Renames an entry; a link itself, not what it leads to. A file replaces a file or a link; nothing replaces a
   * directory and a directory replaces nothing (kind `exists`). An interrupted upload is not renamed (kind
   * `incomplete`), and where two backends meet nothing is (kind `unsupported`).
   */
  rename(from: VirtualPath, to: VirtualPath): Promise<void>;

  /** Removes a file, a symbolic link or the owner's interrupted upload. */
  remove(path: VirtualPath): Promise<void>;

  makeDirectory(path: VirtualPath): Promise<void>;

  /** Removes an empty directory. */
  removeDirectory(path: VirtualPath): Promise<void>;

  /** Sets what is given and leaves the rest, all or nothing where the backend can. Absent: not supported. */
  setAttributes?(path: VirtualPath, attributes: Attributes): Promise<void>;

  /**
   * Makes a symbolic link whose target is kept as given; kind `denied` where the target leads out of the storage.
   * Absent: not supported.
   */
  makeSymbolicLink?(path: VirtualPath, target: Octets): Promise<void>;

  /** Octets that could still be stored below the path. Absent: unknown. */
  freeSpaceBytes?(path: VirtualPath): Promise<number>;

  /**
   * The same owner's view of a directory as a root of its own, out of which no symbolic link leads. Absent where the
   * backend has no symbolic links, so that a prefix does.
   */
  subtree?(directory: VirtualPath): Storage;
}

export interface Entry {
  /** The last component of the path; empty for the root. */
  readonly name: Octets;
  readonly type: "file" | "directory" | "symbolic-link" | "other";
  /** Length in octets; 0 where it has no meaning. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970 UTC, with a fraction where the backend knows one. */
  readonly modifiedMs: number;
  readonly createdMs?: number;
  /** Permission bits, without the type, for example 0o644. */
  readonly mode?: number;
  readonly userId?: number;
  readonly groupId?: number;
  readonly linkCount?: number;
  /** Equal for two names of one file, different for different files; secret, never sent as it is. */
  readonly identity: string;
  /** Target of a symbolic link. */
  readonly target?: Octets;
  /** True for the owner's interrupted upload, which others do not see. */
  readonly incomplete?: boolean;
}

export interface Attributes {
  readonly modifiedMs?: number;
  readonly createdMs?: number;
  readonly accessedMs?: number;
  readonly mode?: number;
}

/** A file open for reading, a stable view of one version of it. */
export interface ReadableFile extends AsyncDisposable {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /**
   * Reads up to `buffer.length` octets at a position and returns how many; 0 means end of file. A number is returned
   * at once where the backend may read synchronously (local file system), otherwise a promise.
   */
  read(buffer: Uint8Array, position: number): number | Promise<number>;
  /**
   * The open descriptor, until it is closed, where the kernel may send this very file as it is (sendfile): a regular file
   * of a local file system. A wrapper that changes, counts or hides octets must not pass it on. Nobody else closes it.
   */
  readonly descriptor?: number | undefined;
  close(): Promise<void>;
}

/**
 * The owner's interrupted upload counts as the file wherever no file of that name is published.
 *
 * - `replace`: the file will hold what is written, from position 0.
 * - `append`: writing starts at the end of the published file or of the owner's interrupted upload.
 * - `resume`: as `replace`, but what lies before `offset` is kept; the file ends where writing ends. Kind
 *   `out-of-range` where the file ends before the offset.
 * - `range`: octets from `first` to `last` are replaced, everything else is kept and nothing is cut off (RANG). Kind
 *   `out-of-range` where the file ends before the first.
 * - `create`: the file must not exist (STOU); kind `exists` otherwise.
 */
export type WriteIntent = { readonly durable?: boolean; readonly expectedBytes?: number } & (
  | { readonly kind: "replace" }
  | { readonly kind: "append" }
  | { readonly kind: "resume"; readonly offset: number }
  | { readonly kind: "range"; readonly first: number; readonly last: number }
  | { readonly kind: "create" }
);

/** A file open for writing. Exactly one of {@link publish} and {@link abandon} ends it. */
export interface WritableFile {
  /** Where writing starts: 0, or the length kept by `append` or `resume`, or `first` of a range. */
  readonly startPosition: number;
  /**
   * Writes the whole buffer at a position and does not keep it. Returns undefined where it was written at once,
   * otherwise a promise; at most two writes are outstanding at a time. A failure is thrown at once or rejects; after
   * one the file can only be abandoned.
   */
  write(buffer: Uint8Array, position: number): undefined | Promise<void>;
  /** Cuts what is written down to a length; needed to publish less than was staged. */
  truncate(lengthBytes: number): Promise<void>;
  /**
   * Makes the content visible under its name at once and whole, and returns the new entry. When it fails nothing is
   * published and the upload is over, as after `abandon({ keep: false })`.
   */
  publish(): Promise<Entry>;
  /**
   * Gives up. With `keep`, what was written to a name that did not exist stays as the owner's interrupted upload, to
   * be continued by `append` or `resume`; in all other cases everything is as if the upload had never begun. Does
   * nothing after the end.
   */
  abandon(options: { readonly keep: boolean }): Promise<void>;
}

/** Makes the view of one owner on a shared storage. */
export interface StorageSource {
  forOwner(owner: string): Storage;
}
