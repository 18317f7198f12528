import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isLineFailure, parseBeginning, parseLine, type Statement } from "../../src/shell/line.ts";
import { patternText, plainText, typedText } from "../../src/shell/words.ts";

function statements(text: string): readonly Statement[] {
  const line = parseLine(text);
  assert.ok(!isLineFailure(line) && line.kind === "commands", text);
  return line.statements;
}

function words(text: string): readonly string[] {
  return statements(text).flatMap(({ steps }) => steps.flatMap((step) => step.words));
}

/** One UTF-16 code unit, so that surrogates stand alone, too. */
const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

function failure(text: string): string {
  const line = parseLine(text);
  assert.ok(isLineFailure(line), text);
  return line.failure;
}

describe("a line", () => {
  test("is parted into words, with quotes taken off", () => {
    assert.deepEqual(words(`get 'two words' "say \\"x\\"" a\\ b x#y # rest`), [
      "get",
      "two words",
      'say "x"',
      "a b",
      "x#y",
    ]);
    assert.deepEqual(words(""), []);
    assert.deepEqual(words("''"), [""]);
    assert.deepEqual(words('"a\\b"'), ["a\\b"]);
  });

  test("has escapes for what cannot be typed", () => {
    assert.deepEqual(words("\\x1B\\xE9\\u{200b}\\u202e"), ["\u001B\uDCE9\u200B\u202E"]);
    assert.match(failure("a\\u{110000}"), /no character/);
  });

  test("keeps apart what is quoted and what is a pattern", () => {
    const [pattern = "", name = "", escaped = ""] = words(`a*[1] "a*[1]" a\\*`);
    assert.equal(patternText(pattern), "a*[1]");
    assert.equal(patternText(name), "a[*][[]1]");
    assert.equal(plainText(name), "a*[1]");
    assert.equal(patternText(escaped), "a[*]");
  });

  test("has commands that depend on each other, and those of the background", () => {
    const found = statements("a && b || c; d & e");
    assert.deepEqual(
      found.map(({ text, isBackground }) => [text, isBackground]),
      [
        ["a && b || c", false],
        ["d", true],
        ["e", false],
      ],
    );
    assert.deepEqual(
      found[0]?.steps.map(({ when }) => when),
      ["always", "success", "failure"],
    );
  });

  test("hands output to files and programs", () => {
    const [file, more, program] = statements(`cat a > 'my file'; cat b >> c; cat d | grep "x;y" | wc -l`);
    assert.deepEqual(file?.steps[0]?.sink, { kind: "file", path: "my file", appends: false });
    assert.deepEqual(more?.steps[0]?.sink, { kind: "file", path: "c", appends: true });
    assert.deepEqual(program?.steps[0]?.sink, { kind: "program", command: 'grep "x;y" | wc -l' });
    assert.equal(program?.text, `cat d | grep "x;y" | wc -l`);
  });

  test("is the system shell's behind an exclamation mark", () => {
    assert.deepEqual(parseLine(" !ls 'a | wc"), { kind: "system", command: "ls 'a | wc" });
    for (const operator of ["&&", "||", ";", "&"]) {
      const steps = statements(`a ${operator} !b 'c | d; e`).flatMap((statement) => statement.steps);
      assert.deepEqual(
        steps.map((step) => [step.words, step.system]),
        [
          [["a"], undefined],
          [[], "b 'c | d; e"],
        ],
        operator,
      );
    }
    assert.deepEqual(words("ls !a > !b; ls \\!c"), ["ls", "!a", "ls", "!c"]);
  });

  test("64 says what is missing", () => {
    for (const [text, pattern] of [
      ["ls 'a", /not closed/],
      ['ls "a', /not closed/],
      ["ls a\\", /backslash/],
      ["&& a", /Before &&/],
      ["a &&", /Behind &&/],
      ["a; ; b", /Before ;/],
      ["a |", /Behind \|/],
      ["a > ", /Behind >/],
      ["a > b > c", /one place/],
    ] as const)
      assert.match(failure(text), pattern, text);
  });

  test("every text is a line or says why not, at each of its beginnings", () => {
    const typed = fc.string({
      unit: fc.constantFrom(..."ab \t'\"\\;&|>#*?[~!$x1u{}\uFDD0é😀".split("")),
      maxLength: 40,
    });
    fc.assert(
      fc.property(fc.oneof(typed, fc.string({ unit: codeUnit })), (text) => {
        const line = parseLine(text);
        assert.ok(isLineFailure(line) ? line.failure.endsWith(".") : line.kind !== undefined);
        parseBeginning(text);
      }),
    );
  });

  test("every name is typed as a word that means it, in each way of quoting", () => {
    const name = fc.string({
      unit: fc.oneof(fc.constantFrom(..." '\"\\*?[~#;&|<>\u001B\uDCE9\u200B\uFDD0".split("")), codeUnit),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(name, fc.constantFrom("none", '"', "'"), (text, style) => {
        const typed = typedText(text, style);
        if (typed === undefined) return;
        // oxlint-disable-next-line no-control-regex -- what a terminal acts on is what is looked for
        assert.doesNotMatch(typed, /[\u0000-\u001F\u007F-\u009F\u200B\u202A-\u202E]/);
        assert.ok(typed.isWellFormed());
        const quote = style === "none" ? "" : style;
        const [word = "", ...others] = words(`${quote}${typed}${quote}`);
        assert.deepEqual([plainText(word), others], [text, []]);
        // By characters: two units beside each other may be one.
        const [beginning = ""] = text;
        assert.equal(typedText(beginning, style), typed.slice(0, typedText(beginning, style)?.length));
      }),
    );
  });
});

describe("the beginning of a line", () => {
  test("tells what is being typed", () => {
    const facts = (text: string) => {
      const { before, word, typed, style, isSink } = parseBeginning(text) ?? assert.fail(text);
      return [before, word, typed, style, isSink];
    };
    assert.deepEqual(facts("ls "), [["ls"], "", "", "none", false]);
    assert.deepEqual(facts("a; ls 'b c"), [["ls"], "b c", "'b c", "'", false]);
    assert.deepEqual(facts('get "x/y z'), [["get"], "x/y z", '"x/y z', '"', false]);
    assert.deepEqual(facts("cat a > b"), [["cat", "a"], "b", "b", "none", true]);
    assert.equal(parseBeginning("cat a | le"), undefined);
    assert.equal(parseBeginning("!ls "), undefined);
    assert.equal(parseBeginning("a && !ls "), undefined);
    assert.equal(parseBeginning("ls # a"), undefined);
  });
});
