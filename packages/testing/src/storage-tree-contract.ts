import assert from "node:assert/strict";
import { test } from "node:test";

import { get, kindOf, type MakeStorage, names, path, put } from "./storage-steps.ts";

/** Directories, renaming and attributes. */
export function storageTreeContract(makeStorage: MakeStorage): void {
  directoryTests(makeStorage);
  attributeTests(makeStorage);
}

function directoryTests(makeStorage: MakeStorage): void {
  test("directories are made, renamed with what they hold, and removed when empty", async (context) => {
    const storage = await makeStorage(context);
    await storage.makeDirectory(path("/a"));
    await storage.makeDirectory(path("/a/b"));
    await put(storage, "/a/b/f", "deep");
    assert.equal((await storage.stat(path("/a/b"))).type, "directory");
    await storage.rename(path("/a"), path("/z"));
    assert.equal(await get(storage, "/z/b/f"), "deep");
    assert.equal(await kindOf(storage.removeDirectory(path("/z/b"))), "not-empty");
    await storage.remove(path("/z/b/f"));
    await storage.removeDirectory(path("/z/b"));
    await storage.removeDirectory(path("/z"));
    assert.deepEqual(await names(storage), []);
  });

  test("rename moves a file over another and keeps its identity", async (context) => {
    const storage = await makeStorage(context);
    await put(storage, "/a", "one");
    await put(storage, "/b", "two");
    const { identity } = await storage.stat(path("/a"));
    assert.notEqual((await storage.stat(path("/b"))).identity, identity);
    await storage.rename(path("/a"), path("/b"));
    assert.deepEqual(await names(storage), ["b"]);
    assert.equal(await get(storage, "/b"), "one");
    assert.equal((await storage.stat(path("/b"))).identity, identity);
    await storage.rename(path("/b"), path("/b"));
    assert.equal(await get(storage, "/b"), "one");
  });

  test("S-18 a directory of 5,000 entries is listed in slices, each entry once", async (context) => {
    const storage = await makeStorage(context);
    await storage.makeDirectory(path("/many"));
    const expected: string[] = [];
    for (let number = 0; number < 5000; number++) {
      const name = `entry-${String(number).padStart(4, "0")}`;
      expected.push(name);
      if (number % 10 > 0) await storage.makeDirectory(path(`/many/${name}`));
      else await put(storage, `/many/${name}`, "x".repeat(number % 7));
    }
    const found = [];
    for await (const slice of storage.list(path("/many"))) {
      assert(slice.length <= 512, `a slice of ${slice.length}`);
      found.push(...slice);
    }
    found.sort((one, other) => (one.name < other.name ? -1 : 1));
    assert.deepEqual(
      found.map(({ name }) => name),
      expected,
    );
    for (const [number, entry] of found.entries()) {
      assert.equal(entry.type, number % 10 > 0 ? "directory" : "file");
      assert.equal(entry.sizeBytes, number % 10 > 0 ? 0 : number % 7);
    }
    for await (const slice of storage.list(path("/many"))) {
      assert(slice.length > 0);
      break;
    }
  });
}

function attributeTests(makeStorage: MakeStorage): void {
  test("times are set to the millisecond, far back and far ahead", async (context) => {
    const storage = await makeStorage(context);
    if (storage.setAttributes === undefined) return context.skip("this storage sets no attributes");
    await put(storage, "/f", "x");
    await storage.makeDirectory(path("/d"));
    for (const at of ["/f", "/d"]) {
      for (const modifiedMs of [
        Date.UTC(1999, 11, 31, 23, 59, 59),
        1.5,
        Date.UTC(2100, 1, 28),
        -86_400_000,
        1_700_000_000_123,
      ]) {
        await storage.setAttributes(path(at), { modifiedMs });
        const entry = await storage.stat(path(at));
        assert(Math.abs(entry.modifiedMs - modifiedMs) < 0.01, `${entry.modifiedMs} for ${modifiedMs}`);
      }
    }
    assert.equal(await get(storage, "/f"), "x");
  });

  test("permission bits are set, others refused, and nothing else changes", async (context) => {
    const storage = await makeStorage(context);
    if (storage.setAttributes === undefined) return context.skip("this storage sets no attributes");
    await put(storage, "/f", "x");
    const before = await storage.stat(path("/f"));
    await storage.setAttributes(path("/f"), { mode: 0o640 });
    const after = await storage.stat(path("/f"));
    assert.equal(after.mode, 0o640);
    assert.equal(after.modifiedMs, before.modifiedMs);
    for (const mode of [0o4755, 0o2644, 0o1777]) {
      assert.equal(await kindOf(storage.setAttributes(path("/f"), { mode })), "denied");
    }
    await put(storage, "/f", "replaced");
    assert.equal((await storage.stat(path("/f"))).mode, 0o640, "a replaced file keeps its mode");
  });

  test("what cannot be set is refused before anything is", async (context) => {
    const storage = await makeStorage(context);
    if (storage.setAttributes === undefined) return context.skip("this storage sets no attributes");
    await put(storage, "/f", "x");
    const before = await storage.stat(path("/f"));
    const kind = await kindOf(storage.setAttributes(path("/f"), { createdMs: 1000, modifiedMs: 2000, mode: 0o600 }));
    const after = await storage.stat(path("/f"));
    if (kind === "done") assert.equal(after.createdMs, 1000);
    else assert.deepEqual([kind, after.modifiedMs, after.mode], ["unsupported", before.modifiedMs, before.mode]);
  });

  test("modification times follow the writing", async (context) => {
    const storage = await makeStorage(context);
    const startedMs = Date.now();
    const entry = await put(storage, "/f", "x");
    assert(entry.modifiedMs >= startedMs - 1000 && entry.modifiedMs <= Date.now() + 1000, String(entry.modifiedMs));
    await put(storage, "/f", "y", { kind: "append" });
    assert((await storage.stat(path("/f"))).modifiedMs >= entry.modifiedMs);
  });

  test("the free space is a number of octets where it is known", async (context) => {
    const storage = await makeStorage(context);
    if (storage.freeSpaceBytes === undefined) return context.skip("this storage does not know its free space");
    const freeBytes = await storage.freeSpaceBytes(path("/"));
    assert(freeBytes > 0, String(freeBytes));
    assert.equal(await kindOf(storage.freeSpaceBytes(path("/none"))), "not-found");
  });
}
