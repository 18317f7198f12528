import { type LimitValues, type Octets, PeerViolation } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { isDirectoryEntry } from "../listing/entry.ts";
import { readListing } from "../listing/read-listing.ts";
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
 */
export async function remove(connection: ClientConnection, path: Octets, options: RemoveOptions): Promise<void> {
  try {
    await connection.command("DELE", path, options);
  } catch (error) {
    if (!isAboutPath(error)) throw error;
    if ((await unlessRefused(directoryCommand(connection, "RMD", path, options))) !== undefined) return;
    if (!options.recursive) throw error;
    await removeContent(connection, path, options);
    await directoryCommand(connection, "RMD", path, options);
  }
}

async function removeContent(connection: ClientConnection, path: Octets, options: RemoveOptions): Promise<void> {
  const entries = await Array.fromAsync(readListing(connection, path, options));
  for (const entry of entries) {
    if (entry.component === undefined) throw unsafeName();
    const child = childPath(path, entry.component);
    if (isDirectoryEntry(entry)) {
      await removeContent(connection, child, options);
      await directoryCommand(connection, "RMD", child, options);
    } else await remove(connection, child, { ...options, recursive: false });
  }
}

export function unsafeName(): PeerViolation {
  return new PeerViolation("SALLYPORT_NAME_UNSAFE", "The server lists a name that leads out of its directory");
}
