import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileGlob, hasWildcards, limits, octetsFromText, type Octets } from "@sallyport/protocol";

const octets = (text: string): Octets => octetsFromText(text);

function matches(pattern: string, name: string): boolean {
  const compiled = compileGlob(octets(pattern), limits.globWildcardsCount.value);
  assert.ok(typeof compiled === "object");
  return compiled.matches(octets(name));
}

test("R-LIST-05 asterisk, question mark, sets", () => {
  const cases: readonly (readonly [pattern: string, matching: readonly string[], others: readonly string[]])[] = [
    ["*", ["", "a", ".hidden", "a b"], []],
    ["*.txt", ["a.txt", ".txt", "a.b.txt"], ["a.txtx", "txt", "a.tx"]],
    ["a*b*c", ["abc", "axbxc", "abbcc"], ["ab", "acb", "xabc"]],
    ["?", ["a", "?"], ["", "ab", "ü"]],
    ["??", ["ü", "ab"], ["a"]],
    ["[abc]", ["a", "c"], ["d", "", "ab"]],
    ["[a-c]x", ["ax", "bx"], ["dx", "a"]],
    ["[!a-c]", ["d", "-"], ["a", "b", ""]],
    ["[^a]", ["b", "!"], ["a"]],
    ["[]a]", ["]", "a"], ["b"]],
    ["[!]]", ["a"], ["]"]],
    ["[a-]", ["a", "-"], ["b"]],
    ["[z-a]", [], ["a", "z", "-"]],
    ["[", ["["], ["a", ""]],
    ["[a", ["[a"], ["a"]],
    ["[]", ["[]"], ["", "]"]],
    ["[!]", ["[!]"], ["a"]],
    ["[*]", ["*"], ["a"]],
    ["{a,b}", ["{a,b}"], ["a", "b"]],
    ["a", ["a"], ["", "aa", "A"]],
    ["", [""], ["a"]],
    ["*a", ["a", "ba", "aa"], ["", "ab"]],
  ];
  for (const [pattern, matching, others] of cases) {
    for (const name of matching) assert.equal(matches(pattern, name), true, `${pattern} matches ${name}`);
    for (const name of others) assert.equal(matches(pattern, name), false, `${pattern} does not match ${name}`);
  }
});

test("R-LIST-05 hasWildcards", () => {
  for (const name of ["*", "a?b", "[x"]) assert.equal(hasWildcards(octets(name)), true);
  for (const name of ["", "a{b,c}", "a]b", "\\"]) assert.equal(hasWildcards(octets(name)), false);
});

test("S-17 too many asterisks are refused, the worst pattern is cheap", () => {
  assert.equal(compileGlob(octets("*".repeat(1000)), 16), "too-many-wildcards");
  assert.equal(compileGlob(octets("*a".repeat(17)), 16), "too-many-wildcards");
  assert.equal(typeof compileGlob(octets("*a".repeat(16)), 16), "object");
  const worst = compileGlob(octets(`${"*a".repeat(15)}*b`), 16);
  assert.ok(typeof worst === "object");
  const before = performance.now();
  for (let count = 0; count < 10_000; count++) worst.matches(octets("a".repeat(255)));
  assert.ok(performance.now() - before < 5000);
  assert.equal(matches("[".repeat(8000), "x"), false);
});

test("R-LIST-05 agrees with a regular expression made from the pattern", () => {
  const pattern = fc
    .array(fc.constantFrom("*", "?", "[ab]", "[!a]", "[a-c]", "a", "b", ".", "-"), { maxLength: 8 })
    .map((words) => words.join(""));
  const name = fc.stringMatching(/^[abcd.-]{0,10}$/);
  fc.assert(
    fc.property(pattern, name, (given, candidate) => {
      const source = given.replaceAll(".", "\\.").replaceAll("*", "[^]*").replaceAll("?", "[^]").replaceAll("[!", "[^");
      assert.equal(matches(given, candidate), new RegExp(`^${source}$`).test(candidate), `${given} ${candidate}`);
    }),
    { numRuns: 3000 },
  );
});

test("no pattern makes matching throw", () => {
  const near = fc.stringMatching(/^[*?[\]!^a-]{0,12}$/);
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), fc.string(), (pattern, name) => {
      const compiled = compileGlob(octets(pattern), 16);
      if (typeof compiled === "object") compiled.matches(octets(name));
    }),
  );
});
