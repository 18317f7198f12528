import { createHash, randomUUID } from "node:crypto";
import fs, { type Stats } from "node:fs";

import { displayOctets, type Octets, type VirtualPath } from "@sallyport/protocol";

import { StorageError, type StorageErrorKind } from "../storage-error.ts";
import type { WritableFile, WriteIntent } from "../storage.ts";
import type { Claim, Claims, Restore } from "./claims.ts";
import type { ConfinedTree, Location } from "./confined-tree.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { copyFile, freeBytes, unlinkIfThere } from "./file-calls.ts";
import { FileWriter } from "./file-writer.ts";
import { InPlaceEnding } from "./in-place-ending.ts";
import { type KeptParts, partsFolderName } from "./kept-parts.ts";
import { processToken } from "./living-process.ts";
import { identityOf } from "./local-entry.ts";
import { LocalUpload, type UploadBounds } from "./local-upload.ts";
import type { ReservedAreas } from "./reserved-areas.ts";
import { folderOf } from "./reserved-folder.ts";
import { StagedEnding } from "./staged-ending.ts";

/** What opening a file for writing needs to know about its storage. */
export interface WriteGround {
  readonly tree: ConfinedTree;
  readonly areas: ReservedAreas;
  readonly parts: KeptParts;
  readonly claims: Claims;
  readonly owner: string;
  readonly durable: boolean;
  /** Permission bits of new files, before the process's umask takes its own. */
  readonly fileMode: number;
}

/** Opens the file at a location for writing; the location is given back when the upload ends. */
export async function openWrite(
  ground: WriteGround,
  path: VirtualPath,
  location: Location,
  intent: WriteIntent,
): Promise<WritableFile> {
  const opening = new Opening(ground, path, location, intent);
  return opening.begin();
}

/** A file that an upload continues or changes: a published one, or the owner's kept part. */
interface Existing {
  readonly kind: "published" | "part";
  readonly folder: DirectoryHandle;
  readonly stats: Stats;
}

class Opening {
  readonly #ground: WriteGround;
  readonly #path: VirtualPath;
  readonly #location: Location;
  readonly #intent: WriteIntent;
  readonly #durable: boolean;

  constructor(ground: WriteGround, path: VirtualPath, location: Location, intent: WriteIntent) {
    this.#ground = ground;
    this.#path = path;
    this.#location = location;
    this.#intent = intent;
    this.#durable = intent.durable ?? ground.durable;
  }

