import type { Entry } from "@sallyport/client";
import type { CommandContext } from "@stricli/core";
import { entryJson, entryLines, sortEntries, summaryText } from "./entry-text.ts";
import { entryAt } from "./remote-entry.ts";
import { expandRemote, literalText } from "./remote-glob.ts";
import { runOnServers, type ClientRun } from "./run.ts";
import type { RemotePlace } from "./servers.ts";
import { shownPath } from "./surroundings.ts";
import type { ClientFlags } from "../client-flags.ts";

export interface LsFlags extends ClientFlags {
  readonly recursive?: boolean;
  readonly directory?: boolean;
  readonly names?: boolean;
  readonly bytes?: boolean;
  readonly sort: SortName;
  readonly reverse?: boolean;
}

type SortName = "name" | "size" | "time" | "none";

/** `sallyport ls`. */
export async function list(context: CommandContext, flags: LsFlags, urls: readonly string[]): Promise<void> {
  await runOnServers(context, flags, {}, async (run) => {
    const shown: Entry[] = [];
    for (const url of urls) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one listing after the other, as on the command line
        shown.push(...(await listPlace(await run.servers.open(url), run, flags)));
        run.done();
      } catch (error) {
        run.failed(error);
      }
    }
    if (flags.json !== true && flags.names !== true && flags.quiet !== true && shown.length > 0) {
      run.print(summaryText(shown));
    }
    return undefined;
  });
}

async function listPlace(place: RemotePlace, run: ClientRun, flags: LsFlags): Promise<readonly Entry[]> {
  const { client } = place;
  const { signal } = run.servers;
  const paths = await expandRemote(client, place.path, signal);
  const isPattern = literalText(place.path) === undefined;
  const shown: Entry[] = [];
  for (const path of paths) {
    // oxlint-disable-next-line no-await-in-loop -- listings share one connection
    const found = await entryAt(client, path, signal);
    const isListed = found.type === "directory" && flags.directory !== true;
    if (!isListed) {
      show([found], run, flags, "path");
      shown.push(found);
      continue;
    }
    // oxlint-disable-next-line no-await-in-loop -- listings share one connection
    const entries = await Array.fromAsync(client.list(path, { signal, recursive: flags.recursive === true }));
    if (isPattern && flags.json !== true && flags.names !== true) run.print(`${shownPath(run.surroundings, path)}:`);
    show(entries, run, flags, flags.recursive === true || flags.names === true ? "path" : "name");
    shown.push(...entries);
  }
  return shown;
}

function show(entries: readonly Entry[], run: ClientRun, flags: LsFlags, names: "name" | "path"): void {
  const sorted = sortEntries(entries, flags.sort);
  const ordered = flags.reverse === true ? sorted.toReversed() : sorted;
  if (flags.json === true) {
    for (const entry of ordered) run.printJson(entryJson(entry));
  } else if (flags.names === true) {
    for (const entry of ordered) run.print(shownPath(run.surroundings, entry.path));
  } else {
    const { nameOf } = run.surroundings;
    const named = nameOf === undefined ? ordered : ordered.map((entry) => ({ ...entry, path: nameOf(entry.path) }));
    for (const line of entryLines(named, run.surroundings.drawing(), { areBytesExact: flags.bytes === true, names }))
      run.print(line);
  }
}
