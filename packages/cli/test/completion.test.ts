import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { allCommands } from "../src/command-table.ts";
import { bashCompletion } from "../src/completion/bash.ts";
import { fishCompletion } from "../src/completion/fish.ts";
import { zshCompletion } from "../src/completion/zsh.ts";
import { runSallyport, scratchDirectory } from "./run-sallyport.ts";

const scratch = scratchDirectory();
const commands = await allCommands();

/** Words typed so far, the last of them unfinished, and what must be and must not be among what is offered. */
interface Case {
  readonly typed: readonly string[];
  readonly offers: readonly string[];
  readonly not?: readonly string[];
}

const cases: readonly Case[] = [
  { typed: ["se"], offers: ["serve"], not: ["start"] },
  { typed: ["user", ""], offers: ["add", "set", "import"], not: ["serve"] },
  { typed: ["user", "add", "--no"], offers: ["--no-password", "--no-read-only"], not: ["--home"] },
  { typed: ["serve", "--require-tls", "l"], offers: ["login"], not: ["data"] },
  { typed: ["serve", "--state", ""], offers: ["a directory"], not: ["a-file"] },
  { typed: ["serve", "--state", "x", "--dura"], offers: ["--durable"], not: ["--state"] },
  { typed: ["ls", "--ca", ""], offers: ["a-file"] },
  { typed: ["put", "a-f"], offers: ["a-file"] },
  { typed: ["get", "--on-existing", ""], offers: ["overwrite", "skip", "newer", "fail"], not: ["a-file"] },
];

before(() => {
  writeFileSync(join(scratch, "a-file"), "");
  mkdirSync(join(scratch, "a directory"));
});

const shells: readonly {
  readonly name: string;
  readonly script: string;
  /** A program that loads the script and prints what is offered, a line each. */
  ask(file: string, typed: readonly string[]): readonly string[];
}[] = [
  {
    name: "bash",
    script: bashCompletion(commands),
    ask: (file, typed) => [
      "-c",
      'source "$0"; COMP_WORDS=(sallyport "$@"); COMP_CWORD=$#; _sallyport; printf "%s\\n" "${COMPREPLY[@]}"',
      file,
      ...typed,
    ],
  },
  {
    name: "zsh",
    script: zshCompletion(commands),
    // What the completion system would show is printed by stand-ins for its functions.
    ask: (file, typed) => [
      "-fc",
      `compadd() { shift; print -l -- "\${(@P)1}" }; _files() { [[ $1 == -/ ]] && print -l -- *(/N) || print -l -- *(N) }
       _describe() { [[ $1 == -o ]] && shift 2 || shift; local line; for line in "\${(@P)1}"; print -r -- "\${line%%:*}" }
       source "$0"; words=(sallyport "$@"); CURRENT=\${#words}; _sallyport`,
      file,
      ...typed,
    ],
  },
  {
    name: "fish",
    script: fishCompletion(commands),
    ask: (file, typed) => ["--no-config", "-c", `source '${file}'; complete -C 'sallyport ${typed.join(" ")}'`],
  },
];

for (const { name, script, ask } of shells) {
  const isMissing = spawnSync(name, ["--version"]).error !== undefined;
  describe(`completion for ${name}`, { skip: isMissing && `${name} is not installed` }, () => {
    const file = join(scratch, `completion.${name}`);
    before(() => writeFileSync(file, script));

    test("is a script that the shell can read", () => {
      execFileSync(name, ["-n", file]);
    });

    for (const { typed, offers, not = [] } of cases) {
      test(`offers ${offers.join(", ")} for ${typed.join(" ")}`, () => {
        const said = execFileSync(name, ask(file, typed), { cwd: scratch, encoding: "utf8", timeout: 30_000 });
        const last = typed.at(-1) ?? "";
        const found = said
          .split("\n")
          .map((line) => (line.split("\t")[0] ?? "").replace(/\/$/, "").replaceAll("\\", ""))
          .filter((line) => line.startsWith(last));
        for (const wanted of offers) assert.ok(found.includes(wanted), `${wanted} among ${found.join(", ")}`);
        for (const unwanted of not) assert.ok(!found.includes(unwanted), unwanted);
      });
    }
  });
}

describe("the completion command", () => {
  test("prints the script, and every command and flag is in it", async () => {
    const { code, stdout } = await runSallyport(["completion", "bash"]);
    assert.equal(code, 0);
    assert.equal(stdout, bashCompletion(commands));
    for (const { words, flags } of commands) {
      for (const flag of flags) assert.ok(stdout.includes(`'${flag.name}'`), `${words.join(" ")} ${flag.name}`);
    }
  });

  test("64 for a shell that it does not know", async () => {
    const { code, stderr } = await runSallyport(["completion", "tcsh"]);
    assert.equal(code, 64);
    assert.equal(stderr, 'sallyport: SHELL takes bash, zsh or fish, not "tcsh".\n');
  });
});
