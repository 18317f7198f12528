import assert from "node:assert/strict";
import { test } from "node:test";

import type { Octets } from "@sallyport/protocol";
import { MemoryDirectory, subtree } from "@sallyport/server/storage";
import { storageContract, storageSteps } from "@sallyport/testing";

const { ascii, fill, get, interrupt, kindOf, names, path, put } = storageSteps;

storageContract("memory", () => new MemoryDirectory());
storageContract("subtree of memory", async () => {
  const directory = new MemoryDirectory();
  await directory.forOwner("operator").makeDirectory(path("/home"));
  return {
    forOwner: (owner) => subtree(directory.forOwner(owner), path("/home")),
  };
});

test("a full memory storage takes no more, and what is given up makes room", async () => {
  const directory = new MemoryDirectory({ limitBytes: 13 });
  const alice = directory.forOwner("alice");
  await put(alice, "/a", "123456");
  const file = await fill(alice, "/b", ascii("1234"), { kind: "replace" });
  assert.equal(directory.usedBytes, 10);
  assert.equal(await kindOf(() => file.write(ascii("5678"), 4)), "no-space");
  assert.equal(await kindOf(file.publish()), "failed");
  assert.equal(directory.usedBytes, 6);
  assert.deepEqual(await names(alice), ["a"]);
  await interrupt(alice, "/b", "123");
  assert.equal(directory.usedBytes, 9);
  await put(alice, "/b", "4", { kind: "append" });
  assert.equal(directory.usedBytes, 10);
  await alice.rename(path("/b"), path("/a"));
  assert.equal(directory.usedBytes, 4);
  await alice.remove(path("/a"));
  assert.equal(directory.usedBytes, 0);
});

test("an interrupted upload is gone when its time is over", async () => {
  const directory = new MemoryDirectory({ keepPartsMs: 0 });
  const alice = directory.forOwner("alice");
  await interrupt(alice, "/f", "half");
  assert.equal(await kindOf(alice.stat(path("/f"))), "not-found");
  assert.deepEqual(await names(alice), []);
  await directory.sweep();
  assert.equal(directory.usedBytes, 0);
  await put(alice, "/f", "new");
  assert.equal(await get(alice, "/f"), "new");
});

test("names are bounded as octets are, whatever has them, and each that goes makes room", async () => {
  const directory = new MemoryDirectory({ limitCount: 3, keepPartsMs: 60_000 });
  const alice = directory.forOwner("alice");
  await alice.makeDirectory(path("/d"));
  await put(alice, "/empty", "");
  await interrupt(alice, "/half", "1");
  assert.ok(alice.makeSymbolicLink !== undefined);
  const more = [
    alice.makeDirectory(path("/e")),
    alice.makeSymbolicLink(path("/l"), "d" as Octets),
    put(alice, "/f", ""),
  ];
  for (const one of more) assert.equal(await kindOf(one), "no-space");
  await interrupt(alice, "/half", "12");
  await put(alice, "/half", "3", { kind: "append" });
  await alice.rename(path("/half"), path("/empty"));
  await put(alice, "/f", "1");
  assert.equal(await kindOf(alice.makeDirectory(path("/e"))), "no-space");
  await alice.remove(path("/f"));
  await alice.removeDirectory(path("/d"));
  await put(alice, "/f", "1");
  await put(alice, "/g", "1");
  assert.equal(await kindOf(alice.makeDirectory(path("/e"))), "no-space");
});

test("a further interrupted upload over one whose time is over keeps no octets of it", async () => {
  const directory = new MemoryDirectory({ limitBytes: 10, keepPartsMs: 0 });
  const alice = directory.forOwner("alice");
  for (let at = 0; at < 5; at++) await interrupt(alice, "/f", "1234");
  assert.equal(directory.usedBytes, 4);
});
