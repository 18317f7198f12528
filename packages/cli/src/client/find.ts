import type { Entry } from "@sallyport/client";
import { compileGlob, limits, octetsFromText, UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import type { ClientFlags } from "../client-flags.ts";
import { quotedName } from "../terminal/visible-text.ts";
import { eachPath } from "./each-path.ts";
import { entryJson } from "./entry-text.ts";
import { entryAt } from "./remote-entry.ts";
import { runOnServers } from "./run.ts";
import { shownPath } from "./surroundings.ts";

export interface FindFlags extends ClientFlags {
  readonly name?: string;
  readonly type?: "file" | "directory" | "link";
}

/** Writes the paths of what lies below URLs, themselves included, as they are listed. */
export async function find(context: CommandContext, flags: FindFlags, urls: readonly string[]): Promise<void> {
  const isWanted = filterOf(flags);
  await runOnServers(context, flags, {}, async (run) => {
    const { signal } = run.servers;
    const show = (entry: Entry): void => {
      if (!isWanted(entry)) return;
      if (flags.json === true) run.printJson(entryJson(entry));
      else run.print(shownPath(run.surroundings, entry.path));
    };
    await eachPath(run, urls, async ({ client, path }) => {
      const top = await entryAt(client, path, signal);
      show(top);
      if (top.type !== "directory") return;
      for await (const entry of client.list(path, { signal, recursive: true })) show(entry);
    });
    return undefined;
  });
}

function filterOf({ name, type }: FindFlags): (entry: Entry) => boolean {
  const glob = name === undefined ? undefined : compileGlob(octetsFromText(name), limits.globWildcardsCount.value);
  if (glob === "too-many-wildcards") {
    throw new UsageError("SALLYPORT_USAGE_PATTERN", `${quotedName(name ?? "")} has too many wildcards.`);
  }
  return (entry) =>
    (type === undefined || entry.type === type) && (glob === undefined || glob.matches(entry.nameOctets));
}
