import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileSystemPath } from "../../src/names/local-name.ts";
import { compileFilter, isFilterFailure } from "../../src/sync/filter.ts";
import { LocalTree, type LocalTreeOptions } from "../../src/sync/local-tree.ts";
import { planSync } from "../../src/sync/plan.ts";
import { treeEntryOf } from "../../src/sync/remote-tree.ts";
import type { TreeItem } from "../../src/sync/tree.ts";

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-tree-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function read(tree: LocalTree): Promise<readonly TreeItem[]> {
  return (await Array.fromAsync(tree.read())).toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

async function shown(folder: string, options?: LocalTreeOptions): Promise<readonly string[]> {
  return (await read(new LocalTree(folder, options))).map((item) => `${item.path} ${item.kind}`);
}

test("a folder is read with sizes, times and links, and one that is missing is empty", async (context) => {
  const folder = await folderOf(context);
  await mkdir(join(folder, "d", "e"), { recursive: true });
  await writeFile(join(folder, "d", "a"), "123");
  await utimes(join(folder, "d", "a"), 1_700_000_000.25, 1_700_000_000.25);
  await symlink("../x", join(folder, "d", "l"));
  const items = await read(new LocalTree(folder));
  assert.deepEqual(
    items.map(({ path, kind }) => `${path} ${kind}`),
    ["d directory", "d/a file", "d/e directory", "d/l link"],
  );
  assert.deepEqual(items[1], {
    path: "d/a",
    kind: "file",
    sizeBytes: 3,
    modified: { instantMs: 1_700_000_000_250, precisionMs: 1 },
  });
  assert.equal(items[3]?.kind === "link" ? items[3].linkTarget : undefined, "../x");
  assert.deepEqual(await shown(join(folder, "missing")), []);
  await assert.rejects(shown(join(folder, "d", "a")), { code: "ENOTDIR" });
  const aborted = AbortSignal.abort(new RangeError("enough"));
  await assert.rejects(shown(folder, { signal: aborted }), RangeError);
});

test("links are followed when asked, but not back up", async (context) => {
  const folder = await folderOf(context);
  await mkdir(join(folder, "d"));
  await writeFile(join(folder, "d", "a"), "1");
  await symlink("d", join(folder, "to-d"));
  await symlink("..", join(folder, "d", "up"));
  await symlink("gone", join(folder, "broken"));
  assert.deepEqual(await shown(folder, { links: "follow" }), [
    "broken link",
    "d directory",
    "d/a file",
    "d/up link",
    "to-d directory",
    "to-d/a file",
    "to-d/up link",
  ]);
});

test(
  "directories that cannot be read are told, those that are filtered are not read",
  { skip: process.getuid?.() === 0 && "root reads everything" },
  async (context) => {
    const folder = await folderOf(context);
    await mkdir(join(folder, "closed"));
    await mkdir(join(folder, "other"));
    await chmod(join(folder, "closed"), 0o000);
    const filter = compileFilter({ rules: [{ action: "exclude", glob: "closed/" }] });
    assert.ok(!isFilterFailure(filter));
    assert.deepEqual(await shown(folder), ["closed directory", "closed unlisted", "other directory"]);
    assert.deepEqual(await shown(folder, { filter }), ["other directory"]);
    await chmod(join(folder, "closed"), 0o700);
  },
);

test("directories too deep for the system are told, too", { skip: process.platform !== "linux" }, async (context) => {
  const folder = await folderOf(context);
  const [start, name] = [process.cwd(), "n".repeat(250)];
  try {
    process.chdir(folder);
    for (let depth = 0; depth < 17; depth++) {
      await mkdir(name);
      process.chdir(name);
    }
    const items = await read(new LocalTree(folder));
    assert.equal(items.filter(({ kind }) => kind === "directory").length, 16);
    assert.deepEqual(
      items.filter(({ kind }) => kind === "unlisted").map(({ path }) => path.split("/").length),
      [16],
    );
  } finally {
    process.chdir(start);
    // rm of Node names the whole path, which is too long.
    execFileSync("rm", ["-rf", folder]);
  }
});

test(
  "S-20 names are mapped both ways and paths never leave the folder",
  { skip: process.platform !== "linux" },
  async (context) => {
    const folder = await folderOf(context);
    for (const name of ["a%0Ab", "100%41.txt", "caf\uDCE9", "C:x"])
      await writeFile(fileSystemPath(join(folder, name)), name);
    await mkdir(join(folder, "%zz%41"));
    await writeFile(join(folder, "%zz%41", "f"), "1");
    const tree = new LocalTree(folder);
    assert.deepEqual(
      (await read(tree)).map(({ path }) => path),
      ["%zz%41", "%zz%41/f", "100%41.txt", "C:x", "a\nb", "caf\uDCE9"],
    );
    assert.equal(tree.pathOf("a\nb"), join(folder, "a%0Ab"));
    assert.equal(tree.pathOf("100%41.txt"), join(folder, "100%41.txt"), "the file that is there");
    assert.equal(tree.pathOf("%zz%41/f"), join(folder, "%zz%41", "f"));
    assert.equal(tree.pathOf("new/100%41.txt"), join(folder, "new", "100%2541.txt"));
    assert.deepEqual(tree.pathOf("caf\uDCE9"), Buffer.from(`${folder}/caf\xE9`, "latin1"));
    for (const evil of ["..", "a/../b", "", "a//b", "/etc", "a\0", "."])
      assert.throws(() => tree.pathOf(evil), { code: "SALLYPORT_NAME_UNSAFE" }, evil);
    const windows = new LocalTree(folder, { rules: "windows" });
    assert.equal(windows.pathOf("CON/a:b"), join(folder, "%43ON", "a%3Ab"));
    assert.equal(windows.acceptsName("a".repeat(256)), false);
  },
);

test("a folder against itself needs nothing", async (context) => {
  const folder = await folderOf(context);
  await mkdir(join(folder, "d"));
  for (const name of ["a", "d/b", "100%41.txt", "a%0Ab"]) await writeFile(join(folder, name), name);
  const tree = new LocalTree(folder);
  const plan = await planSync(tree.read(), tree.read(), { direction: "download", delete: true, timeRule: "differ" });
  assert.deepEqual(plan.actions, []);
});

test("entries of listings keep the precision that the server stated", () => {
  const instant = new Date(Date.UTC(2026, 10, 22, 12, 30));
  const listed = (precisionMs: number, known = true): ReturnType<typeof treeEntryOf> =>
    treeEntryOf(
      {
        type: "file",
        size: 2n ** 60n,
        modified: { ...(known && { instant, precisionMs }), zone: "utc" } as never,
        target: undefined,
      },
      "d/a",
    );
  const base = { path: "d/a", kind: "file", sizeBytes: 2n ** 60n };
  assert.deepEqual(listed(60_000), { ...base, modified: { instantMs: instant.getTime(), precisionMs: 60_000 } });
  assert.deepEqual(listed(1), { ...base, modified: { instantMs: instant.getTime(), precisionMs: 1 } });
  assert.deepEqual(listed(60_000, false), base);
  assert.equal(
    treeEntryOf({ type: "unknown", size: undefined, modified: undefined, target: undefined }, "x").kind,
    "other",
  );
});
