import {
  ListingReader,
  type LimitValues,
  type Octets,
  octetsFromBytes,
  type ParsedEntry,
  UsageError,
} from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import { listArgument } from "../names/remote-path.ts";
import { inDirectory } from "../operations/in-directory.ts";
import { isUnsupported, refusalOf } from "../operations/refusal.ts";
import { isDirectory } from "../operations/stat.ts";
import { receiveWhole } from "../transfer/receive.ts";
import { EntryQueue } from "./entry-queue.ts";
import { wantFacts } from "./wanted-facts.ts";

export interface ListingOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits: Pick<LimitValues, "listingLineBytes" | "listingBufferCount" | "listingBufferBytes">;
  /**
   * Settles when somebody else waits for the control connection; the listing is then read to its end at once. Who waits
   * may be whoever takes its entries, so that it cannot wait for them to be taken any more.
   */
  readonly contended?: Promise<void>;
  /** Whether modes and owners are wanted, which some servers tell only when they are asked for; default false. */
  readonly wantsFacts?: boolean;
  /** Told once when the control connection is free again, which may be before the last entry was taken. */
  readonly onDone?: () => void;
  /** Told where there may be more in the directory than the entries, although the server says that it has listed it. */
  readonly onDoubt?: ((doubt: ListingDoubt) => void) | undefined;
}

/** `unread`: some lines are no entries; `cut`: the last line has no end; `refused`: 450, for which an empty one is taken. */
export type ListingDoubt = "unread" | "cut" | "refused";

/**
 * Reads a directory as the server lists it, entry by entry in its order, without `.` and `..`: by MLSD, otherwise by LIST
 * in whatever format it comes, otherwise by NLST, which tells names alone. Leaving the loop early aborts the transfer.
 *
 * Rejects with UsageError `SALLYPORT_LISTING_TOO_LARGE` where somebody waits for the control connection while more than
 * `listingBufferBytes` of entries that came wait to be taken; those are given before.
 */
export async function* readListing(
  connection: ClientConnection,
  path: Octets,
  { signal, limits, contended, wantsFacts = false, onDone, onDoubt }: ListingOptions,
): AsyncGenerator<ParsedEntry> {
  const aborter = new AbortController();
  const queue = new EntryQueue<ParsedEntry>({
    countMax: limits.listingBufferCount,
    bytesMax: limits.listingBufferBytes,
    onOverflow: () => aborter.abort(listingTooLarge(limits.listingBufferBytes)),
  });
  void contended?.then(() => queue.unbind());
  const listing = new Listing(connection, queue, {
    lineBytesMax: limits.listingLineBytes,
    wantsFacts,
    onDoubt,
    signal: signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]),
  });
  const done = listing.read(path).finally(() => {
    queue.end();
    onDone?.();
  });
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

interface ListingWishes {
  readonly lineBytesMax: number;
  readonly signal: AbortSignal;
  readonly wantsFacts: boolean;
  readonly onDoubt: ListingOptions["onDoubt"];
}

/** One listing on its way into a queue. */
class Listing {
  readonly #connection: ClientConnection;
  readonly #queue: EntryQueue<ParsedEntry>;
  readonly #lineBytesMax: number;
  readonly #signal: AbortSignal;
  readonly #wantsFacts: boolean;
  readonly #onDoubt: ListingOptions["onDoubt"];
  #entriesCount = 0;
  #bytes = 0;

  constructor(
    connection: ClientConnection,
    queue: EntryQueue<ParsedEntry>,
    { lineBytesMax, signal, wantsFacts, onDoubt }: ListingWishes,
  ) {
    this.#connection = connection;
    this.#queue = queue;
    this.#lineBytesMax = lineBytesMax;
    this.#signal = signal;
    this.#wantsFacts = wantsFacts;
    this.#onDoubt = onDoubt;
  }

