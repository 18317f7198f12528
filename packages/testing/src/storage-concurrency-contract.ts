import assert from "node:assert/strict";
import { test } from "node:test";

import { ascii, fill, get, kindOf, type MakeSource, names, path, pattern, put } from "./storage-steps.ts";

/** What uploads look like to readers and to each other. */
export function storageConcurrencyContract(makeSource: MakeSource): void {
  test("S-32 nothing of an upload is seen before it is published, by its owner or by others", async (context) => {
    const source = await makeSource(context);
    const [alice, bob] = [source.forOwner("alice"), source.forOwner("bob")];
    const fresh = await fill(alice, "/new", pattern(300_000), { kind: "replace" });
    for (const storage of [alice, bob]) {
      assert.deepEqual(await names(storage), []);
      assert.equal(await kindOf(storage.stat(path("/new"))), "not-found");
      assert.equal(await kindOf(storage.openRead(path("/new"))), "not-found");
    }
    await fresh.publish();
    const next = await fill(alice, "/new", pattern(400_000, 2), { kind: "replace" });
    for (const storage of [alice, bob]) assert.equal((await get(storage, "/new")).length, 300_000);
    await next.publish();
    for (const storage of [alice, bob]) assert.equal((await get(storage, "/new")).length, 400_000);
  });

  test("S-32 a reader keeps the version that it opened", async (context) => {
    const storage = (await makeSource(context)).forOwner("alice");
    await put(storage, "/f", pattern(300_000, 1));
    await using file = await storage.openRead(path("/f"));
    const start = new Uint8Array(10);
    await file.read(start, 0);
    await put(storage, "/f", pattern(300_000, 2));
    const rest = new Uint8Array(10);
    await file.read(rest, 299_990);
    assert.deepEqual(
      [...start, ...rest],
      [...pattern(300_000, 1).subarray(0, 10), ...pattern(300_000, 1).subarray(299_990)],
    );
    await storage.remove(path("/f"));
    assert.equal(await file.read(rest, 0), 10);
  });

  test("S-32 of two uploads to one name each stays whole, and the last to be published wins", async (context) => {
    const source = await makeSource(context);
    const first = await source.forOwner("alice").openWrite(path("/f"), { kind: "replace" });
    const second = await source.forOwner("bob").openWrite(path("/f"), { kind: "replace" });
    for (let at = 0; at < 10; at++) {
      await first.write(pattern(1000, 1), at * 1000);
      await second.write(pattern(1000, 2), at * 1000);
    }
    const [ones, twos] = [pattern(1000, 1), pattern(1000, 2)].map((part) =>
      Buffer.from(part).toString("latin1").repeat(10),
    );
    await second.publish();
    assert.equal(await get(source.forOwner("carol"), "/f"), twos);
    await first.publish();
    assert.equal(await get(source.forOwner("carol"), "/f"), ones);
  });

  test("two appends to one file: the second is told that it is busy", async (context) => {
    const source = await makeSource(context);
    const [alice, bob] = [source.forOwner("alice"), source.forOwner("bob")];
    await put(alice, "/f", "start");
    for (const end of ["publish", "abandon"] as const) {
      const first = await fill(alice, "/f", ascii("+"), { kind: "append" });
      assert.equal(await kindOf(bob.openWrite(path("/f"), { kind: "append" })), "busy");
      await (end === "publish" ? first.publish() : first.abandon({ keep: true }));
      await put(bob, "/f", "-", { kind: "append" });
    }
    assert.equal(await get(alice, "/f"), "start+--");
    const first = await fill(alice, "/new", ascii("a"), { kind: "append" });
    assert.equal(await kindOf(bob.openWrite(path("/new"), { kind: "append" })), "busy");
    await first.publish();
    assert.equal(await get(bob, "/new"), "a");
  });

  test("two creations of one name: the second is told that it exists", async (context) => {
    const source = await makeSource(context);
    const first = await source.forOwner("alice").openWrite(path("/f"), { kind: "create" });
    assert.equal(await kindOf(source.forOwner("bob").openWrite(path("/f"), { kind: "create" })), "exists");
    await first.abandon({ keep: false });
    const second = await source.forOwner("bob").openWrite(path("/f"), { kind: "create" });
    await put(source.forOwner("alice"), "/f", "came between");
    assert.equal(await kindOf(second.publish()), "exists");
    assert.equal(await get(source.forOwner("bob"), "/f"), "came between");
  });

  test("an upload whose directory is gone fails and leaves nothing", async (context) => {
    const storage = (await makeSource(context)).forOwner("alice");
    await storage.makeDirectory(path("/d"));
    const file = await fill(storage, "/d/f", ascii("x"), { kind: "replace" });
    await storage.removeDirectory(path("/d"));
    assert.equal(await kindOf(file.publish()), "not-found");
    assert.deepEqual(await names(storage), []);
    await storage.makeDirectory(path("/d"));
    assert.deepEqual(await names(storage, "/d"), []);
  });
}
