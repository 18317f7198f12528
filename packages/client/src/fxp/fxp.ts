import { CommandRefused, IntegrityError, isSallyportError, type Octets, TransportError } from "@sallyport/protocol";
import { createHash } from "node:crypto";
import { setTimes } from "../operations/change.ts";
import { unlessRefused } from "../operations/refusal.ts";
import { exists, sizeOf } from "../operations/stat.ts";
import { withRetry } from "../pool/retry.ts";
import type { ProgressMeter } from "../transfer/progress.ts";
import { type RemoteFacts, remoteFacts } from "../transfer/remote-facts.ts";
import type { TransferSite } from "../transfer/site.ts";
import { partNameOf, renameOver } from "../transfer/store.ts";
import type { Verification, VerifyMode } from "../transfer/verify.ts";
import { copyDirectly, type DirectFailure, type FileEnds } from "./direct.ts";
import { leaseBoth } from "./lease-both.ts";
import { relay } from "./relay.ts";
import { facts, noWay, type Route, routeBetween } from "./route.ts";
import { verifyCopy } from "./verify-copy.ts";
import { watchSize } from "./watch-size.ts";
import { isAboutFile, type Side, type Way } from "./ways.ts";

export interface FxpWishes {
  /**
   * `direct`: from server to server, or not at all; `relay`: through here; `auto`, the default: direct where the servers
   * do it as protected as their data connections are and no rate is to be kept, otherwise through here.
   */
  readonly mode?: "auto" | "direct" | "relay" | undefined;
  /** Lets the file go from server to server in clear where they cannot protect it. Default false. */
  readonly clear?: boolean | undefined;
  /** Addresses besides its own that a server may send the other one to, as behind NAT. */
  readonly addresses?: readonly string[] | undefined;
  /** Stores under another name and renames. Default true. */
  readonly atomic?: boolean | undefined;
  /** Leaves the part of a copy that fails on the target, and goes on with one of the same file. */
  readonly resume?: boolean | undefined;
  /** Default `size`; `auto` where the file went in several parts. */
  readonly verify?: VerifyMode | undefined;
  /** Keeps the file's time of change where both servers tell and take it; where not, that is no failure. */
  readonly preserve?: boolean | undefined;
}

export interface FxpOptions extends FxpWishes {
  readonly signal?: AbortSignal | undefined;
  readonly meter: ProgressMeter;
}

/** How a file went. */
export type FxpRoute =
  | ({ readonly kind: "direct" } & Way)
  /** `because`: why not from server to server, in sentences. */
  | { readonly kind: "relay"; readonly because: readonly string[] };

export interface FxpOutcome {
  /** Octets that moved, as far as the target tells. */
  readonly bytes: number | undefined;
  readonly resumedFrom: number;
  readonly verified: Verification;
  readonly route: FxpRoute;
}

export type FxpPaths = Readonly<Record<Side, Octets>>;
export type FxpSites = Readonly<Record<Side, TransferSite>>;

/**
 * Copies a file from one server to the other: its name on the target has the whole content or what it had before, where
 * the target can rename. An attempt that breaks off is followed by another, which goes on behind what the target has.
 */
export async function fxp(sites: FxpSites, paths: FxpPaths, options: FxpOptions): Promise<FxpOutcome> {
  const { limits } = sites.from;
  const { signal } = options;
  const job = new Copy(sites, paths, options);
  const attempt = async (): Promise<FxpOutcome> => {
    using leases = await leaseBoth({ from: sites.from.pool, to: sites.to.pool }, signal);
    return await job.attempt({
      from: { connection: leases.from.connection, path: paths.from },
      to: { connection: leases.to.connection, path: paths.to },
    });
  };
  const attemptEachWay = async (): Promise<FxpOutcome> => {
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one way after the other
        return await attempt();
      } catch (error) {
        if (!job.takesAnotherWay()) throw error;
      }
    }
  };
  try {
    const hasProgressed = (): boolean => job.hasProgressed();
    return await withRetry(attemptEachWay, { limits, signal, repeatable: true, hasProgressed });
  } catch (error) {
    await job.cleanUp(error);
    throw error;
  }
}

