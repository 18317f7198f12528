import { IntegrityError, isSallyportError, type Octets } from "@sallyport/protocol";
import { stat } from "node:fs/promises";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { TransferOutcome } from "../connection/transfer-order.ts";
import { fileSystemPath } from "../names/local-name.ts";
import { refusalOf } from "../operations/refusal.ts";
import { receiveText } from "./ascii.ts";
import { freeName, type KnownFile, resolveConflict } from "./conflict.ts";
import { RunningDigest } from "./file-digest.ts";
import {
  carryThrough,
  type FileOutcome,
  fileOutcome,
  type FileTransfer,
  type FileTransferOptions,
  type FileWishes,
} from "./file-transfer.ts";
import { StagedFile } from "./local-file.ts";
import { RangeBook } from "./range-book.ts";
import { countOctets, missingRanges, prefixBytes } from "./ranges.ts";
import { type RemoteFacts, remoteFacts } from "./remote-facts.ts";
import { Seams } from "./seams.ts";
import { fetchSegments } from "./segments.ts";
import type { TransferSite } from "./site.ts";
import { digestFor, type ShareWork, type Verification, verifyContent, type VerifyMode } from "./verify.ts";

export interface DownloadWishes extends FileWishes {
  /** Keeps the server's time of change; what it does not tell is no failure. */
  readonly preserve?: boolean | undefined;
  /**
   * Keeps the part of a download that fails, and goes on with a part that an earlier one left of the same version of the
   * same file.
   */
  readonly resume?: boolean | undefined;
  /** Control connections that fetch parts of the file at the same time, where the server knows SIZE and REST. */
  readonly segments?: number | undefined;
}

export interface DownloadOptions extends DownloadWishes, FileTransferOptions {}

/**
 * Downloads a file; the local path has the whole file, or what it had before. An attempt that breaks off is followed by
 * another, which fetches what is missing.
 */
export async function download(
  site: TransferSite,
  remote: Octets,
  local: string,
  options: DownloadOptions,
): Promise<FileOutcome> {
  await using job = new Download(site, remote, local, options);
  return await carryThrough(site, job, options.signal);
}

class Download implements FileTransfer, AsyncDisposable {
  readonly #site: TransferSite;
  readonly #remote: Octets;
  readonly #options: DownloadOptions;
  #local: string;
  #facts: RemoteFacts = { size: undefined, modifiedMs: undefined };
  #staged: StagedFile | undefined;
  #digest: RunningDigest | undefined;
  #resumedFrom = 0;
  #movedBytes = 0;
  /** What was there when progress was asked for last. */
  #progressMark = 0;
  #last: TransferOutcome | undefined;
  /** Where what was there before was joined. */
  #seams: number[] = [];
  /** Where the parts meet that came now. */
  #fetched: Seams | undefined;
  #knowsRestart = true;
  #isSecondTime = false;
  /** Whether what there is came in several parts. */
  #isJoined = false;

  constructor(site: TransferSite, remote: Octets, local: string, options: DownloadOptions) {
    this.#site = site;
    this.#remote = remote;
    this.#local = local;
    this.#options = options;
  }

  hasProgressed(): boolean {
    const have = this.#knowsRestart ? countOctets(this.#staged?.have ?? []) : 0;
    const hasMore = have > this.#progressMark;
    this.#progressMark = have;
    return hasMore;
  }

