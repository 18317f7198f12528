import { commandFacts, type CommandFacts } from "./command-facts.ts";
import { commandBriefs, loadCommand, type CommandName, type CommandTarget } from "./command-table.ts";

/** Loads every command and tells about all: the root, then groups before what is below them, in the order of the help. */
export async function allCommands(): Promise<readonly CommandFacts[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the table
  const names = Object.keys(commandBriefs) as CommandName[];
  const found = await Promise.all(names.map(async (name) => factsBelow([name], await loadCommand(name))));
  const root: CommandFacts = {
    words: [],
    brief: "",
    description: "",
    arguments: [],
    flags: [],
    below: names.map((name) => ({ name, brief: commandBriefs[name] })),
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