/** From which octet on, of how many. */
interface Extent {
  readonly offset: number;
  readonly size: number | undefined;
}

interface Part {
  readonly name: Octets;
  /** Whether what is there is of this copy. */
  readonly isOurs: boolean;
}

class Copy {
  readonly #sites: FxpSites;
  readonly #paths: FxpPaths;
  readonly #options: FxpOptions;
  readonly #route: Route;
  /** Where the octets go, until they get their name. */
  #part: Part | undefined;
  #offset = 0;
  #progressMark = 0;
  #resumedFrom = 0;
  #seams: number[] = [];
  #attempts = 0;
  #startsAnew = false;
  #takesAnotherWay = false;
  /** Whether there may be something of it on the target. */
  #hasBegun = false;

  constructor(sites: FxpSites, paths: FxpPaths, options: FxpOptions) {
    this.#sites = sites;
    this.#paths = paths;
    this.#options = options;
    const { clear = false, addresses = [] } = options;
    this.#route = routeBetween({ from: sites.from.pool, to: sites.to.pool }, { clear, addresses });
  }

  /** Whether the target has more of it than after the attempt before. */
  hasProgressed(): boolean {
    const hasMore = this.#offset > this.#progressMark;
    this.#progressMark = Math.max(this.#offset, this.#progressMark);
    return hasMore;
  }

  /** Whether a way cost a control connection, and the next one is to be tried on another (told once). */
  takesAnotherWay(): boolean {
    const takesAnotherWay = this.#takesAnotherWay;
    this.#takesAnotherWay = false;
    return takesAnotherWay;
  }

  async attempt(ends: FileEnds): Promise<FxpOutcome> {
    const { meter, resume = false, preserve = false, signal } = this.#options;
    const { from, to } = ends;
    meter.enter("open");
    const source = await remoteFacts(from.connection, from.path, { signal, withTime: () => resume || preserve });
    meter.enter("open", { total: source.size });
    const aimed = this.#part ?? (await this.#aim(ends, source));
    this.#part = aimed;
    const part = { from, to: { ...to, path: aimed.name } };
    await this.#findOffset(part, source);
    this.#attempts++;
    this.#hasBegun = true;
    const route = await this.#move(part, source);
    return this.#finish(ends, source, { part: aimed.name, route });
  }

