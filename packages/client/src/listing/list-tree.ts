import type { LimitValues, Octets, ParsedEntry } from "@sallyport/protocol";
import { childPath } from "../names/remote-path.ts";
import { unsafeName } from "../operations/remove.ts";
import type { Lease } from "../pool/connection-pool.ts";
import { isDirectoryEntry } from "./entry.ts";
import { readListing } from "./read-listing.ts";

export interface ListTreeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly recursive?: boolean;
  readonly limits: LimitValues;
}

/**
 * Lists a directory, with `recursive` also those below it: a directory's own entries first, then what is in each. Links
 * are not followed, so there is no cycle; names that lead elsewhere end it (S-20).
 */
export async function* listTree(
  lease: Pick<Lease, "connection" | "contended">,
  path: Octets,
  { recursive = false, ...options }: ListTreeOptions,
): AsyncGenerator<readonly [directory: Octets, entry: ParsedEntry]> {
  const left = [path];
  for (let directory = left.pop(); directory !== undefined; directory = left.pop()) {
    const below: Octets[] = [];
    const listing = readListing(lease.connection, directory, { ...options, contended: lease.contended });
    for await (const entry of listing) {
      yield [directory, entry];
      if (!recursive || !isDirectoryEntry(entry)) continue;
      if (entry.component === undefined) throw unsafeName();
      below.push(childPath(directory, entry.component));
    }
    left.push(...below.toReversed());
  }
}
