import type { Entry } from "@sallyport/client";
import { displayOctets } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import type { ClientFlags } from "../client-flags.ts";
import { sizeText, timeText } from "../terminal/quantities.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { eachPath } from "./each-path.ts";
import { entryJson, nameText } from "./entry-text.ts";
import { entryAt } from "./remote-entry.ts";
import { runOnServers } from "./run.ts";

/** `sallyport stat`. */
export async function statUrls(context: CommandContext, flags: ClientFlags, urls: readonly string[]): Promise<void> {
  await runOnServers(context, flags, {}, async (run) => {
    let isFirst = true;
    await eachPath(run, urls, async ({ client, path }) => {
      const entry = await entryAt(client, path, run.servers.signal);
      if (flags.json === true) {
        run.printJson({ ...entryJson(entry), facts: factsOf(entry) });
        return;
      }
      if (!isFirst) run.print("");
      isFirst = false;
      for (const [label, value] of rowsOf(entry)) if (value !== "") run.print(`${label.padEnd(12)} ${value}`);
    });
    return undefined;
  });
}

function rowsOf(entry: Entry): readonly (readonly [label: string, value: string])[] {
  const { type, size, modified, mode, owner, group, unique } = entry;
  const exact = size === undefined || Number(size) < 1000 ? "" : ` (${sizeText(size).trimEnd()})`;
  return [
    ["path", nameText(entry, "path")],
    ["type", type],
    ["size", size === undefined ? "" : `${size}${exact}`],
    ["changed", timeText(modified)],
    ["permissions", mode === undefined ? "" : mode.toString(8).padStart(4, "0")],
    ["owner", visibleText(owner ?? "")],
    ["group", visibleText(group ?? "")],
    ["unique", visibleText(unique ?? "")],
  ];
}

function factsOf({ facts }: Entry): object {
  return Object.fromEntries([...facts].map(([name, value]) => [name, displayOctets(value)]));
}
