import { ConfigError, UsageError } from "@sallyport/protocol";
import { buildCommand } from "@stricli/core";
import { commandFacts } from "../command-facts.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseText } from "../flags.ts";
import { helpLines } from "../help.ts";
import { tableLines } from "../terminal/table.ts";
import { quotedName, visibleText } from "../terminal/visible-text.ts";
import { settingTable } from "./settings.ts";
import { print, type ShellContext } from "./shell-context.ts";
import { isLineFailure, parseLine } from "./line.ts";
import { typedText } from "./words.ts";

const optionalText = (brief: string, placeholder: string) =>
  ({ brief, placeholder, parse: parseText, optional: true }) as const;

export const setCommand = buildCommand({
  docs: { brief: "Show and change settings" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        optionalText("Setting; without one all are shown", "NAME"),
        optionalText("What it shall be; without it is shown", "VALUE"),
      ],
    },
  },
  func(this: ShellContext, _flags: object, name?: string, value?: string) {
    const { settings } = this.shell;
    if (name === undefined) {
      const rows = Object.entries(settingTable).map(([one, { brief, show }]) => [one, show(settings), brief]);
      printTable(this, rows);
      return;
    }
    const row = Object.hasOwn(settingTable, name) ? settingTable[name] : undefined;
    if (row === undefined) {
      throw new ConfigError("SALLYPORT_NOT_FOUND", `There is no setting ${quotedName(name)}: set lists them`);
    }
    if (value === undefined) {
      print(this, row.show(settings));
      return;
    }
    try {
      row.change(settings, value);
    } catch (error) {
      const what = error instanceof Error ? error.message : "another value";
      throw new UsageError("SALLYPORT_USAGE_SETTING", `${name} takes ${what}, not ${quotedName(value)}.`);
    }
    if (name === "limit-rate") this.shell.limitRate(settings.limitRate);
  },
});

export const aliasCommand = buildCommand({
  docs: { brief: "Show and make names for commands: alias ll ls --sort size" },
  parameters: {
    positional: {
      kind: "array",
      parameter: {
        brief: "A name, and the command and words that it stands for; the name alone is forgotten",
        placeholder: "NAME WORD",
        parse: parseText,
      },
    },
  },
  func(this: ShellContext, _flags: object, ...given: string[]) {
    const [name, ...words] = given;
    const { aliases } = this.shell;
    if (name === undefined) {
      for (const [one, meant] of aliases) print(this, `alias ${visibleText(one)} ${visibleText(meant)}`);
      return;
    }
    if (words.length === 0) {
      if (aliases.delete(name)) return;
      throw new ConfigError("SALLYPORT_NOT_FOUND", `There is no alias ${quotedName(name)}`);
    }
    const [only = ""] = words;
    const meant = words.length === 1 ? only : words.map((word) => typedText(word, "none") ?? "").join(" ");
    const line = parseLine(meant);
    const isSimple = !isLineFailure(line) && line.kind === "commands" && line.statements.length === 1;
    if (!isSimple) throw new UsageError("SALLYPORT_USAGE_LINE", "An alias stands for one command and its words.");
    aliases.set(name, meant);
  },
});

export const historyCommand = buildCommand({
  docs: { brief: "List what was typed" },
  parameters: {},
  func(this: ShellContext) {
    const { lines } = this.shell.history;
    for (const [at, line] of lines.entries()) print(this, `${String(at + 1).padStart(5)}  ${visibleText(line)}`);
  },
});

export const helpCommand = buildCommand({
  docs: { brief: "List the commands, or tell about one" },
  parameters: {
    positional: { kind: "tuple", parameters: [optionalText("Command", "COMMAND")] },
  },
  async func(this: ShellContext, _flags: object, name?: string) {
    if (name !== undefined) {
      const found = this.commands.named(name);
      if (found === undefined) {
        throw new ConfigError("SALLYPORT_NOT_FOUND", `There is no command ${quotedName(name)}: help lists them`);
      }
      const facts = commandFacts([], await found.command.load());
      const { width } = this.surroundings.drawing();
      for (const line of helpLines(facts, { width: Math.min(width, 100), always: [], program: name }))
        print(this, line);
      return;
    }
    const commands = Object.entries(this.commands.table).map(([one, { aliases = [], brief }]) => [
      [one, ...aliases].join(", "),
      brief,
    ]);
    printTable(this, [...commands, ["!COMMAND", "Run the rest of the line in the system's shell; ! alone starts it"]]);
    print(this, "");
    for (const line of grammarHelp) print(this, line);
  },
});

const grammarHelp = [
  "COMMAND &            in the background        A ; B    one after the other",
  "COMMAND > FILE       output to a file, >> behind what is there",
  "COMMAND | PROGRAM    output into a program    A && B   B where A went well, || where not",
  "Ctrl-C gives a command up, Ctrl-Z puts it into the background, Ctrl-D leaves.",
];

export const exitCommand = buildCommand({
  docs: { brief: "Leave the shell, when all jobs are done" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Exit code", placeholder: "CODE", parse: parseExitCode, optional: true }],
    },
  },
  func(this: ShellContext, _flags: object, code?: number) {
    this.shell.leavingCode = code ?? exitCodes.ok;
  },
});

function parseExitCode(text: string): number {
  const code = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(code <= 255)) throw new Error("a number from 0 to 255");
  return code;
}

function printTable(context: ShellContext, rows: readonly (readonly string[])[]): void {
  const cells = rows.map((row) => row.map((text) => ({ text: visibleText(text) })));
  const columns = (rows[0] ?? []).map((_, at, { length }) => (at === length - 1 ? { flexibleMin: 20 } : {}));
  for (const line of tableLines(columns, cells, context.surroundings.drawing())) print(context, line);
}