  /** Removes what a failed copy has left, if it is this one's and nobody will go on with it. */
  async cleanUp(reason: unknown): Promise<void> {
    const part = this.#part;
    if (part === undefined || !part.isOurs || !this.#hasBegun) return;
    if (this.#options.resume === true && !(reason instanceof IntegrityError)) return;
    const { pool, limits } = this.#sites.to;
    try {
      // The connection that failed may be gone, and the one who asked as well.
      using lease = await pool.lease({ signal: AbortSignal.timeout(limits.dataOpenMs) });
      await lease.connection.command("DELE", part.name);
    } catch {
      // What failed is told already.
    }
  }

  /** Settles under which name the octets go. */
  async #aim({ to }: FileEnds, source: RemoteFacts): Promise<Part> {
    const { atomic = true, resume = false, signal } = this.#options;
    if (!atomic) return { name: to.path, isOurs: !(await exists(to.connection, to.path, { signal })) };
    // A part is found again by the name that the version of the file gives it.
    const mark = `${this.#sites.from.server}\0${this.#paths.from}\0${source.size}\0${source.modifiedMs}`;
    const suffix = resume ? createHash("sha256").update(mark).digest("hex").slice(0, 8) : undefined;
    return { name: partNameOf(to.path, suffix), isOurs: true };
  }

  /** From where on to copy: what the target has of it by SIZE. */
  async #findOffset({ to }: FileEnds, { size }: RemoteFacts): Promise<void> {
    const { resume, signal, meter } = this.#options;
    const mayHavePart = resume === true && !this.#startsAnew && this.#part?.isOurs === true;
    const found = mayHavePart ? Number((await sizeOf(to.connection, to.path, { signal })) ?? 0) : 0;
    const offset = size !== undefined && found > size ? 0 : found;
    this.#offset = offset;
    if (this.#attempts === 0) this.#resumedFrom = offset;
    this.#seams = offset === 0 ? [] : [...this.#seams, offset];
    meter.resumeFrom(offset);
  }

  async #move(ends: FileEnds, { size }: RemoteFacts): Promise<FxpRoute> {
    if (this.#offset > 0 && this.#offset === size) return { kind: "relay", because: [] };
    try {
      return await this.#moveFrom(ends, { offset: this.#offset, size });
    } catch (error) {
      if (this.#offset === 0 || !isRestartRefused(error)) throw error;
    }
    await this.#startAnew(ends);
    return this.#moveFrom(ends, { offset: 0, size });
  }

  async #moveFrom(ends: FileEnds, place: Extent): Promise<FxpRoute> {
    const { mode = "auto", clear = false, addresses = [] } = this.#options;
    const throttle = this.#sites.to.throttle ?? this.#sites.from.throttle;
    // Servers keep to no rate of ours.
    const isThrottled = mode === "auto" && throttle !== undefined;
    if (mode !== "relay" && !isThrottled) {
      const direct = await this.#moveDirectly(ends, place, { clear, addresses });
      if (direct !== undefined) return { kind: "direct", ...direct };
    }
    if (mode === "direct") throw noWay(this.#route, undefined);
    const { signal, meter } = this.#options;
    await relay(ends, { offset: place.offset, signal, throttle, onProgress: meter.moved });
    return { kind: "relay", because: isThrottled ? [keepsRate] : this.#route.because };
  }

  /** Tries one way after the other; undefined where none leads there. */
  async #moveDirectly(
    ends: FileEnds,
    { offset, size }: Extent,
    wishes: { readonly clear: boolean; readonly addresses: readonly string[] },
  ): Promise<Way | undefined> {
    const { signal } = this.#options;
    const servers = { from: ends.from.connection, to: ends.to.connection };
    for (;;) {
      const way = this.#route.next(servers, wishes);
      if (way === undefined) return undefined;
      // oxlint-disable-next-line no-await-in-loop -- one way after the other
      const failure = await this.#tryWay(ends, way, { offset, addresses: wishes.addresses });
      if (failure === undefined) {
        this.#route.worked(way);
        return way;
      }
      signal?.throwIfAborted();
      // oxlint-disable-next-line no-await-in-loop -- it decides whether there is another
      await this.#comeToRest(ends);
      // oxlint-disable-next-line no-await-in-loop -- it decides whether there is another
      if (await this.#isNotOfWay(ends, way, failure, { offset, size })) throw failure.error;
      this.#route.failed(way, failure);
      // ProFTPD 1.3.8 dies of a certificate that it does not trust (measured).
      this.#takesAnotherWay = ends.from.connection.isOver || ends.to.connection.isOver;
      if (this.#takesAnotherWay) throw failure.error;
    }
  }

  async #tryWay(
    ends: FileEnds,
    way: Way,
    { offset, addresses }: { readonly offset: number; readonly addresses: readonly string[] },
  ): Promise<DirectFailure | undefined> {
    const { meter } = this.#options;
    const { limits } = this.#sites.from;
    const stalled = new AbortController();
    const signal =
      this.#options.signal === undefined ? stalled.signal : AbortSignal.any([this.#options.signal, stalled.signal]);
    using stack = new DisposableStack();
    const onBegun = (): void => {
      const watch = { onSize: meter.reach.bind(meter), stallMs: limits.dataStallMs };
      const { pool } = this.#sites.to;
      stack.use(watchSize(pool, ends.to.path, { ...watch, onStall: () => stalled.abort(stall()) }));
    };
    return await copyDirectly(ends, { way, offset, addresses, limits, signal, onBegun });
  }

  /**
   * Servers are known to end the control connection with a transfer that failed, which shows with the next reply; and
   * one that answers nothing any more is of no use.
   */
  async #comeToRest({ from, to }: FileEnds): Promise<void> {
    const { dataOpenMs } = this.#sites.from.limits;
    const rest = async ({ connection }: FileEnds["from"]): Promise<void> => {
      const timer = setTimeout(() => connection.destroy(), dataOpenMs);
      await connection.command("NOOP").catch(() => {});
      clearTimeout(timer);
    };
    await Promise.all([rest(from), rest(to)]);
  }

  /** Whether another way would not help, or this one does: the file is to blame, or the way leads there and broke. */
  async #isNotOfWay({ to }: FileEnds, way: Way, { error }: DirectFailure, { offset, size }: Extent): Promise<boolean> {
    const failure = facts(error);
    if (isAboutFile(failure) || isRestartRefused(error)) return true;
    if (to.connection.isOver) return false;
    const { signal } = this.#options;
    const found = Number((await sizeOf(to.connection, to.path, { signal })) ?? 0);
    if (found <= offset) return false;
    // Some ways lead there and cannot end: ProFTPD as TLS client resets the connection behind what it has sent, where
    // vsftpd's tickets lie unread, so that part of it is lost (1.3.8 and 3.0.3, measured).
    return this.#route.isProved(way) || (failure.replyCode === undefined && found !== size);
  }

  async #startAnew({ to }: FileEnds): Promise<void> {
    this.#startsAnew = true;
    this.#seams = [];
    this.#resumedFrom = 0;
    this.#offset = 0;
    this.#options.meter.resumeFrom(0);
    await unlessRefused(to.connection.command("DELE", to.path));
  }

