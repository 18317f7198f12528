import fs from "node:fs";

import { ConfigError, limits, type Octets, octetsFromText, rootPath } from "@sallyport/protocol";

import { Claims } from "./local/claims.ts";
import { type Confinement, ConfinedTree, type LinkPolicy } from "./local/confined-tree.ts";
import type { DirectoryHandle } from "./local/directory-handle.ts";
import { storageErrorFrom } from "./local/errno.ts";
import { asynchronousCalls, synchronousCalls } from "./local/file-calls.ts";
import { KeptParts } from "./local/kept-parts.ts";
import { type LocalGround, LocalStorage } from "./local/local-storage.ts";
import { isLocalFileSystem } from "./local/local-file-system.ts";
import { processToken } from "./local/living-process.ts";
import { ReservedAreas } from "./local/reserved-areas.ts";
import { existingChild } from "./local/reserved-folder.ts";
import { reservedName } from "./local/reserved-name.ts";
import { sweepArea } from "./local/sweep.ts";
import { StorageError } from "./storage-error.ts";
import type { Storage, StorageSource } from "./storage.ts";

export interface LocalDirectoryOptions {
  /** Whether symbolic links are followed while they stay inside (the default) or refused. */
  readonly links?: LinkPolicy;
  /** Flush each upload to the disk before it is acknowledged; an intent may say so itself. */
  readonly durable?: boolean;
  /** Permission bits of new files, less the process's umask; 0o666 if not given. */
  readonly fileMode?: number;
  /** Permission bits of new directories, less the process's umask; 0o777 if not given. */
  readonly directoryMode?: number;
  /** How long interrupted uploads are kept; a day if not given. */
  readonly keepPartsMs?: number;
  /**
   * Whether file calls are made at once or by the thread pool. By default the root's file system decides: at once where
   * it is local, by threads where one hung server would stop everybody (NFS, CIFS, FUSE).
   */
  readonly calls?: "synchronous" | "asynchronous";
  /** How directories are held; `paths` is for systems without `/proc` and weaker, see PathHandle. */
  readonly confinement?: Confinement;
}

/**
 * A directory of this machine as a storage, out of which no path, no link and no race leads. Uploads are staged in the
 * reserved directory `.sallyport` in it and appear whole.
 */
export class LocalDirectory implements StorageSource, AsyncDisposable {
  readonly #ground: LocalGround;
  readonly #sweepArea: (area: DirectoryHandle) => Promise<void>;

  private constructor(tree: ConfinedTree, options: LocalDirectoryOptions) {
    const keepPartsMs = options.keepPartsMs ?? limits.interruptedUploadMs.value;
    const claims = new Claims(tree);
    this.#sweepArea = (area) => sweepArea(tree, claims, area, keepPartsMs);
    const areas = new ReservedAreas(tree, this.#sweepArea);
    this.#ground = {
      tree,
      areas,
      claims,
      parts: new KeptParts(tree, areas, keepPartsMs),
      durable: options.durable ?? false,
      fileMode: options.fileMode ?? 0o666,
      directoryMode: options.directoryMode ?? 0o777,
    };
  }

  /**
   * Opens a directory.
   *
   * @throws {ConfigError} SALLYPORT_STORAGE_ROOT where it is missing, no directory, or may not be entered
   */
  static async open(path: string, options: LocalDirectoryOptions = {}): Promise<LocalDirectory> {
    let tree: ConfinedTree | undefined;
    try {
      const calls = options.calls ?? (isLocalFileSystem(path) ? "synchronous" : "asynchronous");
      tree = new ConfinedTree(calls === "synchronous" ? synchronousCalls : asynchronousCalls, octetsFromText(path), {
        links: options.links ?? "follow-inside",
        confinement: options.confinement ?? (fs.existsSync("/proc/self/fd") ? "descriptors" : "paths"),
      });
      // Found now, because later there may be no descriptor left to find it with.
      processToken();
      const directory = new LocalDirectory(tree, options);
      await directory.#sweepWhatMayBe();
      return directory;
    } catch (cause) {
      await tree?.close();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError("SALLYPORT_STORAGE_ROOT", `cannot serve ${path}: ${why}`, { cause });
    }
  }

  forOwner(owner: string): Storage {
    return new LocalStorage(this.#ground, owner);
  }

  /**
   * Removes what has been left over: files written in place by processes that died are cut back to what they were,
   * their staged uploads go, and so do interrupted uploads whose time is over. Done once by {@link open}; whoever runs
   * for days calls it now and then.
   */
  async sweep(): Promise<void> {
    try {
      const { tree, areas } = this.#ground;
      using area = await areas.root();
      if (area === undefined) return;
      await this.#sweepArea(area);
      for (const canonical of await areas.noted(area)) {
        using directory = await existingDirectory(tree, canonical);
        using elsewhere = directory && (await existingChild(directory, reservedName));
        if (elsewhere !== undefined) await this.#sweepArea(elsewhere);
      }
    } catch (error) {
      throw storageErrorFrom(error, rootPath);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ground.tree.close();
  }

  /** A directory that may be read and not written is served with what others have left in it. */
  async #sweepWhatMayBe(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      if (!(error instanceof StorageError) || (error.kind !== "denied" && error.kind !== "read-only")) throw error;
    }
  }
}

/** Opens a noted directory, or gives nothing where it is gone or leads elsewhere by now. */
async function existingDirectory(
  tree: ConfinedTree,
  canonical: readonly Octets[],
): Promise<DirectoryHandle | undefined> {
  try {
    return await tree.openPlain(canonical);
  } catch {
    return undefined;
  }
}
