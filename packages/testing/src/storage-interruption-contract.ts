import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import type { Storage } from "@sallyport/server/storage";

import { ascii, entries, fill, get, interrupt, kindOf, type MakeSource, names, path, put } from "./storage-steps.ts";

/** What becomes of uploads that break off, for their owner and for everybody else. */
export function storageInterruptionContract(makeSource: MakeSource): void {
  const makeTwo = async (context: TestContext): Promise<{ alice: Storage; bob: Storage; again: Storage }> => {
    const source = await makeSource(context);
    return { alice: source.forOwner("alice"), bob: source.forOwner("bob"), again: source.forOwner("alice") };
  };

  test("an interrupted upload is seen by its owner alone, in every login of the owner", async (context) => {
    const { alice, bob, again } = await makeTwo(context);
    await alice.makeDirectory(path("/d"));
    await put(alice, "/d/whole", "whole");
    await interrupt(alice, "/d/part\xff", "half of it");
    for (const storage of [alice, again]) {
      const entry = await storage.stat(path("/d/part\xff"));
      assert.deepEqual([entry.name, entry.type, entry.sizeBytes, entry.incomplete], ["part\xff", "file", 10, true]);
      assert.deepEqual(await names(storage, "/d"), ["part\xff", "whole"]);
      const listed = (await entries(storage, "/d")).map((found) => [
        found.name,
        found.incomplete ?? false,
        found.sizeBytes,
      ]);
      assert.deepEqual(listed.toSorted(), [
        ["part\xff", true, 10],
        ["whole", false, 5],
      ]);
      assert.equal(await kindOf(storage.openRead(path("/d/part\xff"))), "incomplete");
      assert.equal(await kindOf(storage.rename(path("/d/part\xff"), path("/d/x"))), "incomplete");
      assert.equal(await kindOf(storage.removeDirectory(path("/d/part\xff"))), "not-found");
      if (storage.setAttributes) {
        assert.equal(await kindOf(storage.setAttributes(path("/d/part\xff"), { mode: 0o600 })), "incomplete");
      }
    }
    assert.deepEqual(await names(bob, "/d"), ["whole"]);
    assert.equal(await kindOf(bob.stat(path("/d/part\xff"))), "not-found");
    assert.equal(await kindOf(bob.openRead(path("/d/part\xff"))), "not-found");
    assert.equal(await kindOf(bob.remove(path("/d/part\xff"))), "not-found");
    assert.equal(await kindOf(bob.openWrite(path("/d/part\xff"), { kind: "resume", offset: 10 })), "out-of-range");
  });

  for (const intent of [{ kind: "resume", offset: 4 }, { kind: "append" }] as const) {
    test(`an interrupted upload is continued by ${intent.kind} and then published whole`, async (context) => {
      const { alice, bob, again } = await makeTwo(context);
      await interrupt(alice, "/f", "half");
      const file = await fill(again, "/f", ascii("+rest"), intent);
      assert.equal(file.startPosition, 4);
      assert.equal(await kindOf(bob.stat(path("/f"))), "not-found");
      const entry = await file.publish();
      assert.deepEqual([entry.sizeBytes, entry.incomplete], [9, undefined]);
      for (const storage of [alice, bob]) {
        assert.equal(await get(storage, "/f"), "half+rest");
        assert.equal((await storage.stat(path("/f"))).incomplete, undefined);
        assert.deepEqual(await names(storage), ["f"]);
      }
      await alice.remove(path("/f"));
      assert.equal(await kindOf(alice.stat(path("/f"))), "not-found");
    });

    test(`an interrupted upload that is interrupted again by ${intent.kind} has grown`, async (context) => {
      const { alice, again } = await makeTwo(context);
      await interrupt(alice, "/f", "half");
      await interrupt(alice, "/f", "+more", intent);
      assert.equal((await again.stat(path("/f"))).sizeBytes, 9);
      await put(again, "/f", "!", { kind: "resume", offset: 9 });
      assert.equal(await get(alice, "/f"), "half+more!");
    });

    test(`an interrupted upload that is abandoned in ${intent.kind} stays as it was`, async (context) => {
      const { alice } = await makeTwo(context);
      await interrupt(alice, "/f", "half");
      await (await fill(alice, "/f", ascii("+more"), intent)).abandon({ keep: false });
      assert.equal((await alice.stat(path("/f"))).sizeBytes, 4);
      await put(alice, "/f", ".", { kind: "append" });
      assert.equal(await get(alice, "/f"), "half.");
    });
  }

  test("an interrupted upload is continued from before its end", async (context) => {
    const { alice } = await makeTwo(context);
    await interrupt(alice, "/f", "0123456789");
    const file = await fill(alice, "/f", ascii("xyz"), { kind: "resume", offset: 3 });
    assert.equal((await alice.stat(path("/f"))).sizeBytes, 10);
    await file.abandon({ keep: true });
    assert.equal((await alice.stat(path("/f"))).sizeBytes, 6);
    await put(alice, "/f", "!", { kind: "append" });
    assert.equal(await get(alice, "/f"), "012xyz!");
    assert.equal(await kindOf(alice.openWrite(path("/f"), { kind: "resume", offset: 8 })), "out-of-range");
  });

  test("an interrupted upload is begun anew by replace, which is the upload from then on", async (context) => {
    const { alice } = await makeTwo(context);
    await interrupt(alice, "/f", "first try");
    await (await fill(alice, "/f", ascii("no"), { kind: "replace" })).abandon({ keep: false });
    assert.equal((await alice.stat(path("/f"))).sizeBytes, 9);
    await (await alice.openWrite(path("/f"), { kind: "replace" })).abandon({ keep: true });
    assert.equal((await alice.stat(path("/f"))).sizeBytes, 9, "nothing written, nothing replaced");
    await interrupt(alice, "/f", "second");
    assert.equal((await alice.stat(path("/f"))).sizeBytes, 6);
    await put(alice, "/f", "third");
    assert.equal(await get(alice, "/f"), "third");
    await alice.remove(path("/f"));
    assert.deepEqual(await names(alice), []);
  });

  test("an interrupted upload is removed by its owner", async (context) => {
    const { alice, bob } = await makeTwo(context);
    await interrupt(alice, "/f", "half");
    await alice.remove(path("/f"));
    assert.equal(await kindOf(alice.stat(path("/f"))), "not-found");
    assert.equal(await kindOf(alice.remove(path("/f"))), "not-found");
    await put(bob, "/f", "x");
  });

  test("two owners interrupt and continue uploads of one name apart from each other", async (context) => {
    const { alice, bob } = await makeTwo(context);
    await interrupt(alice, "/f", "alice");
    await interrupt(bob, "/f", "bo");
    assert.equal((await alice.stat(path("/f"))).sizeBytes, 5);
    assert.equal((await bob.stat(path("/f"))).sizeBytes, 2);
    await put(bob, "/f", "b", { kind: "append" });
    for (const storage of [alice, bob]) assert.equal(await get(storage, "/f"), "bob");
    assert.equal((await alice.stat(path("/f"))).incomplete, undefined, "what is published hides what is not");
    assert.deepEqual(await names(alice), ["f"]);
  });

  test("an upload that was interrupted before its first octet, or over a file, leaves no part", async (context) => {
    const { alice } = await makeTwo(context);
    await (await alice.openWrite(path("/f"), { kind: "replace" })).abandon({ keep: true });
    assert.equal(await kindOf(alice.stat(path("/f"))), "not-found");
    await put(alice, "/f", "whole");
    await interrupt(alice, "/f", "ha");
    const entry = await alice.stat(path("/f"));
    assert.deepEqual([entry.sizeBytes, entry.incomplete], [5, undefined]);
    await alice.remove(path("/f"));
    assert.equal(await kindOf(alice.stat(path("/f"))), "not-found");
  });

  test("a part is continued by one login at a time", async (context) => {
    const { alice, again } = await makeTwo(context);
    await interrupt(alice, "/f", "half");
    const first = await fill(alice, "/f", ascii("+"), { kind: "append" });
    assert.equal(await kindOf(again.openWrite(path("/f"), { kind: "append" })), "busy");
    await first.publish();
    await put(again, "/f", "-", { kind: "append" });
    assert.equal(await get(alice, "/f"), "half+-");
  });

  test("a directory that holds nothing but its owner's part is not empty for the owner", async (context) => {
    const { alice, bob } = await makeTwo(context);
    await alice.makeDirectory(path("/d"));
    await interrupt(alice, "/d/f", "half");
    assert.equal(await kindOf(alice.removeDirectory(path("/d"))), "not-empty");
    await bob.removeDirectory(path("/d"));
    assert.deepEqual(await names(alice), []);
  });
}
