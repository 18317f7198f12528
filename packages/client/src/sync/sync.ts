import { type LimitValues, SallyportError } from "@sallyport/protocol";
import type { ByteThrottle } from "@sallyport/transport";
import { opendir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ServerClock } from "../listing/server-clock.ts";
import { fileSystemPath } from "../names/local-name.ts";
import type { NameCodec } from "../names/name-codec.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";
import type { SyncAction } from "./action.ts";
import { DirectoryTimes } from "./directory-times.ts";
import { execute } from "./execute.ts";
import { filterOf } from "./filter-of.ts";
import type { EntryFilter } from "./filter.ts";
import { journalKey, SyncJournal } from "./journal.ts";
import { LocalTarget } from "./local-target.ts";
import { LocalTree } from "./local-tree.ts";
import { isPartName, memoryRecord, type PartRecord } from "./part-record.ts";
import { planSync, type SyncPlan } from "./plan.ts";
import { readRemoteTree, type RemoteReading } from "./remote-reader.ts";
import { RemoteSide } from "./remote-side.ts";
import { RemoteTarget } from "./remote-target.ts";
import type { LocalPlace, RemotePlace, SyncOptions, SyncStep } from "./sync-options.ts";
import { besideOf, type SyncTarget } from "./target.ts";
import { isTreePath, type TreeItem } from "./tree.ts";

/** What a mirror is given by its client. */
export interface SyncParts {
  readonly pool: ConnectionPool;
  readonly names: NameCodec;
  readonly limits: LimitValues;
  readonly clock: ServerClock;
  readonly throttle: ByteThrottle | undefined;
  /** Tells this server and login from others. */
  readonly serverName: () => string;
}

/** Makes one directory like another; see `Client.sync`. */
export async function* sync(
  parts: SyncParts,
  from: LocalPlace | RemotePlace,
  to: LocalPlace | RemotePlace,
  options: SyncOptions,
): AsyncGenerator<SyncStep> {
  const stopper = new AbortController();
  const { signal: wish } = options;
  const signal = wish === undefined ? stopper.signal : AbortSignal.any([wish, stopper.signal]);
  signal.throwIfAborted();
  const direction = "remote" in from ? "download" : "upload";
  // A folder that is missing is an empty tree, and as the source of a mirror a mistake.
  if ("local" in from) await (await opendir(fileSystemPath(from.local))).close();
  const mirror = new Mirror(parts, { direction, ...folderOf(from, to) }, options, signal);
  await using journal = await mirror.openJournal();
  const record: PartRecord = journal ?? memoryRecord();
  const { plan, unlisted, directoryTimes } = await mirror.plan(journal);
  options.onPlan?.(plan.summary);
  for (const step of unlisted) yield step;
  if (options.dryRun === true) {
    for (const action of plan.actions) yield { outcome: isLeft(action) ? "left" : "planned", action };
    return;
  }
  const target = mirror.target(record);
  await discardLeftParts(plan, record, target);
  const steps = execute(plan, target, {
    parallel: mirror.parallel,
    deleteOrder: options.deleteOrder ?? "after",
    signal,
    stop: (reason) => stopper.abort(reason),
    onProgress: options.onProgress,
    beforeDeletions: async () => journal?.sync(),
    directoryTimes,
  });
  let isWhole = unlisted.length === 0;
  try {
    for await (const step of steps) {
      if (step.outcome === "failed" || step.outcome === "untried") isWhole = false;
      yield step;
    }
    if (isWhole) await journal?.finish();
  } finally {
    if (journal === undefined) await discardAllParts(record, mirror.lastingTarget(record));
  }
}

function isLeft({ kind }: SyncAction): boolean {
  return kind === "skip" || kind === "conflict";
}

function folderOf(
  from: LocalPlace | RemotePlace,
  to: LocalPlace | RemotePlace,
): { readonly local: string; readonly remote: string } {
  if ("remote" in from && "local" in to) return { local: to.local, remote: from.remote };
  if ("local" in from && "remote" in to) return { local: from.local, remote: to.remote };
  throw new SallyportError("SALLYPORT_SYNC_PLACES", "A mirror has one directory here and one on the server");
}

interface MirrorPlaces {
  readonly direction: "download" | "upload";
  readonly local: string;
  readonly remote: string;
}

interface MirrorPlan {
  readonly plan: SyncPlan;
  readonly unlisted: SyncStep[];
  /** Absent where times are not kept. */
  readonly directoryTimes: DirectoryTimes | undefined;
}

/** Both sides of one mirror. */
class Mirror {
  readonly parallel: number;
  readonly #parts: SyncParts;
  readonly #places: MirrorPlaces;
  readonly #options: SyncOptions;
  readonly #filter: EntryFilter;
  readonly #remote: RemoteSide;
  readonly #tree: LocalTree;

