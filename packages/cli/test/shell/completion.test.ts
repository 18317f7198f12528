import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { commandFacts } from "../../src/command-facts.ts";
import { complete, type CompletionSources } from "../../src/shell/completion.ts";
import { isLineFailure, parseLine } from "../../src/shell/line.ts";
import { shellTable } from "../../src/shell/table.ts";
import { plainText } from "../../src/shell/words.ts";

/** Trees by directory, as words name it; directories end with a slash. */
type Names = Readonly<Record<string, readonly string[]>>;

function sources(remote: Names, local: Names = {}): CompletionSources {
  return {
    aliases: ["ll"],
    aliasOf: (name) => (name === "ll" ? "ls --sort size" : undefined),
    factsOf: async (name) => commandFacts([], await (shellTable[name] ?? assert.fail(name)).load()),
    list: async (where, directory) =>
      ((where === "remote" ? remote : local)[plainText(directory)] ?? []).map((name) => ({
        name: name.replace(/\/$/, ""),
        isDirectory: name.endsWith("/"),
        leadsOn: name.endsWith("/"),
      })),
    settings: () => ({ "keep-going": ["on", "off"], pager: [] }),
    servers: async () => ["@work", "@work/www"],
  };
}

async function completed(text: string, remote: Names = {}, local: Names = {}): Promise<readonly string[]> {
  const [candidates] = await complete(text, sources(remote, local));
  return candidates;
}

/** What a terminal makes of it: the end of the line is replaced by the only candidate. */
async function after(text: string, remote: Names, local: Names = {}): Promise<string> {
  const [candidates, typed] = await complete(text, sources(remote, local));
  assert.equal(candidates.length, 1, JSON.stringify(candidates));
  assert.ok(text.endsWith(typed));
  return text.slice(0, text.length - typed.length) + (candidates[0] ?? "");
}

describe("completion", () => {
  test("knows commands, their flags and what these take", async () => {
    assert.deepEqual(await completed("mirr"), ["mirror "]);
    assert.deepEqual(await completed("l"), ["lcd", "less", "ll", "lpwd", "ls"]);
    assert.deepEqual(await completed("ls --rec"), ["--recursive "]);
    assert.deepEqual(await completed("ll --rev"), ["--reverse "]);
    assert.deepEqual(await completed("ls --sort si"), ["size "]);
    assert.deepEqual(await completed("set kee"), ["keep-going "]);
    assert.deepEqual(await completed("set keep-going o"), ["on", "off"]);
    assert.deepEqual(await completed("open @work/"), ["@work/www "]);
    assert.deepEqual(await completed("queue st"), ["start", "stop"]);
    assert.deepEqual(await completed("queue sto"), ["stop "]);
    assert.deepEqual(await completed("a && help mk"), ["mkdir "]);
    assert.deepEqual(await completed("nonsense x"), []);
  });

  test("tells the server's paths from those of this machine", async () => {
    const [remote, local] = [{ "": ["a.there", "b.there/"] }, { "": ["a.here", "b.here/"] }];
    for (const [text, names] of [
      ["get ", ["a.there", "b.there/"]],
      ["put ", ["a.here", "b.here/"]],
      ["put x --output ", ["a.there", "b.there/"]],
      ["get x -o ", ["a.here", "b.here/"]],
      ["cat a > ", ["a.here", "b.here/"]],
      ["cd ", ["b.there/"]],
      ["lcd ", ["b.here/"]],
      ["mirror ", ["b.there/"]],
      ["mirror x ", ["b.here/"]],
      ["mirror -R ", ["b.here/"]],
      ["mirror -R x ", ["b.there/"]],
      ["chmod 640 ", ["a.there", "b.there/"]],
      ["queue add cat ", ["a.there", "b.there/"]],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.deepEqual(await completed(text, remote, local), names, text);
    }
  });

  test("quotes names as they were begun", async () => {
    const remote = { "": ["two words.txt", "it's", "sub dir/"], "sub dir/": ["a b"] };
    assert.equal(await after("get tw", remote), "get two\\ words.txt ");
    assert.equal(await after('get "tw', remote), 'get "two words.txt" ');
    assert.equal(await after("get 'tw", remote), "get 'two words.txt' ");
    assert.equal(await after("get 'it", remote), "get it\\'s ");
    assert.equal(await after("get sub", remote), "get sub\\ dir/");
    assert.equal(await after("get sub\\ dir/", remote), "get sub\\ dir/a\\ b ");
    assert.equal(await after('get "sub dir/', remote), 'get "sub dir/a b" ');
    assert.equal(await after("get two' 'w", remote), "get two\\ words.txt ");
  });

  test("goes as far as all names agree, and never into an escape", async () => {
    const remote = { "": ["a b", "a\\c", "report-1", "report-2", ".hidden"] };
    assert.equal(await after("get r", remote), "get report-");
    assert.deepEqual(await completed("get report-", remote), ["report-1", "report-2"]);
    assert.deepEqual(await completed("get a", remote), ["a\\ b", "a\\\\c", " "]);
    assert.equal(await after("get .", remote), "get .hidden ");
    assert.equal(await after("rm ", { "": ["-r"] }), "rm ./-r ");
  });

  test("S-20 what a server lists is no key that is typed: no control characters, no line ends, no other directories", async () => {
    const remote = { "": ["x\u001B[2Jy", "..", "a/b", "cr\rls", "lf\nrm -r /", "nul\0", "\u202Eevil", "oct\uDCFF"] };
    assert.equal(await after("get x", remote), "get x\\x1B[2Jy ".replace("[", "\\["));
    assert.equal(await after("get \\u{202e}", remote), "get \\u{202e}evil ");
    assert.equal(await after("get o", remote), "get oct\\xFF ");
    const all = await completed("get ", remote);
    assert.equal(all.filter((one) => one !== " ").length, 3);
  });

  test("every name that is offered means itself", async () => {
    const unit = fc.oneof(
      fc.constantFrom(..." '\"\\*?[~#;&|<>\u001B\uDCE9\u200Bab".split("")),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    );
    const name = fc.string({ unit, minLength: 1, maxLength: 10 }).filter((text) => !/[/\r\n\0]|^\.|^-/.test(text));
    await fc.assert(
      fc.asyncProperty(name, fc.constantFrom("", '"', "'"), async (only, quote) => {
        const text = await after(`cat ${quote}`, { "": [only] });
        const line = parseLine(text);
        assert.ok(!isLineFailure(line) && line.kind === "commands", text);
        const found = line.statements[0]?.steps[0]?.words.map((word) => plainText(word));
        assert.deepEqual(found, ["cat", only]);
      }),
    );
  });
});
