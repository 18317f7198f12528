import { allCommands } from "../../packages/cli/src/command-table.ts";
import { ownFlags, type CommandFacts, type FlagFacts } from "../../packages/cli/src/command-facts.ts";
import { exitCodeMeanings } from "../../packages/cli/src/exit-codes.ts";
import { argumentText, flagLabel, flagText, usageLines } from "../../packages/cli/src/help.ts";
import { shellTable } from "../../packages/cli/src/shell/table.ts";
import { markdownTable, type Sections } from "./sections.ts";

/** Every command with its flags, and the flags that commands share, told once. */
export async function commandSections(): Promise<Sections> {
  const commands = (await allCommands()).filter(({ below }) => below.length === 0);
  const shared = sharedGroups(commands);
  return {
    commands: commands.map((command) => commandText(command, shared)).join("\n\n"),
    "shell-commands": markdownTable(
      ["Command", "Does"],
      Object.entries(shellTable).map(([name, { aliases = [], brief }]) => [
        [name, ...aliases].map((one) => `\`${one}\``).join(", "),
        brief,
      ]),
    ),
    "shared-flags": shared.map(groupText).join("\n\n"),
    "exit-codes": markdownTable(
      ["Code", "Means", "For example"],
      exitCodeMeanings.map(([code, meaning, example]) => [String(code), meaning, example]),
    ),
  };
}

/** Flags that every command has are told once, in the document's own words. */
const everywhere: ReadonlySet<string> = new Set(["--help", "--state", "--json", "--verbose"]);

function commandText(command: CommandFacts, shared: readonly FlagGroup[]): string {
  const [usage = ""] = usageLines(command);
  const given = command.arguments.map((argument) => [`\`${argument.placeholder}\``, argumentText(argument)]);
  const isShared = (group: string) => shared.some(({ heading }) => heading === group);
  const own = command.flags.filter(({ group, name }) => !isShared(group) && !everywhere.has(name));
  const groups = [...new Set(command.flags.map(({ group }) => group))].filter(isShared);
  const rows = [...given, ...own.map(flagRow)];
  return [
    `### ${command.words.join(" ")}`,
    `\`${usage}\``,
    command.description.replaceAll(/[<>]/g, ""),
    ...(rows.length === 0 ? [] : [markdownTable(["Argument or flag", "Means"], rows)]),
    ...(groups.length === 0 ? [] : [`Shared flags: ${groups.join(", ").toLowerCase()}.`]),
  ].join("\n\n");
}

function flagRow(flag: FlagFacts): readonly string[] {
  return [`\`${flagLabel(flag)}\``, flagText(flag)];
}

interface FlagGroup {
  readonly heading: string;
  readonly flags: readonly FlagFacts[];
}

/** Each heading that stands in several commands, with the flags that stand under it in any. */
function sharedGroups(commands: readonly CommandFacts[]): readonly FlagGroup[] {
  const flags = commands.flatMap(({ words, flags: own }) => own.map((flag) => ({ flag, command: words.join(" ") })));
  const groups = Map.groupBy(flags, ({ flag }) => flag.group);
  groups.delete(ownFlags);
  return [...groups].flatMap(([heading, members]) => {
    const isShared = new Set(members.map(({ command }) => command)).size > 1;
    const each = new Map(members.map(({ flag }) => [flag.name, flag]));
    return isShared ? [{ heading, flags: [...each.values()] }] : [];
  });
}

function groupText({ heading, flags }: FlagGroup): string {
  const title = heading.charAt(0) + heading.slice(1).toLowerCase();
  return `### ${title}\n\n${markdownTable(["Flag", "Means"], flags.map(flagRow))}`;
}
