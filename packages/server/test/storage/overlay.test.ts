import assert from "node:assert/strict";
import { test } from "node:test";

import type { Octets } from "@sallyport/protocol";
import { MemoryDirectory, overlay, readOnly, type Storage, subtree } from "@sallyport/server/storage";
import { storageContract, storageSteps } from "@sallyport/testing";

const { entries, get, kindOf, names, path, put } = storageSteps;

storageContract("overlay with one mount at the root", () => {
  const directory = new MemoryDirectory();
  return { forOwner: (owner) => overlay([{ path: path("/"), storage: directory.forOwner(owner) }]) };
});

storageContract("mount of an overlay", () => {
  const [base, mounted] = [new MemoryDirectory(), new MemoryDirectory()];
  return {
    forOwner: (owner) => {
      const joined = overlay([
        { path: path("/"), storage: base.forOwner(owner) },
        { path: path("/deep/down"), storage: mounted.forOwner(owner) },
      ]);
      return subtree(joined, path("/deep/down"));
    },
  };
});

interface Tree {
  readonly joined: Storage;
  readonly base: Storage;
  readonly shared: Storage;
  readonly deep: Storage;
}

function makeTree(): Tree {
  const [base, shared, deep] = [0, 1, 2].map(() => new MemoryDirectory().forOwner("alice"));
  assert(base && shared && deep);
  const joined = overlay([
    { path: path("/"), storage: base },
    { path: path("/shared"), storage: shared },
    { path: path("/a/b/deep"), storage: deep },
  ]);
  return { joined, base, shared, deep };
}

test("mount points and what leads to them are listed, also where the storage below lacks them", async () => {
  const { joined, base } = makeTree();
  await put(base, "/f", "x");
  assert.deepEqual(await names(joined), ["a", "f", "shared"]);
  assert.deepEqual(await names(joined, "/a"), ["b"]);
  assert.deepEqual(await names(joined, "/a/b"), ["deep"]);
  assert.deepEqual(await names(joined, "/a/b/deep"), []);
  for (const at of ["/", "/a", "/a/b", "/a/b/deep", "/shared"]) {
    const entry = await joined.stat(path(at));
    assert.deepEqual([entry.type, entry.name], ["directory", at.slice(at.lastIndexOf("/") + 1)], at);
  }
  await base.makeDirectory(path("/a"));
  await put(base, "/a/own", "y");
  assert.deepEqual(await names(joined, "/a"), ["b", "own"]);
});

test("what a storage has under the name of a mount point is hidden", async () => {
  const { joined, base, shared } = makeTree();
  await put(base, "/shared", "hidden");
  await put(shared, "/seen", "x");
  assert.equal((await joined.stat(path("/shared"))).type, "directory");
  assert.deepEqual(await names(joined, "/shared"), ["seen"]);
  assert.equal((await entries(joined)).filter((entry) => entry.name === "shared").length, 1);
  assert.equal(await get(joined, "/shared/seen"), "x");
});

test("each path is written to the storage that it belongs to", async () => {
  const { joined, base, shared, deep } = makeTree();
  await put(joined, "/f", "base");
  await put(joined, "/shared/f", "shared");
  await put(joined, "/sharedwith", "not shared");
  await put(joined, "/a/b/deep/f", "deep");
  assert.deepEqual(await names(base), ["f", "sharedwith"]);
  assert.deepEqual(await Promise.all([get(base, "/f"), get(shared, "/f"), get(deep, "/f")]), [
    "base",
    "shared",
    "deep",
  ]);
});

test("nothing is renamed between two mounts", async () => {
  const { joined } = makeTree();
  await put(joined, "/f", "x");
  assert.equal(await kindOf(joined.rename(path("/f"), path("/shared/f"))), "unsupported");
  assert.equal(await kindOf(joined.rename(path("/none"), path("/shared/f"))), "not-found");
  assert.equal(await get(joined, "/f"), "x");
});

test("mount points and what leads to them stay as they are", async () => {
  const { joined, base } = makeTree();
  await base.makeDirectory(path("/a"));
  for (const at of ["/a", "/a/b", "/shared", "/a/b/deep"]) {
    assert.equal(await kindOf(joined.rename(path(at), path("/x"))), "denied", at);
    assert.equal(await kindOf(joined.removeDirectory(path(at))), "denied", at);
    assert.equal(await kindOf(joined.remove(path(at))), "is-a-directory", at);
    assert.equal(await kindOf(joined.makeDirectory(path(at))), "exists", at);
    assert.equal(await kindOf(joined.openWrite(path(at), { kind: "replace" })), "is-a-directory", at);
    assert.equal(await kindOf(joined.openRead(path(at))), "is-a-directory", at);
    assert.equal(await kindOf(joined.makeSymbolicLink?.(path(at), "f" as Octets) ?? (() => {})), "exists", at);
  }
  await put(joined, "/f", "x");
  assert.equal(await kindOf(joined.rename(path("/f"), path("/a"))), "exists");
});

test("without a mount at the root there is nothing but the mounts", async () => {
  const shared = new MemoryDirectory().forOwner("alice");
  const joined = overlay([{ path: path("/one/two"), storage: shared }]);
  assert.deepEqual(await names(joined), ["one"]);
  assert.equal(await kindOf(joined.makeDirectory(path("/other"))), "denied");
  assert.equal(await kindOf(joined.openWrite(path("/one/f"), { kind: "replace" })), "denied");
  assert.equal(await kindOf(joined.stat(path("/other"))), "not-found");
  await put(joined, "/one/two/f", "x");
  assert.equal(await get(shared, "/f"), "x");
});

test("a subtree of an overlay keeps the mounts below it", async () => {
  const { joined, deep, base } = makeTree();
  await put(deep, "/f", "x");
  await base.makeDirectory(path("/a"));
  await put(base, "/a/g", "y");
  const inside = subtree(joined, path("/a"));
  assert.deepEqual(await names(inside), ["b", "g"]);
  assert.equal(await get(inside, "/b/deep/f"), "x");
});

test("a mount may be read-only beside others that are not", async () => {
  const [base, shared] = [new MemoryDirectory().forOwner("alice"), new MemoryDirectory().forOwner("alice")];
  await put(shared, "/f", "x");
  const joined = overlay([
    { path: path("/"), storage: base },
    { path: path("/shared"), storage: readOnly(shared) },
  ]);
  assert.equal(await get(joined, "/shared/f"), "x");
  assert.equal(await kindOf(joined.remove(path("/shared/f"))), "read-only");
  await put(joined, "/f", "y");
});
