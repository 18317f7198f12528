import { type Octets, PeerIncompatible } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { directoryCommand } from "./directory-command.ts";
import { workingDirectory } from "./working-directory.ts";

/** Does something inside a directory, and goes back to where it was. */
export async function inDirectory<T>(
  connection: ClientConnection,
  path: Octets,
  options: RequestOptions,
  inside: () => Promise<T>,
): Promise<T> {
  const home = await workingDirectory(connection, options);
  if (home === undefined) {
    const message = "The server does not say where it is, so there would be no way back";
    throw new PeerIncompatible("SALLYPORT_NO_WORKING_DIRECTORY", message);
  }
  // Neither this nor the way back is aborted: every later relative path depends on it.
  await directoryCommand(connection, "CWD", path);
  try {
    return await inside();
  } finally {
    await directoryCommand(connection, "CWD", home);
  }
}