  /** Compares what the target has, and gives it its name. */
  async #finish(
    ends: FileEnds,
    source: RemoteFacts,
    { part, route }: { readonly part: Octets; readonly route: FxpRoute },
  ): Promise<FxpOutcome> {
    const { meter, signal, preserve, verify } = this.#options;
    const { connection, path } = ends.to;
    const isJoined = this.#seams.length > 0;
    meter.enter("verify");
    const verified = await verifyCopy(
      { ...ends, to: { connection, path: part } },
      {
        mode: verify ?? (isJoined ? "auto" : "size"),
        size: source.size,
        seams: this.#seams,
        limits: this.#sites.to.limits,
        signal,
      },
    );
    if (preserve === true && source.modifiedMs !== undefined) {
      await unlessRefused(setTimes(connection, part, { modified: new Date(source.modifiedMs) }, { signal }));
    }
    if (part !== path) await renameOver(connection, part, path, signal);
    if (source.size !== undefined) meter.reach(source.size);
    meter.enter("done");
    const bytes = source.size === undefined ? undefined : source.size - this.#offset;
    return { bytes, resumedFrom: this.#resumedFrom, verified, route };
  }
}

const keepsRate = "The rate can be kept here alone";

function stall(): TransportError {
  const message = "The file has stopped growing on the target";
  return Object.assign(new TransportError("SALLYPORT_DATA_STALLED", message), { retry: "again" });
}

/** REST is refused, or by STOR what it announced (ProFTPD: 451). */
function isRestartRefused(error: unknown): boolean {
  if (!isSallyportError(error)) return false;
  if (error.code === "SALLYPORT_RESTART_REFUSED") return true;
  const { verb, replyCode } = facts(error);
  return error instanceof CommandRefused && verb === "STOR" && (replyCode === 451 || replyCode === 554);
}
