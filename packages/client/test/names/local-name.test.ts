import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix, win32 } from "node:path";
import test from "node:test";
import type { Octets } from "@sallyport/protocol";
import fc from "fast-check";
import {
  type LocalNameRules,
  collisionKey,
  fileSystemPath,
  localName,
  localNameRules,
  nameCollisions,
  remoteName,
} from "../../src/names/local-name.ts";
import { nameOfLocal, utf8Names } from "../../src/names/name-codec.ts";

const bothRules: readonly LocalNameRules[] = ["posix", "windows"];

function mapped(name: string, rules: LocalNameRules): string {
  const result = localName(name, rules);
  return result.ok ? result.name : `(${result.failure})`;
}

test("S-20 names that lead elsewhere get no local name", () => {
  for (const rules of bothRules) {
    for (const name of ["", ".", "..", "/", "a/b", "../../.bashrc", "/etc/x", "a\0b"]) {
      assert.equal(mapped(name, rules), "(unsafe)", name);
    }
  }
});

test("S-20 backslashes, drives, streams and device names are harmless on Windows", () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ["a\\..\\b", "a%5C..%5Cb"],
    ["..\\x", "..%5Cx"],
    ["C:x", "C%3Ax"],
    ["file.txt:stream", "file.txt%3Astream"],
    ["CON", "%43ON"],
    ["con.txt", "%63on.txt"],
    ["Lpt9 .log", "%4Cpt9 .log"],
    ["COM\u00B9", "%43OM\u00B9"],
    ["CONSOLE", "CONSOLE"],
    ["COM10", "COM10"],
    ["dots..", "dots%2E%2E"],
    ["...", "%2E%2E%2E"],
    ["blank ", "blank%20"],
    [" lead", " lead"],
    ['<>:"|?*', "%3C%3E%3A%22%7C%3F%2A"],
    ["caf\uDCE9", "caf%E9"],
    ["\uD800", "%uD800"],
  ];
  for (const [name, local] of cases) {
    assert.equal(mapped(name, "windows"), local);
    assert.equal(remoteName(local, "windows"), name);
  }
});

test("control characters are escaped everywhere, other names of POSIX stay as they are", () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ["a\r\nb", "a%0D%0Ab"],
    ["\u001B[31m", "%1B[31m"],
    ["\u007F\u0085", "%7F%u0085"],
    ["C:\\x*?", "C:\\x*?"],
    ["trailing. ", "trailing. "],
    ["100%", "100%"],
    ["100%41", "100%2541"],
    ["%u0041", "%25u0041"],
    ["%%41", "%%2541"],
    ["caf\uDCE9", "caf\uDCE9"],
    ["\uDCC3\uDCA9", "%C3%A9"], // as raw octets it would be read back as é
  ];
  for (const [name, local] of cases) {
    assert.equal(mapped(name, "posix"), local);
    assert.equal(remoteName(local, "posix"), name);
  }
});

test("a local name that others gave stands for itself", () => {
  for (const name of ["100%41.txt", "%2F", "%2E%2E", "%00", "a%2Fb", "%zz", "%c3", "%43ON"]) {
    assert.equal(remoteName(name, "posix"), name);
  }
  for (const name of ["100%41.txt", "%2F", "%2E%2E", "%00", "%41bc"]) assert.equal(remoteName(name, "windows"), name);
});

const anyName = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc
    .array(fc.integer({ min: 0, max: 255 }), { maxLength: 30 })
    .map((values) => utf8Names.textOf(String.fromCharCode(...values) as Octets)),
  fc
    .array(fc.constantFrom("%", "2", "5", "u0", "C3", "\uDCC3", "\uDCA9", "é", ".", " ", ":", "CON", "\r"), {
      maxLength: 9,
    })
    .map((parts) => parts.join("")),
);

test("S-20 local names are found again and never leave their folder", () => {
  for (const rules of bothRules) {
    const path = rules === "windows" ? win32 : posix;
    const folder = rules === "windows" ? "C:\\mirror" : "/mirror";
    fc.assert(
      fc.property(anyName, (name) => {
        const result = localName(name, rules);
        if (!result.ok) return;
        assert.equal(remoteName(result.name, rules), name);
        const resolved = path.resolve(folder, result.name);
        assert.equal(path.dirname(resolved), folder);
        assert.equal(path.basename(resolved), result.name);
      }),
      { numRuns: 1500 },
    );
  }
});

test("two names never share a local name", () => {
  for (const rules of bothRules) {
    fc.assert(
      fc.property(anyName, anyName, (one, other) => {
        const [first, second] = [localName(one, rules), localName(other, rules)];
        if (one !== other && first.ok && second.ok) assert.notEqual(first.name, second.name);
      }),
      { numRuns: 1000 },
    );
  }
});

test("names that no file system could hold are refused", () => {
  assert.equal(mapped("a".repeat(255), "posix"), "a".repeat(255));
  assert.equal(mapped("a".repeat(256), "posix"), "(too-long)");
  assert.equal(mapped("é".repeat(128), "posix"), "(too-long)");
  assert.equal(mapped("é".repeat(255), "windows"), "é".repeat(255));
  assert.equal(mapped(":".repeat(86), "windows"), "(too-long)");
});

test("names that differ in case or Unicode form collide", () => {
  assert.equal(collisionKey("README"), collisionKey("readme"));
  assert.equal(collisionKey("\u00E9"), collisionKey("e\u0301"));
  assert.notEqual(collisionKey("a"), collisionKey("b"));
  assert.deepEqual(nameCollisions(["a", "B", "A", "b", "c"]), [
    ["a", "A"],
    ["B", "b"],
  ]);
});

test(
  "octets that are not UTF-8 reach the file system and come back",
  { skip: process.platform !== "linux" },
  async () => {
    assert.equal(localNameRules("linux"), "posix");
    assert.equal(localNameRules("win32"), "windows");
    const folder = await mkdtemp(join(tmpdir(), "sallyport-names-"));
    try {
      const name = "caf\uDCE9 ü";
      await writeFile(fileSystemPath(join(folder, name)), "x");
      const [found = Buffer.alloc(0)] = await readdir(folder, { encoding: "buffer" });
      assert.equal(Buffer.from(found).toString("latin1"), "caf\xE9 \xC3\xBC");
      assert.equal(nameOfLocal(found), name);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
