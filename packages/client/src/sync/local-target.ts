import { SallyportError } from "@sallyport/protocol";
import { lstat, mkdir, rename, rm, rmdir, symlink, unlink, utimes } from "node:fs/promises";
import type { ClientConnection } from "../connection/client-connection.ts";
import { fileSystemPath, localName, localNameRules } from "../names/local-name.ts";
import { refusalOf } from "../operations/refusal.ts";
import { partSuffix } from "../transfer/local-file.ts";
import { type OnProgress, ProgressMeter } from "../transfer/progress.ts";
import { receiveInto } from "../transfer/receive.ts";
import type { FileFacts } from "./action.ts";
import { hashesAlike } from "./hash-both.ts";
import type { LocalTree } from "./local-tree.ts";
import { exactSeconds, PartFile, removeIfThere } from "./part-file.ts";
import { beginPart, type PartRecord } from "./part-record.ts";
import type { RemoteSide } from "./remote-side.ts";
import { askedAgain, copyUnchanged, demandUnchanged } from "./source-changed.ts";
import { besideOf, type PutOutcome, type SyncTarget } from "./target.ts";
import type { EntryTime, TreeEntry } from "./tree.ts";
import { demandAlike } from "./verify-part.ts";

export interface TargetParts {
  readonly remote: RemoteSide;
  readonly tree: LocalTree;
  /** The local directory. */
  readonly folder: string;
  readonly record: PartRecord;
  readonly preservesTimes: boolean;
}

/** A local directory to which files of the server come. */
export class LocalTarget implements SyncTarget {
  readonly #parts: TargetParts;

  constructor(parts: TargetParts) {
    this.#parts = parts;
  }

