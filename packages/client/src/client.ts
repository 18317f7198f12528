import {
  type Features,
  type LimitValues,
  type Octets,
  type ReceivedReply,
  type TranscriptLine,
  UsageError,
} from "@sallyport/protocol";
import { type ByteSink, ByteThrottle, type ClientTlsFacts, type SecurityContextFacts } from "@sallyport/transport";
import type { ReadableStream } from "node:stream/web";
import type { ClientConnection } from "./connection/client-connection.ts";
import type { TransferOutcome } from "./connection/transfer-order.ts";
import type { ConnectionOpener } from "./connection/connection-opener.ts";
import { fxp, type FxpOutcome, type FxpWishes } from "./fxp/fxp.ts";
import { type FxpStep, fxpTree } from "./fxp/fxp-tree.ts";
import { type Entry, entryOf } from "./listing/entry.ts";
import { listTree } from "./listing/list-tree.ts";
import type { ServerClock } from "./listing/server-clock.ts";
import { wantFacts } from "./listing/wanted-facts.ts";
import { type NameCodec, octetsToSend } from "./names/name-codec.ts";
import { parentPath } from "./names/remote-path.ts";
import { chmod, makeDirectory, setTimes } from "./operations/change.ts";
import { hash, type RemoteHash } from "./operations/hash.ts";
import { raw } from "./operations/raw.ts";
import { remove } from "./operations/remove.ts";
import { exists, stat } from "./operations/stat.ts";
import { workingDirectory } from "./operations/working-directory.ts";
import type { ConnectionPool, Lease } from "./pool/connection-pool.ts";
import { withRetry } from "./pool/retry.ts";
import type { ServerProfile } from "./profile/server-profile.ts";
import { sync } from "./sync/sync.ts";
import type { LocalPlace, RemotePlace, SyncOptions, SyncStep } from "./sync/sync-options.ts";
import { download, type DownloadWishes } from "./transfer/download.ts";
import type { FileOutcome } from "./transfer/file-transfer.ts";
import { type OnProgress, ProgressMeter } from "./transfer/progress.ts";
import { read, readInto, type ReadIntoOptions, type ReadRange } from "./transfer/read.ts";
import type { StoreOptions } from "./transfer/store.ts";
import type { TransferSite } from "./transfer/site.ts";
import { upload, type UploadWishes } from "./transfer/upload.ts";
import { type PiecewiseSource, UploadInPieces } from "./transfer/upload-in-pieces.ts";
import { isRepeatable, type Writable, write } from "./transfer/write.ts";

export interface OperationOptions {
  /** Gives up; the promise rejects with its reason, and the client stays usable. */
  readonly signal?: AbortSignal;
}

export interface ListOptions extends OperationOptions {
  /** Lists what lies below as well, a directory before its content; links are not followed. */
  readonly recursive?: boolean;
}

export interface ProgressOptions {
  readonly onProgress?: OnProgress;
}

export interface WriteOptions extends OperationOptions, ProgressOptions, Pick<StoreOptions, "atomic"> {}

export interface FxpTreeWishes extends FxpWishes {
  /** Files at a time, each on a control connection of its own to each server. Default 1. */
  readonly parallel?: number;
}

/** What {@link Client} is made of. */
export interface ClientParts {
  readonly pool: ConnectionPool;
  readonly opener: Pick<ConnectionOpener, "server" | "known">;
  readonly limits: LimitValues;
  /** Between the octets of names and the strings of callers. */
  readonly names: NameCodec;
  readonly clock: ServerClock;
  /** The path of the URL. */
  readonly path: string;
  /** Who logs in. */
  readonly user: string;
  /** Octets in a second, over all transfers together. */
  readonly limitRate?: number | undefined;
}

/**
 * A client of one server. Paths are strings with `/` between names, relative to where the login begins unless they
 * begin with `/`. Operations may be called at any time: they share the control connections of a pool and wait for each
 * other where it is small.
 *
 * Failures are errors of `@sallyport/protocol` with a stable `code`; those of a dialogue carry `command`, `reply`,
 * `transcript` and `retry`. What may be asked again without harm is asked again, on a fresh connection where the old one
 * is lost.
 */
export class Client implements AsyncDisposable {
  /** The path that the URL named, for whoever wants to begin there. */
  readonly path: string;
  readonly #pool: ConnectionPool;
  readonly #opener: ClientParts["opener"];
  readonly #limits: LimitValues;
  readonly #names: NameCodec;
  readonly #clock: ServerClock;
  readonly #user: string;
  #throttle: ByteThrottle | undefined;

