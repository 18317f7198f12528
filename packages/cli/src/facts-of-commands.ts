import { commandFacts, type CommandFacts } from "./command-facts.ts";
import type { CommandRow, CommandTarget } from "./command-target.ts";

/** Loads every command of a table and tells about all: the root, then groups before what is below them, in the table's order. */
export async function factsOfCommands(table: Readonly<Record<string, CommandRow>>): Promise<readonly CommandFacts[]> {
  const rows = Object.entries(table);
  const found = await Promise.all(rows.map(async ([name, row]) => factsBelow([name], await row.load())));
  const root: CommandFacts = {
    words: [],
    brief: "",
    description: "",
    arguments: [],
    flags: [],
    below: rows.map(([name, { brief }]) => ({ name, brief })),
  };
  return [root, ...found.flat()];
}

function factsBelow(words: readonly string[], target: CommandTarget): readonly CommandFacts[] {
  const facts = commandFacts(words, target);
  if ("parameters" in target) return [facts];
  const below = target.getAllEntries().filter(({ hidden }) => !hidden);
  return [
    facts,
    ...below.flatMap((entry) => factsBelow([...words, entry.name["convert-camel-to-kebab"]], entry.target)),
  ];
}
