import { IntegrityError, type Octets, UsageError } from "@sallyport/protocol";
import { canonicalAddress } from "@sallyport/transport";
import { createHash } from "node:crypto";
import { setTimes } from "../operations/change.ts";
import { unlessRefused } from "../operations/refusal.ts";
import { exists, sizeOf } from "../operations/stat.ts";
import { withRetry } from "../pool/retry.ts";
import type { OnConflict } from "../transfer/conflict.ts";
import type { ProgressMeter } from "../transfer/progress.ts";
import { endUpload, learnPublishing } from "../transfer/publishing.ts";
import { type RemoteFacts, remoteFacts } from "../transfer/remote-facts.ts";
import type { TransferSite } from "../transfer/site.ts";
import { partNameOf, renameOver } from "../transfer/store.ts";
import { decideName } from "../transfer/taken-name.ts";
import type { Verification, VerifyMode } from "../transfer/verify.ts";
import { copyByWays, refusesRestart, type WaysOutcome } from "./copy-by-ways.ts";
import type { FileEnds } from "./direct.ts";
import { leaseBoth } from "./lease-both.ts";
import { relay } from "./relay.ts";
import { noWay, type Route, routeBetween, type RouteWishes } from "./route.ts";
import { verifyCopy } from "./verify-copy.ts";
import type { Side, Way } from "./ways.ts";

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
  /** What happens where the name is taken. Default `overwrite`. */
  readonly onConflict?: OnConflict | undefined;
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
  /** Octets that moved now; undefined where the source does not tell its size. */
  readonly bytes: number | undefined;
  /** Octets that were there before. */
  readonly resumedFrom: number;
  readonly verified: Verification;
  /** The name that the file got; another one than was asked for by the policy `rename`. */
  readonly path: string;
  /** Absent where nothing had to be moved. */
  readonly route?: FxpRoute;
  /** Why nothing was moved; absent where the file is there now. */
  readonly skipped?: string;
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

interface Part {
  readonly name: Octets;
  /** Whether it is renamed when it is whole. */
  readonly isTemporary: boolean;
  /** Whether what is there is of this copy. */
  readonly isOurs: boolean;
  /** Whether a later copy is to go on with it when this one fails. */
  readonly isKept: boolean;
}

class Copy {
  readonly #sites: FxpSites;
  readonly #paths: FxpPaths;
  readonly #options: FxpOptions;
  readonly #wishes: RouteWishes;
  readonly #route: Route;
  /** The name that it gets, and where the octets go until then. */
  #name: Octets;
  #part: Part | undefined;
  #size: number | undefined;
  #offset = 0;
  #progressMark = 0;
  #resumedFrom = 0;
  #seams: number[] = [];
  /** Whether there may be something of it on the target. */
  #hasBegun = false;
  /** Whether what the target has is worth going on with. */
  #goesOn: boolean;
  #startedAnew = false;
  #takesAnotherWay = false;

