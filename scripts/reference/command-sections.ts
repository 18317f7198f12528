import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { markdownTable, type Sections } from "./sections.ts";

const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

/** Every command with its flags, read from what `--help` of each prints. */
export async function commandSections(): Promise<Sections> {
  const found = await commandsBelow([]);
  return { commands: found.map(commandText).join("\n\n") };
}

interface CommandHelp {
  readonly words: readonly string[];
  readonly help: string;
}

/** The commands in the order of the help; what has commands below it stands for them alone. */
async function commandsBelow(words: readonly string[]): Promise<readonly CommandHelp[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=source", main, ...words, "--help"], {
    timeout: 30_000,
    env: { ...process.env, NO_COLOR: "1", HOME: "/nowhere" },
  });
  const names = [...part(stdout, "COMMANDS").matchAll(/^ {2}(\w[\w-]*) {2}/gm)].map(([, name = ""]) => name);
  if (names.length === 0) return [{ words, help: stdout }];
  const below: CommandHelp[] = [];
  for (const name of names) below.push(...(await commandsBelow([...words, name])));
  return below;
}

function commandText({ words, help }: CommandHelp): string {
  const rows = flagRows(help);
  const usage = /^USAGE\n {2}(.*)$/m.exec(help)?.[1] ?? "";
  const description = help.slice(help.indexOf("\n\n") + 2, help.indexOf("\nFLAGS\n")).trim();
  const positional = [...part(help, "ARGUMENTS").matchAll(/^ {2}(\S+) +(.*)$/gm)].map(([, name = "", brief = ""]) => [
    `\`${name}\``,
    brief.trim(),
    "",
  ]);
  return [
    `### ${words.join(" ")}`,
    `\`${usage}\``,
    description.replaceAll(/[<>]/g, ""),
    markdownTable(["Argument or flag", "Means", "Values, default"], [...positional, ...rows]),
  ].join("\n\n");
}

/** Flags that every command has are told once, in the document's own words. */
const everywhere: ReadonlySet<string> = new Set(["--help", "--", "--state", "--json", "--verbose"]);

function flagRows(help: string): readonly (readonly string[])[] {
  const flag = /^ +(?:-\w +)?\[?(--[\w/-]*)\]?(\.\.\.)? {2,}(.*?)(?: {2,}\[(.*)\])?$/gm;
  return [...part(help, "FLAGS").matchAll(flag)]
    .filter(([, name = ""]) => !everywhere.has(name))
    .map(([, name = "", many, brief = "", values = ""]) => [
      `\`${name}\`${many === undefined ? "" : ", repeatable"}`,
      brief.trim(),
      values.replaceAll(/\s+/g, " "),
    ]);
}

/** The indented lines below a heading of the help. */
function part(help: string, heading: string): string {
  return new RegExp(`^${heading}\\n((?: .*\\n?)*)`, "m").exec(help)?.[1] ?? "";
}
