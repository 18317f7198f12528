import { type Octets, PeerIncompatible } from "@sallyport/protocol";
import type { ClientConnection, RequestOptions } from "../connection/client-connection.ts";
import { workingDirectory } from "./working-directory.ts";

/** Goes into a directory for as long as `inside` yields, and back to where it was. */
export async function* inDirectory<T>(
  connection: ClientConnection,
  path: Octets,
  options: RequestOptions,
  inside: () => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const home = await workingDirectory(connection, options);
  if (home === undefined) {
    throw new PeerIncompatible(
      "SALLYPORT_NO_WORKING_DIRECTORY",
      "The server does not say where it is, so there is no way back",
    );
  }
  await connection.command("CWD", path, options);
  try {
    yield* inside();
  } finally {
    // Not to be aborted: every later relative path depends on it.
    await connection.command("CWD", home);
  }
}