  async makeRoot(): Promise<void> {
    await mkdir(fileSystemPath(this.#parts.folder), { recursive: true });
  }

  async makeDirectory(path: string): Promise<void> {
    try {
      await mkdir(this.#parts.tree.pathOf(path));
    } catch (error) {
      const found = await lstat(this.#parts.tree.pathOf(path)).catch(() => undefined);
      if (found?.isDirectory() !== true) throw error;
    }
  }

  async put(path: string, file: FileFacts, onProgress: OnProgress): Promise<PutOutcome> {
    const { remote } = this.#parts;
    return copyUnchanged(file, (facts) =>
      remote.use(async (connection) => {
        const isExact = facts.sizeBytes !== undefined && (facts.modified?.precisionMs ?? Infinity) <= 1000;
        const exact = isExact ? facts : { ...facts, ...(await remote.exactFacts(connection, path)) };
        return this.#fetch(connection, { path, listed: facts, file: exact }, onProgress);
      }),
    );
  }

  isSame(path: string): Promise<boolean | undefined> {
    const { remote } = this.#parts;
    return hashesAlike(remote, path, this.#parts.tree.pathOf(path));
  }

  async setTimes(path: string, { instantMs }: EntryTime): Promise<void> {
    const seconds = exactSeconds(new Date(instantMs));
    await utimes(this.#parts.tree.pathOf(path), seconds, seconds);
  }

  /** The link is made beside and renamed, so that what it replaces is there until then. */
  async makeLink(path: string, linkTarget: string): Promise<void> {
    const temporary = this.#parts.tree.pathOf(besideOf(path, partSuffix()));
    await symlink(fileSystemPath(localLinkTarget(linkTarget)), temporary);
    try {
      await rename(temporary, this.#parts.tree.pathOf(path));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async delete(path: string, kind: TreeEntry["kind"]): Promise<void> {
    const local = this.#parts.tree.pathOf(path);
    await removeIfThere(() => (kind === "directory" ? rmdir(local) : unlink(local)));
  }

  async discardPart(path: string, part: string): Promise<void> {
    await rm(this.#parts.tree.pathOf(besideOf(path, part)), { force: true });
  }

  /** Receives what the part lacks, and publishes it when it is whole. */
  async #fetch(
    connection: ClientConnection,
    { path, listed, file }: Fetched,
    onProgress: OnProgress,
  ): Promise<PutOutcome> {
    const { record, preservesTimes, remote } = this.#parts;
    const { part } = await beginPart(record, path, file, (stale) => this.discardPart(path, stale));
    await using partFile = await PartFile.open(this.#parts.tree.pathOf(besideOf(path, part)));
    const total = file.sizeBytes === undefined ? undefined : Number(file.sizeBytes);
    if (total === undefined || partFile.sizeBytes > total) await partFile.truncate();
    const resumedFrom = partFile.sizeBytes;
    const meter = new ProgressMeter(path, onProgress, { total, resumedFrom });
    meter.enter("open");
    try {
      const beganMs = performance.now();
      let bytes = 0;
      if (resumedFrom !== total || total === 0) {
        const order = { verb: "RETR", argument: remote.octetsOf(path), type: "I" } as const;
        const expectedBytes = total === undefined ? undefined : total - resumedFrom;
        const restart = resumedFrom > 0 ? { restartOffset: BigInt(resumedFrom) } : {};
        const { throttle } = remote;
        const mover = receiveInto(partFile, resumedFrom, { expectedBytes, onProgress: meter.moved, throttle });
        ({ bytes } = await connection.transfer({ ...order, ...restart }, mover, {
          signal: remote.signal,
          sizeBytes: expectedBytes,
          preparesNext: (expectedBytes ?? Infinity) < restatBytes,
        }));
      }
      await this.#demandWhole(connection, { path, listed, file }, { length: resumedFrom + bytes, bytes, beganMs });
      if (resumedFrom > 0) {
        const size = resumedFrom + bytes;
        const local = partFile.read.bind(partFile);
        await demandAlike(remote, connection, { octets: remote.octetsOf(path), size, seam: resumedFrom, local });
      }
      const modified = preservesTimes && file.modified ? new Date(file.modified.instantMs) : undefined;
      await partFile.publish(this.#parts.tree.pathOf(path), modified);
      await record.done(path, listed);
      meter.enter("done");
      return { bytes, resumedFrom };
    } catch (error) {
      const isRestartRefused = resumedFrom > 0 && partFile.sizeBytes === resumedFrom && refusalOf(error) !== undefined;
      if (!isRestartRefused && partFile.sizeBytes > 0 && !isUseless(error)) throw error;
      await partFile.discard();
      await record.forget(path);
      throw isRestartRefused ? askedAgain(error) : error;
    }
  }

  /** Asks again about a file whose transfer took long, or did not bring what was listed. */
  async #demandWhole(
    connection: ClientConnection,
    { path, file }: Fetched,
    { length, bytes, beganMs }: { readonly length: number; readonly bytes: number; readonly beganMs: number },
  ): Promise<void> {
    const isExpected = file.sizeBytes === undefined || BigInt(file.sizeBytes) === BigInt(length);
    if (isExpected && bytes < restatBytes && performance.now() - beganMs < restatMs) return;
    const now = await this.#parts.remote.exactFacts(connection, path);
    demandUnchanged(file, now);
    if (isExpected) return;
    throw askedAgain(
      new SallyportError("SALLYPORT_INTEGRITY_SIZE", `${length} octets came of a file of ${file.sizeBytes}`),
    );
  }
}

interface Fetched {
  readonly path: string;
  /** As in the tree, by which a later run knows the file again. */
  readonly listed: FileFacts;
  /** As exactly as is known. */
  readonly file: FileFacts;
}

/** Shorter transfers leave nobody the time to change the file under way, or hardly. */
const restatBytes = 1_048_576;
const restatMs = 500;

/** Whether nobody will go on with what has come. */
function isUseless(error: unknown): boolean {
  const code = error instanceof SallyportError ? error.code : "";
  return code === "SALLYPORT_SOURCE_CHANGED" || code.startsWith("SALLYPORT_INTEGRITY_");
}

function localLinkTarget(linkTarget: string): string {
  const rules = localNameRules();
  const names = linkTarget.split("/").map((name) => {
    const mapped = localName(name, rules);
    return mapped.ok ? mapped.name : name;
  });
  return names.join("/");
}
