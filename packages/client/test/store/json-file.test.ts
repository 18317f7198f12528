import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { lockFile } from "../../src/store/file-lock.ts";
import { type JsonFile, jsonFile } from "../../src/store/json-file.ts";

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-store-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function numbers(path: string): JsonFile<readonly number[]> {
  const parse = (value: unknown): readonly number[] | undefined =>
    Array.isArray(value) ? value.map(Number) : undefined;
  return jsonFile(path, { empty: [], parse, what: "numbers" });
}

test("a file is made with its folder, for its owner alone, and leaves nothing beside it", async (context) => {
  const folder = join(await folderOf(context), "new");
  const file = numbers(join(folder, "n.json"));
  assert.deepEqual(await file.read(), []);
  assert.deepEqual(await file.update((content) => [...content, 1]), [1]);
  assert.deepEqual(await file.read(), [1]);
  assert.equal((await stat(join(folder, "n.json"))).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ["n.json"]);
});

test("updates at the same time all count", async (context) => {
  const file = numbers(join(await folderOf(context), "n.json"));
  await Promise.all(Array.from({ length: 20 }, (_, at) => file.update((content) => [...content, at])));
  assert.equal((await file.read()).length, 20);
});

test("what cannot be read is not overwritten", async (context) => {
  const path = join(await folderOf(context), "n.json");
  for (const content of ["", "{", '{"a":1}']) {
    await writeFile(path, content);
    await assert.rejects(numbers(path).read(), { code: "SALLYPORT_FILE_UNREADABLE" });
    await assert.rejects(
      numbers(path).update(() => [1]),
      { code: "SALLYPORT_FILE_UNREADABLE" },
    );
    assert.equal(await readFile(path, "utf8"), content);
  }
});

test("an update that changes nothing, or throws, leaves the file alone; a link stays a link", async (context) => {
  const folder = await folderOf(context);
  await writeFile(join(folder, "real.json"), "[7]");
  await symlink("real.json", join(folder, "link.json"));
  const file = numbers(join(folder, "link.json"));
  await file.update((content) => content);
  assert.equal(await readFile(join(folder, "real.json"), "utf8"), "[7]");
  await assert.rejects(
    file.update(() => {
      throw new RangeError("no");
    }),
    RangeError,
  );
  await file.update(() => [8]);
  assert.deepEqual(JSON.parse(await readFile(join(folder, "real.json"), "utf8")), [8]);
  assert.deepEqual((await readdir(folder)).toSorted(), ["link.json", "real.json"]);
});

test("a lock is held by one, and taken over from a process that is gone", async (context) => {
  const path = join(await folderOf(context), "f");
  {
    await using lock = await lockFile(path, { waitMs: 0 });
    assert.ok(lock);
    assert.equal(await lockFile(path, { waitMs: 60 }), undefined);
  }
  const before = new Date(Date.now() - process.uptime() * 1000 - 5_000);
  const holders: ReadonlyArray<readonly [content: string, takenAt: Date, isTaken: boolean]> = [
    [`999999999 ${hostname()}`, new Date(), true],
    [`${process.pid} ${hostname()}`, before, true],
    [`${process.pid} ${hostname()}`, new Date(), false], // another thread's
    [`${process.ppid} ${hostname()}`, before, false],
    ["1 another-machine", before, false],
    ["", new Date(), false],
    ["", before, true],
  ];
  for (const [content, takenAt, isTaken] of holders) {
    await writeFile(`${path}.lock`, content);
    await utimes(`${path}.lock`, takenAt, takenAt);
    await using lock = await lockFile(path, { waitMs: 0 });
    assert.equal(lock !== undefined, isTaken, content);
  }
});
