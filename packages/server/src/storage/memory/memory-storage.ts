import { displayOctets, type Octets, pathComponents, type VirtualPath } from "@sallyport/protocol";

import { targetStaysInside } from "../link-target.ts";
import { StorageError, type StorageErrorKind } from "../storage-error.ts";
import type { Attributes, Entry, ReadableFile, Storage, WritableFile, WriteIntent } from "../storage.ts";
import type { MemoryFile, MemoryNode, MemoryPlace, MemoryTree } from "./memory-tree.ts";
import { type MemoryBudget, type MemoryEnding, MemoryUpload } from "./memory-upload.ts";

/** What the views of all owners share. */
export interface MemoryGround {
  readonly tree: MemoryTree;
  readonly budget: MemoryBudget;
  /** What has a name, which takes room also where it holds no octets. */
  readonly entries: { readonly limitCount: number; count: number };
  /** Interrupted uploads by owner and path. */
  readonly parts: Map<string, MemoryPart>;
  /** Files, parts and free names that an append or a creation holds. */
  readonly appending: Set<string>;
  readonly keepPartsMs: number;
}

export interface MemoryPart {
  readonly key: string;
  readonly file: MemoryFile;
  readonly expiresMs: number;
}

/** One owner's view of a directory tree in memory. */
export class MemoryStorage implements Storage {
  readonly #ground: MemoryGround;
  readonly #owner: string;
  readonly #base: VirtualPath;

  constructor(ground: MemoryGround, owner: string, base: VirtualPath) {
    this.#ground = ground;
    this.#owner = owner;
    this.#base = base;
  }

  async stat(path: VirtualPath, options: { readonly followLinks?: boolean } = {}): Promise<Entry> {
    const place = this.#locate(path, options.followLinks);
    const name = pathComponents(path).at(-1) ?? ("" as Octets);
    const node = nodeAt(place);
    if (node !== undefined) return entryOf(name, node);
    const part = this.#partAt(place);
    if (part === undefined) throw failure("not-found", path);
    return { ...entryOf(name, part.file), incomplete: true };
  }

