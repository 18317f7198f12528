import assert from "node:assert/strict";
import test from "node:test";
import { type SyncAction, actionToJson } from "../../src/sync/action.ts";
import { compileFilter, isFilterFailure } from "../../src/sync/filter.ts";
import { type SyncPlan, planActions, planSync } from "../../src/sync/plan.ts";
import type { PlanOptions } from "../../src/sync/plan-options.ts";
import { type TreeItem, isTreePath } from "../../src/sync/tree.ts";

const noon = Date.UTC(2026, 10, 22, 12);

/** `d/` directory, `a:3` file of 3 octets, `a:3@5` changed 5 s after noon, `l>x` link, `p!` pipe, `d?` unlisted. */
function tree(text: string): readonly TreeItem[] {
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map((word): TreeItem => {
      if (word === "?") return { kind: "unlisted", path: "" };
      if (word.endsWith("?")) return { kind: "unlisted", path: word.slice(0, -1) };
      if (word.endsWith("/")) return { kind: "directory", path: word.slice(0, -1) };
      if (word.endsWith("!")) return { kind: "other", path: word.slice(0, -1) };
      const [path = "", linkTarget] = word.split(">");
      if (linkTarget !== undefined) return { kind: "link", path, linkTarget };
      const [, name = "", size = "0", seconds = "0"] = /^(.*?):(\d+)(?:@(-?\d+))?$/.exec(word) ?? [];
      const modified = { instantMs: noon + Number(seconds) * 1000, precisionMs: 1000 };
      return { kind: "file", path: name, sizeBytes: Number(size), modified };
    });
}

function planned(source: string, target: string, options: Partial<PlanOptions> = {}): SyncPlan {
  return planActions(tree(source), tree(target), { direction: "download", ...options });
}

function shown(action: SyncAction): string {
  const reason = "because" in action ? `(${action.because})` : "reason" in action ? `(${action.reason})` : "";
  return `${action.kind} ${action.path}${reason}`;
}

function check(source: string, target: string, options: Partial<PlanOptions>, expected: readonly string[]): void {
  assert.deepEqual(planned(source, target, options).actions.map(shown), expected, `${source} → ${target}`);
}

test("what is missing is made and transferred, directories first, in the order of paths", () => {
  check("b:1 a/x:1 a/ a.txt:2 a/b/y:1", "", {}, [
    "make-directory a",
    "make-directory a/b",
    "transfer a/b/y",
    "transfer a/x",
    "transfer a.txt",
    "transfer b",
  ]);
  check("a/b/y:1", "a/", {}, ["make-directory a/b", "transfer a/b/y"]);
  check("a/ a/x:1", "a/ a/x:1", {}, []);
});

test("what differs is replaced, by size, time, hash, and the newer one is kept when asked", () => {
  check("a:1 b:1@9 c:1@-9 d:1", "a:2 b:1 c:1 d:1", {}, ["replace a(size)", "replace b(newer)"]);
  check("b:1@9 c:1@-9", "b:1 c:1", { timeRule: "differ" }, ["replace b(newer)", "replace c(time)"]);
  check("c:1@-9", "c:1", { timeRule: "differ", preservesTimes: false }, []);
  check("a:1@-9 b:1@9", "a:2 b:2", { keepsNewer: true }, ["skip a(target-newer)", "replace b(size)"]);
  check("a:1 b:1", "a:1 b:1", { compare: ["size", "hash"] }, ["compare-hash a", "compare-hash b"]);
  check("a:1@9", "a:1", { compare: ["size"] }, ["set-times a"]);
  check("a:1@9", "a:1", { compare: ["size"], preservesTimes: false }, []);
  check("a:1", "a:2", { isFinished: () => true }, []);
});

test("what the source lacks is deleted only when asked, deepest first, after or before all else", () => {
  check("a:1", "a:1 d/ d/e/ d/e/f:1 d/g:1", {}, []);
  check("a:1 n:1", "a:1 d/ d/e/ d/e/f:1 d/g:1 l>x", { delete: true }, [
    "transfer n",
    "delete l(extra)",
    "delete d/g(extra)",
    "delete d/e/f(extra)",
    "delete d/e(extra)",
    "delete d(extra)",
  ]);
  check("n:1", "x:1", { delete: true, deleteOrder: "before" }, ["delete x(extra)", "transfer n"]);
});

test("nothing is deleted when the source was not listed wholly, or is empty", () => {
  for (const source of ["a:1 d/ d?", "a:1 ?"]) {
    const plan = planned(source, "a:1 x:1 e/ e/y:1", { delete: true });
    assert.equal(plan.summary.deletionsWithheld, "source-incomplete");
    assert.equal(plan.summary.deletions, 0);
    assert.deepEqual(
      plan.actions.filter(({ kind }) => kind === "skip").map(({ path }) => path),
      ["x", "e/y", "e"],
    );
  }
  check("", "x:1", { delete: true }, ["skip x(source-empty)"]);
  check("", "x:1", { delete: true, allowsEmptySource: true }, ["delete x(extra)"]);
});

