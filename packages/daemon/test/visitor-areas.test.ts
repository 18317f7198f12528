import type { Octets, VirtualPath } from "@sallyport/protocol";
import type { Storage } from "@sallyport/server/storage";
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { VisitorAreas } from "../src/public/visitor-areas.ts";

const file = "/note.txt" as VirtualPath;
let nowMs = 0;
let areas: VisitorAreas;

async function write(storage: Storage, path: VirtualPath, sizeBytes: number): Promise<void> {
  const upload = await storage.openWrite(path, { kind: "replace" });
  await upload.write(Buffer.alloc(sizeBytes, "x"), 0);
  await upload.publish();
}

async function names(storage: Storage): Promise<Octets[]> {
  const slices = await Array.fromAsync(storage.list("/" as VirtualPath));
  return slices.flat().map(({ name }) => name);
}

describe("write areas of visitors", () => {
  beforeEach(() => {
    nowMs = 1_000_000;
    areas = new VisitorAreas({
      areaBytes: 1000,
      areaEntriesCount: 5,
      areasCount: 2,
      resetMs: 60_000,
      now: () => nowMs,
    });
  });

  test("one address sees what it wrote over several connections, another does not", async () => {
    await write(areas.storageFor("192.0.2.1", "demo"), file, 10);
    assert.deepEqual(await names(areas.storageFor("192.0.2.1", "demo")), ["note.txt"]);
    assert.deepEqual(await names(areas.storageFor("192.0.2.2", "demo")), []);
  });

  test("addresses of one IPv6 /64 are one visitor", async () => {
    await write(areas.storageFor("2001:db8:1:2::1", "demo"), file, 10);
    assert.deepEqual(await names(areas.storageFor("2001:db8:1:2::ffff", "demo")), ["note.txt"]);
    assert.deepEqual(await names(areas.storageFor("2001:db8:1:3::1", "demo")), []);
  });

  test("an area holds no more than its limit", async () => {
    const storage = areas.storageFor("192.0.2.1", "demo");
    await assert.rejects(write(storage, file, 1001), { kind: "no-space" });
    assert.deepEqual(await names(storage), []);
    await write(storage, file, 1000);
  });

  test("an area holds no more names than its limit, also where they hold nothing", async () => {
    const storage = areas.storageFor("192.0.2.1", "demo");
    for (const name of ["a", "b", "c", "d"]) await storage.makeDirectory(`/${name}` as VirtualPath);
    await write(storage, file, 0);
    await assert.rejects(storage.makeDirectory("/e" as VirtualPath), { kind: "no-space" });
    await assert.rejects(write(storage, "/empty" as VirtualPath, 0), { kind: "no-space" });
    await write(storage, file, 10);
    await storage.removeDirectory("/a" as VirtualPath);
    await storage.makeDirectory("/e" as VirtualPath);
  });

  test("a login in progress sees its area emptied when the time is over", async () => {
    const storage = areas.storageFor("192.0.2.1", "demo");
    await write(storage, file, 10);
    nowMs += 59_999;
    assert.deepEqual(await names(storage), ["note.txt"]);
    nowMs += 1;
    assert.deepEqual(await names(storage), []);
    await write(storage, file, 10);
    assert.deepEqual(await names(storage), ["note.txt"]);
  });

  test("the oldest area gives way when there are too many", async () => {
    for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      nowMs += 1;
      // oxlint-disable-next-line no-await-in-loop -- their order counts
      await write(areas.storageFor(address, "demo"), file, 10);
    }
    assert.equal(areas.size, 2);
    assert.deepEqual(await names(areas.storageFor("192.0.2.3", "demo")), ["note.txt"]);
    assert.deepEqual(await names(areas.storageFor("192.0.2.1", "demo")), []);
  });

  test("areas whose time is over are freed", async () => {
    await write(areas.storageFor("192.0.2.1", "demo"), file, 10);
    nowMs += 60_000;
    areas.sweep();
    assert.equal(areas.size, 0);
  });
});
