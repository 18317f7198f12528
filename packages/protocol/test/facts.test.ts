import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  defaultFactSelection,
  factFeature,
  factNames,
  factSelectionText,
  type FactEntry,
  type FactSelection,
  formatEntryLine,
  isListableName,
  octetsFromBytes,
  octetsFromText,
  type Octets,
  parseEntryLine,
  parseFactSelection,
} from "@sallyport/protocol";

const octets = (text: string): Octets => octetsFromText(text);

/** Octet strings of every octet. */
const anyOctets = fc.uint8Array({ maxLength: 40 }).map((bytes) => octetsFromBytes(bytes));
const listableName = anyOctets.filter((name) => name !== "" && isListableName(name));

test("R-3659-12 facts, one space, name", () => {
  const entry: FactEntry = {
    name: octets("a; b=c "),
    type: "file",
    sizeBytes: 1024990,
    modifiedMs: Date.UTC(1998, 10, 7, 8, 52, 15),
    perm: "",
    unique: "keVO1+YZ5",
  };
  assert.equal(
    formatEntryLine(defaultFactSelection, entry),
    "type=file;size=1024990;modify=19981107085215;perm=;unique=keVO1+YZ5; a; b=c ",
  );
  assert.equal(formatEntryLine([], { ...entry, name: octets(" lead") }), "  lead");
});

test("R-3659-13 every fact that has a value, and none that has not", () => {
  const entry: FactEntry = {
    name: octets("ü"),
    type: "dir",
    sizeBytes: 4096,
    modifiedMs: 500,
    createdMs: 0,
    perm: "elcm",
    unique: "U",
    mode: 0o755,
    ownerName: octets("alice"),
    groupName: octets("staff"),
    userId: 0,
    groupId: 65_534,
  };
  assert.equal(
    formatEntryLine(factNames, entry),
    "type=dir;modify=19700101000000.500;create=19700101000000;perm=elcm;unique=U;UNIX.mode=0755;UNIX.owner=alice;" +
      "UNIX.group=staff;UNIX.uid=0;UNIX.gid=65534; \xC3\xBC",
  );
  assert.equal(formatEntryLine(factNames, { name: octets("x") }), " x");
  assert.equal(formatEntryLine(["UNIX.mode"], { name: octets("x"), mode: 0o4755 }), "UNIX.mode=04755; x");
  assert.equal(formatEntryLine(["UNIX.mode"], { name: octets("x"), mode: 0 }), "UNIX.mode=0000; x");
});

test("R-3659-13 links tell their target where it can be written without space, semicolon or octets above 127", () => {
  const link = (target?: string) =>
    formatEntryLine(["type"], {
      name: octets("l"),
      type: "slink",
      target: target === undefined ? target : octets(target),
    });
  assert.equal(link("../a/b"), "type=OS.unix=slink:../a/b; l");
  for (const target of ["a b", "a;size=1", "ü", "a\r\nb", "a=b", ""]) {
    assert.equal(link(target), "type=OS.unix=slink; l", target);
  }
  assert.equal(link(), "type=OS.unix=slink; l");
  assert.equal(formatEntryLine(["UNIX.owner"], { name: octets("x"), ownerName: octets("DOMAIN users") }), " x");
});

test("R-3659-13 cdir and pdir are left out without the type fact", () => {
  const self: FactEntry = { name: octets("/a"), type: "cdir", unique: "U" };
  assert.equal(formatEntryLine(["type", "unique"], self), "type=cdir;unique=U; /a");
  assert.equal(formatEntryLine(["unique"], self), undefined);
  assert.equal(formatEntryLine([], { ...self, type: "pdir" }), undefined);
});

test("S-09 a name with CR, LF or NUL is not listed", () => {
  for (const name of ["a\r\ntype=dir; b", "a\nb", "a\rb", "a\0"]) {
    assert.equal(formatEntryLine(defaultFactSelection, { name: octets(name), type: "file" }), undefined);
  }
});

test("R-3659-15 the examples of RFC 3659 §7.9.2", () => {
  const available = ["type", "size", "modify", "perm", "unique", "UNIX.mode"] as const;
  let selection: FactSelection = ["type", "modify"];
  const options = (argument: string): string => {
    const parsed = parseFactSelection(argument, available);
    selection = parsed ?? selection;
    return parsed === undefined ? "501" : `200 ${factSelectionText(parsed)}`;
  };
  const feature = () => factFeature(selection, available);
  const entry: FactEntry = {
    name: octets("/tmp"),
    type: "dir",
    modifiedMs: Date.UTC(1999, 8, 30, 15, 22, 25),
    unique: "keVO1+YZ5",
  };
  const list = () => formatEntryLine(selection, entry);

  assert.equal(feature(), "MLST type*;size;modify*;perm;unique;UNIX.mode;");
  assert.equal(options("Type;UNIX.mode;Perm;"), "200 MLST OPTS type;perm;UNIX.mode;");
  assert.equal(feature(), "MLST type*;size;modify;perm*;unique;UNIX.mode*;");
  assert.equal(options("lang;type;charset;create;"), "200 MLST OPTS type;");
  assert.equal(feature(), "MLST type*;size;modify;perm;unique;UNIX.mode;");
  assert.equal(options("size;frogs;"), "200 MLST OPTS size;");
  assert.equal(feature(), "MLST type;size*;modify;perm;unique;UNIX.mode;");
  assert.equal(options("unique type;"), "501");
  assert.equal(feature(), "MLST type;size*;modify;perm;unique;UNIX.mode;");

  assert.equal(options(""), "200 MLST OPTS");
  assert.equal(feature(), "MLST type;size;modify;perm;unique;UNIX.mode;");
  assert.equal(list(), " /tmp");
  assert.equal(options("unique;size;"), "200 MLST OPTS size;unique;");
  assert.equal(list(), "unique=keVO1+YZ5; /tmp");
  assert.equal(options("unique;type;modify;"), "200 MLST OPTS type;modify;unique;");
  assert.equal(list(), "type=dir;modify=19990930152225;unique=keVO1+YZ5; /tmp");
  assert.equal(options("fish;cakes;"), "200 MLST OPTS");
  assert.equal(list(), " /tmp");
  assert.equal(options("Modify;Unique;"), "200 MLST OPTS modify;unique;");
  assert.equal(list(), "modify=19990930152225;unique=keVO1+YZ5; /tmp");
  assert.equal(options("fish cakes;"), "501");
  assert.equal(list(), "modify=19990930152225;unique=keVO1+YZ5; /tmp");
});