  async *list(path: VirtualPath): AsyncGenerator<readonly Entry[]> {
    const place = this.#locate(path, true);
    const node = nodeAt(place);
    if (node === undefined) throw failure("not-found", path);
    if (node.type !== "directory") throw failure("not-a-directory", path);
    const canonical = place.name === "" ? place.canonical : [...place.canonical, place.name];
    const published = [...node.children].map(([name, child]) => entryOf(name, child));
    const entries = [...published, ...this.#partsIn(canonical).filter(({ name }) => !node.children.has(name))];
    for (let at = 0; at < entries.length; at += sliceCount) yield entries.slice(at, at + sliceCount);
  }

  async openRead(path: VirtualPath): Promise<ReadableFile> {
    const place = this.#locate(path, true);
    const node = nodeAt(place);
    if (node === undefined) throw failure(this.#partAt(place) ? "incomplete" : "not-found", path);
    if (node.type !== "file") throw failure("is-a-directory", path);
    return new MemoryReadableFile(node);
  }

  async openWrite(path: VirtualPath, intent: WriteIntent): Promise<WritableFile> {
    const place = this.#locate(path, true);
    const node = nodeAt(place);
    if (node !== undefined && node.type !== "file") throw failure("is-a-directory", path);
    if (node !== undefined && intent.kind === "create") throw failure("exists", path);
    if (node === undefined && this.#partAt(place) === undefined) this.#assertRoom(path);
    const part = node === undefined ? this.#partAt(place)?.file : undefined;
    const start = startOf(path, intent, (node ?? part)?.content ?? new Uint8Array(0));
    const claim = this.#claim(path, place, intent, node ?? part);
    try {
      return new MemoryUpload(path, this.#ground.budget, start, this.#ending(path, place, intent, claim));
    } catch (error) {
      this.#ground.appending.delete(claim);
      throw error;
    }
  }

  async rename(from: VirtualPath, to: VirtualPath): Promise<void> {
    if (from === "/" || to === "/") throw failure("denied", from);
    const source = this.#locate(from);
    const target = this.#locate(to);
    const moved = nodeAt(source);
    if (moved === undefined) throw failure(this.#partAt(source) ? "incomplete" : "not-found", from);
    const replaced = nodeAt(target);
    if (replaced === moved) return;
    if (replaced !== undefined && (replaced.type === "directory" || moved.type === "directory")) {
      throw failure("exists", to);
    }
    const movedPath = [...source.canonical, source.name];
    if (moved.type === "directory" && movedPath.every((name, at) => target.canonical[at] === name)) {
      throw failure("name-not-allowed", to);
    }
    if (replaced?.type === "file") this.#ground.budget.usedBytes -= replaced.content.length;
    if (replaced !== undefined) this.#ground.entries.count -= 1;
    source.folder.children.delete(source.name);
    target.folder.children.set(target.name, moved);
    touch(source, target);
    this.#discardPart(source);
    this.#discardPart(target);
  }

  async remove(path: VirtualPath): Promise<void> {
    const place = this.#locate(path);
    const node = nodeAt(place);
    if (node?.type === "directory") throw failure("is-a-directory", path);
    if (node?.type === "file") this.#ground.budget.usedBytes -= node.content.length;
    if (place.folder.children.delete(place.name)) {
      this.#ground.entries.count -= 1;
      touch(place);
    }
    if (!this.#discardPart(place) && node === undefined) throw failure("not-found", path);
  }

  async makeDirectory(path: VirtualPath): Promise<void> {
    const place = this.#freePlace(path);
    place.folder.children.set(place.name, this.#ground.tree.folder());
    this.#ground.entries.count += 1;
    touch(place);
  }

  async removeDirectory(path: VirtualPath): Promise<void> {
    if (path === "/") throw failure("denied", path);
    const place = this.#locate(path);
    const node = nodeAt(place);
    if (node === undefined) throw failure("not-found", path);
    if (node.type !== "directory") throw failure("not-a-directory", path);
    if (node.children.size > 0 || this.#partsIn([...place.canonical, place.name]).length > 0) {
      throw failure("not-empty", path);
    }
    node.removed = true;
    if (place.folder.children.delete(place.name)) this.#ground.entries.count -= 1;
    touch(place);
  }

  async setAttributes(path: VirtualPath, attributes: Attributes): Promise<void> {
    const place = this.#locate(path, true);
    const node = nodeAt(place);
    if (node === undefined) throw failure(this.#partAt(place) ? "incomplete" : "not-found", path);
    if (attributes.createdMs !== undefined) throw failure("unsupported", path);
    if (attributes.mode !== undefined && (attributes.mode & ~0o777) !== 0) throw failure("denied", path);
    node.mode = attributes.mode ?? node.mode;
    node.modifiedMs = attributes.modifiedMs ?? node.modifiedMs;
  }

  async makeSymbolicLink(path: VirtualPath, target: Octets): Promise<void> {
    const place = this.#freePlace(path);
    if (target === "" || target.includes("\0")) throw failure("name-not-allowed", path);
    if (!targetStaysInside(place, target)) throw failure("denied", path);
    place.folder.children.set(place.name, this.#ground.tree.link(target));
    this.#ground.entries.count += 1;
    touch(place);
  }

  async freeSpaceBytes(path: VirtualPath): Promise<number> {
    if (nodeAt(this.#locate(path, true)) === undefined) throw failure("not-found", path);
    return this.#ground.budget.limitBytes - this.#ground.budget.usedBytes;
  }

  subtree(directory: VirtualPath): Storage {
    const base = `${this.#base === "/" ? "" : this.#base}${directory === "/" ? "" : directory}` || "/";
    return new MemoryStorage(this.#ground, this.#owner, base as VirtualPath);
  }

  #locate(path: VirtualPath, follow = false): MemoryPlace {
    return this.#ground.tree.locate(this.#base, path, follow);
  }

  #freePlace(path: VirtualPath): MemoryPlace {
    const place = this.#locate(path);
    if (nodeAt(place) !== undefined) throw failure("exists", path);
    this.#assertRoom(path);
    return place;
  }

  #assertRoom(path: VirtualPath): void {
    const { count, limitCount } = this.#ground.entries;
    if (count >= limitCount) throw failure("no-space", path);
  }

  /** Takes the right to append to a file or to create a name; one at a time has it. */
  #claim(path: VirtualPath, place: MemoryPlace, intent: WriteIntent, file: MemoryFile | undefined): string {
    if (intent.kind !== "append" && intent.kind !== "create") return "";
    const claim = file?.identity ?? `${place.folder.identity}/${place.name}`;
    if (this.#ground.appending.has(claim)) throw failure(intent.kind === "create" ? "exists" : "busy", path);
    this.#ground.appending.add(claim);
    return claim;
  }

  #ending(path: VirtualPath, place: MemoryPlace, intent: WriteIntent, claim: string): MemoryEnding {
    const { tree, budget, entries, appending, parts, keepPartsMs } = this.#ground;
    return {
      publish: (content) => {
        if (place.folder.removed) throw failure("not-found", path);
        const replaced = nodeAt(place);
        if (replaced !== undefined && intent.kind === "create") throw failure("exists", path);
        if (replaced?.type === "directory") throw failure("is-a-directory", path);
        const file = tree.file(content);
        file.mode = replaced?.type === "file" ? replaced.mode : file.mode;
        budget.usedBytes += content.length - (replaced?.type === "file" ? replaced.content.length : 0);
        place.folder.children.set(place.name, file);
        if (replaced === undefined) entries.count += 1;
        touch(place);
        this.#discardPart(place);
        return entryOf(place.name, file);
      },
      keep: (content) => {
        if (place.folder.removed || nodeAt(place) !== undefined) return;
        const key = partKey(this.#owner, [...place.canonical, place.name]);
        this.#forgetPart(key);
        entries.count += 1;
        parts.set(key, { key, file: tree.file(content), expiresMs: Date.now() + keepPartsMs });
        budget.usedBytes += content.length;
      },
      release: () => void appending.delete(claim),
    };
  }

  #partAt(place: MemoryPlace): MemoryPart | undefined {
    const part = this.#ground.parts.get(partKey(this.#owner, [...place.canonical, place.name]));
    return part !== undefined && part.expiresMs > Date.now() ? part : undefined;
  }

  #partsIn(canonical: readonly Octets[]): Entry[] {
    const prefix = partKey(this.#owner, [...canonical, "" as Octets]);
    const entries: Entry[] = [];
    for (const { key, file, expiresMs } of this.#ground.parts.values()) {
      const name = key.slice(prefix.length) as Octets;
      if (!key.startsWith(prefix) || name.includes("/") || expiresMs <= Date.now()) continue;
      entries.push({ ...entryOf(name, file), incomplete: true });
    }
    return entries;
  }

  #discardPart(place: MemoryPlace): boolean {
    const part = this.#partAt(place);
    return part !== undefined && this.#forgetPart(part.key);
  }

  /** Whether its time is over or not. */
  #forgetPart(key: string): boolean {
    const { budget, entries, parts } = this.#ground;
    const part = parts.get(key);
    if (part === undefined) return false;
    budget.usedBytes -= part.file.content.length;
    entries.count -= 1;
    return parts.delete(key);
  }
}

class MemoryReadableFile implements ReadableFile {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly #content: Uint8Array;

  constructor(file: MemoryFile) {
    this.#content = file.content;
    this.sizeBytes = file.content.length;
    this.modifiedMs = file.modifiedMs;
  }

  read(buffer: Uint8Array, position: number): number {
    const part = this.#content.subarray(position, position + buffer.length);
    buffer.set(part);
    return part.length;
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

const sliceCount = 256;

function startOf(
  path: VirtualPath,
  intent: WriteIntent,
  existing: Uint8Array,
): ConstructorParameters<typeof MemoryUpload>[2] {
  const open = { endPosition: Number.POSITIVE_INFINITY };
  switch (intent.kind) {
    case "replace":
    case "create":
      return { ...open, content: new Uint8Array(0), position: 0, lengthMinBytes: 0 };
    case "append":
      return { ...open, content: existing, position: existing.length, lengthMinBytes: existing.length };
    case "resume":
      if (intent.offset > existing.length) throw failure("out-of-range", path);
      return {
        ...open,
        content: existing.subarray(0, intent.offset),
        position: intent.offset,
        lengthMinBytes: intent.offset,
      };
    case "range":
      if (intent.first > existing.length) throw failure("out-of-range", path);
      return {
        content: existing,
        position: intent.first,
        endPosition: intent.last + 1,
        lengthMinBytes: existing.length,
      };
  }
}

function nodeAt(place: MemoryPlace): MemoryNode | undefined {
  return place.name === "" ? place.folder : place.folder.children.get(place.name);
}

function touch(...places: MemoryPlace[]): void {
  for (const { folder } of places) folder.modifiedMs = Date.now();
}

function partKey(owner: string, names: readonly Octets[]): string {
  return `${owner.length}:${owner}/${names.join("/")}`;
}

function entryOf(name: Octets, node: MemoryNode): Entry {
  return {
    name,
    type: node.type,
    sizeBytes: node.type === "file" ? node.content.length : 0,
    modifiedMs: node.modifiedMs,
    createdMs: node.createdMs,
    mode: node.mode,
    identity: node.identity,
    ...(node.type === "symbolic-link" ? { target: node.target } : {}),
  };
}

function failure(kind: StorageErrorKind, path: VirtualPath): StorageError {
  return new StorageError(kind, `${displayOctets(path)}: ${kind}`);
}