test("nothing is deleted when the source names what cannot be placed", () => {
  check("/d/ /a:1", "a:1", { delete: true }, [
    "conflict /a(unsafe-name)",
    "conflict /d(unsafe-name)",
    "skip a(source-incomplete)",
  ]);
});

test("what a directory holds stays where the source has something else than a directory in its place", () => {
  const target = "d/ d/e/ d/e/f:1 x:1";
  check("d:1", target, { delete: true }, ["conflict d(type-clash)", "delete x(extra)"]);
  check("d>y", target, { delete: true }, ["skip d(link)", "delete x(extra)"]);
  check("d>y", target, { delete: true, links: "recreate" }, ["conflict d(type-clash)", "delete x(extra)"]);
  check("d!", target, { delete: true }, ["skip d(special)", "delete x(extra)"]);
  check("A/ a:1 b:1", "A/ A/x:1 B/ B/y:1", { delete: true, targetFoldsCase: true }, [
    "conflict a(case-collision)",
    "conflict b(type-clash)",
  ]);
  check("d:1", "d/ d/e:1", { delete: true, typeClash: "replace" }, [
    "delete d/e(clash)",
    "delete d(clash)",
    "transfer d",
  ]);
});

test("with more deletions than allowed nothing is deleted at all", () => {
  check("a:1", "x:1 y:1", { delete: true, deletionsMax: 1 }, [
    "transfer a",
    "skip y(too-many-deletions)",
    "skip x(too-many-deletions)",
  ]);
  check("a:1", "x:1 y:1", { delete: true, deletionsMax: 2 }, ["transfer a", "delete y(extra)", "delete x(extra)"]);
  check("d:1", "d/ d/x:1", { typeClash: "replace", deletionsMax: 1 }, ["conflict d(type-clash)"]);
});

test("what the filter leaves out is neither transferred nor deleted, nor is what is protected", () => {
  const filter = compileFilter({
    rules: [
      { action: "exclude", glob: "*.log" },
      { action: "exclude", glob: "cache/" },
    ],
    sizeMaxBytes: 9,
  });
  assert.ok(!isFilterFailure(filter));
  check(
    "a:1 b.log:1 cache/ cache/x:1 big:10",
    "c.log:1 cache/ cache/y:1 big:3 e/ e/f.log:1 e/g:1",
    { filter, delete: true },
    ["transfer a", "delete e/g(extra)"],
  );
  check("a:1", "p/ p/.part:1 q:1", { delete: true, protects: (path) => path.endsWith(".part") }, [
    "transfer a",
    "delete q(extra)",
  ]);
});

test("a directory here and a file there: a conflict, or room is made", () => {
  check("a/ a/x:1 b:1", "a:1 b/ b/y:1", {}, ["conflict a(type-clash)", "conflict b(type-clash)"]);
  check("a/ a/x:1 b:1", "a:1 b/ b/y:1 c:1", { typeClash: "replace" }, [
    "delete a(clash)",
    "make-directory a",
    "transfer a/x",
    "delete b/y(clash)",
    "delete b(clash)",
    "transfer b",
  ]);
  check("b:1", "b/ b/y:1", { typeClash: "replace", protects: (path) => path === "b/y" }, ["conflict b(type-clash)"]);
  check("b:1", "b/ b/y/ b/y?", { typeClash: "replace" }, ["conflict b(type-clash)"]);
  check("a:1", "a!", {}, ["conflict a(type-clash)"]);
  check("a:1 a/x:1", "", {}, ["transfer a", "conflict a/x(type-clash)"]);
});

test("S-20 links are left out or made again, never followed and never out of the tree", () => {
  check("l>x p!", "", {}, ["skip l(link)", "skip p(special)"]);
  check("l>x", "", { links: "recreate" }, ["make-link l"]);
  check("l>x", "l>x", { links: "recreate" }, []);
  check("l>x", "l>y", { links: "recreate" }, ["make-link l"]);
  check("l>x", "l:1", { links: "recreate" }, ["conflict l(type-clash)"]);
  check("l>x", "", { links: "recreate", direction: "upload" }, ["skip l(link)"]);
  for (const evil of ["/etc", "..", "../x", "a/../../x", "C:x", "a\\b", "", "a/..", "../a/./../b", "./a/b/../c"]) {
    check(`l>${evil}`, "", { links: "recreate" }, ["conflict l(link-leaves-tree)"]);
  }
  check("d/l>../x", "d/", { links: "recreate" }, ["make-link d/l"]);
  check("d/l>./.././x/..y", "d/", { links: "recreate" }, ["make-link d/l"]);
  check("l>x l/f:1", "", { links: "recreate" }, ["make-link l", "conflict l/f(type-clash)"]);
  check("l>x l/f:1", "", {}, ["skip l(link)", "conflict l/f(type-clash)"]);
  check("l/ l/f:1", "l>/etc", {}, ["conflict l(type-clash)"]);
  check("f:1", "f>/etc/passwd", {}, ["replace f(link)"]);
  check("", "l>/etc", { delete: true, allowsEmptySource: true }, ["delete l(extra)"]);
});

