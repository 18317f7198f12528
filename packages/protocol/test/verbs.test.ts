import assert from "node:assert/strict";
import { test } from "node:test";
import {
  argumentGrammars,
  isVerb,
  verbAliases,
  type VerbRow,
  verbs,
  verbsNotImplemented,
  verbsOfOtherProtocols,
} from "@sallyport/protocol";

const rows: readonly (readonly [string, VerbRow])[] = Object.entries(verbs);
const verbsWith = (property: keyof VerbRow) =>
  rows.filter(([, row]) => row[property] !== undefined).map(([verb]) => verb);
const words = (text: string) => text.split(" ");

test("a row's syntax begins with its verb, its feature line too, and its source says where it is written", () => {
  for (const [verb, row] of rows) {
    assert.match(row.syntax, new RegExp(`^${verb}(?: |$)`), verb);
    if (row.feature !== undefined) assert.match(row.feature, new RegExp(`^(?:${verb}\\b|computed$)`), verb);
    assert.match(row.source, /^(?:RFC \d{3,4}\b|draft-|practice)/, verb);
    assert.notEqual(row.purpose, "", verb);
    assert.match(row.access, /^(?:anyone|logged-in)$/, verb);
    assert.match(row.transfers ?? "send", /^(?:send|receive)$/, verb);
  }
});

test("a verb whose syntax ends with it takes no argument, every other one does", () => {
  const without = rows.filter(([, row]) => row.argument === "none" || row.argument === "ignored");
  for (const [verb, row] of without) assert.equal(row.syntax, verb);
  for (const [verb, row] of rows) {
    assert.ok(Object.hasOwn(argumentGrammars, row.argument), verb);
    if (row.syntax === verb) assert.match(row.argument, /^(?:none|ignored|optional)/, verb);
    if (/ \[/.test(row.syntax) && !/ [^ [][^ ]* \[/.test(row.syntax)) {
      assert.match(row.argument, /^(?:optional|extendedPassive|onOff|none|ignored)/, verb);
    }
  }
});

test("what may be said before login, and what moves data", () => {
  const early = rows.filter(([, row]) => row.access === "anyone").map(([verb]) => verb);
  assert.deepEqual(
    early,
    words(
      "ABOR ACCT ADAT AUTH CCC CLNT CONF CSID ENC FEAT HELP HOST LANG MIC NOOP OPTS PASS PBSZ PROT QUIT REIN STAT SYST USER",
    ),
  );
  assert.deepEqual(verbsWith("transfers"), words("APPE LIST MLSD NLST RETR STOR STOU"));
});

test("R-2428-03 EPSV ALL forbids whatever else prepares a data connection", () => {
  assert.deepEqual(verbsWith("forbiddenByEpsvAll"), words("CPSV EPRT PASV PORT"));
});

test("verbs of the RFCs that are left out, and first words of other protocols, are no verbs of ours", () => {
  for (const verb of words("SMNT LPRT LPSV COMB THMB MMD5")) assert.ok(verbsNotImplemented.has(verb), verb);
  const foreign = words("GET POST HEAD PUT DELETE CONNECT OPTIONS PATCH TRACE PRI EHLO HELO LHLO MAIL RCPT DATA");
  for (const verb of [...foreign, "STARTTLS", "CAPA"]) assert.ok(verbsOfOtherProtocols.has(verb), verb);
  for (const verb of [...verbsNotImplemented, ...verbsOfOtherProtocols, ...Object.keys(verbAliases)]) {
    assert.ok(!isVerb(verb), verb);
  }
  assert.ok(!isVerb("toString"));
});
