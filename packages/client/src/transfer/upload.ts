import { CommandRefused, IntegrityError, isSallyportError, type Octets } from "@sallyport/protocol";
import type { ByteSource } from "@sallyport/transport";
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { TransferOrder, TransferOutcome } from "../connection/transfer-order.ts";
import type { Mover } from "../connection/data-task.ts";
import { fileSystemPath } from "../names/local-name.ts";
import { setTimes } from "../operations/change.ts";
import { refusalOf, unlessRefused } from "../operations/refusal.ts";
import { exists, sizeOf } from "../operations/stat.ts";
import { withCarriageReturns } from "./ascii.ts";
import type { KnownFile } from "./conflict.ts";
import { RunningDigest } from "./file-digest.ts";
import {
  carryThrough,
  type FileOutcome,
  fileOutcome,
  type FileTransfer,
  type FileTransferOptions,
  type FileWishes,
} from "./file-transfer.ts";
import { sourceOf } from "./local-file.ts";
import type { TransferSite } from "./site.ts";
import { endUpload, learnPublishing, publishesWhole } from "./publishing.ts";
import { partNameOf, renameOver, type StoreOptions } from "./store.ts";
import { decideName } from "./taken-name.ts";
import { digestFor, type Verification, verifyContent, type VerifyMode } from "./verify.ts";

export interface UploadWishes extends FileWishes, Pick<StoreOptions, "atomic"> {
  /** Keeps the file's time of change where the server takes it; where not, that is no failure. */
  readonly preserve?: boolean | undefined;
  /** Leaves the part of an upload that fails on the server, and goes on with one of the same local file. */
  readonly resume?: boolean | undefined;
}

export interface UploadOptions extends UploadWishes, FileTransferOptions {}

/**
 * Uploads a local file: its name on the server has the whole content or what it had before, where the server can rename.
 * An attempt that breaks off is followed by another, which sends what the server has not got by SIZE.
 */
export async function upload(
  site: TransferSite,
  local: string,
  remote: Octets,
  options: UploadOptions,
): Promise<FileOutcome> {
  await using file = await open(fileSystemPath(local), "r");
  const job = new Upload(site, file, remote, options);
  try {
    return await carryThrough(site, job, options.signal);
  } catch (error) {
    await job.cleanUp(error);
    throw error;
  }
}

/** Where the octets go, until they get their name. */
interface Target {
  readonly name: Octets;
  readonly isTemporary: boolean;
  /** Whether what SIZE tells of the name is a part of ours. */
  readonly isOurs: boolean;
  /** Whether a later upload is to go on with what is there when this one fails. */
  readonly isKept: boolean;
}

class Upload implements FileTransfer {
  readonly #site: TransferSite;
  readonly #file: FileHandle;
  readonly #options: UploadOptions;
  #remote: Octets;
  #target: Target | undefined;
  #connection: ClientConnection | undefined;
  #attempts = 0;
  #startsAnew = false;
  #resumedFrom = 0;
  #movedBytes = 0;
  #offset = 0;
  #progressMark = 0;
  #digest: RunningDigest | undefined;
  #last: TransferOutcome | undefined;
  #seams: number[] = [];

  constructor(site: TransferSite, file: FileHandle, remote: Octets, options: UploadOptions) {
    this.#site = site;
    this.#file = file;
    this.#remote = remote;
    this.#options = options;
  }

  hasProgressed(): boolean {
    const hasMore = this.#offset > this.#progressMark;
    this.#progressMark = Math.max(this.#offset, this.#progressMark);
    return hasMore;
  }

  async attempt(connection: ClientConnection): Promise<FileOutcome> {
    const { meter, type } = this.#options;
    this.#connection = connection;
    const { size, mtime, mtimeMs } = await this.#file.stat();
    meter.enter("open", { total: size });
    const source = { size, modifiedMs: Math.floor(mtimeMs) };
    if (this.#target === undefined) {
      const skipped = await this.#aim(connection, source);
      if (skipped !== undefined) return this.#outcome({ method: "off" }, skipped);
    }
    const target = this.#target;
    if (target === undefined) throw new Error("the upload has no target");
    if (type === "A") return this.#sendText(connection, target, mtime);
    const offset = await this.#offsetOf(connection, target, size);
    this.#attempts++;
    await this.#send(connection, target, offset, size);
    return this.#finish(connection, target, { size, mtime });
  }