  constructor(sites: FxpSites, paths: FxpPaths, options: FxpOptions) {
    this.#sites = sites;
    this.#paths = paths;
    this.#options = options;
    this.#name = paths.to;
    this.#goesOn = options.resume === true;
    const { clear = false, addresses = [] } = options;
    this.#wishes = { clear, addresses: addresses.map(canonical) };
    this.#route = routeBetween({ from: sites.from.pool, to: sites.to.pool }, this.#wishes);
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
    const { meter, resume = false, preserve = false, onConflict = "overwrite", signal } = this.#options;
    meter.enter("open");
    const withTime = (): boolean => resume || preserve || onConflict !== "overwrite";
    const source = await remoteFacts(ends.from.connection, ends.from.path, { signal, withTime });
    meter.enter("open", { total: source.size });
    const skipped = this.#part === undefined ? await this.#aim(ends, source) : undefined;
    const part = this.#part;
    if (part === undefined) return this.#outcome({ method: "off" }, { bytes: 0, ...(skipped && { skipped }) });
    const partEnds = { from: ends.from, to: { ...ends.to, path: part.name } };
    if (this.#hasBegun && source.size !== this.#size) await this.#startAnew(partEnds);
    this.#size = source.size;
    await this.#findOffset(partEnds, part);
    this.#hasBegun = true;
    return this.#moveAndFinish(partEnds, part, source);
  }

  /** Removes what a failed copy has left, if it is this one's and nobody will go on with it. */
  async cleanUp(reason: unknown): Promise<void> {
    const part = this.#part;
    if (part === undefined || !part.isOurs || !this.#hasBegun) return;
    if (part.isKept && !(reason instanceof IntegrityError)) return;
    const { pool, limits } = this.#sites.to;
    try {
      // The connection that failed may be gone, and the one who asked as well.
      using lease = await pool.lease({ signal: AbortSignal.timeout(limits.dataOpenMs) });
      await lease.connection.command("DELE", part.name);
    } catch {
      // What failed is told already.
    }
  }

  /** Settles under which name the octets go; returns why nothing is to be moved, where that is so. */
  async #aim({ to }: FileEnds, source: RemoteFacts): Promise<string | undefined> {
    const { atomic = true, resume = false, onConflict = "overwrite", signal } = this.#options;
    const decision = await decideName(to.connection, to.path, source, { onConflict, signal });
    if ("skipped" in decision) return decision.skipped;
    const { name, goesOn } = decision;
    this.#name = name;
    if (goesOn) {
      this.#goesOn = true;
      this.#part = { name, isTemporary: false, isOurs: true, isKept: true };
    } else if (atomic) {
      // A part is found again by the name that the version of the file gives it.
      const mark = `${this.#sites.from.server}\0${this.#paths.from}\0${source.size}\0${source.modifiedMs}`;
      const suffix = resume ? createHash("sha256").update(mark).digest("hex").slice(0, 8) : undefined;
      this.#part = { name: partNameOf(name, suffix), isTemporary: true, isOurs: true, isKept: resume };
    } else {
      const isOurs = resume || !(await exists(to.connection, name, { signal }));
      this.#part = { name, isTemporary: false, isOurs, isKept: resume };
    }
    return undefined;
  }

  /** From where on to copy: what the target has of it by SIZE. */
  async #findOffset({ to }: FileEnds, { isOurs }: Part): Promise<void> {
    const { signal, meter } = this.#options;
    const mayHavePart = isOurs && this.#goesOn;
    const found = mayHavePart ? Number((await sizeOf(to.connection, to.path, { signal })) ?? 0) : 0;
    const offset = this.#size !== undefined && found > this.#size ? 0 : found;
    this.#offset = offset;
    if (!this.#hasBegun) this.#resumedFrom = offset;
    this.#seams = offset === 0 ? [] : [...this.#seams, offset];
    meter.resumeFrom(offset);
  }

  async #moveAndFinish(ends: FileEnds, part: Part, source: RemoteFacts): Promise<FxpOutcome> {
    try {
      const route = await this.#move(ends);
      return await this.#finish(ends, part, { source, route });
    } catch (error) {
      // Where it was joined, the whole may be right.
      const mayHelp = this.#offset > 0 && (refusesRestart(error) || error instanceof IntegrityError);
      if (!mayHelp || this.#startedAnew) throw error;
    }
    await this.#startAnew(ends);
    return this.#moveAndFinish(ends, part, source);
  }

  async #move(ends: FileEnds): Promise<FxpRoute | undefined> {
    const { mode = "auto", meter, signal } = this.#options;
    if (this.#offset > 0 && this.#offset === this.#size) {
      await endUpload(ends.to.connection, ends.to.path, this.#size, { signal });
      return undefined;
    }
    const throttle = this.#sites.to.throttle ?? this.#sites.from.throttle;
    // Servers keep to no rate of ours.
    const isThrottled = mode === "auto" && throttle !== undefined;
    const extent = { offset: this.#offset, size: this.#size };
    let refused: Extract<WaysOutcome, { kind: "refused" }> | undefined;
    if (mode !== "relay" && !isThrottled) {
      const { limits, pool } = this.#sites.to;
      for (const { connection } of [ends.to, ends.from]) {
        // oxlint-disable-next-line no-await-in-loop -- once for each server; of progress such a one can tell
        await learnPublishing(connection, { signal });
      }
      const options = { route: this.#route, wishes: this.#wishes, extent, limits, pool, meter, signal };
      const copied = await copyByWays(ends, options).catch((error: unknown) => {
        this.#goOnLater();
        throw error;
      });
      if (copied.kind === "moved") return { kind: "direct", ...copied.way };
      this.#takesAnotherWay = copied.kind === "connection-lost";
      if (copied.kind === "connection-lost") throw copied.error;
      if (copied.kind === "refused") refused = copied;
      if (mode === "direct") {
        if (refused === undefined) throw noWay(this.#route);
        throw refused.failure.error;
      }
    }
    this.#goOnLater();
    await relay(ends, { offset: extent.offset, signal, throttle, onProgress: meter.moved });
    // It was not the file that was refused.
    if (refused !== undefined) this.#route.failed(refused.way, refused.failure);
    return { kind: "relay", because: isThrottled ? [keepsRate] : this.#route.because };
  }

  /** What is broken off here, the next attempt goes on with. */
  #goOnLater(): void {
    this.#goesOn ||= !this.#startedAnew;
  }

  async #startAnew({ to }: FileEnds): Promise<void> {
    this.#startedAnew = true;
    this.#goesOn = false;
    this.#seams = [];
    this.#resumedFrom = 0;
    this.#offset = 0;
    this.#options.meter.resumeFrom(0);
    if (this.#part?.isTemporary === true) await unlessRefused(to.connection.command("DELE", to.path));
  }

  /** Compares what the target has, and gives it its name. */
  async #finish(
    ends: FileEnds,
    part: Part,
    { source, route }: { readonly source: RemoteFacts; readonly route: FxpRoute | undefined },
  ): Promise<FxpOutcome> {
    const { meter, signal, preserve, verify } = this.#options;
    const { connection, path } = ends.to;
    if (source.size !== undefined) meter.reach(source.size);
    meter.enter("verify");
    const mode = verify ?? (this.#seams.length > 0 ? "auto" : "size");
    const { limits } = this.#sites.to;
    const verified = await verifyCopy(ends, { mode, size: source.size, seams: this.#seams, limits, signal });
    if (preserve === true && source.modifiedMs !== undefined) {
      await unlessRefused(setTimes(connection, path, { modified: new Date(source.modifiedMs) }, { signal }));
    }
    if (part.isTemporary) await renameOver(connection, path, this.#name, signal);
    meter.enter("done");
    const bytes = source.size === undefined ? undefined : source.size - this.#resumedFrom;
    return this.#outcome(verified, { bytes, ...(route && { route }) });
  }

  #outcome(
    verified: Verification,
    facts: Pick<FxpOutcome, "bytes"> & Partial<Pick<FxpOutcome, "route" | "skipped">>,
  ): FxpOutcome {
    return { ...facts, resumedFrom: this.#resumedFrom, verified, path: this.#name };
  }
}

function canonical(address: string): string {
  const host = canonicalAddress(address);
  if (host !== undefined) return host;
  throw new UsageError(
    "SALLYPORT_ADDRESS_INVALID",
    "Of a server that another one may be sent to, its IP address is told",
  );
}

const keepsRate = "The rate can be kept here alone";
