import { type Octets, resolveListedTime } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import { listedFacts, sizeOf, timeOf } from "../operations/stat.ts";

/** What tells one version of a remote file from another. */
export interface RemoteFacts {
  /** Octets in TYPE I; undefined where the server does not tell. */
  readonly size: number | undefined;
  /** UTC; undefined where the server does not tell, or was not asked. */
  readonly modifiedMs: number | undefined;
}

/** Asks for size and, where it is wanted, for the time of change. What the server refuses to tell is no failure. */
export async function remoteFacts(
  connection: ClientConnection,
  path: Octets,
  {
    signal,
    withTime,
  }: { readonly signal?: AbortSignal | undefined; readonly withTime: (size: number | undefined) => boolean },
): Promise<RemoteFacts> {
  // Where the time is wanted of every file, one question brings both.
  const entry = withTime(0) ? await listedFacts(connection, path, { signal }) : undefined;
  const size = entry?.size ?? (await sizeOf(connection, path, { signal }));
  const isWanted = withTime(size === undefined ? undefined : Number(size));
  const time = entry?.time ?? (isWanted ? await timeOf(connection, path, { signal }) : undefined);
  const resolved = time && resolveListedTime(time, { nowMs: Date.now() });
  return {
    size: size === undefined ? undefined : Number(size),
    modifiedMs: resolved && Math.floor(resolved.timeMs),
  };
}
