import assert from "node:assert/strict";
import test from "node:test";
import { parseSync } from "oxc-parser";
import { mutantsOf, mutated } from "../../tools/mutation/mutants.ts";
import { readFiles } from "./source-files.ts";

const changes = (source: string): string[] =>
  mutantsOf("a.ts", source).map(({ original, replacement }) => `${original} → ${replacement}`);

test("mutants: each kind of code has its changes", () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    "x = a < b;": ["a < b → a <= b", "a < b → a >= b"],
    "x = a ?? b;": ["a ?? b → a"],
    "x = !a;": ["!a → a"],
    "x = a && b;": ["a && b → a || b"],
    "a += b;": ["a += b → a -= b"],
    "if (a) b++;": ["a → true", "a → false", "b++ → b--"],
    "while (a) await f();": ["a → false", "await f() → undefined"],
    "x = () => a;": ["a → undefined"],
    "function f() { return a; }": ["a → undefined"],
    'x = [1, "AUTH TLS"];': ['[1, "AUTH TLS"] → []', "1 → 2", '"AUTH TLS" → ""'],
    "x = /^a$/;": ["/^a$/ → /a$/", "/^a$/ → /^a/"],
    "x = `a${b}`;": ["`a${b}` → ``"],
  };
  for (const [source, list] of Object.entries(expected)) assert.deepEqual(changes(source), list, source);
});

test("mutants: types, imports, property names and wording are left alone", () => {
  for (const source of [
    'import { a } from "b"; export { c } from "d"; export * from "e";',
    'type A = "b" | 1; interface C { readonly d: 2 } const f = g as "h";',
    'const a = { b: c, "d-e": f }; const h = a.b;',
    'fail("Log in first."); fail(`No ${name} here, sorry`);'.replaceAll("fail(", "x = ("),
  ]) {
    assert.deepEqual(changes(source), [], source);
  }
});

test("mutants: every one of a real source differs from it, parses, and names its line", () => {
  const [source] = readFiles("packages/protocol/src/endpoints.ts");
  assert.ok(source);
  const mutants = mutantsOf(source.path, source.text);
  assert.ok(mutants.length > 100);
  for (const mutant of mutants) {
    const text = mutated(source.text, mutant);
    assert.notEqual(text, source.text);
    assert.deepEqual(parseSync(source.path, text).errors, [], JSON.stringify(mutant));
    assert.ok(source.text.split("\n")[mutant.line - 1]?.includes(mutant.original.split("\n", 1)[0] ?? ""));
  }
});
