import { isSallyportError } from "@sallyport/protocol";
import type { RemotePlace } from "./servers.ts";

/** Where files go on a server: into a directory, or under a name. */
export interface RemoteTarget {
  readonly kind: "directory" | "file";
  readonly path: string;
}

/** What a URL means as a target; a directory that has to be one is made where it is missing. */
export async function remoteTarget(
  { client, url, path }: RemotePlace,
  { mustBeDirectory, signal }: { readonly mustBeDirectory: boolean; readonly signal: AbortSignal },
): Promise<RemoteTarget> {
  if (url.isDirectory || mustBeDirectory) {
    if (path !== "" && path !== "/") await client.makeDirectory(path, { recursive: true, signal });
    return { kind: "directory", path };
  }
  try {
    const entry = await client.stat(path, { signal });
    return { kind: entry.type === "directory" ? "directory" : "file", path };
  } catch (error) {
    if (isSallyportError(error) && error.code === "SALLYPORT_COMMAND_REFUSED") return { kind: "file", path };
    throw error;
  }
}
