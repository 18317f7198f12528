import assert from "node:assert/strict";
import { test } from "node:test";
import {
  baseName,
  childPath,
  isVirtualPath,
  isWithin,
  octetsFromText,
  parentPath,
  pathComponents,
  quotePath,
  resolvePath,
  rootPath,
  type VirtualPath,
} from "@sallyport/protocol";

const path = (text: string) => text as VirtualPath;
const resolved = (from: string, text: string) => resolvePath(path(from), octetsFromText(text));

test("a pathname is resolved as TVFS does, and never climbs above the root", () => {
  for (const [from, text, expected] of [
    ["/a/b", "c", "/a/b/c"],
    ["/a/b", "/c", "/c"],
    ["/a/b", "", "/a/b"],
    ["/a/b", ".", "/a/b"],
    ["/a/b", "..", "/a"],
    ["/a/b", "../../../../c", "/c"],
    ["/", "..", "/"],
    ["/", "a//b/./c/", "/a/b/c"],
    ["/", "/", "/"],
    ["/a", "...", "/a/..."],
    ["/a", ".b", "/a/.b"],
  ] as const) {
    assert.equal(resolved(from, text), expected, `${from} ${text}`);
  }
});

test("S-09 CR, LF and NUL are refused; so is what no file system could hold", () => {
  for (const text of ["a\rb", "a\nb", "a\0b"]) assert.equal(resolved("/", text), "forbidden-character");
  assert.equal(resolved("/", "a".repeat(255)), `/${"a".repeat(255)}`);
  assert.equal(resolved("/", "a".repeat(256)), "component-too-long");
  const long = `/${"a".repeat(15)}`.repeat(255);
  assert.equal(resolved(long, "a".repeat(14)), `${long}/${"a".repeat(14)}`);
  assert.equal(resolved(long, "a".repeat(15)), "too-long");
  assert.ok(isVirtualPath(path("/a")) && !isVirtualPath("too-long"));
});

test("parts of a path; the root holds itself", () => {
  assert.deepEqual(pathComponents(rootPath), []);
  assert.deepEqual(pathComponents(path("/a/b")), ["a", "b"]);
  assert.deepEqual(["/", "/a", "/a/b"].map(path).map(baseName), ["", "a", "b"]);
  assert.deepEqual(["/", "/a", "/a/b", "/a/b/c"].map(path).map(parentPath), ["/", "/", "/a", "/a/b"]);
  assert.equal(childPath(rootPath, octetsFromText("a")), "/a");
  assert.equal(childPath(path("/a"), octetsFromText("b")), "/a/b");
});

test("a path lies within another by whole names", () => {
  for (const [inner, outer] of [
    ["/a", "/"],
    ["/", "/"],
    ["/a", "/a"],
    ["/a/b", "/a"],
  ] as const) {
    assert.ok(isWithin(path(inner), path(outer)), `${inner} ${outer}`);
  }
  assert.ok(!isWithin(path("/ab"), path("/a")));
  assert.ok(!isWithin(path("/a"), path("/a/b")));
});

test("R-959-45 257 quotes a path and doubles the quotes in it", () => {
  assert.equal(quotePath(path('/a "b"')), '"/a ""b"""');
});
