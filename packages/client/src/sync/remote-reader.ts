import { displayOctets, type ListedTime, type ParsedEntry, PeerViolation } from "@sallyport/protocol";
import { entryOf } from "../listing/entry.ts";
import { listTree } from "../listing/list-tree.ts";
import type { ListingDoubt } from "../listing/read-listing.ts";
import { refusalOf } from "../operations/refusal.ts";
import { exists, timeOf } from "../operations/stat.ts";
import { withRetry } from "../pool/retry.ts";
import { isFatal } from "./fatal.ts";
import type { EntryFilter } from "./filter.ts";
import type { RemoteSide } from "./remote-side.ts";
import { treeEntryOf } from "./remote-tree.ts";
import { isTreePath, type TreeEntry, type TreeItem } from "./tree.ts";

export interface RemoteReading {
  readonly items: readonly TreeItem[];
  /** Why directories could not be listed, by their path. */
  readonly failures: ReadonlyMap<string, unknown>;
}

export interface RemoteReaderOptions {
  /** Directories that are listed at the same time. */
  readonly parallel: number;
  /** Directories that it does not admit are not listed. */
  readonly filter: Pick<EntryFilter, "admitsPath">;
  /**
   * Whether the tree is what the other is to be like: then a root that is not there is no empty tree, and a directory of
   * which something may be missing is given as `unlisted`, too.
   */
  readonly isSource: boolean;
}

/**
 * Reads a tree of the server, some directories at a time. One that the server does not list is an item of its own; other
 * failures, and that of the root, are thrown. A name that is none (S-20) gives a path that no plan accepts.
 */
export async function readRemoteTree(
  side: RemoteSide,
  { parallel, filter, isSource }: RemoteReaderOptions,
): Promise<RemoteReading> {
  const items: TreeItem[] = [];
  const unplaced: Unplaced = new Map();
  const failures = new Map<string, unknown>();
  const left = [""];
  const running = new Set<Promise<void>>();
  const fail = (directory: string, error: unknown): void => {
    failures.set(directory, error);
    items.push({ kind: "unlisted", path: directory });
  };
  const readOne = async (directory: string): Promise<void> => {
    try {
      const { limits, signal } = side;
      // Also where the connection is lost in the middle.
      const { entries, doubt } = await withRetry(() => entriesOf(side, directory, unplaced), { limits, signal });
      for (const entry of entries) {
        items.push(entry);
        const isBelow = entry.kind === "directory" && isTreePath(entry.path) && filter.admitsPath(entry.path, true);
        if (isBelow) left.push(entry.path);
      }
      if (isSource && doubt !== undefined) fail(directory, doubtfulListing(side, directory, doubt));
    } catch (error) {
      if (refusalOf(error) === undefined || isFatal(error)) throw error;
      if (directory === "") {
        if (!isSource && (await isMissing(side))) return;
        throw error;
      }
      fail(directory, error);
    }
  };
  while (left.length > 0 || running.size > 0) {
    while (left.length > 0 && running.size < parallel) {
      const reading: Promise<void> = readOne(left.shift() ?? "").finally(() => running.delete(reading));
      reading.catch(() => {});
      running.add(reading);
    }
    // oxlint-disable-next-line no-await-in-loop -- as many as may run at a time are running
    await Promise.race(running);
  }
  return { items: await withInstants(side, items, unplaced), failures };
}

/** Entries whose time was listed by a clock whose zone is not known. */
type Unplaced = Map<TreeItem, ListedTime>;

async function withInstants(
  side: RemoteSide,
  items: readonly TreeItem[],
  unplaced: Unplaced,
): Promise<readonly TreeItem[]> {
  const { clock, signal } = side;
  const readings = Array.from(unplaced).flatMap(([{ kind, path }, listed]) =>
    kind === "file" && isTreePath(path) ? [{ path: side.octetsOf(path), listed }] : [],
  );
  await clock.find(readings, (path) => side.use((connection) => timeOf(connection, path, { signal })));
  return items.map((item) => {
    const listed = unplaced.get(item);
    const modified = listed && clock.place(listed);
    return modified === undefined || item.kind === "unlisted" ? item : { ...item, modified };
  });
}

/** Servers say in many ways that there is no such directory. */
function isMissing(side: RemoteSide): Promise<boolean> {
  return side.use(async (connection) => !(await exists(connection, side.root, { signal: side.signal })));
}

interface DirectoryReading {
  readonly entries: readonly TreeEntry[];
  readonly doubt: ListingDoubt | undefined;
}

async function entriesOf(side: RemoteSide, directory: string, unplaced: Unplaced): Promise<DirectoryReading> {
  const { pool, limits, signal, clock } = side;
  const entries: TreeEntry[] = [];
  let doubt: ListingDoubt | undefined;
  const onDoubt = (told: ListingDoubt): void => void (doubt = told);
  for await (const [parent, entry] of listTree(pool, side.octetsOf(directory), { limits, signal, onDoubt })) {
    const path = treePathOf(directory, entry, side);
    const listed = entryOf(entry, parent, side.names, clock);
    const item = treeEntryOf(listed, path);
    if (listed.modified?.zone === "unknown") unplaced.set(item, listed.modified.listed);
    entries.push(item);
  }
  return { entries, doubt };
}

const doubts: Readonly<Record<ListingDoubt, string>> = {
  unread: "has lines that cannot be read",
  cut: "ends in the middle of a line",
  refused: "was answered with 450",
};

function doubtfulListing(side: RemoteSide, directory: string, doubt: ListingDoubt): PeerViolation {
  const path = displayOctets(side.octetsOf(directory));
  const what = path === "" ? "The listing" : `The listing of "${path}"`;
  return new PeerViolation(
    "SALLYPORT_DIRECTORY_DOUBTFUL",
    `${what} ${doubts[doubt]}, so something may be missing in it`,
  );
}

function treePathOf(directory: string, entry: ParsedEntry, { names }: RemoteSide): string {
  const name = names.textOf(entry.name);
  const path = directory === "" ? name : `${directory}/${name}`;
  // With a slash in it a name could pass for a path.
  return entry.component === undefined && isTreePath(path) ? `./${path}` : path;
}
