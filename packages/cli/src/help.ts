import type { CommandContext, StricliIntegration } from "@stricli/core";
import { commandFacts, ownFlags, type ArgumentFacts, type CommandFacts, type FlagFacts } from "./command-facts.ts";
import { wrapWords } from "./terminal/wrap-words.ts";

/** `--help` of every command and group: lines that fit the terminal, values of flags named. */
export const helpFlag: StricliIntegration<CommandContext> = {
  flag: {
    brief: "Print help and exit",
    aliases: ["h"],
    global: true,
    defaultForRouteMap: true,
    run(_application, { result, additionalFlags }) {
      const { target, prefix } = result;
      const always = additionalFlags.map(({ name, brief, aliases = [] }) => ({
        name: `--${name}`,
        letters: aliases.map((letter) => `-${letter}`),
        brief,
      }));
      const [program, ...words] = prefix;
      const facts = commandFacts(words, target);
      this.process.stdout.write(`${helpLines(facts, { width: helpWidth(), always, program }).join("\n")}\n`);
    },
  },
};

/** Flags that every command has. */
type AlwaysFlag = Pick<FlagFacts, "name" | "letters" | "brief">;

interface HelpOptions {
  readonly width: number;
  readonly always: readonly AlwaysFlag[];
  /** What the commands are called through. */
  readonly program?: string | undefined;
}

interface Row {
  readonly label: string;
  readonly text: string;
}

/** Text wider than this is read slowly; narrower than this it is no help. */
const widthMax = 100;
const widthMin = 40;
/** A label that is wider stands on a line of its own. */
const labelMax = 30;

/** The help of one command, or of a group. */
export function helpLines(facts: CommandFacts, { width, always, program }: HelpOptions): readonly string[] {
  const { description, flags, below } = facts;
  const groups = [...new Set(flags.map(({ group }) => group)), ...(flags.length === 0 ? [ownFlags] : [])];
  const escape: AlwaysFlag = { name: "--", letters: [], brief: "What follows is no flag" };
  const last = [...always, ...(below.length === 0 ? [escape] : [])];
  return [
    "USAGE",
    ...usageLines(facts, program).map((line) => `  ${line}`),
    "",
    ...paragraphs(description, width),
    ...section(
      "ARGUMENTS",
      facts.arguments.map((argument) => ({ label: argument.placeholder, text: argumentText(argument) })),
      width,
    ),
    ...section(
      "COMMANDS",
      below.map(({ name, brief }) => ({ label: name, text: brief })),
      width,
    ),
    ...groups.flatMap((group) =>
      section(
        group,
        [
          ...flags.filter((flag) => flag.group === group).map(flagRow),
          ...(group === ownFlags ? last.map(alwaysRow) : []),
        ],
        width,
      ),
    ),
    ...(groups.includes(ownFlags) ? [] : section(ownFlags, last.map(alwaysRow), width)),
  ];
}

/** How a command is called. */
export function usageLines(
  { words, arguments: given, below, flags }: CommandFacts,
  program = "sallyport",
): readonly string[] {
  const called = [program, ...words];
  const help = [...called, "--help"].join(" ");
  if (below.length > 0) return [[...called, "COMMAND"].join(" "), help];
  const placeholders = given.map(({ placeholder, isOptional, isRepeatable }) => {
    const name = `${placeholder}${isRepeatable ? "…" : ""}`;
    return isOptional ? `[${name}]` : name;
  });
  return [[...called, ...placeholders, ...(flags.length > 0 ? ["[FLAGS]"] : [])].join(" "), help];
}

/** A flag with what stands behind it, as in `--state DIR`. */
export function flagLabel({ name, placeholder, isNegatable, isRepeatable }: FlagFacts): string {
  const spelled = isNegatable ? `--[no-]${name.slice(2)}` : name;
  return [spelled, ...(placeholder === undefined ? [] : [placeholder])].join(" ") + (isRepeatable ? " …" : "");
}

/** What a flag means, with its choices and its default where nothing else tells them. */
export function flagText({ brief, choices, placeholder, default: usual }: FlagFacts): string {
  const hidden = choices.length > 0 && placeholder !== choices.join("|") ? `: ${choices.join(", ")}` : "";
  return brief + hidden + defaultSuffix(usual);
}

/** What an argument means, with its default. */
export function argumentText({ brief, default: usual }: ArgumentFacts): string {
  return brief + defaultSuffix(usual);
}

function defaultSuffix(usual: string | undefined): string {
  return usual === undefined ? "" : ` (default: ${usual})`;
}

function flagRow(flag: FlagFacts): Row {
  return { label: labelWithLetter(flag.letters, flagLabel(flag)), text: flagText(flag) };
}

function alwaysRow({ name, letters, brief }: AlwaysFlag): Row {
  return { label: labelWithLetter(letters, name), text: brief };
}

function labelWithLetter(letters: readonly string[], label: string): string {
  return `${letters[0] === undefined ? "    " : `${letters[0]}, `}${label}`;
}

function section(heading: string, rows: readonly Row[], width: number): readonly string[] {
  if (rows.length === 0) return [];
  const column = Math.min(labelMax, Math.max(...rows.map(({ label }) => label.length))) + 4;
  return ["", heading, ...rows.flatMap((row) => rowLines(row, column, width))];
}

function rowLines({ label, text }: Row, column: number, width: number): readonly string[] {
  const lines = wrapWords(text, Math.max(width - column, widthMin / 2));
  const indented = lines.map((line) => " ".repeat(column) + line);
  const [first = ""] = lines;
  const isTooWide = label.length + 4 > column;
  return isTooWide ? [`  ${label}`, ...indented] : [`  ${label}`.padEnd(column) + first, ...indented.slice(1)];
}

function paragraphs(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let open: string[] = [];
  const close = () => {
    if (open.length > 0) lines.push(...wrapWords(open.join(" "), width));
    open = [];
  };
  for (const line of text.split("\n")) {
    if (line !== "" && !line.startsWith(" ")) {
      open.push(line);
      continue;
    }
    close();
    lines.push(line);
  }
  close();
  return lines;
}

function helpWidth(): number {
  const told = Number(process.env["COLUMNS"]);
  const columns = Number.isInteger(told) && told > 0 ? told : (process.stdout.columns ?? widthMax);
  return Math.max(widthMin, Math.min(columns, widthMax));
}