  /** Removes what a failed upload has left, if it is this one's and nobody will go on with it. */
  async cleanUp(reason: unknown): Promise<void> {
    const [target, connection] = [this.#target, this.#connection];
    if (target === undefined || connection === undefined || connection.isOver) return;
    const isKept = target.isKept && !(reason instanceof IntegrityError);
    const isOwn = target.isTemporary || (target.isOurs && !publishesWhole(connection));
    if (isOwn && !isKept) await connection.command("DELE", target.name).catch(() => {});
  }

  /** Settles under which name the octets go; returns why nothing is to be moved, where that is so. */
  async #aim(connection: ClientConnection, source: KnownFile): Promise<string | undefined> {
    const { onConflict = "overwrite", resume = false, atomic, signal } = this.#options;
    const decision = await decideName(connection, this.#remote, source, { onConflict, signal });
    if ("skipped" in decision) return decision.skipped;
    this.#remote = decision.name;
    if (decision.goesOn) {
      this.#target = { name: this.#remote, isTemporary: false, isOurs: true, isKept: true };
      this.#attempts = 1;
      return undefined;
    }
    if (atomic !== true && !resume) await learnPublishing(connection, { signal });
    if (atomic ?? (resume || !publishesWhole(connection))) {
      // A part is found again by the name that size and time of the file give it.
      const mark = `${this.#site.server}\0${source.size}\0${source.modifiedMs}`;
      const suffix = resume ? createHash("sha256").update(mark).digest("hex").slice(0, 8) : undefined;
      this.#target = { name: partNameOf(this.#remote, suffix), isTemporary: true, isOurs: true, isKept: resume };
    } else {
      // Of a short file nobody asks: it is sent again.
      const isLong = (source.size ?? 0) >= this.#site.limits.segmentBytes;
      const asks = resume || isLong || !publishesWhole(connection);
      const isTaken = asks && (await exists(connection, this.#remote, { signal }));
      this.#target = { name: this.#remote, isTemporary: false, isOurs: asks && (resume || !isTaken), isKept: resume };
    }
    return undefined;
  }

  /** From where on to send: what the server has of it by SIZE, if that is a part of this file. */
  async #offsetOf(connection: ClientConnection, target: Target, size: number): Promise<number> {
    const { resume, signal, meter } = this.#options;
    const isFirst = this.#attempts === 0;
    const mayHavePart = target.isOurs && !this.#startsAnew && (!isFirst || resume === true);
    const found = mayHavePart ? Number((await sizeOf(connection, target.name, { signal })) ?? 0) : 0;
    const offset = found > size ? 0 : found;
    this.#offset = offset;
    if (this.#movedBytes === 0) this.#resumedFrom = offset;
    this.#seams = offset === 0 ? [] : [...this.#seams, offset];
    meter.resumeFrom(offset);
    return offset;
  }

  async #send(connection: ClientConnection, target: Target, offset: number, size: number): Promise<void> {
    const algorithm = digestFor(connection, this.#options.verify ?? (this.#options.resume ? "auto" : "size"));
    if (offset === 0) this.#digest = algorithm === undefined ? undefined : new RunningDigest(algorithm);
    if (offset === size && offset > 0)
      return endUpload(connection, target.name, size, { signal: this.#options.signal });
    const before = this.#movedBytes;
    const isRefused = (error: unknown): boolean => this.#movedBytes === before && isRestartRefused(error);
    const order = { verb: "STOR", argument: target.name, type: "I" } as const;
    if (offset === 0) return this.#store(connection, order, 0, size);
    try {
      return await this.#store(connection, { ...order, restartOffset: BigInt(offset) }, offset, size);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
    try {
      // SIZE has just told where it would go.
      return await this.#store(connection, { ...order, verb: "APPE" }, offset, size);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
    await this.#startAnew(connection, target);
    return this.#store(connection, order, 0, size);
  }

  async #store(connection: ClientConnection, order: TransferOrder, offset: number, size: number): Promise<void> {
    const { signal, meter } = this.#options;
    const { throttle } = this.#site;
    const before = this.#movedBytes;
    const onProgress = (bytes: number): void => {
      this.#movedBytes = before + bytes;
      meter.moved(bytes);
    };
    const mover: Mover = async (data, moving) => ({
      bytes: await data.sendFrom(this.#source(size), offset, undefined, {
        ...moving,
        onProgress,
        ...(throttle && { throttle }),
      }),
      isWhole: true,
    });
    this.#last = await connection.transfer(order, mover, { signal, sizeBytes: size - offset });
    this.#movedBytes = before + this.#last.bytes;
  }

  #source(size: number): ByteSource {
    const source = sourceOf(this.#file, size);
    const digest = this.#digest;
    if (digest === undefined) return source;
    return {
      sizeBytes: size,
      read: async (buffer, position) => {
        const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, position);
        digest.take(buffer.subarray(0, bytesRead), position);
        return bytesRead;
      },
    };
  }

  async #startAnew(connection: ClientConnection, target: Target): Promise<void> {
    this.#startsAnew = true;
    this.#seams = [];
    this.#resumedFrom = 0;
    this.#offset = 0;
    this.#digest = this.#digest && new RunningDigest(this.#digest.algorithm);
    this.#options.meter.resumeFrom(0);
    if (target.isTemporary) await unlessRefused(connection.command("DELE", target.name));
  }

  async #sendText(connection: ClientConnection, target: Target, mtime: Date): Promise<FileOutcome> {
    const { signal, meter } = this.#options;
    const { throttle } = this.#site;
    const mover: Mover = async (data, moving) => {
      const lines = withCarriageReturns(this.#file.createReadStream({ start: 0, autoClose: false }));
      const options = { ...moving, onProgress: meter.moved, ...(throttle && { throttle }) };
      return { bytes: await data.sendChunks(lines, options), isWhole: true };
    };
    this.#last = await connection.transfer({ verb: "STOR", argument: target.name, type: "A" }, mover, { signal });
    this.#movedBytes = this.#last.bytes;
    return this.#publish(connection, target, mtime, { method: "size", bytes: undefined });
  }

  async #finish(
    connection: ClientConnection,
    target: Target,
    { size, mtime }: { readonly size: number; readonly mtime: Date },
  ): Promise<FileOutcome> {
    const isJoined = this.#seams.length > 0;
    const mode = this.#options.verify ?? (isJoined ? "auto" : "size");
    this.#options.meter.enter("verify");
    try {
      const verified = await this.#verify(connection, target, { mode, size });
      return await this.#publish(connection, target, mtime, verified);
    } catch (error) {
      // Where it was joined, the whole may be right.
      if (!(error instanceof IntegrityError) || !isJoined || this.#startsAnew) throw error;
      await this.#startAnew(connection, target);
      return this.attempt(connection);
    }
  }

  async #verify(
    connection: ClientConnection,
    { name }: Target,
    { mode, size }: { readonly mode: VerifyMode; readonly size: number },
  ): Promise<Verification> {
    if (mode === "off") return { method: "off" };
    const { signal } = this.#options;
    const found = await sizeOf(connection, name, { signal });
    if (found !== undefined && Number(found) !== size) {
      throw new IntegrityError("SALLYPORT_INTEGRITY_SIZE", `The server has ${found} octets of ${size}`);
    }
    const algorithm = digestFor(connection, mode);
    if (algorithm !== undefined) this.#digest ??= new RunningDigest(algorithm);
    const local = async (position: number, length: number): Promise<Uint8Array> => {
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const { limits } = this.#site;
    const options = { mode, size, local, seams: this.#seams, digest: this.#digest, limits, signal };
    const verified = await verifyContent(connection, name, options);
    return verified.method === "size" && found === undefined ? { method: "size", bytes: undefined } : verified;
  }

  async #publish(
    connection: ClientConnection,
    target: Target,
    modified: Date,
    verified: Verification,
  ): Promise<FileOutcome> {
    const { preserve, signal, meter } = this.#options;
    if (preserve) await unlessRefused(setTimes(connection, target.name, { modified }, { signal }));
    if (target.isTemporary) await renameOver(connection, target.name, this.#remote, signal);
    meter.enter("done");
    return this.#outcome(verified);
  }

  #outcome(verified: Verification, skipped?: string): FileOutcome {
    const moved = { bytes: this.#movedBytes, resumedFrom: this.#resumedFrom, verified, path: this.#remote };
    return fileOutcome(moved, { last: this.#last, skipped });
  }
}

/** What a server that does not continue uploads says to REST, or to STOR and APPE (ProFTPD: 451). */
export function isRestartRefused(error: unknown): boolean {
  if (isSallyportError(error) && error.code === "SALLYPORT_RESTART_REFUSED") return true;
  const code = refusalOf(error)?.code;
  return error instanceof CommandRefused && code !== undefined && code !== 421 && code !== 425 && code !== 426;
}
