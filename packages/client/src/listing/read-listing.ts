import { type LimitValues, type Octets, parseEntryLine } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import { receiveWhole } from "../transfer/receive.ts";
import { type RawEntry, rawEntryOfFacts } from "./entry.ts";
import { EntryQueue } from "./entry-queue.ts";
import { LineSplitter } from "./line-splitter.ts";

export interface ListingOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits: Pick<LimitValues, "listingLineBytes" | "listingBufferCount">;
  /** Settles when somebody else waits for the control connection; the listing is then read to its end at once. */
  readonly contended?: Promise<void>;
}

/**
 * Reads a directory as the server lists it, entry by entry in its order, without `.` and `..`. Leaving the loop early
 * aborts the transfer. At most {@link ListingOptions.limits} entries are read ahead.
 */
export async function* readListing(
  connection: ClientConnection,
  path: Octets,
  { signal, limits, contended }: ListingOptions,
): AsyncGenerator<RawEntry> {
  const queue = new EntryQueue<RawEntry>(limits.listingBufferCount);
  const lines = new LineSplitter(limits.listingLineBytes);
  const parse = (some: readonly Octets[]): RawEntry[] => some.flatMap((line) => entriesOfLine(line));
  void contended?.then(() => queue.unbind());
  const aborter = new AbortController();
  const order = { verb: "MLSD", ...(path === "" ? {} : { argument: path }), type: "I" } as const;
  const transfer = connection.transfer(
    order,
    receiveWhole((chunk) => queue.give(parse(lines.push(chunk)))),
    { signal: signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]) },
  );
  const done = transfer.then(() => queue.give(parse(lines.end()))).finally(() => queue.end());
  done.catch(() => {});
  try {
    for await (const entries of queue.taken()) yield* entries;
    await done;
  } finally {
    aborter.abort();
    queue.end();
    await done.catch(() => {});
  }
}

function entriesOfLine(line: Octets): RawEntry[] {
  const listed = parseEntryLine(line);
  const entry = listed && rawEntryOfFacts(listed);
  return entry === undefined ? [] : [entry];
}
