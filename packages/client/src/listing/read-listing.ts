import { ListingReader, type LimitValues, type Octets, octetsFromBytes, type ParsedEntry } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import { listArgument } from "../names/remote-path.ts";
import { inDirectory } from "../operations/in-directory.ts";
import { isUnsupported, refusalOf } from "../operations/refusal.ts";
import { isDirectory } from "../operations/stat.ts";
import { receiveWhole } from "../transfer/receive.ts";
import { EntryQueue } from "./entry-queue.ts";

export interface ListingOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits: Pick<LimitValues, "listingLineBytes" | "listingBufferCount">;
  /** Settles when somebody else waits for the control connection; the listing is then read to its end at once. */
  readonly contended?: Promise<void>;
}

/**
 * Reads a directory as the server lists it, entry by entry in its order, without `.` and `..`: by MLSD, otherwise by LIST
 * in whatever format it comes. Leaving the loop early aborts the transfer.
 */
export async function* readListing(
  connection: ClientConnection,
  path: Octets,
  options: ListingOptions,
): AsyncGenerator<ParsedEntry> {
  if (offersMlsd(connection)) {
    try {
      yield* transferred(connection, "MLSD", path === "" ? undefined : path, options);
      return;
    } catch (error) {
      // What FEAT says is not always so; a server that knows the command refuses paths with other codes.
      if (!isUnsupported(error) || refusalOf(error)?.code === 501) throw error;
      withoutMlsd.add(connection);
    }
  }
  yield* listed(connection, path, options);
}

/** RFC 3659 §7.8 has one line in FEAT for MLST and MLSD. A server that answers no FEAT may know them all the same. */
function offersMlsd(connection: ClientConnection): boolean {
  const { features } = connection;
  return !withoutMlsd.has(connection) && (features.has("MLST") || features.has("MLSD") || features.size === 0);
}

const withoutMlsd = new WeakSet<ClientConnection>();

/**
 * LIST takes its argument for options or a pattern on many servers, so a path with anything but plain characters is
 * listed from inside. Some send an empty listing for what is not there (vsftpd); that is looked into.
 */
async function* listed(
  connection: ClientConnection,
  path: Octets,
  options: ListingOptions,
): AsyncGenerator<ParsedEntry> {
  let isEmpty = true;
  const entries = plainPath.test(path)
    ? transferred(connection, "LIST", argumentOf(connection, listArgument(path)), options)
    : inDirectory(connection, path, options, () =>
        transferred(connection, "LIST", argumentOf(connection, undefined), options),
      );
  try {
    for await (const entry of entries) {
      isEmpty = false;
      yield entry;
    }
  } catch (error) {
    if (refusalOf(error)?.code !== 450 || !isEmpty) throw error;
  }
  const refusal = isEmpty && path !== "" ? await isDirectory(connection, path, options) : undefined;
  if (refusal !== undefined) throw refusal;
}

const plainPath = /^[\w./-]*$/;

/** vsftpd leaves out names with a dot in front unless it is asked as `ls` is. */
function argumentOf({ greeting }: ClientConnection, path: Octets | undefined): Octets | undefined {
  if (!/vsftpd/i.test(greeting?.lines.join(" ") ?? "")) return path;
  return (path === undefined ? "-a" : `-a ${path}`) as Octets;
}

async function* transferred(
  connection: ClientConnection,
  verb: "MLSD" | "LIST",
  argument: Octets | undefined,
  { signal, limits, contended }: ListingOptions,
): AsyncGenerator<ParsedEntry> {
  const queue = new EntryQueue<ParsedEntry>(limits.listingBufferCount);
  const reader = new ListingReader({ command: verb, nowMs: Date.now(), lineBytesMax: limits.listingLineBytes });
  const aborter = new AbortController();
  void contended?.then(() => queue.unbind());
  const transfer = connection.transfer(
    { verb, type: "I", ...(argument === undefined ? {} : { argument }) },
    receiveWhole((chunk) => queue.give(reader.push(octetsFromBytes(chunk)))),
    { signal: signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]) },
  );
  const done = transfer.then(() => queue.give(reader.end())).finally(() => queue.end());
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
