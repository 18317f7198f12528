import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  entryPath,
  joinPaths,
  normalisePath,
  relativePath,
  lastName,
  directoryOf,
} from "../../src/names/caller-path.ts";

test("remote paths are normalised: slashes, dots, and .. never above the root", () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ["", "."],
    [".", "."],
    ["/", "/"],
    ["//a///b/", "/a/b"],
    ["/a/./b/../c", "/a/c"],
    ["/../..", "/"],
    ["a/..", "."],
    ["../a/../..", "../.."],
    [" a /b ", " a /b "],
    ["a\\..\\b", "a\\..\\b"],
    ["...", "..."],
  ];
  for (const [path, normalised] of cases) assert.equal(normalisePath(path), normalised, path);
});

test("remote paths are joined and taken apart", () => {
  assert.equal(joinPaths("/a", "b", "../c"), "/a/c");
  assert.equal(joinPaths("a", "/b", "c"), "/b/c");
  assert.equal(joinPaths("", "a"), "a");
  assert.equal(joinPaths(), ".");
  assert.equal(lastName("/a/b/"), "b");
  assert.deepEqual(["/", "", "..", "."].map(lastName), ["", "", "", ""]);
  assert.equal(directoryOf("/a/b"), "/a");
  assert.equal(directoryOf("/a"), "/");
  assert.equal(directoryOf("/"), "/");
  assert.equal(directoryOf("a"), ".");
});

test("R-LIST-08, S-20 a listed name that is no single name has no path", () => {
  for (const name of ["", ".", "..", "a/b", "/etc/passwd", "../x", "a\0b"])
    assert.equal(entryPath("/d", name), undefined);
  assert.equal(entryPath("/", "x"), "/x");
  assert.equal(entryPath("/d", "..x"), "/d/..x");
  assert.equal(entryPath(".", "x"), "x");
  assert.equal(entryPath("", "a\\..\\b"), "a\\..\\b");
});

test("a path is seen from the directory above it, or not at all", () => {
  assert.equal(relativePath("/a", "/a/b/c"), "b/c");
  assert.equal(relativePath("/", "/a"), "a");
  assert.equal(relativePath("/a", "/a"), "");
  assert.equal(relativePath("/a", "/ab"), undefined);
  assert.equal(relativePath("/a", "/a/../b"), undefined);
  assert.equal(relativePath(".", "a"), "a");
  assert.equal(relativePath(".", "../a"), undefined);
});

test("normalising is idempotent, and a child never leaves its directory", () => {
  const path = fc
    .array(fc.constantFrom("/", "..", ".", "a", "b ", ""), { maxLength: 12 })
    .map((parts) => parts.join("/"));
  fc.assert(
    fc.property(path, (text) => {
      const once = normalisePath(text);
      assert.equal(normalisePath(once), once);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 10 }), (name) => {
      const child = entryPath("/d", name);
      if (child !== undefined) assert.equal(relativePath("/d", child), name);
    }),
  );
});