  async begin(): Promise<WritableFile> {
    const { parts, owner, tree } = this.#ground;
    const { name, directory } = this.#location;
    if (name === "") throw this.#failure("is-a-directory");
    const published = await tree.calls.lstat(directory.at(name));
    if (published !== undefined) {
      await this.#assertWritable(published);
      return this.#beginOn({ kind: "published", folder: directory, stats: published });
    }
    using folder = await parts.find(owner, this.#location);
    const part = folder && (await parts.statIn(folder, name));
    return await this.#beginOn(part && folder && { kind: "part", folder, stats: part });
  }

  /** Refuses what may not be replaced, although the rename that replaces it asks for no permission on the file. */
  async #assertWritable(published: Stats): Promise<void> {
    if (published.isDirectory()) throw this.#failure("is-a-directory");
    if (!published.isFile()) throw this.#failure("denied");
    if (this.#intent.kind === "create") throw this.#failure("exists");
    using pinned = await this.#location.directory.pin(this.#location.name);
    if (!pinned.stats.isFile()) throw this.#failure("busy");
    await this.#ground.tree.calls.access(pinned.path, fs.constants.W_OK);
  }

  async #beginOn(existing: Existing | undefined): Promise<WritableFile> {
    const intent = this.#intent;
    const sizeBytes = existing?.stats.size ?? 0;
    switch (intent.kind) {
      case "replace":
        return this.#stage({ mayKeep: existing?.kind !== "published", exclusive: false });
      case "create":
        return this.#stage({ mayKeep: true, exclusive: true });
      case "append":
        if (existing === undefined) return this.#stage({ mayKeep: true, exclusive: true });
        return this.#writeInPlace(existing);
      case "resume":
        if (intent.offset > sizeBytes) throw this.#failure("out-of-range");
        if (existing?.kind === "part" && intent.offset === sizeBytes) return this.#writeInPlace(existing);
        return this.#stageCopy(existing, {
          bounds: { startPosition: intent.offset, lengthMinBytes: intent.offset },
          cutBytes: intent.offset,
        });
      case "range":
        if (intent.first > sizeBytes) throw this.#failure("out-of-range");
        return this.#stageCopy(existing, {
          bounds: { startPosition: intent.first, endPosition: intent.last + 1, lengthMinBytes: sizeBytes },
        });
    }
  }

  /** Begins an upload that lies apart and holds nothing yet. */
  async #stage({ mayKeep, exclusive }: { mayKeep: boolean; exclusive: boolean }): Promise<WritableFile> {
    const { tree, fileMode } = this.#ground;
    await using undo = new AsyncDisposableStack();
    using area = await this.#ground.areas.provide(this.#location);
    const claim = exclusive ? await this.#claimName(area, undo) : undefined;
    const { folder, stagedName } = await this.#staging(area, undo);
    const { O_CREAT, O_EXCL, O_RDWR } = fs.constants;
    const descriptor = await tree.calls.open(folder.at(stagedName), O_CREAT | O_EXCL | O_RDWR, fileMode);
    undo.move();
    return this.#upload(descriptor, { startPosition: 0, lengthMinBytes: 0 }, (writer) =>
      this.#stagedEnding({ writer, folder, stagedName, exclusive, mayKeep, ...(claim && { claim }) }),
    );
  }

  /** Begins an upload that lies apart and starts with a copy of what exists, or with nothing. */
  async #stageCopy(
    existing: Existing | undefined,
    { bounds, cutBytes }: { bounds: UploadBounds; cutBytes?: number },
  ): Promise<WritableFile> {
    if (existing === undefined) return this.#stage({ mayKeep: true, exclusive: false });
    const { calls } = this.#ground.tree;
    await using undo = new AsyncDisposableStack();
    using area = await this.#ground.areas.provide(this.#location);
    if (await this.#ground.claims.isHeld(area, inPlaceKey(existing.stats))) throw this.#failure("busy");
    const { folder, stagedName } = await this.#staging(area, undo);
    using pinned = await existing.folder.pin(this.#location.name);
    if (!isUnchanged(existing.stats, pinned.stats)) throw this.#failure("busy");
    undo.defer(() => unlinkIfThere(calls, folder.at(stagedName)));
    await copyFile(pinned.path, folder.at(stagedName));
    const descriptor = await calls.open(folder.at(stagedName), fs.constants.O_RDWR | fs.constants.O_NOFOLLOW);
    undo.defer(() => calls.close(descriptor));
    if (cutBytes !== undefined) await calls.ftruncate(descriptor, cutBytes);
    undo.move();
    const mayKeep = existing.kind === "part" && cutBytes !== undefined;
    return this.#upload(descriptor, bounds, (writer) =>
      this.#stagedEnding({ writer, folder, stagedName, exclusive: false, mayKeep }),
    );
  }

  /** Begins an upload at the end of a file, on the file itself; a claim keeps others off and notes how to go back. */
  async #writeInPlace(existing: Existing, attempt = 1): Promise<WritableFile> {
    const { calls } = this.#ground.tree;
    await using undo = new AsyncDisposableStack();
    using area = await this.#ground.areas.provide(this.#location);
    const claim = await this.#claimFile(area, existing, undo);
    using pinned = await existing.folder.pin(this.#location.name);
    if (!isUnchanged(existing.stats, pinned.stats)) {
      // An append has ended, or was cut back, between the look at the length and the claim, which notes the length.
      if (attempt === attemptsMax) throw this.#failure("busy");
      await undo.disposeAsync();
      return await this.#writeInPlace({ ...existing, stats: pinned.stats }, attempt + 1);
    }
    const descriptor = await existing.folder.open(pinned, fs.constants.O_WRONLY);
    undo.defer(() => calls.close(descriptor));
    const before = pinned.stats;
    const bounds = { startPosition: before.size, lengthMinBytes: before.size };
    if (existing.kind === "published") {
      undo.move();
      const options = { location: this.#location, before, claim, durable: this.#durable };
      return this.#upload(descriptor, bounds, (writer) => new InPlaceEnding(calls, writer, options));
    }
    // Changes nothing but the ctime, from which the part's time to live runs.
    await calls.fchmod(descriptor, before.mode & 0o777);
    const part = { folder: existing.folder.duplicate(), stagedName: this.#location.name, partBytes: before.size };
    undo.move();
    return this.#upload(descriptor, bounds, (writer) =>
      this.#stagedEnding({ ...part, writer, exclusive: false, mayKeep: true, claim }),
    );
  }

  async #staging(
    area: DirectoryHandle,
    undo: AsyncDisposableStack,
  ): Promise<{ folder: DirectoryHandle; stagedName: Octets }> {
    const folder = undo.use(await folderOf(this.#ground.tree.calls, area, "staging"));
    const { expectedBytes } = this.#intent;
    if (expectedBytes !== undefined) {
      if (expectedBytes > (await freeBytes(folder.self))) throw this.#failure("no-space");
    }
    return { folder, stagedName: `${processToken()}.${randomUUID()}` as Octets };
  }

  #upload(
    descriptor: number,
    bounds: UploadBounds,
    ending: (writer: FileWriter) => StagedEnding | InPlaceEnding,
  ): WritableFile {
    const { startPosition } = bounds;
    const writer = new FileWriter(this.#ground.tree.calls, descriptor, { path: this.#path, startPosition });
    return new LocalUpload(this.#path, writer, bounds, ending(writer));
  }

  #stagedEnding(
    staging: Pick<
      ConstructorParameters<typeof StagedEnding>[0],
      "writer" | "folder" | "stagedName" | "exclusive" | "mayKeep" | "claim" | "partBytes"
    >,
  ): StagedEnding {
    const { tree, parts, owner } = this.#ground;
    return new StagedEnding({
      tree,
      parts,
      owner,
      location: this.#location,
      durable: this.#durable,
      ...staging,
    });
  }

  async #claimName(area: DirectoryHandle, undo: AsyncDisposableStack): Promise<Claim> {
    const path = Buffer.from([...this.#location.canonical, this.#location.name].join("/"), "latin1");
    const key = `new-${createHash("sha256").update(path).digest("hex")}` as Octets;
    const claim = await this.#ground.claims.take(area, key, { durable: false });
    if (claim === undefined) throw this.#failure(this.#intent.kind === "create" ? "exists" : "busy");
    undo.defer(() => claim.release({ durable: false }));
    return claim;
  }

  async #claimFile(area: DirectoryHandle, { kind, stats }: Existing, undo: AsyncDisposableStack): Promise<Claim> {
    const directory =
      kind === "published" ? this.#location.canonical : [partsFolderName(this.#ground.owner, this.#location)];
    const restore: Restore = {
      kind,
      directory,
      name: this.#location.name,
      identity: identityOf(stats),
      lengthBytes: stats.size,
      modifiedMs: stats.mtimeMs,
    };
    const claim = await this.#ground.claims.take(area, inPlaceKey(stats), { restore, durable: this.#durable });
    if (claim === undefined) throw this.#failure("busy");
    undo.defer(() => claim.release({ durable: false }));
    return claim;
  }

  #failure(kind: StorageErrorKind): StorageError {
    return new StorageError(kind, `${displayOctets(this.#path)}: ${kind}`);
  }
}

function inPlaceKey(stats: Stats): Octets {
  return `file-${identityOf(stats).replace(":", "-")}` as Octets;
}

function isUnchanged(before: Stats, now: Stats): boolean {
  return now.size === before.size && identityOf(now) === identityOf(before);
}

const attemptsMax = 3;
