import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isWithin, octetsFromText, resolvePath, rootPath, type VirtualPath } from "@sallyport/protocol";
import {
  allowedActions,
  carriesRule,
  everyPathAction,
  isPermitted,
  isVisible,
  type PathAction,
  type PermissionHolder,
  permLetters,
} from "@sallyport/server/accounts";
import type { Entry } from "@sallyport/server/storage";

test("no rules allow everything, a read-only login lists and reads", () => {
  for (const action of everyPathAction) {
    assert.equal(isPermitted(holder({}), at("/a"), action), true);
    assert.equal(isPermitted(holder({}, true), at("/a"), action), action === "list" || action === "read", action);
    assert.equal(
      isPermitted(holder({ "/": [...everyPathAction] }, true), at("/a"), action),
      ["list", "read"].includes(action),
    );
  }
  assert.equal(isPermitted(holder({ "/": ["create"] }, true), at("/a"), "list"), false, "read-only adds nothing");
});

test("the longest matching path decides alone, by whole components", () => {
  const account = holder({ "/": ["list"], "/in": ["create"], "/in/deep": [], "/in/deep/er": ["read", "list"] });
  const cases: [string, PathAction[]][] = [
    ["/", ["list"]],
    ["/a/b", ["list"]],
    ["/inn", ["list"]],
    ["/in", ["create"]],
    ["/in/x", ["create"]],
    ["/in/deepest", ["create"]],
    ["/in/deep", []],
    ["/in/deep/x", []],
    ["/in/deep/er/x/y", ["read", "list"]],
  ];
  for (const [path, actions] of cases) assert.deepEqual(allowedActions(account, at(path)), new Set(actions), path);
});

test("paths without a rule stay free when there is none for the root", () => {
  const account = holder({ "/in": ["create"] });
  assert.equal(isPermitted(account, at("/out/x"), "delete"), true);
  assert.equal(isPermitted(account, at("/in/x"), "delete"), false);
});

test("the decision does not depend on the order of rules and equals a plain search", () => {
  const component = fc.constantFrom("a", "b", "ab", "\u00FF");
  const path = fc.array(component, { maxLength: 4 }).map((parts) => at(`/${parts.join("/")}`));
  const rules = fc.uniqueArray(
    fc.record({ path, allow: fc.subarray([...everyPathAction]).map((all) => new Set(all)) }),
    {
      selector: (rule) => rule.path,
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(rules, path, (permissions, asked) => {
      const matching = permissions.filter((rule) => isWithin(asked, rule.path));
      const expected = matching.toSorted((a, b) => b.path.length - a.path.length)[0]?.allow ?? everyPathAction;
      assert.deepEqual(allowedActions({ permissions, readOnly: false }, asked), expected);
      const reversed = { permissions: permissions.toReversed(), readOnly: false };
      assert.deepEqual(allowedActions(reversed, asked), expected);
    }),
  );
});

test("R-3659-14 perm letters tell what this login may do", () => {
  const all = holder({});
  assert.equal(permLetters(all, at("/f"), file), "adfrw");
  assert.equal(permLetters(all, at("/d"), directory), "cdeflmp");
  assert.equal(permLetters(all, at("/"), directory), "celmp", "the root is neither removed nor renamed");
  assert.equal(permLetters(all, at("/p"), incomplete), "adw");
  assert.equal(permLetters(all, at("/l"), { ...file, type: "symbolic-link" }), "df");
  const readOnly = holder({}, true);
  assert.equal(permLetters(readOnly, at("/f"), file), "r");
  assert.equal(permLetters(readOnly, at("/d"), directory), "el");
  const dropBox = holder({ "/": ["create"] });
  assert.equal(permLetters(dropBox, at("/d"), directory), "ce");
  assert.equal(permLetters(dropBox, at("/f"), file), "");
  assert.equal(permLetters(dropBox, at("/f"), incomplete), "adw");
  const appendOnly = holder({ "/": ["list", "read", "create", "append"] });
  assert.equal(permLetters(appendOnly, at("/f"), file), "ar");
  const ruled = holder({ "/d/e": ["list"] });
  assert.equal(permLetters(ruled, at("/d"), directory), "celmp", "a directory with a rule below stays");
});

test("S-26 who may only create sees directories and its own parts, and no files of others", () => {
  const dropBox = holder({ "/": ["create", "make-directory"] });
  assert.equal(isVisible(dropBox, at("/d"), directory), true);
  assert.equal(isVisible(dropBox, at("/f"), file), false);
  assert.equal(isVisible(dropBox, at("/f"), incomplete), true);
  assert.equal(isVisible(holder({ "/": [] }), at("/d"), directory), false);
  assert.equal(isVisible(holder({ "/": ["append"] }), at("/f"), file), true);
});

test("a path carries the rules that begin at it or below it", () => {
  const account = holder({ "/": ["list"], "/a/b": ["list"] });
  assert.deepEqual(
    ["/", "/a", "/a/b", "/a/b/c", "/a/bc", "/c"].map((path) => carriesRule(account, at(path))),
    [true, true, true, false, false, false],
  );
});

const file: Entry = { name: octetsFromText("f"), type: "file", sizeBytes: 1, modifiedMs: 0, identity: "1" };
const directory: Entry = { ...file, type: "directory" };
const incomplete: Entry = { ...file, incomplete: true };

function at(path: string): VirtualPath {
  return resolvePath(rootPath, octetsFromText(path)) as VirtualPath;
}

function holder(rules: Readonly<Record<string, readonly PathAction[]>>, readOnly = false): PermissionHolder {
  const permissions = Object.entries(rules).map(([path, allow]) => ({ path: at(path), allow: new Set(allow) }));
  return { permissions, readOnly };
}
