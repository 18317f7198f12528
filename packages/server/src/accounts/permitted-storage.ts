import {
  childPath,
  displayOctets,
  isVirtualPath,
  type Octets,
  parentPath,
  resolvePath,
  type VirtualPath,
} from "@sallyport/protocol";
import {
  type Entry,
  type ReadableFile,
  type Storage,
  StorageError,
  type WritableFile,
  type WriteIntent,
} from "../storage/index.ts";
import type { PathAction } from "./account.ts";
import { allowedActions, carriesRule, governingRule, isVisible, type PermissionHolder } from "./permissions.ts";

/**
 * Puts the permissions of an account before a storage whose root is the account's home. What is not permitted raises
 * {@link StorageError} of kind `denied`, or `read-only` where the whole login is, before anything is touched (S-22):
 *
 * - Writing to a name that is free needs `create`; to a file that exists `append` or, for everything that changes or
 *   restarts it, `overwrite`. Who may not overwrite loses against a file that appears while the upload runs.
 * - Renaming needs `rename`, and `overwrite` where it replaces a file. Between directories it needs what creating at
 *   the new place needs; between places with different rules it is a copy and a deletion, and needs the rights of both.
 * - A directory with a rule at or below its path stays where it is, and a login with rules makes only links that lead
 *   down in their own directory, under one rule: a rule holds for paths, and nobody may slip out from under it by giving
 *   a thing another path.
 */
export function withPermissions(storage: Storage, account: PermissionHolder): Storage {
  const isUnlimited = account.permissions.length === 0 && !account.readOnly;
  return isUnlimited ? storage : new PermittedStorage(storage, account);
}

class PermittedStorage implements Storage {
  readonly #inner: Storage;
  readonly #account: PermissionHolder;
  readonly setAttributes?: NonNullable<Storage["setAttributes"]>;
  readonly makeSymbolicLink?: NonNullable<Storage["makeSymbolicLink"]>;
  readonly freeSpaceBytes?: NonNullable<Storage["freeSpaceBytes"]>;

  constructor(inner: Storage, account: PermissionHolder) {
    this.#inner = inner;
    this.#account = account;
    const setAttributes = inner.setAttributes?.bind(inner);
    if (setAttributes !== undefined) {
      this.setAttributes = async (path, attributes) => {
        this.#demand(path, "set-attributes");
        await setAttributes(path, attributes);
      };
    }
    const makeSymbolicLink = inner.makeSymbolicLink?.bind(inner);
    if (makeSymbolicLink !== undefined) {
      this.makeSymbolicLink = async (path, target) => {
        this.#demand(path, "link");
        this.#demandHarmlessTarget(path, target);
        await makeSymbolicLink(path, target);
      };
    }
    const freeSpaceBytes = inner.freeSpaceBytes?.bind(inner);
    if (freeSpaceBytes !== undefined) {
      this.freeSpaceBytes = async (path) => {
        this.#demandAny(path);
        return freeSpaceBytes(path);
      };
    }
  }