  constructor({ pool, opener, limits, names, clock, path, user, limitRate }: ClientParts) {
    this.path = path;
    this.#user = user;
    this.#throttle = limitRate === undefined ? undefined : throttleOf(limitRate);
    this.#pool = pool;
    this.#opener = opener;
    this.#limits = limits;
    this.#names = names;
    this.#clock = clock;
  }

  /** Where the client is connected, and how that is protected. */
  get server(): { readonly host: string; readonly port: number; readonly security: string } | undefined {
    return this.#opener.server;
  }

  /** What is known of the server so far, and by which evidence. */
  get profile(): ServerProfile {
    return this.#opener.known.profile;
  }

  /** Of FEAT, by verb. */
  get features(): Features {
    return this.#pool.latest?.features ?? new Map();
  }

  /** The dialogue of the control connection that was used last, its latest lines. */
  get transcript(): readonly TranscriptLine[] {
    return this.#pool.latest?.transcript ?? [];
  }

  /** What TLS came to on the control connection that was used last; undefined in clear. */
  get tls(): ClientTlsFacts | undefined {
    return this.#pool.latest?.tls;
  }

  /** What AUTH GSSAPI came to on that connection; undefined under TLS and in clear. */
  get gssapi(): SecurityContextFacts | undefined {
    return this.#pool.latest?.gssapi;
  }

  get greeting(): ReceivedReply | undefined {
    return this.#pool.latest?.greeting;
  }

