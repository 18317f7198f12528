import type { Client, Entry } from "@sallyport/client";

/** What a path is. The root and the place where a login begins are directories, and no server is asked. */
export async function entryAt(client: Client, path: string, signal: AbortSignal): Promise<Entry> {
  return path === "" || path === "/" ? directoryEntry(path) : client.stat(path, { signal });
}

function directoryEntry(path: string): Entry {
  return {
    name: path === "" ? "." : path,
    nameOctets: "" as Entry["nameOctets"],
    path,
    type: "directory",
    size: undefined,
    modified: undefined,
    mode: undefined,
    owner: undefined,
    group: undefined,
    target: undefined,
    unique: undefined,
    facts: new Map(),
  };
}
