import { setTimeout as pause } from "node:timers/promises";
import type { ClientConnection } from "../connection/client-connection.ts";
import { sizeOf } from "../operations/stat.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";
import { publishesWhole } from "../transfer/publishing.ts";
import type { Extent, FileEnds } from "./direct.ts";

export interface WatchOptions {
  /** Octets of the file that the target has. */
  readonly onSize: (bytes: number) => void;
  readonly extent: Extent;
  /** Told when the file is under way, and has not grown for so long. */
  readonly stallMs: number;
  readonly onStall: () => void;
  /** Of the target. */
  readonly pool: ConnectionPool;
}

/**
 * Looks once a second how far a copy is that two servers make: by STAT beside the transfer where one of them is a
 * Sallyport, which tells, otherwise by SIZE on a further control connection to the target, where there may be one and it
 * tells sizes of files in the making. What goes wrong here is nobody's failure.
 */
export function watchCopy(ends: FileEnds, options: WatchOptions): Disposable {
  const stop = new AbortController();
  const teller = [ends.to, ends.from].find(({ connection }) => publishesWhole(connection))?.connection;
  const watching = teller === undefined ? bySize(ends, options, stop.signal) : byStatus(teller, options, stop.signal);
  watching.catch(() => {});
  return { [Symbol.dispose]: () => stop.abort() };
}

const intervalMs = 1_000;

async function byStatus(connection: ClientConnection, options: WatchOptions, signal: AbortSignal): Promise<void> {
  await look(options, signal, async () => {
    const { lines } = await connection.status({ signal });
    const moved = lines.map((line) => /^ *(?:RETR|STOR): (\d{1,15}) octets/.exec(line)?.[1]).find(Boolean);
    return moved === undefined ? undefined : options.extent.offset + Number(moved);
  });
}

async function bySize({ to }: FileEnds, options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { pool } = options;
  if (pool.countMax < 2) return;
  await pause(intervalMs, undefined, { signal });
  using lease = await pool.lease({ signal });
  await look(options, signal, async () => {
    const size = await sizeOf(lease.connection, to.path, { signal });
    return size === undefined ? undefined : Number(size);
  });
}

/** Asks until nothing is told any more. */
async function look(
  { onSize, extent: { offset, size }, stallMs, onStall }: WatchOptions,
  signal: AbortSignal,
  ask: () => Promise<number | undefined>,
): Promise<void> {
  let last = { bytes: offset, atMs: performance.now() };
  while (!signal.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- once a second
    await pause(intervalMs, undefined, { signal });
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const bytes = await ask();
    if (bytes === undefined || signal.aborted) return;
    onSize(bytes);
    const nowMs = performance.now();
    if (bytes > last.bytes) last = { bytes, atMs: nowMs };
    // Some show nothing before the end, and some the whole size from the beginning.
    const isUnderWay = bytes > offset && (size === undefined || bytes < size);
    if (isUnderWay && nowMs - last.atMs > stallMs) return onStall();
  }
}