  async attempt(connection: ClientConnection): Promise<FileOutcome> {
    const { meter, type } = this.#options;
    meter.enter("open");
    const facts = await this.#factsOf(connection);
    const skipped = await this.#stage(connection, facts);
    if (skipped !== undefined) return this.#outcome({ method: "off" }, { skipped });
    meter.enter("open", { total: facts.size });
    if (type === "A") {
      this.#last = await receiveText(connection, this.#remote, this.#stagedFile, {
        ...this.#options,
        throttle: this.#site.throttle,
      });
      return this.#publish({ method: "size", bytes: undefined });
    }
    await this.#fetch(connection);
    return this.#finish(connection);
  }

  /** Keeps or removes what was not published. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#staged?.[Symbol.asyncDispose]();
  }

  get #stagedFile(): StagedFile {
    if (this.#staged === undefined) throw new Error("nothing is staged");
    return this.#staged;
  }

  /** The time counts where a later attempt may have to tell versions apart; of short files the size does. */
  #factsOf(connection: ClientConnection): Promise<RemoteFacts> {
    const { preserve, resume, segments = 1, onConflict, signal } = this.#options;
    const wantsTime = preserve === true || resume === true || segments > 1 || onConflict !== undefined;
    const withTime = (size: number | undefined): boolean =>
      wantsTime || size === undefined || size >= this.#site.limits.segmentBytes;
    return remoteFacts(connection, this.#remote, { signal, withTime });
  }

  /** Makes the staged file ready; returns why nothing is to be moved, where that is so. */
  async #stage(connection: ClientConnection, facts: RemoteFacts): Promise<string | undefined> {
    const staged = this.#staged;
    if (staged !== undefined) {
      const { have } = staged;
      if (isSameVersion(facts, this.#facts)) this.#seams.push(...have.map(([, end]) => end));
      else await this.#begin(facts);
      return undefined;
    }
    const resolution = await this.#resolve(facts);
    if (resolution?.kind === "skip") return resolution.because;
    if (resolution?.kind === "rename")
      this.#local = await freeName(this.#local, async (path) => !!(await knownLocal(path)));
    await this.#begin(facts);
    const algorithm = digestFor(connection, this.#options.verify ?? (this.#options.resume ? "auto" : "size"));
    if (algorithm !== undefined) this.#digest = new RunningDigest(algorithm);
    if (resolution?.kind === "continue" && this.#stagedFile.have.length === 0)
      await this.#stagedFile.adopt(this.#local);
    this.#seams.push(...this.#stagedFile.have.map(([, end]) => end));
    this.#resumedFrom = countOctets(this.#stagedFile.have);
    this.#progressMark = this.#resumedFrom;
    this.#options.meter.resumeFrom(this.#resumedFrom);
    return undefined;
  }

  async #resolve(source: RemoteFacts) {
    const { onConflict = "overwrite" } = this.#options;
    if (onConflict === "overwrite") return undefined;
    const target = await knownLocal(this.#local);
    return target && (await resolveConflict(onConflict, { path: this.#local, source, target }));
  }

  /** Begins with that version of the file. */
  async #begin(facts: RemoteFacts): Promise<void> {
    await this.#staged?.discard();
    this.#staged = undefined;
    this.#facts = facts;
    this.#seams = [];
    const origin = { server: this.#site.server, path: this.#remote, ...facts };
    this.#staged = await (this.#options.resume ? StagedFile.keep(this.#local, origin) : StagedFile.create(this.#local));
    if (this.#digest) this.#digest = new RunningDigest(this.#digest.algorithm);
    this.#staged.onWrite = (buffer, position) => this.#digest?.take(buffer, position);
  }

  /** Fetches what is missing; where the server does not know REST, all of it. */
  async #fetch(connection: ClientConnection): Promise<void> {
    const staged = this.#stagedFile;
    const { size, modifiedMs } = this.#facts;
    const provesNothing = size === undefined && modifiedMs === undefined;
    if (staged.have.length > 0 && (provesNothing || !this.#knowsRestart) && !this.#hasAll) await this.#restart();
    if (this.#hasAll) return;
    try {
      await this.#fetchMissing(connection);
    } catch (error) {
      if (!this.#knowsRestart || !isRestartRefused(error)) throw error;
      this.#knowsRestart = false;
      await this.#restart();
      await this.#fetchMissing(connection);
    }
  }

  /** A file that is there to its end, or empty where it is to be gone on with, needs no RETR. */
  get #hasAll(): boolean {
    const { have } = this.#stagedFile;
    const { size } = this.#facts;
    if (size === undefined || (have.length === 0 && !(this.#options.resume && size === 0))) return false;
    return missingRanges(have, size).length === 0;
  }

  async #fetchMissing(connection: ClientConnection): Promise<void> {
    const staged = this.#stagedFile;
    const { size } = this.#facts;
    const { limits } = this.#site;
    const { segments = 1, signal, meter } = this.#options;
    const have = this.#knowsRestart ? staged.have : [];
    const missing = size === undefined || size === 0 ? [] : missingRanges(have, size);
    const whole = [prefixBytes(have), size ?? Number.MAX_SAFE_INTEGER] as const;
    const count = size === undefined || !this.#knowsRestart ? 1 : Math.min(segments, limits.segmentsCount);
    const seams = new Seams(limits.sampleBytes);
    this.#last = await fetchSegments(this.#site, connection, {
      remote: this.#remote,
      book: new RangeBook(missing.length === 0 ? [whole] : missing, limits.segmentBytes),
      seams,
      sink: staged,
      size,
      count,
      signal,
      onMoved: (bytes) => {
        this.#movedBytes += bytes;
        meter.reach(countOctets(staged.have));
      },
    });
    this.#fetched = seams;
  }

  async #restart(): Promise<void> {
    await this.#stagedFile.restart();
    this.#seams = [];
    this.#resumedFrom = 0;
    if (this.#digest) this.#digest = new RunningDigest(this.#digest.algorithm);
    this.#options.meter.resumeFrom(0);
  }

  async #finish(connection: ClientConnection): Promise<FileOutcome> {
    const { meter, signal, verify } = this.#options;
    const staged = this.#stagedFile;
    meter.enter("verify");
    this.#isJoined = this.#seams.length > 0 || this.#isSecondTime || (this.#fetched?.count ?? 0) > 0;
    try {
      const fitted = verify === "off" ? 0 : await this.#fitSeams(connection);
      const mode = verify ?? (this.#seams.length > 0 || this.#isSecondTime ? "auto" : "size");
      const size = await this.#agreedSize(connection, mode);
      const algorithm = size === undefined ? undefined : digestFor(connection, mode);
      if (algorithm !== undefined && this.#digest === undefined) this.#digest = new RunningDigest(algorithm);
      const verified: Verification =
        size === undefined
          ? { method: mode === "off" ? "off" : "size", bytes: undefined }
          : mode === "size" && fitted > 0
            ? { method: "seams", seams: fitted, bytes: size }
            : await verifyContent(connection, this.#remote, {
                mode,
                size,
                local: (position, length) => staged.read(position, length),
                seams: this.#seams,
                digest: this.#digest,
                limits: this.#site.limits,
                signal,
                shareWork: this.#shareWork(),
              });
      return await this.#publish(verified);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      // What is wrong must not be gone on with; where it was joined, the whole may be right.
      if (!this.#isJoined || this.#isSecondTime) {
        await staged.discard();
        throw error;
      }
      this.#isSecondTime = true;
      await this.#restart();
      return this.attempt(connection);
    }
  }

  /**
   * Compares the parts that came now where they meet, and returns how many did; those that could not be compared are left
   * to {@link verifyContent}. They are parts of one file only where that was the same before the first and after the last.
   */
  async #fitSeams(connection: ClientConnection): Promise<number> {
    const staged = this.#stagedFile;
    const fetched = await this.#fetched?.compare((position, length) => staged.read(position, length));
    this.#fetched = undefined;
    if (fetched === undefined) return 0;
    this.#seams = [...new Set([...this.#seams, ...fetched.unseen])];
    if (fetched.alike === 0) return 0;
    const { signal } = this.#options;
    if (isSameVersion(this.#facts, await remoteFacts(connection, this.#remote, { signal, withTime: () => true }))) {
      return fetched.alike;
    }
    throw new IntegrityError("SALLYPORT_INTEGRITY_CONTENT", "The file changed on the server while its parts came");
  }

  /** The control connections that fetched parts of the file, for what else can be shared out. */
  #shareWork(): ShareWork | undefined {
    const { segments = 1, signal } = this.#options;
    if (segments <= 1) return undefined;
    const { pool } = this.#site;
    const help = async (work: (by: ClientConnection) => Promise<void>): Promise<void> => {
      using lease = await pool.lease({ signal }).catch(() => undefined);
      if (lease !== undefined) await work(lease.connection);
    };
    return async (count, work) => {
      const others = Math.min(count, segments - 1, pool.count - 1);
      await Promise.all(Array.from({ length: others }, () => help(work)));
    };
  }

  /** The size on both sides; undefined where the server's is not known, or the file still grows. */
  async #agreedSize(connection: ClientConnection, mode: VerifyMode): Promise<number | undefined> {
    const { have } = this.#stagedFile;
    const end = have.at(-1)?.[1] ?? 0;
    const isGapless = prefixBytes(have) === end;
    const { size } = this.#facts;
    if (isGapless && (size === undefined || mode === "off")) return undefined;
    if (isGapless && size === end) return size;
    const { signal } = this.#options;
    const now = (await remoteFacts(connection, this.#remote, { signal, withTime: () => false })).size;
    if (isGapless && now === end) return end;
    const hasGrown = isGapless && size !== undefined && end > size;
    // What came in parts is more than there is where the last of them did not begin where it was to.
    if (hasGrown && this.#isJoined && (now === undefined || now >= end)) return end;
    if (hasGrown && !this.#isJoined && (now === undefined || now >= size)) return undefined;
    const message = `The file ended after ${prefixBytes(have)} octets, and the server speaks of ${now ?? size}`;
    throw new IntegrityError("SALLYPORT_INTEGRITY_SIZE", message);
  }

  async #publish(verified: Verification): Promise<FileOutcome> {
    const { preserve, meter } = this.#options;
    const { modifiedMs } = this.#facts;
    const modified = preserve && modifiedMs !== undefined ? new Date(modifiedMs) : undefined;
    await this.#stagedFile.publish({ modified, path: this.#local });
    meter.enter("done");
    return this.#outcome(verified);
  }

  #outcome(verified: Verification, { skipped }: { readonly skipped?: string } = {}): FileOutcome {
    const bytes = this.#options.type === "A" ? (this.#last?.bytes ?? 0) : this.#movedBytes;
    const moved = { bytes, resumedFrom: this.#resumedFrom, verified, path: this.#local };
    return fileOutcome(moved, { last: this.#last, skipped });
  }
}

function isSameVersion(one: RemoteFacts, other: RemoteFacts): boolean {
  return one.size === other.size && one.modifiedMs === other.modifiedMs;
}

/** REST itself was refused, or RETR for what REST had said (RFC 3659 §5.3). */
function isRestartRefused(error: unknown): boolean {
  if (isSallyportError(error) && error.code === "SALLYPORT_RESTART_REFUSED") return true;
  const code = refusalOf(error)?.code;
  return code !== undefined && restartCodes.has(code);
}

const restartCodes: ReadonlySet<number> = new Set([501, 502, 503, 504, 554]);

async function knownLocal(path: string): Promise<KnownFile | undefined> {
  try {
    const { size, mtimeMs } = await stat(fileSystemPath(path));
    return { size, modifiedMs: Math.floor(mtimeMs) };
  } catch {
    return undefined;
  }
}
