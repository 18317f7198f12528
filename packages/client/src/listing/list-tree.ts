import type { LimitValues, Octets, ParsedEntry } from "@sallyport/protocol";
import { childPath } from "../names/remote-path.ts";
import { unsafeName } from "../operations/remove.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";
import { iterateWithRetry } from "../pool/retry.ts";
import { isDirectoryEntry } from "./entry.ts";
import { readListing } from "./read-listing.ts";

export interface ListTreeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly recursive?: boolean;
  readonly limits: LimitValues;
}

/**
 * Lists a directory, with `recursive` also those below it: a directory's own entries first, then what is in each. Links
 * are not followed, so there is no cycle; names that lead elsewhere end it (S-20). A control connection is held for as
 * long as it is needed, which may be shorter than the loop over the entries.
 */
export async function* listTree(
  pool: ConnectionPool,
  path: Octets,
  { recursive = false, signal, limits }: ListTreeOptions,
): AsyncGenerator<readonly [directory: Octets, entry: ParsedEntry]> {
  const left = [path];
  for (let directory = left.pop(); directory !== undefined; directory = left.pop()) {
    const below: Octets[] = [];
    for await (const entry of listDirectory(pool, directory, { signal, limits })) {
      yield [directory, entry];
      if (!recursive || !isDirectoryEntry(entry)) continue;
      if (entry.component === undefined) throw unsafeName();
      below.push(childPath(directory, entry.component));
    }
    left.push(...below.toReversed());
  }
}

function listDirectory(
  pool: ConnectionPool,
  path: Octets,
  { signal, limits }: Omit<ListTreeOptions, "recursive">,
): AsyncGenerator<ParsedEntry> {
  return iterateWithRetry(
    async function* () {
      const { connection, contended, [Symbol.dispose]: release } = await pool.lease({ signal });
      yield* readListing(connection, path, { signal, limits, contended, onDone: release });
    },
    { limits, signal },
  );
}