  /** Lists a directory as the server sends it. */
  async *list(path = "", options: ListOptions = {}): AsyncGenerator<Entry> {
    const directory = this.#octets(path);
    const listing = { ...options, limits: this.#limits, clock: this.#clock, wantsFacts: true };
    for await (const [parent, entry] of listTree(this.#pool, directory, listing)) {
      yield entryOf(entry, parent, this.#names, this.#clock);
    }
  }

  /** Tells what a path is; rejects with CommandRefused where there is nothing. */
  async stat(path: string, { signal }: OperationOptions = {}): Promise<Entry> {
    const octets = this.#octets(path);
    const entry = await this.#use(signal, async (connection) => {
      await wantFacts(connection, { signal });
      return stat(connection, octets, { signal });
    });
    return entryOf(entry, parentPath(octets), this.#names, this.#clock);
  }

  exists(path: string, { signal }: OperationOptions = {}): Promise<boolean> {
    return this.#use(signal, (connection) => exists(connection, this.#octets(path), { signal }));
  }

  /** Reads a file, or the part from `start` to `end` (exclusive), as it comes: `for await (const chunk of …)`. */
  async read(
    path: string,
    { signal, ...range }: OperationOptions & ReadRange = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const octets = this.#octets(path);
    return withRetry(
      async () => {
        const lease = await this.#pool.lease({ signal });
        const release = (): void => lease[Symbol.dispose]();
        try {
          const throttle = this.#throttle;
          return await read(lease.connection, octets, { ...range, signal, throttle, onDone: release });
        } catch (error) {
          release();
          throw error;
        }
      },
      { limits: this.#limits, signal },
    );
  }

  /**
   * Reads a file, or the part from `start` to `end` (exclusive), into a sink, in pieces of up to 256 KiB: the cheapest
   * way for what goes on at once. A piece is the sink's until its promise settles. Returns how many octets the sink got.
   */
  readInto(
    path: string,
    sink: ByteSink,
    { signal, ...options }: OperationOptions & ReadRange & Pick<ReadIntoOptions, "sizeBytes" | "onProgress"> = {},
  ): Promise<number> {
    const work = (connection: ClientConnection): Promise<number> =>
      readInto(connection, this.#octets(path), sink, { ...options, signal, throttle: this.#throttle });
    return this.#useOnce(signal, work);
  }

  /** Writes a file whose content is in memory or comes from a stream. */
  write(
    path: string,
    content: Writable,
    { signal, onProgress, ...options }: WriteOptions = {},
  ): Promise<TransferOutcome> {
    const work = (connection: ClientConnection): Promise<TransferOutcome> => {
      const meter = new ProgressMeter(path, onProgress);
      return write(connection, this.#octets(path), content, { ...options, signal, meter, throttle: this.#throttle });
    };
    return isRepeatable(content) ? this.#use(signal, work, { repeatable: true }) : this.#useOnce(signal, work);
  }

  /**
   * Downloads a file; `local` becomes the whole file or stays what it was.
   *
   * Rejects with IntegrityError where what came is not what the server has: `SALLYPORT_INTEGRITY_SIZE`,
   * `SALLYPORT_INTEGRITY_CONTENT`.
   */
  download(
    path: string,
    local: string,
    { onProgress, ...options }: OperationOptions & ProgressOptions & DownloadWishes = {},
  ): Promise<FileOutcome> {
    const meter = new ProgressMeter(path, onProgress);
    return download(this.#site, this.#octets(path), local, { ...options, meter });
  }

  /**
   * Uploads a local file; `path` becomes the whole file or stays what it was, where the server can rename. Rejects with
   * IntegrityError as {@link Client.download} does.
   */
  async upload(
    local: string,
    path: string,
    { onProgress, ...options }: OperationOptions & ProgressOptions & UploadWishes = {},
  ): Promise<FileOutcome> {
    const meter = new ProgressMeter(path, onProgress);
    const outcome = await upload(this.#site, local, this.#octets(path), { ...options, meter });
    return { ...outcome, path: this.#names.textOf(outcome.path as Octets) };
  }

  /** Uploads a file whose content comes in pieces, on connections of {@link Client.checkout}. */
  uploadInPieces(path: string, source: PiecewiseSource): UploadInPieces {
    return new UploadInPieces(this.#octets(path), source);
  }

  /**
   * Copies a file of this server to another server, directly from the one to the other where they do that as protected
   * as their data connections are, otherwise through here. `path` on the other becomes the whole file or stays what it
   * was, where that server can rename.
   *
   * Rejects with PeerIncompatible `SALLYPORT_FXP_REFUSED` where nothing but `direct` is permitted and no way leads there;
   * with IntegrityError as {@link Client.download} does.
   */
  async fxp(
    from: string,
    other: Client,
    to: string,
    { onProgress, ...options }: OperationOptions & ProgressOptions & FxpWishes = {},
  ): Promise<FxpOutcome> {
    const meter = new ProgressMeter(from, onProgress);
    const paths = { from: this.#octets(from), to: other.#octets(to) };
    const outcome = await fxp({ from: this.#site, to: other.#site }, paths, { ...options, meter });
    return { ...outcome, path: other.#names.textOf(outcome.path as Octets) };
  }

  /**
   * Copies a directory of this server with all that is in it to another server, each file as {@link Client.fxp} does, and
   * gives each step with what came of it. Rejects where nothing further can succeed.
   */
  fxpTree(
    from: string,
    other: Client,
    to: string,
    { signal, parallel = 1, ...options }: OperationOptions & ProgressOptions & FxpTreeWishes = {},
  ): AsyncGenerator<FxpStep, undefined> {
    return fxpTree({
      from,
      to,
      list: (path, stop) => this.list(path, { recursive: true, signal: stop }),
      makeDirectory: (path, stop) => madeDirectory(other, path, stop),
      copyFile: (path, place, stop) => this.fxp(path, other, place, { ...options, signal: stop }),
      parallel: Math.max(1, parallel),
      signal,
    });
  }

  /** Octets in a second that all transfers together move at most; undefined for as many as can. */
  get limitRate(): number | undefined {
    return this.#throttle?.bytesPerSecond;
  }

  /** Of transfers that run already only those keep to it that began under a limit. */
  set limitRate(bytesPerSecond: number | undefined) {
    if (bytesPerSecond === undefined) this.#throttle = undefined;
    else if (this.#throttle === undefined) this.#throttle = throttleOf(bytesPerSecond);
    else this.#throttle.bytesPerSecond = bytesPerSecond;
  }

  /** Where the login began, which is what relative paths are relative to; undefined where the server does not say. */
  async workingDirectory({ signal }: OperationOptions = {}): Promise<string | undefined> {
    const path = await this.#use(signal, (connection) => workingDirectory(connection, { signal }));
    return path === undefined ? undefined : this.#names.textOf(path);
  }

  async rename(from: string, to: string, { signal }: OperationOptions = {}): Promise<void> {
    await this.#use(signal, (connection) => connection.rename(this.#octets(from), this.#octets(to), { signal }));
  }

  /** Removes a file or an empty directory, with `recursive` also one that is not empty. */
  remove(path: string, { signal, recursive }: OperationOptions & { readonly recursive?: boolean } = {}): Promise<void> {
    const options = { signal, recursive, limits: this.#limits };
    return this.#use(signal, (connection) => remove(connection, this.#octets(path), options));
  }

  /** Makes a directory, with `recursive` also those above it. */
  makeDirectory(
    path: string,
    { signal, recursive }: OperationOptions & { readonly recursive?: boolean } = {},
  ): Promise<void> {
    return this.#use(signal, (connection) => makeDirectory(connection, this.#octets(path), { signal, recursive }));
  }

  chmod(path: string, mode: number, { signal }: OperationOptions = {}): Promise<void> {
    return this.#use(signal, (connection) => chmod(connection, this.#octets(path), mode, { signal }));
  }

  setTimes(path: string, times: { readonly modified: Date }, { signal }: OperationOptions = {}): Promise<void> {
    return this.#use(signal, (connection) => setTimes(connection, this.#octets(path), times, { signal }));
  }

  /** Asks the server for a digest of a file; without `algorithm` the strongest that it offers. */
  hash(
    path: string,
    { signal, algorithm }: OperationOptions & { readonly algorithm?: string } = {},
  ): Promise<RemoteHash> {
    return this.#use(signal, (connection) => hash(connection, this.#octets(path), { signal, algorithm }));
  }

  /**
   * Makes a directory of this machine like one of the server, or the reverse, and gives each step with what came of it.
   * Files get their names when they are whole, directories come first and deletions last; a file that fails is a step
   * and keeps nothing else back, but for deletions. Rejects where nothing further can succeed: the disk is full, the
   * server is gone. Leaving the loop ends the mirror; with a journal it goes on the next time.
   */
  sync(from: RemotePlace, to: LocalPlace, options?: SyncOptions): AsyncGenerator<SyncStep>;
  sync(from: LocalPlace, to: RemotePlace, options?: SyncOptions): AsyncGenerator<SyncStep>;
  sync(
    from: LocalPlace | RemotePlace,
    to: LocalPlace | RemotePlace,
    options: SyncOptions = {},
  ): AsyncGenerator<SyncStep> {
    const parts = {
      pool: this.#pool,
      names: this.#names,
      limits: this.#limits,
      clock: this.#clock,
      throttle: this.#throttle,
      serverName: () => this.#serverName,
    };
    return sync(parts, from, to, options);
  }

  /** Sends a command line as it stands. CWD moves what relative paths of one control connection mean; leave it alone. */
  raw(line: string, { signal }: OperationOptions = {}): Promise<ReceivedReply> {
    return this.#useOnce(signal, (connection) => raw(connection, line, { names: this.#names, signal }));
  }

  /** Takes a control connection for oneself, until it is disposed of. */
  async checkout({ signal }: OperationOptions = {}): Promise<Lease> {
    return this.#pool.lease({ signal });
  }

  /** Says good-bye and closes; what is under way is cut off. */
  async close(): Promise<void> {
    await Promise.all([this.#pool[Symbol.asyncDispose](), this.#opener.known.save()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #serverName(): string {
    return `${this.#user}@${this.server?.host}:${this.server?.port}`;
  }

  get #site(): TransferSite {
    return { pool: this.#pool, limits: this.#limits, throttle: this.#throttle, server: this.#serverName };
  }

  #octets(path: string): Octets {
    return octetsToSend(path, this.#names);
  }

  async #useOnce<T>(signal: AbortSignal | undefined, work: (connection: ClientConnection) => Promise<T>): Promise<T> {
    using lease = await this.#pool.lease({ signal });
    return await work(lease.connection);
  }

  #use<T>(
    signal: AbortSignal | undefined,
    work: (connection: ClientConnection) => Promise<T>,
    { repeatable = false }: { readonly repeatable?: boolean } = {},
  ): Promise<T> {
    return withRetry(() => this.#useOnce(signal, work), { limits: this.#limits, signal, repeatable });
  }
}

/** The place where a login begins and the root are there. */
async function madeDirectory(client: Client, path: string, signal: AbortSignal): Promise<void> {
  if (path !== "" && path !== "/") await client.makeDirectory(path, { recursive: true, signal });
}

function throttleOf(bytesPerSecond: number): ByteThrottle {
  if (bytesPerSecond > 0) return new ByteThrottle(bytesPerSecond);
  throw new UsageError("SALLYPORT_RATE_INVALID", "A rate is a number of octets in a second, above 0");
}
