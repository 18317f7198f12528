import type { LimitValues, Octets, ParsedEntry } from "@sallyport/protocol";
import { childPath } from "../names/remote-path.ts";
import { unsafeName } from "../operations/remove.ts";
import { timeOf } from "../operations/stat.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";
import { iterateWithRetry } from "../pool/retry.ts";
import { isDirectoryEntry } from "./entry.ts";
import { type ListingDoubt, readListing } from "./read-listing.ts";
import type { AskTime, ServerClock } from "./server-clock.ts";
import { WaitingNames } from "./waiting-names.ts";

export interface ListTreeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly recursive?: boolean;
  readonly limits: LimitValues;
  /** Learns the server's zone from what is listed, before that is given away. */
  readonly clock?: ServerClock;
  /** See `ListingOptions`. */
  readonly wantsFacts?: boolean;
  readonly onDoubt?: (doubt: ListingDoubt) => void;
}

/**
 * Lists a directory, with `recursive` also those below it: a directory's own entries first, then what is in each. Links
 * are not followed, so there is no cycle; names that lead elsewhere end it (S-20), and so does PeerViolation
 * `SALLYPORT_TREE_TOO_LARGE` where more directories wait than `treeWaitingBytes` permits. A control connection is held
 * for as long as it is needed, which may be shorter than the loop over the entries.
 */
export async function* listTree(
  pool: ConnectionPool,
  path: Octets,
  { recursive = false, signal, limits, clock, wantsFacts = false, onDoubt }: ListTreeOptions,
): AsyncGenerator<readonly [directory: Octets, entry: ParsedEntry]> {
  const waiting = new WaitingNames(limits);
  const left = [waiting.add(path)];
  for (let directory = left.pop(); directory !== undefined; directory = left.pop()) {
    waiting.delete(directory);
    const below: Octets[] = [];
    const entries = listDirectory(pool, directory, { signal, limits, wantsFacts, ...(onDoubt && { onDoubt }) });
    const ask: AskTime = (file) => askTime(pool, file, signal);
    const listed = clock === undefined ? entries : placeable(entries, directory, { clock, ask });
    for await (const entry of listed) {
      yield [directory, entry];
      if (!recursive || !isDirectoryEntry(entry)) continue;
      if (entry.component === undefined) throw unsafeName();
      below.push(waiting.add(childPath(directory, entry.component)));
    }
    left.push(...below.toReversed());
  }
}

/**
 * Holds entries back while the server's zone is not known and they may tell it. Of a directory that is too large to be
 * held back the first entries go without an instant.
 */
async function* placeable(
  entries: AsyncGenerator<ParsedEntry>,
  directory: Octets,
  { clock, ask }: { readonly clock: ServerClock; readonly ask: AskTime },
): AsyncGenerator<ParsedEntry> {
  const held: ParsedEntry[] = [];
  let isHolding = true;
  for await (const entry of entries) {
    isHolding &&= held.length < heldMax && clock.isOpen && entry.time?.zone !== "utc";
    if (isHolding) held.push(entry);
    else {
      yield* held.splice(0);
      yield entry;
    }
  }
  const readings = held.flatMap(({ type, time, component }) =>
    type === "file" && time?.zone === "server" && component !== undefined
      ? [{ path: childPath(directory, component), listed: time }]
      : [],
  );
  // Without the zone they are as good as before.
  await clock.find(readings, ask).catch(() => {});
  yield* held;
}

const heldMax = 10_000;

async function askTime(pool: ConnectionPool, file: Octets, signal: AbortSignal | undefined) {
  using lease = await pool.lease({ signal });
  return await timeOf(lease.connection, file, { signal });
}

function listDirectory(
  pool: ConnectionPool,
  path: Octets,
  { signal, limits, wantsFacts = false, onDoubt }: Omit<ListTreeOptions, "recursive">,
): AsyncGenerator<ParsedEntry> {
  return iterateWithRetry(
    async function* () {
      const { connection, contended, [Symbol.dispose]: release } = await pool.lease({ signal });
      yield* readListing(connection, path, { signal, limits, contended, wantsFacts, onDone: release, onDoubt });
    },
    { limits, signal },
  );
}
