import { SallyportError } from "@sallyport/protocol";
import { type BigIntStats, type Dirent } from "node:fs";
import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { type LocalNameRules, fileSystemPath, localName, localNameRules, remoteName } from "../names/local-name.ts";
import { nameOfLocal } from "../names/name-codec.ts";
import { errorCode } from "../store/file-lock.ts";
import type { EntryFilter } from "./filter.ts";
import { type TreeEntry, type TreeItem, parentOf } from "./tree.ts";

export interface LocalTreeOptions {
  /** Default: those of the system that the program runs on. */
  readonly rules?: LocalNameRules;
  /** `keep` (default) gives links as links; `follow` gives what they lead to, but for links that lead back up. */
  readonly links?: "keep" | "follow";
  /** Directories that it does not admit are not read. */
  readonly filter?: Pick<EntryFilter, "admitsPath">;
  readonly signal?: AbortSignal;
}

/**
 * A local folder as a tree whose paths are those of the remote side: names are mapped by `remoteName` when the folder is
 * read and by `localName` when something is put into it.
 */
export class LocalTree {
  readonly #folder: string;
  readonly #options: LocalTreeOptions;
  readonly #rules: LocalNameRules;
  /** Local names that `localName` would not give, because somebody else did; by tree path. */
  readonly #givenNames = new Map<string, string>();

  constructor(folder: string, options: LocalTreeOptions = {}) {
    this.#folder = folder;
    this.#options = options;
    this.#rules = options.rules ?? localNameRules();
  }

  /**
   * Reads the folder, each directory before what is in it. A folder that does not exist is an empty tree; directories
   * that cannot be read wholly are also given as `unlisted`; what vanishes meanwhile is left out. Rejects where the
   * folder itself cannot be read, and with the signal's reason.
   */
  async *read(): AsyncGenerator<TreeItem> {
    let root: BigIntStats;
    try {
      root = await stat(fileSystemPath(this.#folder), { bigint: true });
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      throw error;
    }
    yield* this.#directory("", this.#folder, [identityOf(root)]);
  }

  /**
   * The path, for the file system, at which an entry of the tree is or is to be. It never leads out of the folder, unless
   * by a link inside it that a plan does not follow either.
   *
   * @throws SallyportError SALLYPORT_NAME_UNSAFE where the system can hold no such name.
   */
  pathOf(treePath: string): string | Buffer {
    let [path, above] = [this.#folder, ""];
    for (const name of treePath.split("/")) {
      above = above === "" ? name : `${above}/${name}`;
      const mapped = localName(name, this.#rules);
      const given = this.#givenNames.get(above) ?? (mapped.ok ? mapped.name : undefined);
      if (given === undefined) {
        throw new SallyportError("SALLYPORT_NAME_UNSAFE", "The file system can hold no such name");
      }
      path = join(path, given);
    }
    return fileSystemPath(path);
  }

  /** Whether the local system can hold a name, as `PlanOptions.acceptsName` asks. */
  acceptsName(name: string): boolean {
    return localName(name, this.#rules).ok;
  }

  async *#directory(treePath: string, path: string, above: readonly string[]): AsyncGenerator<TreeItem> {
    let dirents: Array<Dirent<Buffer>>;
    try {
      dirents = await readdir(fileSystemPath(path), { encoding: "buffer", withFileTypes: true });
    } catch (error) {
      if (treePath === "") throw error;
      if (errorCode(error) !== "ENOENT") yield { kind: "unlisted", path: treePath };
      return;
    }
    for (const dirent of dirents) {
      this.#options.signal?.throwIfAborted();
      const local = nameOfLocal(dirent.name);
      const name = remoteName(local, this.#rules);
      const childTreePath = treePath === "" ? name : `${treePath}/${name}`;
      if (this.#options.filter?.admitsPath(childTreePath, dirent.isDirectory()) === false && !dirent.isSymbolicLink())
        continue;
      const mapped = localName(name, this.#rules);
      if (mapped.ok && mapped.name === local) this.#givenNames.delete(childTreePath);
      else this.#givenNames.set(childTreePath, local);
      yield* this.#child(childTreePath, join(path, local), above);
    }
  }

  async *#child(treePath: string, path: string, above: readonly string[]): AsyncGenerator<TreeItem> {
    let found: BigIntStats;
    try {
      found = await this.#stat(path, above);
    } catch (error) {
      // It is there, but nobody may look: the directory was not listed wholly.
      if (errorCode(error) !== "ENOENT") yield { kind: "unlisted", path: parentOf(treePath) };
      return;
    }
    const isAdmitted = this.#options.filter?.admitsPath(treePath, found.isDirectory()) ?? true;
    if (!isAdmitted) return;
    yield await entryOf(treePath, path, found);
    if (found.isDirectory()) yield* this.#directory(treePath, path, [...above, identityOf(found)]);
  }

  /** What is there, or what a link leads to. */
  async #stat(path: string, above: readonly string[]): Promise<BigIntStats> {
    const itself = await lstat(fileSystemPath(path), { bigint: true });
    if (!itself.isSymbolicLink() || this.#options.links !== "follow") return itself;
    const behind = await stat(fileSystemPath(path), { bigint: true }).catch(() => itself);
    return above.includes(identityOf(behind)) ? itself : behind;
  }
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

async function entryOf(treePath: string, path: string, found: BigIntStats): Promise<TreeEntry> {
  const modified = { instantMs: Number(found.mtimeMs), precisionMs: 1 };
  if (found.isDirectory()) return { path: treePath, kind: "directory", modified };
  if (found.isFile()) {
    const sizeBytes = found.size <= Number.MAX_SAFE_INTEGER ? Number(found.size) : found.size;
    return { path: treePath, kind: "file", sizeBytes, modified };
  }
  if (!found.isSymbolicLink()) return { path: treePath, kind: "other", modified };
  const linkTarget = nameOfLocal(await readlink(fileSystemPath(path), { encoding: "buffer" }));
  return { path: treePath, kind: "link", linkTarget, modified };
}