test("R-3659-15 syntax errors are told from unknown facts", () => {
  for (const argument of ["type", "type;size", ";", "type;;", " type;", "type; ", "ty=pe;", "tÿpe;", "a\n;"]) {
    assert.equal(parseFactSelection(argument), undefined, argument);
  }
  assert.deepEqual(parseFactSelection("x.mine;UNIX.MODE;type;TYPE;"), ["type", "UNIX.mode"]);
});

test("R-3659-15 FEAT tells the whole table with stars on the defaults", () => {
  assert.equal(
    factFeature(defaultFactSelection),
    "MLST type*;size*;modify*;create;perm*;unique*;UNIX.mode;UNIX.owner;UNIX.group;UNIX.uid;UNIX.gid;",
  );
});

test("R-3659-16 lines of peers: case, unknown facts, odd ends, spaces", () => {
  const parsed = parseEntryLine(
    octets("Type=File;SIZE=12;Perm=ADFRW;x.mine=a=b;Modify=19990930152225;;junk  two words "),
  );
  assert.ok(parsed !== undefined);
  assert.equal(parsed.name, " two words ");
  assert.equal(parsed.type, "file");
  assert.equal(parsed.sizeBytes, 12);
  assert.equal(parsed.perm, "adfrw");
  assert.equal(parsed.modifiedMs, Date.UTC(1999, 8, 30, 15, 22, 25));
  assert.equal(parsed.facts.get("x.mine"), "a=b");
  assert.equal(parseEntryLine(octets("type=dir;size=7 d"))?.sizeBytes, 7);
  assert.equal(parseEntryLine(octets("type=OS.UNIX=slink:/x; l"))?.target, "/x");
  assert.equal(parseEntryLine(octets("type=OS.unix=chr-8/1; l"))?.type, "other");
  assert.equal(parseEntryLine(octets("type=constructor; l"))?.type, "other");
  assert.equal(parseEntryLine(octets(" name"))?.name, "name");
  assert.equal(parseEntryLine(octets("size=1e3;modify=now;UNIX.mode=888; n"))?.sizeBytes, undefined);
  for (const line of ["", "type=file;", "type=file; ", "nospace"])
    assert.equal(parseEntryLine(octets(line)), undefined);
});

test("R-3659-16 a line of a megabyte is read", () => {
  const parsed = parseEntryLine(octets(`${"x.a=b;".repeat(170_000)}size=3; n`));
  assert.equal(parsed?.sizeBytes, 3);
});

test("R-3659-12 what is formatted can be parsed", () => {
  const token = fc.stringMatching(/^[A-Za-z0-9+/._-]{1,20}$/);
  const entries: fc.Arbitrary<FactEntry> = fc.record({
    name: listableName,
    type: fc.constantFrom("file", "dir", "cdir", "pdir", "slink", "other"),
    sizeBytes: fc.nat({ max: 2 ** 49 }),
    modifiedMs: fc.integer({ min: 0, max: 4e12 }),
    createdMs: fc.integer({ min: 0, max: 4e12 }),
    perm: fc.constantFrom("", "r", "elcmp"),
    unique: token,
    mode: fc.nat({ max: 0o7777 }),
    ownerName: token.map(octets),
    groupName: token.map(octets),
    userId: fc.nat(),
    groupId: fc.nat(),
  });
  fc.assert(
    fc.property(entries, (entry) => {
      const line = formatEntryLine(factNames, entry);
      assert.ok(line !== undefined);
      const { facts: _, ...parsed } = parseEntryLine(line) ?? assert.fail("not parsed");
      assert.deepEqual({ ...parsed }, { ...entry, ...(entry.type === "file" ? {} : { sizeBytes: undefined }) });
    }),
  );
});

test("S-09 whatever an entry holds, its line is one line and its facts have no space", () => {
  const text = anyOctets;
  fc.assert(
    fc.property(text, text, text, (name, target, ownerName) => {
      const line = formatEntryLine(factNames, { name, type: "slink", target, ownerName });
      if (line === undefined) return;
      assert.doesNotMatch(line, /[\r\n\0]/);
      assert.ok(line.endsWith(` ${name}`));
      assert.doesNotMatch(line.slice(0, -name.length - 1), / /);
    }),
  );
});

test("no line and no argument makes facts throw", () => {
  fc.assert(fc.property(anyOctets, (line) => void parseEntryLine(line)));
  fc.assert(fc.property(fc.string(), (argument) => void parseFactSelection(argument)));
});
