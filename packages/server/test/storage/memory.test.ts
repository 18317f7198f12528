import assert from "node:assert/strict";
import { test } from "node:test";

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
