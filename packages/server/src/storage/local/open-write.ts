import { randomBytes } from "node:crypto";
import fs from "node:fs";

import { displayOctets, type Octets, type VirtualPath } from "@sallyport/protocol";

import { StorageError } from "../storage-error.ts";
import type { WritableFile, WriteIntent } from "../storage.ts";
import type { ConfinedTree, Location } from "./confined-tree.ts";
import { FileWriter } from "./file-writer.ts";
import type { KeptParts } from "./kept-parts.ts";
import { LocalUpload } from "./local-upload.ts";
import { processToken } from "./living-process.ts";
import type { ReservedAreas } from "./reserved-areas.ts";
import { StagedEnding } from "./staged-ending.ts";

/** What opening a file for writing needs to know about its storage. */
export interface WriteGround {
  readonly tree: ConfinedTree;
  readonly areas: ReservedAreas;
  readonly parts: KeptParts;
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
  const { tree } = ground;
  if (location.name === "") throw new StorageError("is-a-directory", `${displayOctets(path)}: a directory`);
  const published = await tree.calls.lstat(location.directory.at(location.name));
  if (published?.isDirectory()) throw new StorageError("is-a-directory", `${displayOctets(path)}: a directory`);
  if (published !== undefined && !published.isFile()) {
    throw new StorageError("denied", `${displayOctets(path)}: not a regular file`);
  }
  if (published !== undefined && intent.kind === "create") {
    throw new StorageError("exists", `${displayOctets(path)}: exists`);
  }
  if (intent.kind !== "replace" && intent.kind !== "create") {
    throw new StorageError("unsupported", `${displayOctets(path)}: ${intent.kind} is not built yet`);
  }
  if (published !== undefined) {
    using pinned = await location.directory.pin(location.name);
    await tree.calls.access(pinned.path, fs.constants.W_OK);
  }
  const folder = await ground.areas.provide(location, "staging");
  try {
    const stagedName = `${processToken()}.${randomBytes(9).toString("hex")}` as Octets;
    const { O_CREAT, O_EXCL, O_RDWR } = fs.constants;
    const descriptor = await tree.calls.open(folder.at(stagedName), O_CREAT | O_EXCL | O_RDWR, ground.fileMode);
    const writer = new FileWriter(tree.calls, descriptor, { path, startPosition: 0 });
    const ending = new StagedEnding({
      calls: tree.calls,
      writer,
      location,
      folder,
      stagedName,
      parts: ground.parts,
      owner: ground.owner,
      durable: intent.durable ?? ground.durable,
      exclusive: intent.kind === "create",
      mayKeep: published === undefined,
    });
    return new LocalUpload(path, writer, { startPosition: 0, lengthMinBytes: 0 }, ending);
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}
