import type { Octets } from "@sallyport/protocol";
import assert from "node:assert/strict";
import test from "node:test";
import { baseName, childPath, listArgument, parentPath } from "../../src/names/remote-path.ts";

const rows = [
  { path: "a/b", parent: "a", base: "b" },
  { path: "/a", parent: "/", base: "a" },
  { path: "a", parent: "", base: "a" },
  { path: "/a/b/", parent: "/a", base: "b" },
  { path: "/", parent: "/", base: "" },
];

for (const { path, parent, base } of rows) {
  test(`${path} lies in ${JSON.stringify(parent)}`, () => {
    assert.equal(parentPath(path as Octets), parent);
    assert.equal(baseName(path as Octets), base);
    if (base !== "")
      assert.equal(childPath(parentPath(path as Octets), baseName(path as Octets)), path.replace(/\/$/, ""));
  });
}

test("a path that looks like an option of ls is none", () => {
  assert.equal(listArgument("-la" as Octets), "./-la");
  assert.equal(listArgument("a/-la" as Octets), "a/-la");
  assert.equal(listArgument("." as Octets), undefined);
});
