import { CommandRefused, isSallyportError, type LimitValues, TransportError } from "@sallyport/protocol";
import { sizeOf } from "../operations/stat.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";
import type { ProgressMeter } from "../transfer/progress.ts";
import { copyDirectly, type DirectFailure, type Extent, type FileEnds } from "./direct.ts";
import { facts, type Route, type RouteWishes } from "./route.ts";
import { watchCopy } from "./watch-copy.ts";
import { isAboutFile, type Way } from "./ways.ts";

export interface WaysOptions {
  readonly route: Route;
  readonly wishes: RouteWishes;
  readonly extent: Extent;
  readonly limits: LimitValues;
  /** Of the target. */
  readonly pool: ConnectionPool;
  readonly meter: ProgressMeter;
  readonly signal?: AbortSignal | undefined;
}

export type WaysOutcome =
  | { readonly kind: "moved"; readonly way: Way }
  | { readonly kind: "no-way" }
  /** The file was refused, or by some servers' way of saying it, the other server was. */
  | { readonly kind: "refused"; readonly way: Way; readonly failure: DirectFailure }
  /** A way cost a control connection, and the next one is to be tried on another. */
  | { readonly kind: "connection-lost"; readonly error: unknown };

/**
 * Has two servers copy a file by the first way that leads there. Throws where another way would not help, and where one
 * leads there and broke off.
 */
export async function copyByWays(ends: FileEnds, options: WaysOptions): Promise<WaysOutcome> {
  const { route, wishes, extent, limits, signal } = options;
  const servers = { from: ends.from.connection, to: ends.to.connection };
  for (;;) {
    const way = route.next(servers, wishes);
    if (way === undefined) return { kind: "no-way" };
    // oxlint-disable-next-line no-await-in-loop -- one way after the other
    const failure = await tryWay(ends, way, options);
    if (failure === undefined) {
      route.worked(way);
      return { kind: "moved", way };
    }
    signal?.throwIfAborted();
    // oxlint-disable-next-line no-await-in-loop -- before anything else is asked
    await comeToRest(ends, limits.dataOpenMs);
    if (isOutOfRoom(failure)) throw failure.error;
    if (isAboutFile(facts(failure.error))) return { kind: "refused", way, failure };
    // oxlint-disable-next-line no-await-in-loop -- it decides whether there is another
    if (await isNotOfWay(ends, failure, { extent, isProved: route.isProved(way), signal })) throw failure.error;
    route.failed(way, failure);
    // ProFTPD 1.3.8 dies of a certificate that it does not trust (measured).
    if (servers.from.isOver || servers.to.isOver) return { kind: "connection-lost", error: failure.error };
  }
}

/** Told behind the last octet, perhaps, and the same for every way. */
function isOutOfRoom({ error }: DirectFailure): boolean {
  const { replyCode } = facts(error);
  return replyCode === 452 || replyCode === 552;
}

async function tryWay(
  ends: FileEnds,
  way: Way,
  { wishes, extent, limits, pool, meter, signal }: WaysOptions,
): Promise<DirectFailure | undefined> {
  const stalled = new AbortController();
  using stack = new DisposableStack();
  const watch = {
    onSize: (bytes: number) => meter.reach(bytes),
    extent,
    pool,
    stallMs: limits.dataStallMs,
    onStall: () => stalled.abort(stall()),
  };
  return await copyDirectly(ends, {
    way,
    offset: extent.offset,
    addresses: wishes.addresses,
    limits,
    signal: signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]),
    onBegun: () => void stack.use(watchCopy(ends, watch)),
  });
}

function stall(): TransportError {
  const message = "The file has stopped growing on the target";
  return Object.assign(new TransportError("SALLYPORT_DATA_STALLED", message), { retry: "again" });
}

/**
 * Servers are known to end the control connection with a transfer that failed, which shows with the next reply; and one
 * that answers nothing any more is of no use.
 */
async function comeToRest({ from, to }: FileEnds, timeoutMs: number): Promise<void> {
  const rest = async ({ connection }: FileEnds["from"]): Promise<void> => {
    const timer = setTimeout(() => connection.destroy(), timeoutMs);
    await connection.command("NOOP").catch(() => {});
    clearTimeout(timer);
  };
  await Promise.all([rest(from), rest(to)]);
}

interface FailureContext {
  readonly extent: Extent;
  /** Whether the way has brought a whole file before. */
  readonly isProved: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Whether another way would not help, or this one does: the file is to blame, or the way leads there and broke. */
async function isNotOfWay(
  { to }: FileEnds,
  { error }: DirectFailure,
  { extent: { offset, size }, isProved, signal }: FailureContext,
): Promise<boolean> {
  const failure = facts(error);
  if (refusesRestart(error)) return true;
  if (to.connection.isOver) return false;
  const found = Number((await sizeOf(to.connection, to.path, { signal })) ?? 0);
  if (found <= offset) return false;
  // Some ways lead there and cannot end: ProFTPD as TLS client resets the connection behind what it has sent, where
  // vsftpd's tickets lie unread, so that part of it is lost (1.3.8 and 3.0.3, measured).
  return isProved || (failure.replyCode === undefined && found !== size);
}

/** REST is refused, or by STOR what it announced (ProFTPD: 451). */
export function refusesRestart(error: unknown): boolean {
  if (!isSallyportError(error)) return false;
  if (error.code === "SALLYPORT_RESTART_REFUSED") return true;
  const { verb, replyCode } = facts(error);
  return error instanceof CommandRefused && verb === "STOR" && (replyCode === 451 || replyCode === 554);
}
