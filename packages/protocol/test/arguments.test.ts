import assert from "node:assert/strict";
import { test } from "node:test";
import { argumentGrammars, octetsFromText, type Parsed, parseArgument, parseCommandLine } from "@sallyport/protocol";

type Grammar = keyof typeof argumentGrammars;
/** What was sent (undefined: no space after the verb), and the value, or the code of the refusal. */
type Row = readonly [raw: string | undefined, expected: unknown];

const refused = (code: number) => ({ refused: code });
const of = (grammar: Grammar, raw: string | undefined): unknown => {
  const result: Parsed<unknown> = argumentGrammars[grammar](raw === undefined ? undefined : octetsFromText(raw));
  return result.ok ? result.value : refused(result.reply.code);
};

function check(grammar: Grammar, rows: readonly Row[]): void {
  for (const [raw, expected] of rows) assert.deepEqual(of(grammar, raw), expected, `${grammar} ${JSON.stringify(raw)}`);
}

test("R-959-03 pathnames and passwords keep every space, other arguments lose those around them", () => {
  check("pathname", [
    [" a b ", " a b "],
    ["", refused(501)],
    [undefined, refused(501)],
  ]);
  check("optionalPathname", [
    [" ", " "],
    ["", undefined],
    [undefined, undefined],
  ]);
  check("password", [
    [" p ", " p "],
    [undefined, ""],
  ]);
  check("text", [
    ["  a b ", "a b"],
    [" ", refused(501)],
    [undefined, refused(501)],
  ]);
  check("optionalText", [
    [" a ", "a"],
    [undefined, ""],
  ]);
  check("none", [
    [undefined, undefined],
    [" ", undefined],
    ["x", refused(501)],
  ]);
  check("ignored", [["x", undefined]]);
});

test("R-1123-14 TYPE: A, A N, A T, I and L 8; 501 for what is no type, 504 for what is not served", () => {
  const ascii = { type: "A", typeName: "A" };
  check("type", [
    ["a", ascii],
    ["A N", ascii],
    ["A  T", ascii],
    ["I", { type: "I", typeName: "I" }],
    ["l 8", { type: "I", typeName: "L 8" }],
    ["A C", refused(504)],
    ["I N", refused(504)],
    ["N N", refused(504)],
    ["E", refused(504)],
    ["L 36", refused(504)],
    ["L", refused(501)],
    ["A N N", refused(501)],
    ["", refused(501)],
    [undefined, refused(501)],
  ]);
});

test("STRU, MODE, PROT: one letter in any case, 504 for another one, 501 for no letter", () => {
  check("structure", [
    ["f", "F"],
    ["R", "R"],
    ["P", refused(504)],
    ["FR", refused(501)],
    ["", refused(501)],
  ]);
  check("mode", [
    ["s", "S"],
    ["B", "B"],
    ["C", "C"],
    ["z", "Z"],
    ["X", refused(504)],
    ["SB", refused(501)],
    ["", refused(501)],
  ]);
  check("protectionLevel", [
    ["c", "C"],
    ["S", "S"],
    ["E", "E"],
    ["P", "P"],
    ["X", refused(504)],
    ["PP", refused(504)],
    ["", refused(501)],
  ]);
  check("onOff", [
    ["on", "on"],
    ["OFF", "off"],
    ["", undefined],
    ["1", refused(501)],
  ]);
});

test("R-2228-06 PBSZ takes 32 bits and no sign", () => {
  check("protectionBufferSize", [
    ["0", 0],
    ["4294967295", 4_294_967_295],
    ["4294967296", refused(501)],
    ["00000000001", refused(501)],
    ["-1", refused(501)],
    ["1x", refused(501)],
    ["", refused(501)],
  ]);
});

test("ALLO, REST and RANG take octets in decimal, up to nineteen digits", () => {
  const most = "9".repeat(19);
  check("allocation", [
    ["1024", 1024n],
    ["1024 R 80", 1024n],
    ["1024  r  80", 1024n],
    [most, BigInt(most)],
    [`${most}9`, refused(501)],
    ["1024 80", refused(501)],
    ["1024 R", refused(501)],
    ["x1", refused(501)],
    ["1 R 2 3", refused(501)],
  ]);
  check("restart", [
    ["0", { kind: "none" }],
    ["1", { kind: "offset", offset: 1n }],
    [most, { kind: "offset", offset: BigInt(most) }],
    [`${most}9`, refused(501)],
    ["-1", refused(501)],
    ["1 2", refused(501)],
  ]);
  check("range", [
    ["1 0", { kind: "none" }],
    ["0 0", { kind: "range", first: 0n, last: 0n }],
    ["5  9", { kind: "range", first: 5n, last: 9n }],
    ["5 5", { kind: "range", first: 5n, last: 5n }],
    ["6 5", refused(501)],
    ["2 0", refused(501)],
    ["5", refused(501)],
    ["5 6 7", refused(501)],
    ["x5 6", refused(501)],
  ]);
});

