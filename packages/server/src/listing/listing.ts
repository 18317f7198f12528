import {
  baseName,
  childPath,
  formatListingLine,
  compileGlob,
  encoderFor,
  type GlobPattern,
  hasWildcards,
  listingOrder,
  type LimitValues,
  type ListingOptions,
  type Octets,
  parentPath,
  reply,
  type VirtualPath,
} from "@sallyport/protocol";
import type { Entry, Storage } from "@sallyport/server/storage";
import { type DataConnection, deflateChunks } from "@sallyport/transport";
import { type CommandContext, loginOf, type Outcome } from "../command-handler.ts";
import { encodedChunks } from "../transfer/encoded-download.ts";
import { runTransfer } from "../transfer/transfer.ts";
import { sortInTurns } from "./sort-in-turns.ts";

/** One directory of a listing with the entries that are shown, or what a path that is no directory leads to. */
export interface ListedDirectory {
  readonly directory: VirtualPath;
  readonly entries: readonly Entry[];
}

/** What LIST, NLST and STAT list: a directory, one entry, or what matches a pattern. */
export type ListingTarget =
  | { readonly kind: "directory"; readonly path: VirtualPath }
  | { readonly kind: "entry"; readonly path: VirtualPath; readonly entry: Entry }
  | { readonly kind: "pattern"; readonly path: VirtualPath; readonly pattern: GlobPattern };

/** Finds out what a resolved path asks for; a pattern counts only where no entry has that very name (R-LIST-05). */
export async function listingTarget(
  storage: Storage,
  path: VirtualPath,
  limits: LimitValues,
): Promise<ListingTarget | "too-many-wildcards"> {
  const name = baseName(path);
  const found = await storage.stat(path, { followLinks: true }).catch((error: unknown) => {
    if (hasWildcards(name)) return undefined;
    throw error;
  });
  if (found === undefined) {
    const pattern = compileGlob(name, limits.globWildcardsCount);
    return pattern === "too-many-wildcards" ? pattern : { kind: "pattern", path: parentPath(path), pattern };
  }
  if (found.type === "directory") return { kind: "directory", path };
  return { kind: "entry", path, entry: { ...(await storage.stat(path)), name } };
}

/**
 * Yields the directories of a listing, sorted by name or as the options ask. Recursion and the number of entries are
 * bounded (S-18); names that begin with a dot are left out without `-a`, as every server does.
 */
export async function* listDirectories(
  context: CommandContext,
  target: ListingTarget,
  options: ListingOptions,
): AsyncGenerator<ListedDirectory> {
  const { storage } = loginOf(context);
  const { limits, signal } = context;
  if (target.kind === "entry") {
    yield { directory: target.path, entries: [target.entry] };
    return;
  }
  const shown = target.kind === "pattern" ? ({ name }: Entry) => target.pattern.matches(name) : visible(options);
  const pending = [{ path: target.path, depth: 0 }];
  let count = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const entries: Entry[] = [];
    for await (const slice of storage.list(next.path)) {
      signal.throwIfAborted();
      for (const entry of slice) if (shown(entry) && count++ < limits.listEntriesCount) entries.push(entry);
    }
    const sorted = await sortInTurns(entries, listingOrder(options) ?? byName);
    yield { directory: next.path, entries: sorted };
    if (!options.recursive || next.depth >= limits.listOptionsDepthCount || count >= limits.listEntriesCount) continue;
    const { path, depth } = next;
    const deeper = sorted.filter(({ type }) => type === "directory").toReversed();
    for (const { name } of deeper) pending.push({ path: childPath(path, name), depth: depth + 1 });
  }
}

/** The lines of LIST for people, with CRLF, in chunks of some dozen KiB. */
export async function* listingLines(
  context: CommandContext,
  target: ListingTarget,
  options: ListingOptions,
): AsyncGenerator<Uint8Array> {
  const nowMs = Date.now();
  let first = true;
  for await (const { directory, entries } of listDirectories(context, target, options)) {
    if (options.recursive) yield Buffer.from(`${first ? "" : "\r\n"}${directory}:\r\n`, "latin1");
    first = false;
    yield* linesInChunks(entries, (entry) => formatListingLine(listedEntry(entry), nowMs));
  }
}

