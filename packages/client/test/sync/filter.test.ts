import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type EntryFilter, type FilterOptions, compileFilter, isFilterFailure } from "../../src/sync/filter.ts";
import { compilePathPattern } from "../../src/sync/glob.ts";

function matches(pattern: string, path: string, matchCase = true): boolean {
  const compiled = compilePathPattern(pattern, matchCase);
  assert.ok("matches" in compiled, pattern);
  return compiled.matches(path.replace(/\/$/, ""), path.endsWith("/"));
}

function filterOf(options: FilterOptions): EntryFilter {
  const filter = compileFilter(options);
  assert.ok(!isFilterFailure(filter));
  return filter;
}

const globs: ReadonlyArray<readonly [pattern: string, yes: readonly string[], no: readonly string[]]> = [
  ["*.txt", ["a.txt", "d/a.txt", ".txt", "x/y/z.txt"], ["a.txt.gz", "txt", "a.txt/b"]],
  ["/*.txt", ["a.txt"], ["d/a.txt"]],
  ["d/*.txt", ["d/a.txt", "x/d/a.txt"], ["d/e/a.txt", "a.txt"]],
  ["/d/**", ["d/a", "d/e/f"], ["d", "d/", "x/d/a"]],
  ["**/e/*", ["e/a", "d/e/a"], ["e", "d/e/a/b"]],
  ["/a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a", "z", "a/b/zz"]],
  ["node_modules/", ["node_modules/", "x/node_modules/"], ["node_modules", "node_modules/a"]],
  ["?.c", ["a.c", "ü.c", "🚪.c"], ["ab.c", ".c", "/.c"]],
  ["[a-c]x", ["ax", "cx"], ["dx", "x"]],
  ["[!a-c]x", ["dx"], ["ax", "x"]],
  ["[]]x", ["]x"], ["ax"]],
  ["[ab", ["[ab"], ["a"]],
  ["\\*", ["*"], ["a", "\\*"]],
  ["*.{jpg,png}", ["a.jpg", "b.png"], ["a.gif", "a.{jpg,png}"]],
  ["{a,b{c,d}}", ["a", "bc", "bd"], ["b", "c"]],
  ["{a}", ["{a}"], ["a"]],
  ["a**b", ["ab", "axxb"], ["a/b"]],
];

test("globs: names, directories, anchors, sets, braces", () => {
  for (const [pattern, yes, no] of globs) {
    for (const path of yes) assert.ok(matches(pattern, path), `${pattern} takes ${path}`);
    for (const path of no) assert.ok(!matches(pattern, path), `${pattern} refuses ${path}`);
  }
  assert.ok(matches("*.JPG", "a.jpg", false));
  assert.ok(matches("[A-Z]", "q", false));
  assert.ok(!matches("*.JPG", "a.jpg"));
  for (const empty of ["", "/", "{,a}"]) assert.ok("failure" in compilePathPattern(empty), empty);
});

test("S-17 a pattern against a long path takes bounded time, and braces are bounded", () => {
  const started = performance.now();
  assert.ok(!matches(`${"*a".repeat(400)}b`, "a".repeat(4000)));
  assert.ok(!matches(`${"**/a/".repeat(200)}b`, "a/".repeat(2000).slice(0, -1)));
  assert.ok(performance.now() - started < 5_000);
  assert.ok("failure" in compilePathPattern("{a,b}".repeat(9)));
  assert.ok("failure" in compilePathPattern("a".repeat(2000)));
});

test("a pattern with every character escaped matches that path alone", () => {
  const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !/[/\\]/.test(text));
  fc.assert(
    fc.property(name, name, (one, other) => {
      const pattern = `/${Array.from(one, (character) => `\\${character}`).join("")}`;
      assert.ok(matches(pattern, one));
      assert.equal(matches(pattern, other), one === other);
    }),
    { numRuns: 300 },
  );
});

test("the first rule that matches decides, and an excluded directory excludes what is in it", () => {
  const filter = filterOf({
    rules: [
      { action: "include", glob: "keep.log" },
      { action: "exclude", glob: "*.log" },
      { action: "exclude", glob: "/cache/" },
      { action: "include", glob: "/cache/x" },
      { action: "exclude", regex: "^tmp/.*\\.bak$" },
    ],
  });
  for (const path of ["a", "d/keep.log", "tmp/a.bak/b", "cachet", "x/cache/y"])
    assert.ok(filter.admitsPath(path, false), path);
  for (const path of ["a.log", "d/b.log", "cache/x", "cache/keep.log", "tmp/a.bak"]) {
    assert.ok(!filter.admitsPath(path, false), path);
  }
  assert.ok(filter.admitsPath("cache", false), "a file of that name is no directory");
  assert.ok(!filter.admitsPath("cache", true));
});

test("rules that only include leave other files out and walk all directories", () => {
  const filter = filterOf({ rules: [{ action: "include", glob: "*.jpg" }] });
  assert.ok(filter.admitsPath("d/e/a.jpg", false));
  assert.ok(!filter.admitsPath("d/e/a.gif", false));
  assert.ok(filter.admitsPath("d/e", true));
});

test("regular expressions see directories with a slash, ignore case when asked, and keep no state", () => {
  const filter = filterOf({ rules: [{ action: "exclude", regex: /^B\/$/g }], matchCase: false });
  for (let time = 0; time < 3; time++) assert.ok(!filter.admitsPath("b", true));
  assert.ok(filter.admitsPath("b", false));
});

test("bounds on size and time refuse only what certainly lies outside", () => {
  const filter = filterOf({ sizeMinBytes: 10, sizeMaxBytes: 100, modifiedAfterMs: 1000, modifiedBeforeMs: 5000 });
  const admits = (sizeBytes: number | bigint | undefined, instantMs?: number, precisionMs = 1): boolean =>
    filter.admitsFacts({
      path: "a",
      kind: "file",
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(instantMs !== undefined && { modified: { instantMs, precisionMs } }),
    });
  assert.deepEqual(
    [9, 10, 100, 101, 100n, 101n, undefined].map((size) => admits(size)),
    [false, true, true, false, true, false, true],
  );
  assert.ok(!admits(10, 999));
  assert.ok(admits(10, 1000));
  assert.ok(admits(10, 0, 60_000), "a minute that the bound lies in");
  assert.ok(admits(10, 4999));
  assert.ok(!admits(10, 5000));
});

test("a malformed rule is named by its number", () => {
  const result = compileFilter({
    rules: [
      { action: "exclude", glob: "a" },
      { action: "exclude", regex: "(" },
    ],
  });
  assert.deepEqual(result, { failure: "Rule 2: The regular expression is malformed." });
});
