import { type EntryName, type LimitValues, type Octets, PeerViolation } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { isDirectoryEntry } from "../listing/entry.ts";
import { readListing } from "../listing/read-listing.ts";
import { treeTooLarge, WaitingNames } from "../listing/waiting-names.ts";
import { childPath } from "../names/remote-path.ts";
import { directoryCommand } from "./directory-command.ts";
import { isAboutPath, unlessRefused } from "./refusal.ts";

export interface RemoveOptions extends RequestOptions {
  readonly recursive?: boolean | undefined;
  readonly limits: LimitValues;
}

/**
 * Removes a file or an empty directory; with `recursive` a directory with all that is in it. Symbolic links are removed
 * and never followed. DELE goes first, so that no question comes before what is nearly always a file.
 *
 * Nothing of a directory is removed before it was listed to its end. Rejects with PeerViolation
 * `SALLYPORT_TREE_TOO_LARGE` where more names wait, or directories lie deeper, than `treeWaitingBytes` and
 * `treeDepthCount` permit, and with `SALLYPORT_NAME_UNSAFE` for a name that leads elsewhere (S-20).
 */
export async function remove(connection: ClientConnection, path: Octets, options: RemoveOptions): Promise<void> {
  try {
    await connection.command("DELE", path, options);
  } catch (error) {
    if (!isAboutPath(error)) throw error;
    if ((await unlessRefused(directoryCommand(connection, "RMD", path, options))) !== undefined) return;
    if (!options.recursive) throw error;
    await removeContent(connection, path, { ...options, waiting: new WaitingNames(options.limits), depth: 1 });
    await directoryCommand(connection, "RMD", path, options);
  }
}

interface ContentOptions extends RemoveOptions {
  /** Of all directories above as well. */
  readonly waiting: WaitingNames;
  readonly depth: number;
}

async function removeContent(connection: ClientConnection, path: Octets, options: ContentOptions): Promise<void> {
  const { waiting, depth, limits } = options;
  if (depth > limits.treeDepthCount) throw treeTooLarge(`directories more than ${limits.treeDepthCount} deep`);
  for (const { name, isDirectory } of await contentOf(connection, path, options)) {
    const child = childPath(path, name);
    if (isDirectory) {
      await removeContent(connection, child, { ...options, depth: depth + 1 });
      await directoryCommand(connection, "RMD", child, options);
    } else await remove(connection, child, { ...options, recursive: false });
    waiting.delete(name);
  }
}

interface Doomed {
  readonly name: EntryName;
  readonly isDirectory: boolean;
}

async function contentOf(
  connection: ClientConnection,
  path: Octets,
  { waiting, ...options }: ContentOptions,
): Promise<readonly Doomed[]> {
  const content: Doomed[] = [];
  for await (const entry of readListing(connection, path, options)) {
    if (entry.component === undefined) throw unsafeName();
    content.push({ name: waiting.add(entry.component), isDirectory: isDirectoryEntry(entry) });
  }
  return content;
}

export function unsafeName(): PeerViolation {
  return new PeerViolation("SALLYPORT_NAME_UNSAFE", "The server lists a name that leads out of its directory");
}
