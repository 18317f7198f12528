import type { Entry } from "@sallyport/client";
import type { CommandContext } from "@stricli/core";
import type { ClientFlags } from "../client-flags.ts";
import { sizeText } from "../terminal/quantities.ts";
import { tableLines } from "../terminal/table.ts";
import { eachPath } from "./each-path.ts";
import { entryAt } from "./remote-entry.ts";
import { runOnServers } from "./run.ts";
import { shownPath } from "./surroundings.ts";

export interface DiskUseFlags extends ClientFlags {
  readonly bytes?: boolean;
  readonly depth: number;
}

/** Writes how much lies in directories, by the sizes that the server lists; those below down to `depth`. */
export async function diskUse(context: CommandContext, flags: DiskUseFlags, urls: readonly string[]): Promise<void> {
  await runOnServers(context, flags, {}, async (run) => {
    const { signal } = run.servers;
    await eachPath(run, urls, async ({ client, path }) => {
      const top = await entryAt(client, path, signal);
      const sums = new Map<string, bigint>([[top.path, BigInt(top.size ?? 0)]]);
      if (top.type === "directory") {
        sums.set(top.path, 0n);
        for await (const entry of client.list(path, { signal, recursive: true })) count(sums, entry, top.path);
      }
      const depthOf = (one: string): number => one.slice(top.path.length).split("/").filter(Boolean).length;
      const shown = [...sums].filter(([one]) => depthOf(one) <= flags.depth).toReversed();
      if (flags.json === true) {
        for (const [one, bytes] of shown) run.printJson({ path: one, bytes });
        return;
      }
      const rows = shown.map(([one, bytes]) => [
        { text: flags.bytes === true ? String(bytes) : sizeText(bytes) },
        { text: shownPath(run.surroundings, one === "" ? "." : one) },
      ]);
      const columns = [{ align: "right" }, { flexibleMin: 16 }] as const;
      for (const line of tableLines(columns, rows, run.surroundings.drawing())) run.print(line);
    });
    return undefined;
  });
}

/** Adds an entry to all directories above it, up to the top. */
function count(sums: Map<string, bigint>, { path, type, size }: Entry, top: string): void {
  if (type === "directory") {
    if (!sums.has(path)) sums.set(path, 0n);
    return;
  }
  for (let above = path; above !== top;) {
    const slash = above.lastIndexOf("/");
    above = slash > 0 ? above.slice(0, slash) : above.startsWith("/") && above !== "/" ? "/" : "";
    const sum = sums.get(above);
    if (sum !== undefined) sums.set(above, sum + BigInt(size ?? 0));
    if (above === "" || above === "/") break;
  }
}
