import type { Client, Entry } from "@sallyport/client";
import { isSallyportError } from "@sallyport/protocol";
import { bounds } from "../bounds.ts";
import { GatewayRefusal } from "../problem.ts";

/** One entry of a tree, with where it lies on the server and below the directory that the walk began in. */
export interface WalkedEntry {
  readonly entry: Entry;
  /** The directory that it lies in. */
  readonly directory: string;
  /** The names of the directories between. */
  readonly below: readonly string[];
}

export interface TreeWalkOptions {
  readonly signal: AbortSignal;
  /** Told of a directory that the server does not show; the walk goes on. */
  readonly onUnread: (path: string, error: unknown) => void;
}

/**
 * Everything below a directory, the near before the deep; links are not followed, and what is too deep is left out. Throws
 * GatewayRefusal `SALLYPORT_TREE_TOO_LARGE` where more directories wait than may.
 */
export async function* walkTree(
  client: Client,
  directory: string,
  { signal, onUnread }: TreeWalkOptions,
): AsyncGenerator<WalkedEntry> {
  const left: { readonly path: string; readonly below: readonly string[] }[] = [{ path: directory, below: [] }];
  let waitingBytes = sizeOfWaiting(directory, 0);
  for (let at = 0; at < left.length && !signal.aborted; at++) {
    const { path, below } = left[at] ?? { path: directory, below: [] };
    waitingBytes -= sizeOfWaiting(path, below.length);
    // What was walked is not kept.
    if (at > 1000) left.splice(0, at--);
    try {
      for await (const entry of client.list(path, { signal })) {
        if (!isOneName(entry.name)) continue;
        yield { entry, directory: path, below };
        if (entry.type !== "directory" || below.length >= bounds.depth) continue;
        const next = { path: pathIn(path, entry.name), below: [...below, entry.name] };
        waitingBytes += sizeOfWaiting(next.path, next.below.length);
        if (waitingBytes > bounds.walkedBytes) throw tooManyWaiting();
        left.push(next);
      }
    } catch (error) {
      if (signal.aborted || !isSallyportError(error) || error instanceof GatewayRefusal) throw error;
      onUnread(path, error);
    }
  }
}

/** About what a directory takes while it waits: its path, the places of the names above it, and what objects cost. */
function sizeOfWaiting(path: string, depth: number): number {
  return path.length + 8 * depth + 128;
}

function tooManyWaiting(): GatewayRefusal {
  return new GatewayRefusal(
    413,
    "SALLYPORT_TREE_TOO_LARGE",
    "There are more folders in it than can be looked into at once",
  );
}

export function pathIn(directory: string, name: string): string {
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`;
}

/** Whether a name leads nowhere else: a server may send anything. */
export function isOneName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these would end a command line early
  return name !== "" && name !== "." && name !== ".." && !/[/\0\r\n]/.test(name);
}