test("S-20 paths that lead out of the tree, twice the same and names that the target cannot hold", () => {
  check("../x:1 /etc/p:1 a/../b:1 a//b:1 ..:1", "", {}, [
    "conflict /etc/p(unsafe-name)",
    "conflict ..(unsafe-name)",
    "conflict ../x(unsafe-name)",
    "conflict a//b(unsafe-name)",
    "conflict a/../b(unsafe-name)",
  ]);
  check("a:1 a:2", "", {}, ["transfer a", "conflict a(duplicate)"]);
  check("bad/ bad/x:1 ok:1", "", { acceptsName: (name) => name !== "bad" }, [
    "conflict bad(name-refused)",
    "transfer ok",
  ]);
});

test("names that differ in case only collide where the target folds case", () => {
  check("A:1 a:1", "", {}, ["transfer A", "transfer a"]);
  check("A:1 a:1 b:1", "B:1", { targetFoldsCase: true, delete: true }, ["transfer A", "conflict a(case-collision)"]);
  check("D/ D/x:1 d/ d/y:1", "", { targetFoldsCase: true }, [
    "make-directory D",
    "transfer D/x",
    "conflict d(case-collision)",
  ]);
});

test("directories that could not be listed in the target are left alone", () => {
  check("d/ d/x:1 a:1", "d/ d?", { delete: true }, ["transfer a", "skip d/x(target-unlisted)"]);
  check("a:1", "d/ d? e:1", { delete: true }, ["transfer a", "delete e(extra)", "skip d(target-unlisted)"]);
});

test("empty directories are kept or left out", () => {
  check("e/ d/ d/x:1", "", { emptyDirectories: "omit" }, ["make-directory d", "transfer d/x"]);
  check("e/ d/ d/x:1", "e/", { emptyDirectories: "omit", delete: true }, ["make-directory d", "transfer d/x"]);
  check("e/", "", {}, ["make-directory e"]);
});

test("actions have a stable JSON form", () => {
  const plan = planned("d/ d/a:3@5 b:1", "b:2 x/ y>z", { delete: true });
  assert.deepEqual(plan.actions.map(actionToJson), [
    { action: "replace", path: "b", reason: "size", size: 1, modified: "2026-11-22T12:00:00.000Z", precisionMs: 1000 },
    { action: "make-directory", path: "d" },
    { action: "transfer", path: "d/a", size: 3, modified: "2026-11-22T12:00:05.000Z", precisionMs: 1000 },
    { action: "delete", path: "y", reason: "extra", entry: "link" },
    { action: "delete", path: "x", reason: "extra", entry: "directory" },
  ]);
  assert.deepEqual(
    actionToJson({
      kind: "transfer",
      path: "caf\uDCE9",
      file: { sizeBytes: 2n ** 60n, modified: { instantMs: 1e20, precisionMs: 1 } },
    }),
    { action: "transfer", path: "caf\uDCE9", size: "1152921504606846976" },
  );
  assert.equal(JSON.parse(JSON.stringify({ path: "caf\uDCE9" })).path, "caf\uDCE9");
  assert.deepEqual(plan.summary, {
    transfers: 1,
    replacements: 1,
    deletions: 2,
    conflicts: 0,
    skipped: 0,
    bytes: 4n,
    deletionsWithheld: undefined,
  });
});

test("trees are read as they come", async () => {
  async function* listing(): AsyncGenerator<TreeItem> {
    yield* tree("b:1 a:1");
  }
  const plan = await planSync(listing(), tree("b:1"), { direction: "upload" });
  assert.deepEqual(plan.actions.map(shown), ["transfer a"]);
});

test("S-20 tree paths are single names and nothing that leads elsewhere", () => {
  for (const path of ["a", "a/b", "..a", "a..", ".a/b.", "...", "a/...", " ", "a\\..\\b"])
    assert.ok(isTreePath(path), path);
  for (const path of ["", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/..", "a/../b", "../a", "a\0"]) {
    assert.ok(!isTreePath(path), path);
  }
});
