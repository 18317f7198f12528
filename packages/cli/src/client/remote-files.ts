import type { Client, Entry } from "@sallyport/client";
import { PeerViolation } from "@sallyport/protocol";
import { quotedName, visibleText } from "../terminal/visible-text.ts";
import type { ClientRun } from "./run.ts";

/** A file of a server, and where it is to go. */
export interface PlacedFile {
  readonly entry: Entry;
  readonly place: string;
}

export interface PlacingOptions {
  readonly run: ClientRun;
  /** Where a name goes in a directory; throws for names that must not go anywhere. */
  readonly child: (directory: string, name: string) => string;
  readonly makeDirectory: (path: string) => Promise<unknown>;
}

/** Lists all files below a directory and makes the directories for them; what is no file is left out, and told. */
export async function placeFiles(
  client: Client,
  path: string,
  base: string,
  { run, child, makeDirectory }: PlacingOptions,
): Promise<readonly PlacedFile[]> {
  const { signal } = run.servers;
  await makeDirectory(base);
  // The whole listing first: it needs the connection that the files need then, and tells how much there is.
  const entries = await Array.fromAsync(client.list(path, { recursive: true, signal }));
  const places = new Map<string, string>([[path, base]]);
  const files: PlacedFile[] = [];
  for (const entry of entries) {
    try {
      const parent = places.get(parentOf(entry));
      if (parent === undefined) {
        const message = `${quotedName(entry.path)} lies in no directory that has a name here`;
        throw new PeerViolation("SALLYPORT_NAME_UNSAFE", message);
      }
      const place = child(parent, entry.name);
      if (entry.type === "directory") {
        places.set(entry.path, place);
        // oxlint-disable-next-line no-await-in-loop -- parents before children
        await makeDirectory(place);
      } else if (entry.type === "file" || entry.type === "unknown") files.push({ entry, place });
      else run.say(`Left out ${visibleText(entry.path)}: it is ${entry.type === "link" ? "a link" : "no file"}.`);
    } catch (error) {
      run.failed(error, entry.path);
    }
  }
  return files;
}

/** The directory in whose listing an entry stood. */
function parentOf({ path, name }: Entry): string {
  const parent = path.slice(0, Math.max(0, path.length - name.length));
  return parent.length > 1 && parent.endsWith("/") ? parent.slice(0, -1) : parent;
}

export function lastNameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
