import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { findInNetrc, isNetrcFailure, parseNetrc, type NetrcEntry } from "../../src/login/netrc.ts";

function entriesOf(text: string): readonly NetrcEntry[] {
  const result = parseNetrc(text);
  if (isNetrcFailure(result)) throw new Error(`${result.line}: ${result.failure}`);
  return result;
}

describe("a netrc", () => {
  const text = [
    "# machine commented.out login nobody",
    "machine ftp.example.org login alice password s3cret",
    'machine ftp.example.org\r\n\tlogin bob\r\n\tpassword "two words \\"quoted\\" \\\\ \\t"',
    "macdef init",
    "machine inside.a.macro login x password y",
    "",
    "machine other account acct # behind",
    "default login anonymous password me@example.org",
  ].join("\n");
  const entries = entriesOf(text);

  test("has a line for each machine; the first that fits counts", () => {
    assert.equal(entries.length, 4);
    assert.equal(findInNetrc(entries, { host: "FTP.example.org" })?.password, "s3cret");
    assert.equal(findInNetrc(entries, { host: "ftp.example.org", user: "bob" })?.password, 'two words "quoted" \\ \t');
    assert.equal(findInNetrc(entries, { host: "inside.a.macro" })?.login, "anonymous");
    assert.equal(findInNetrc(entries, { host: "nowhere", user: "carol" }), undefined);
    assert.deepEqual(findInNetrc(entries, { host: "other", user: "x" }), { machine: "other", isDefault: false });
    assert.deepEqual(entriesOf(""), []);
  });

  test("a password may begin with #", () => {
    assert.equal(entriesOf("machine a login b password #c")[0]?.password, "#c");
  });

  test("what is not understood is a failure of its line, and no word of it is repeated", () => {
    const cases: readonly (readonly [string, number, RegExp])[] = [
      ["machine a\nlogin b\npassword half a-password", 3, /in double quotes/],
      ["login b", 1, /before any machine/],
      ["machine a login", 1, /login needs a value/],
      ["\n\nmachine", 3, /machine needs a name/],
      ["default login a password b\nmachine c", 2, /default stands last/],
      ['machine a password "never closed', 1, /password needs a value/],
    ];
    for (const [malformed, line, failure] of cases) {
      const result = parseNetrc(malformed);
      assert.ok(isNetrcFailure(result), malformed);
      assert.equal(result.line, line, malformed);
      assert.match(result.failure, failure);
      assert.doesNotMatch(result.failure, /a-password|never closed/);
    }
  });

  test("any text is read to its end or refused", () => {
    const word = fc.constantFrom("machine", "default", "login", "password", "macdef", "#", '"', "\n", " ", "\n\n", "x");
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const result = parseNetrc(words.join(" "));
        if (isNetrcFailure(result)) assert.ok(result.line >= 1);
      }),
    );
  });
});