/** Gathers lines to chunks of at least 128 KiB, so that each write carries many, in a buffer that is used again. */
export class LineGatherer {
  #buffer: Buffer = Buffer.allocUnsafeSlow(chunkBytes + 16_384);
  #filledBytes = 0;
  /** The last lines, kept short: what lives on while others are made costs most. */
  #text = "";

  get isFull(): boolean {
    return this.#filledBytes >= chunkBytes;
  }

  /** Adds a line, or nothing where there is none. */
  add(line: Octets | undefined): void {
    if (line === undefined) return;
    this.#text += `${line}\r\n`;
    if (this.#text.length >= textLength) this.#flush();
  }

  /** What was gathered, possibly nothing; it holds until the next line is added. */
  take(): Uint8Array {
    this.#flush();
    const chunk = this.#buffer.subarray(0, this.#filledBytes);
    this.#filledBytes = 0;
    return chunk;
  }

  #flush(): void {
    const text = this.#text;
    this.#text = "";
    if (this.#filledBytes + text.length > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(this.#filledBytes + text.length);
      this.#buffer.copy(grown, 0, 0, this.#filledBytes);
      this.#buffer = grown;
    }
    this.#filledBytes += this.#buffer.write(text, this.#filledBytes, "latin1");
  }
}

/** Joins lines to chunks; an undefined line is left out. */
export function* linesInChunks<T>(items: Iterable<T>, format: (item: T) => Octets | undefined): Generator<Uint8Array> {
  const lines = new LineGatherer();
  for (const item of items) {
    lines.add(format(item));
    if (lines.isFull) yield lines.take();
  }
  yield lines.take();
}

/**
 * Sends a listing over the data connection: implied ASCII and STRU F, whatever TYPE and STRU are (R-LIST-02). It begins
 * before 150 is said, so that a directory that cannot be read is refused and not cut.
 */
export async function sendListing(
  context: CommandContext,
  path: VirtualPath,
  lines: AsyncGenerator<Uint8Array>,
): Promise<Outcome> {
  const chunks = await begun(lines);
  return runTransfer(context, {
    direction: "listing",
    path,
    opening: reply(150, "Here comes the listing."),
    completion: "Listing complete.",
    // What was begun and never sent still holds its directory open.
    giveUp: async () => void (await lines.return(undefined)),
    move: (data, report) => sendLines(context, data, chunks, report),
  });
}

const chunkBytes = 131_072;
const textLength = 8192;

/** Waits for the first chunk; what goes wrong before it is thrown here. */
async function begun(chunks: AsyncGenerator<Uint8Array>): Promise<AsyncGenerator<Uint8Array>> {
  const first = await chunks.next();
  return (async function* () {
    if (first.done !== true) yield first.value;
    yield* chunks;
  })();
}

async function sendLines(
  { state, signal, limits }: CommandContext,
  data: DataConnection,
  lines: AsyncIterable<Uint8Array>,
  report: (bytes: number) => void,
): Promise<number> {
  const { mode } = state.parameters;
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of lines) {
      bytes += chunk.length;
      report(bytes);
      yield chunk;
    }
  }
  const encoder = encoderFor({ type: "I", structure: "F", mode });
  const encoded = encoder === undefined ? counted() : encodedChunks(counted(), encoder);
  const chunks = mode === "Z" ? deflateChunks(encoded, { level: state.deflateLevel }) : encoded;
  await data.sendChunks(chunks, { signal, stallMs: limits.dataStallMs });
  return bytes;
}

function visible({ all }: ListingOptions): (entry: Entry) => boolean {
  return all ? () => true : ({ name }) => !name.startsWith(".");
}

function byName(left: Entry, right: Entry): number {
  return left.name < right.name ? -1 : 1;
}

function listedEntry(entry: Entry) {
  const { userId, groupId } = entry;
  return {
    ...entry,
    ownerName: userId === undefined ? undefined : (String(userId) as Octets),
    groupName: groupId === undefined ? undefined : (String(groupId) as Octets),
  };
}
