import type { Octets } from "@sallyport/protocol";
import { setTimeout as pause } from "node:timers/promises";
import { sizeOf } from "../operations/stat.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";

export interface WatchOptions {
  readonly onSize: (bytes: number) => void;
  /** Told when the file has grown, and then not for so long. */
  readonly stallMs: number;
  readonly onStall: () => void;
}

/**
 * Looks how far a file has come that another server sends: by SIZE on a further control connection, once a second, where
 * there may be one and the server tells sizes of files in the making. What goes wrong here is nobody's failure.
 */
export function watchSize(pool: ConnectionPool, path: Octets, options: WatchOptions): Disposable {
  const stop = new AbortController();
  if (pool.countMax > 1) look(pool, path, options, stop.signal).catch(() => {});
  return { [Symbol.dispose]: () => stop.abort() };
}

const intervalMs = 1_000;

async function look(
  pool: ConnectionPool,
  path: Octets,
  { onSize, stallMs, onStall }: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  await pause(intervalMs, undefined, { signal });
  using lease = await pool.lease({ signal });
  let last: { readonly bytes: number; readonly atMs: number; readonly hasGrown: boolean } | undefined;
  while (!signal.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const size = await sizeOf(lease.connection, path, { signal });
    if (size === undefined) return;
    const bytes = Number(size);
    onSize(bytes);
    const nowMs = performance.now();
    if (last === undefined || bytes > last.bytes) last = { bytes, atMs: nowMs, hasGrown: last !== undefined };
    else if (last.hasGrown && nowMs - last.atMs > stallMs) return onStall();
    // oxlint-disable-next-line no-await-in-loop -- once a second
    await pause(intervalMs, undefined, { signal });
  }
}