test("R-2228-13 base64 is whole, padded and without line breaks", () => {
  check("base64", [
    ["QUJD", "QUJD"],
    [" QUI= ", "QUI="],
    ["QQ==", "QQ=="],
    ["+/9a", "+/9a"],
    ["Q===", refused(501)],
    ["QUJ", refused(501)],
    ["QU=D", refused(501)],
    ["*UJD", refused(501)],
    ["", refused(501)],
    [undefined, refused(501)],
  ]);
});

test("R-MFXX-01 MFMT: a time value, one space, a pathname with its spaces", () => {
  const timeMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  check("timeAndPathname", [
    ["20260102030405 a", { timeMs, pathname: "a" }],
    ["20260102030405.250  a b ", { timeMs: timeMs + 250, pathname: " a b " }],
    ["20261302030405 a", refused(501)],
    ["20260102030405", refused(501)],
    ["20260102030405 ", refused(501)],
    [" 20260102030405 a", refused(501)],
    ["a", refused(501)],
    [undefined, refused(501)],
  ]);
});

test("MFF: facts with their values, then a pathname; the last semicolon may be missing (NcFTP)", () => {
  const facts = [
    { name: "Modify", value: "20260102030405" },
    { name: "UNIX.mode", value: "644" },
  ];
  check("factsAndPathname", [
    ["Modify=20260102030405;UNIX.mode=644; a b", { facts, pathname: "a b" }],
    ["Modify=20260102030405;UNIX.mode=644  a", { facts, pathname: " a" }],
    ["Create=; a", { facts: [{ name: "Create", value: "" }], pathname: "a" }],
    ["=1; a", refused(501)],
    ["Modify a", refused(501)],
    ["Modify=1;", refused(501)],
    ["Modify=1; ", refused(501)],
    [" Modify=1; a", refused(501)],
    [`${"a=1;".repeat(17)} a`, refused(501)],
    [`${"a".repeat(33)}=1; a`, refused(501)],
    [`a=${"1".repeat(65)}; a`, refused(501)],
    [undefined, refused(501)],
  ]);
  assert.deepEqual(of("factsAndPathname", `${"a".repeat(32)}=${"1".repeat(64)}; a`), {
    facts: [{ name: "a".repeat(32), value: "1".repeat(64) }],
    pathname: "a",
  });
});

test("endpoints and digests: 501 for the syntax, 522 for an address family", () => {
  check("endpoint", [["1,2,3,4,5", refused(501)]]);
  check("extendedEndpoint", [
    ["|3|::1|21|", refused(522)],
    ["::1", refused(501)],
  ]);
  check("extendedPassive", [
    [" all ", "all"],
    ["3", refused(522)],
    ["x", refused(501)],
  ]);
  check("digestRange", [
    [undefined, refused(501)],
    ["", refused(501)],
  ]);
});

test("a command line is cut at its first space, its verb in upper case, its alias resolved", () => {
  const cut = (line: string) => parseCommandLine(octetsFromText(line));
  assert.deepEqual(cut("retr  a b"), { verb: "RETR", argument: " a b" });
  assert.deepEqual(cut("NOOP"), { verb: "NOOP", argument: undefined });
  assert.deepEqual(cut("NOOP "), { verb: "NOOP", argument: "" });
  assert.deepEqual(cut(" NOOP"), { verb: "", argument: "NOOP" });
  const aliases = { XCUP: "CDUP", XCWD: "CWD", XMKD: "MKD", XPWD: "PWD", XRMD: "RMD", XSHA: "XSHA1" };
  for (const [alias, verb] of Object.entries(aliases)) assert.equal(cut(alias.toLowerCase()).verb, verb);
  assert.equal(cut("toString").verb, "TOSTRING");
  assert.equal(cut("constructor").verb, "CONSTRUCTOR");
  assert.deepEqual(parseArgument("MODE", octetsFromText("z")), { ok: true, value: { verb: "MODE", argument: "Z" } });
});
