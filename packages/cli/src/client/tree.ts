import type { Client, Entry } from "@sallyport/client";
import { PeerViolation } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import { sizeText } from "../terminal/quantities.ts";
import { withoutMiddle, type Drawing } from "../terminal/table.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { entryJson, nameText, sortEntries, summaryText } from "./entry-text.ts";
import { expandRemote } from "./remote-glob.ts";
import { runOnServers, type ClientRun } from "./run.ts";
import type { ClientFlags } from "../client-flags.ts";

export interface TreeFlags extends ClientFlags {
  readonly depth?: number;
  readonly bytes?: boolean;
}

/** `sallyport tree`. */
export async function tree(context: CommandContext, flags: TreeFlags, urls: readonly string[]): Promise<void> {
  await runOnServers(context, flags, {}, async (run) => {
    const drawn: Entry[] = [];
    const drawing = run.surroundings.drawing();
    for (const url of urls) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one tree after the other
        const { client, path } = await run.servers.open(url);
        // oxlint-disable-next-line no-await-in-loop -- one tree after the other
        for (const root of await expandRemote(client, path, run.servers.signal)) {
          if (flags.json !== true) run.print(root === "" ? "." : visibleText(root));
          const branch: Branch = { client, run, flags, drawing, drawn };
          // oxlint-disable-next-line no-await-in-loop -- one tree after the other
          await drawBelow(root, { ...branch, depth: 1, indent: "" });
        }
        run.done();
      } catch (error) {
        run.failed(error);
      }
    }
    if (flags.json !== true && flags.quiet !== true && drawn.length > 0) run.print(summaryText(drawn));
    return undefined;
  });
}

interface Branch {
  readonly client: Client;
  readonly run: ClientRun;
  readonly flags: TreeFlags;
  readonly drawing: Drawing;
  readonly drawn: Entry[];
}

interface Level extends Branch {
  readonly depth: number;
  readonly indent: string;
}

/** What stands before the names of a level. */
const strokes = {
  unicode: { branch: "├── ", last: "└── ", through: "│   ", nothing: "    " },
  ascii: { branch: "|-- ", last: "`-- ", through: "|   ", nothing: "    " },
} as const;

/** Levels that no honest tree has. */
const depthMax = 256;

async function drawBelow(path: string, level: Level): Promise<void> {
  const { client, run, flags, drawing, drawn, depth, indent } = level;
  if (depth > depthMax) {
    throw new PeerViolation("SALLYPORT_TREE_TOO_LARGE", `The server's directories lie more than ${depthMax} deep`);
  }
  const entries = sortEntries(await Array.fromAsync(client.list(path, { signal: run.servers.signal })), "name");
  const { branch, last, through, nothing } = strokes[drawing.glyphs];
  for (const [at, entry] of entries.entries()) {
    const isLast = at === entries.length - 1;
    drawn.push(entry);
    if (flags.json === true) run.printJson({ ...entryJson(entry), depth });
    else run.print(withoutMiddle(indent + (isLast ? last : branch) + labelOf(entry, flags), drawing.width, "…"));
    const goesOn = entry.type === "directory" && !entry.name.includes("/") && depth < (flags.depth ?? Infinity);
    // oxlint-disable-next-line no-await-in-loop -- a tree is drawn from above
    if (goesOn)
      await drawBelow(entry.path, { ...level, depth: depth + 1, indent: indent + (isLast ? nothing : through) });
  }
}

function labelOf(entry: Entry, { bytes }: TreeFlags): string {
  const name = nameText(entry);
  if (entry.type === "directory" || entry.size === undefined) return name;
  return `${name}  ${bytes === true ? String(entry.size) : sizeText(entry.size).trimEnd()}`;
}
