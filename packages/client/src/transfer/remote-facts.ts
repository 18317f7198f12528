import { type Octets, resolveListedTime } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import { sizeOf, timeOf } from "../operations/stat.ts";

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
  const size = await sizeOf(connection, path, { signal });
  const time = withTime(size === undefined ? undefined : Number(size))
    ? await timeOf(connection, path, { signal })
    : undefined;
  const resolved = time && resolveListedTime(time, { nowMs: Date.now() });
  return {
    size: size === undefined ? undefined : Number(size),
    modifiedMs: resolved && Math.floor(resolved.timeMs),
  };
}