  async stat(path: VirtualPath, options?: { readonly followLinks?: boolean }): Promise<Entry> {
    this.#demandAny(path);
    const entry = await this.#inner.stat(path, options);
    if (!isVisible(this.#account, path, entry)) throw this.#denial(path, "list");
    return entry;
  }

  async *list(directory: VirtualPath): AsyncGenerator<readonly Entry[]> {
    this.#demand(directory, "list");
    const hasInnerRules = this.#account.permissions.some((rule) => parentPath(rule.path) === directory);
    for await (const entries of this.#inner.list(directory)) {
      if (!hasInnerRules) yield entries;
      else yield entries.filter((entry) => isVisible(this.#account, childPath(directory, entry.name), entry));
    }
  }

  async openRead(path: VirtualPath): Promise<ReadableFile> {
    this.#demand(path, "read");
    return this.#inner.openRead(path);
  }

  async openWrite(path: VirtualPath, intent: WriteIntent): Promise<WritableFile> {
    const onExisting = intent.kind === "append" ? "append" : intent.kind === "create" ? "create" : "overwrite";
    // Most logins may do both, and need not be asked which it is.
    if (this.#permits(path, "create") && this.#permits(path, onExisting)) return this.#inner.openWrite(path, intent);
    const exists = await this.#isPublished(path);
    this.#demand(path, exists ? onExisting : "create");
    if (exists) return this.#inner.openWrite(path, intent);
    const file = await this.#inner.openWrite(path, intent.kind === "replace" ? { ...intent, kind: "create" } : intent);
    return this.#yielding(path, file);
  }

  async rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    this.#demand(from, "rename");
    const entry = await this.#inner.stat(from);
    const isDirectory = entry.type === "directory";
    if (isDirectory && (carriesRule(this.#account, from) || carriesRule(this.#account, to))) {
      throw this.#denial(from, "rename");
    }
    if (governingRule(this.#account, from) !== governingRule(this.#account, to)) {
      this.#demand(from, "read");
      this.#demand(from, isDirectory ? "remove-directory" : "delete");
    }
    if (parentPath(from) !== parentPath(to)) {
      if (entry.type === "symbolic-link" && this.#hasInnerRules()) throw this.#denial(from, "rename");
      this.#demand(to, isDirectory ? "make-directory" : "create");
    }
    if (from !== to && !this.#permits(to, "overwrite") && (await this.#isPublished(to)))
      throw this.#denial(to, "overwrite");
    await this.#inner.rename(from, to);
  }

  async remove(path: VirtualPath): Promise<void> {
    if (!this.#permits(path, "delete")) {
      // Whoever may make an upload may also give up its own interrupted one.
      this.#demand(path, "create", "delete");
      const entry = await this.#inner.stat(path);
      if (entry.incomplete !== true) throw this.#denial(path, "delete");
    }
    await this.#inner.remove(path);
  }

  async makeDirectory(path: VirtualPath): Promise<void> {
    this.#demand(path, "make-directory");
    await this.#inner.makeDirectory(path);
  }

  async removeDirectory(path: VirtualPath): Promise<void> {
    this.#demand(path, "remove-directory");
    await this.#inner.removeDirectory(path);
  }

  #permits(path: VirtualPath, action: PathAction): boolean {
    return allowedActions(this.#account, path).has(action);
  }

  #demand(path: VirtualPath, action: PathAction, wanted: PathAction = action): void {
    if (!this.#permits(path, action)) throw this.#denial(path, wanted);
  }

  #demandAny(path: VirtualPath): void {
    if (allowedActions(this.#account, path).size === 0) throw this.#denial(path, "list");
  }

  #denial(path: VirtualPath, action: PathAction): StorageError {
    const isReadOnly = this.#account.readOnly && !["list", "read"].includes(action);
    const kind = isReadOnly ? "read-only" : "denied";
    return new StorageError(kind, `${displayOctets(path)}: the account may not ${action} here`);
  }

  /** An interrupted upload is no file yet: continuing it replaces nothing. */
  async #isPublished(path: VirtualPath): Promise<boolean> {
    try {
      return (await this.#inner.stat(path)).incomplete !== true;
    } catch (error) {
      if (error instanceof StorageError && error.kind === "not-found") return false;
      throw error;
    }
  }

  #hasInnerRules(): boolean {
    return this.#account.permissions.some((rule) => rule.path !== "/");
  }

  #demandHarmlessTarget(path: VirtualPath, target: Octets): void {
    if (!this.#hasInnerRules()) return;
    const resolved = resolvePath(parentPath(path), target);
    const leadsDown = !target.startsWith("/") && !target.split("/").includes("..");
    const isHarmless =
      leadsDown &&
      isVirtualPath(resolved) &&
      governingRule(this.#account, resolved) === governingRule(this.#account, path) &&
      !carriesRule(this.#account, resolved);
    if (!isHarmless) throw this.#denial(path, "link");
  }

  /** An upload whose publication gives way to a file that appeared in the meantime. */
  #yielding(path: VirtualPath, file: WritableFile): WritableFile {
    let isGivenUp = false;
    return {
      startPosition: file.startPosition,
      write: (buffer, position) => file.write(buffer, position),
      truncate: (lengthBytes) => file.truncate(lengthBytes),
      publish: async () => {
        if (await this.#isPublished(path)) {
          isGivenUp = true;
          await file.abandon({ keep: false });
          throw this.#denial(path, "overwrite");
        }
        return file.publish();
      },
      abandon: async (options) => {
        if (!isGivenUp) await file.abandon(options);
      },
    };
  }
}