  constructor(parts: SyncParts, places: MirrorPlaces, options: SyncOptions, signal: AbortSignal) {
    this.#parts = parts;
    this.#places = places;
    this.#options = options;
    this.parallel = Math.max(1, options.parallel ?? parts.limits.poolConnectionsCount);
    this.#filter = filterOf(options.filter);
    this.#remote = this.#remoteSide(signal);
    const followsLinks = options.links === "follow" && places.direction === "upload";
    this.#tree = new LocalTree(places.local, {
      filter: this.#filter,
      links: followsLinks ? "follow" : "keep",
      signal,
    });
  }

  /** The journal of these two places, where journals are kept. */
  async openJournal(): Promise<SyncJournal | undefined> {
    const { journal, dryRun } = this.#options;
    if (journal === undefined || dryRun === true) return undefined;
    const { direction, local, remote } = this.#places;
    const key = journalKey({ server: this.#parts.serverName(), direction, local: resolve(local), remote });
    return SyncJournal.open(join(journal, `${key.slice(0, 32)}.journal`), key);
  }

  async plan(journal: SyncJournal | undefined): Promise<MirrorPlan> {
    const isDownload = this.#places.direction === "download";
    const [remote, local] = await Promise.all([
      readRemoteTree(this.#remote, { parallel: this.parallel, filter: this.#filter, isSource: isDownload }),
      Array.fromAsync(this.#tree.read()),
    ]);
    const source = (isDownload ? remote.items : local).filter(({ path }) => !isPartName(path));
    const target = (isDownload ? local : remote.items).filter(({ path }) => path === "" || isTreePath(path));
    const parts = new Set(journal?.parts().map(([path, part]) => besideOf(path, part)));
    const { filter: _filter, links, preserveTimes, ...wishes } = this.#options;
    const preservesTimes = preserveTimes ?? true;
    const plan = await planSync(source, target, {
      ...wishes,
      direction: this.#places.direction,
      filter: this.#filter,
      links: links === "recreate" ? "recreate" : "skip",
      preservesTimes,
      acceptsName: (name) => (isDownload ? this.#tree : this.#remote).acceptsName(name),
      ...(isDownload && {
        targetFoldsCase: wishes.targetFoldsCase ?? (process.platform === "win32" || process.platform === "darwin"),
      }),
      protects: (path) => parts.has(path),
      ...(journal && { isFinished: journal.isFinished.bind(journal) }),
    });
    const directoryTimes = preservesTimes ? new DirectoryTimes(source) : undefined;
    return { plan, unlisted: unlistedSteps(local, remote), directoryTimes };
  }

  target(record: PartRecord, remote: RemoteSide = this.#remote): SyncTarget {
    const common = { remote, tree: this.#tree, folder: this.#places.local, record };
    const given = { ...common, preservesTimes: this.#options.preserveTimes ?? true };
    return this.#places.direction === "download" ? new LocalTarget(given) : new RemoteTarget(given);
  }

  /** The target for what has to be done although the mirror was given up. */
  lastingTarget(record: PartRecord): SyncTarget {
    return this.target(record, this.#remoteSide(AbortSignal.timeout(this.#parts.limits.replyMs)));
  }

  #remoteSide(signal: AbortSignal): RemoteSide {
    return new RemoteSide({ ...this.#parts, root: this.#places.remote, signal });
  }
}

function unlistedSteps(local: readonly TreeItem[], { items, failures }: RemoteReading): SyncStep[] {
  const unlisted = [...local, ...items].filter(({ kind }) => kind === "unlisted");
  return unlisted.map(({ path }) => ({
    outcome: "failed",
    action: { kind: "skip", path, reason: "unlisted" },
    error: failures.get(path) ?? new SallyportError("SALLYPORT_DIRECTORY_UNLISTED", "The directory cannot be read"),
  }));
}

/** Removes parts of files that this plan does not transfer. */
async function discardLeftParts(plan: SyncPlan, record: PartRecord, target: SyncTarget): Promise<void> {
  const wanted = new Set(plan.actions.filter(({ kind }) => transfers.has(kind)).map(({ path }) => path));
  for (const [path, part] of record.parts()) {
    if (wanted.has(path)) continue;
    // oxlint-disable-next-line no-await-in-loop -- seldom more than a few
    await target.discardPart(path, part);
    // oxlint-disable-next-line no-await-in-loop
    await record.forget(path);
  }
}

const transfers: ReadonlySet<SyncAction["kind"]> = new Set(["transfer", "replace", "compare-hash"]);

/** Without a journal nobody would find them again. */
async function discardAllParts(record: PartRecord, target: SyncTarget): Promise<void> {
  for (const [path, part] of record.parts()) {
    // oxlint-disable-next-line no-await-in-loop -- seldom more than a few
    await target.discardPart(path, part).catch(() => {});
  }
}
