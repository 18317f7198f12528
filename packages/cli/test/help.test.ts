import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildCommand, buildRouteMap } from "@stricli/core";
import { allCommands } from "../src/command-table.ts";
import { commandFacts, underHeading } from "../src/command-facts.ts";
import { exitCodeMeanings } from "../src/exit-codes.ts";
import { switchFlag } from "../src/flags.ts";
import { helpLines } from "../src/help.ts";
import { runSallyport } from "./run-sallyport.ts";

interface SampleFlags {
  readonly level?: "low" | "high";
  readonly many?: readonly string[];
  readonly address?: readonly string[];
  readonly port: string;
  readonly bareValue?: string;
  readonly active?: boolean;
  readonly shared?: boolean;
}

const parse = (text: string): string => text;
const sample = buildCommand({
  docs: {
    brief: "Does what it does",
    fullDescription: "One line that goes on\nin the next.\n\n  as it stands    here\n\nThe end.",
  },
  parameters: {
    positional: { kind: "array", parameter: { brief: "Files", placeholder: "FILE", parse }, minimum: 1 },
    flags: {
      level: { kind: "enum", values: ["low", "high"], brief: "How much", optional: true },
      many: { kind: "enum", values: ["a".repeat(20), "b".repeat(20)], brief: "Which", optional: true, variadic: "," },
      address: { kind: "parsed", parse, brief: "Where to", placeholder: "ADDRESS", optional: true, variadic: true },
      port: { kind: "parsed", parse, brief: "Port", placeholder: "PORT", default: "21" },
      bareValue: { kind: "parsed", parse, brief: "Something", optional: true },
      active: { kind: "boolean", brief: "Or not", optional: true, withNegated: true },
      ...underHeading("SHARED", { shared: switchFlag("Elsewhere, too") }),
    },
    aliases: { l: "level" },
  },
  func: (_flags: SampleFlags, ..._files: string[]) => undefined,
});
const always = [{ name: "--help", letters: ["-h"], brief: "Print help and exit" }];

describe("help of one command", () => {
  const lines = helpLines(commandFacts(["sample"], sample), { width: 80, always });

  test("names what stands behind each flag, its choices and its default", () => {
    for (const wanted of [
      "  -l, --level low|high       How much",
      "      --many VALUE,…         Which: aaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbb",
      "      --address ADDRESS …    Where to",
      "      --port PORT            Port (default: 21)",
      "      --bare-value VALUE     Something",
      "      --[no-]active          Or not",
      "  -h, --help                 Print help and exit",
      "      --                     What follows is no flag",
    ])
      assert.ok(
        lines.some((line) => line.replaceAll(/ +/g, " ") === wanted.replaceAll(/ +/g, " ")),
        wanted,
      );
    assert.deepEqual(lines.slice(0, 3), ["USAGE", "  sallyport sample FILE… [FLAGS]", "  sallyport sample --help"]);
    assert.equal(lines[lines.indexOf("SHARED") + 1], "      --shared  Elsewhere, too");
  });

  test("joins the lines of a paragraph and leaves indented ones alone", () => {
    assert.deepEqual(lines.slice(4, 9), [
      "One line that goes on in the next.",
      "",
      "  as it stands    here",
      "",
      "The end.",
    ]);
  });

  test("a group names what is below it", () => {
    const group = buildRouteMap({ routes: { subCommand: sample }, docs: { brief: "A group" } });
    const shown = helpLines(commandFacts(["group"], group), { width: 80, always });
    assert.equal(shown[1], "  sallyport group COMMAND");
    assert.ok(shown.includes("  sub-command  Does what it does"));
  });
});

describe("help of every command", () => {
  test("fits 80 columns, and every flag with a value says which", async () => {
    for (const facts of await allCommands()) {
      const name = facts.words.join(" ");
      const lines = helpLines(facts, { width: 80, always });
      // A label may be wide, and a word that is longer than the line.
      const wide = lines.filter((line) => line.length > 80 && !/^ {2}\S|^ {6}-|^\S+$/.test(line));
      assert.deepEqual(wide, [], name);
      const unnamed = facts.flags.filter(({ placeholder }) => placeholder === "VALUE");
      assert.deepEqual(
        unnamed.map((flag) => `${name} ${flag.name}`),
        [],
      );
    }
  });

  test("help COMMAND prints what COMMAND --help does, and help alone what --help does", async () => {
    for (const words of [["user", "add"], []]) {
      const [help, flag] = await Promise.all([runSallyport(["help", ...words]), runSallyport([...words, "--help"])]);
      assert.deepEqual([help.code, help.stderr, help.stdout], [0, "", flag.stdout]);
      assert.match(help.stdout, /^USAGE\n/);
    }
    assert.match((await runSallyport(["help", "nonsense"])).stderr, /There is no command "nonsense"/);
  });

  test("--help keeps to COLUMNS, and the help of the whole names every exit code", async () => {
    const { stdout } = await runSallyport(["serve", "--help"], { environment: { COLUMNS: "60" } });
    assert.match(stdout, /\n {6}--state DIR /);
    const { stdout: all } = await runSallyport(["--help"]);
    for (const [code] of exitCodeMeanings) assert.match(all, new RegExp(`\\b${code} \\w`), String(code));
  });
});