  async read(path: Octets): Promise<void> {
    if (!offersMlsd(this.#connection)) return this.#list(path);
    if (this.#wantsFacts) await wantFacts(this.#connection, { signal: this.#signal });
    try {
      await this.#transfer("MLSD", path === "" ? undefined : path);
    } catch (error) {
      // What FEAT says is not always so; a server that knows the command refuses paths with other codes.
      if (!isUnsupported(error) || refusalOf(error)?.code === 501) throw error;
      this.#connection.known.learn("listing", "LIST", String(error instanceof Error ? error.message : error));
      await this.#list(path);
    }
  }

  /**
   * LIST takes its argument for options or a pattern on many servers, so a path with anything but plain characters is
   * listed from inside. Some send an empty listing for what is not there (vsftpd); that is looked into. Some say 450 of
   * an empty directory; behind octets it means that the rest cannot be read.
   */
  async #list(path: Octets): Promise<void> {
    const options = { signal: this.#signal };
    try {
      if (plainPath.test(path)) await this.#listOrNames(listArgument(path));
      else await inDirectory(this.#connection, path, options, () => this.#listOrNames(undefined));
    } catch (error) {
      if (refusalOf(error)?.code !== 450 || this.#bytes > 0) throw error;
      this.#onDoubt?.("refused");
    }
    if (this.#entriesCount > 0 || path === "") return;
    const refusal = await isDirectory(this.#connection, path, options);
    if (refusal !== undefined) throw refusal;
  }

  async #listOrNames(path: Octets | undefined): Promise<void> {
    const { known } = this.#connection;
    if (known.fact("listing") === "NLST") return this.#names(path);
    try {
      await this.#transfer("LIST", this.#argument(path));
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      await this.#names(path);
      known.learn("listing", "NLST", error instanceof Error ? error.message : "");
    }
  }

  /** From inside, since some servers put the argument before each name. */
  async #names(path: Octets | undefined): Promise<void> {
    const list = (): Promise<void> => this.#transfer("NLST", undefined);
    if (path === undefined) return list();
    return inDirectory(this.#connection, path, { signal: this.#signal }, list);
  }

  /** vsftpd leaves out names with a dot in front unless it is asked as `ls` is. */
  #argument(path: Octets | undefined): Octets | undefined {
    if (!this.#connection.known.fact("product")?.startsWith("vsftpd")) return path;
    return (path === undefined ? "-a" : `-a ${path}`) as Octets;
  }

  async #transfer(verb: "MLSD" | "LIST" | "NLST", argument: Octets | undefined): Promise<void> {
    const reader = new ListingReader({ command: verb, nowMs: Date.now(), lineBytesMax: this.#lineBytesMax });
    await this.#connection.transfer(
      { verb, type: "I", ...(argument === undefined ? {} : { argument }) },
      receiveWhole((chunk) => {
        this.#bytes += chunk.length;
        return this.#give(reader.push(octetsFromBytes(chunk)), chunk.length);
      }),
      { signal: this.#signal },
    );
    void this.#give(reader.end(), 0);
    if (reader.unparsed.count > 0) this.#onDoubt?.("unread");
    // Servers that print a listing of `ls` may leave the last line end out; RFC 3659 §7.2 has one behind each.
    else if (verb === "MLSD" && reader.endsWithinLine) this.#onDoubt?.("cut");
  }

  #give(entries: readonly ParsedEntry[], bytes: number): undefined | Promise<void> {
    this.#entriesCount += entries.length;
    return this.#queue.give(entries, bytes);
  }
}

function listingTooLarge(bytesMax: number): UsageError {
  const message = `More than ${bytesMax} octets of a listing waited to be taken while its connection was wanted`;
  return new UsageError("SALLYPORT_LISTING_TOO_LARGE", message);
}

/** RFC 3659 §7.8 has one line in FEAT for MLST and MLSD. A server that answers no FEAT may know them all the same. */
function offersMlsd(connection: ClientConnection): boolean {
  const { features, known } = connection;
  const learnt = known.fact("listing");
  if (learnt !== undefined) return learnt === "MLSD";
  return features.has("MLST") || features.has("MLSD") || features.size === 0;
}

const plainPath = /^[\w./-]*$/;
