import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { Bookmark } from "../../src/bookmarks/bookmark.ts";
import { bookmarkFile } from "../../src/bookmarks/bookmark-file.ts";

const work: Bookmark = { name: "work", folder: [], host: "h", security: "auto", password: "s3cret", warnings: [] };
const proofs: Bookmark = {
  name: "proofs",
  folder: ["a", "b"],
  host: "h2",
  port: 990,
  security: "implicit",
  warnings: ["w"],
};

async function pathIn(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-bookmarks-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "client", "bookmarks.json");
}

test("bookmarks are added, found, listed and removed", async (context) => {
  const path = await pathIn(context);
  const file = bookmarkFile(path);
  assert.deepEqual(await file.list(), []);
  await file.add([work, proofs]);
  assert.deepEqual(
    (await file.list()).map(({ name }) => name),
    ["proofs", "work"],
  );
  assert.deepEqual(await file.find("a/b/proofs"), proofs);
  assert.deepEqual(await file.find("proofs"), proofs);
  assert.equal(await file.find("b/proofs"), undefined);
  await assert.rejects(file.add([{ ...proofs, name: "new", folder: [] }, work]), { code: "SALLYPORT_BOOKMARK_EXISTS" });
  assert.equal(await file.find("new"), undefined, "all or none");
  await file.add([{ ...work, host: "other" }], { replaces: true });
  assert.equal((await file.find("work"))?.host, "other");
  await file.add([
    { ...proofs, folder: [], name: "p2" },
    { ...proofs, folder: ["c"] },
  ]);
  assert.equal(await file.find("proofs"), undefined, "two of that name");
  assert.equal(await file.remove("work"), true);
  assert.equal(await file.remove("work"), false);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("R-CLI-08 passwords are kept only on request", async (context) => {
  const path = await pathIn(context);
  await bookmarkFile(path).add([work]);
  assert.doesNotMatch(await readFile(path, "utf8"), /s3cret/);
  await bookmarkFile(path).add([work], { replaces: true, keepsPasswords: true });
  assert.equal((await bookmarkFile(path).find("work"))?.password, "s3cret");
});

test("a file that holds something else is not taken for bookmarks", async (context) => {
  const path = await pathIn(context);
  await bookmarkFile(path).add([work]);
  for (const change of [
    { host: 1 },
    { port: 0 },
    { security: "plain" },
    { folder: "a" },
    { warnings: [1] },
    { user: 1 },
    { dataMode: "x" },
  ]) {
    await writeFile(path, JSON.stringify([{ ...work, ...change }]));
    await assert.rejects(bookmarkFile(path).list(), { code: "SALLYPORT_FILE_UNREADABLE" }, JSON.stringify(change));
  }
});
