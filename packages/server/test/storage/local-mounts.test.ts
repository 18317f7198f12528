import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";

import { storageSteps } from "@sallyport/testing";

import { serve, temporaryDirectory, treeOf } from "./temporary-directory.ts";

const { ascii, fill, get, interrupt, kindOf, names, path: virtual, pattern, put } = storageSteps;

/** Mounts something at a directory; false, with the reason, where that is not permitted. */
function mounted(context: TestContext, at: string, ...options: string[]): boolean {
  fs.mkdirSync(at, { recursive: true });
  try {
    execFileSync("mount", [...options, at], { stdio: "ignore" });
  } catch {
    context.skip("mounting is not permitted here");
    return false;
  }
  return true;
}

const small = ["-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs"];

test("a full disk stops an upload, and what it had taken is free again", { timeout: 20_000 }, async (context) => {
  const root = path.join(temporaryDirectory(context), "root");
  if (!mounted(context, root, ...small)) return;
  const storage = (await serve(context, root)).forOwner("alice");
  await put(storage, "/f", "whole");
  for (const intent of [{ kind: "replace" }, { kind: "append" }, { kind: "resume", offset: 5 }] as const) {
    assert.equal(await kindOf(fill(storage, "/f", pattern(2_000_000), intent)), "no-space", intent.kind);
  }
  const file = await storage.openWrite(virtual("/g"), { kind: "replace" });
  assert.equal(await kindOf(async () => file.write(pattern(2_000_000), 0)), "no-space");
  assert.equal(await kindOf(file.publish()), "no-space");
  assert.equal(
    await kindOf(storage.openWrite(virtual("/g"), { kind: "replace", expectedBytes: 2_000_000 })),
    "no-space",
  );
  assert.deepEqual(await names(storage), ["f"]);
});

test(
  "a full disk leaves of an abandoned upload nothing, and of an append what was there",
  { timeout: 20_000 },
  async (context) => {
    const root = path.join(temporaryDirectory(context), "root");
    if (!mounted(context, root, ...small)) return;
    const storage = (await serve(context, root)).forOwner("alice");
    await put(storage, "/f", "whole");
    for (const kind of ["replace", "append"] as const) {
      const file = await storage.openWrite(virtual("/f"), { kind });
      await file.write(pattern(500_000), file.startPosition);
      assert.equal(await kindOf(async () => file.write(pattern(1_000_000), file.startPosition + 500_000)), "no-space");
      await file.abandon({ keep: true });
      assert.equal(await get(storage, "/f"), "whole");
    }
    await put(storage, "/g", pattern(800_000));
    await storage.remove(virtual("/g"));
    const part = await storage.openWrite(virtual("/h"), { kind: "replace" });
    await part.write(pattern(400_000), 0);
    assert.equal(await kindOf(async () => part.write(pattern(1_000_000), 400_000)), "no-space");
    await part.abandon({ keep: true });
    assert.equal((await storage.stat(virtual("/h"))).sizeBytes, 400_000, "what is whole is kept, what was cut is not");
  },
);

const foreign: Record<string, (root: string) => string[]> = {
  "another file system": () => small,
  "the same file system mounted twice": (root) => ["--bind", path.join(path.dirname(root), "bound")],
};

for (const [what, options] of Object.entries(foreign)) {
  test(
    `below a mount of ${what} uploads are staged, kept and published there`,
    { timeout: 20_000 },
    async (context) => {
      const root = path.join(temporaryDirectory(context), "root");
      fs.mkdirSync(path.join(root, "mount"), { recursive: true });
      fs.mkdirSync(path.join(path.dirname(root), "bound"));
      if (!mounted(context, path.join(root, "mount"), ...options(root))) return;
      fs.mkdirSync(path.join(root, "mount/d"));
      const directory = await serve(context, root);
      const [alice, bob] = [directory.forOwner("alice"), directory.forOwner("bob")];
      await put(alice, "/mount/d/f", "one");
      await put(alice, "/mount/d/f", "+two", { kind: "append" });
      await put(alice, "/mount/d/f", "!", { kind: "resume", offset: 3 });
      assert.equal(await get(bob, "/mount/d/f"), "one!");
      await interrupt(alice, "/mount/d/part", "half");
      assert.deepEqual(await names(alice, "/mount/d"), ["f", "part"]);
      assert.deepEqual(await names(bob, "/mount/d"), ["f"]);
      assert.equal(await kindOf(alice.rename(virtual("/mount/d/f"), virtual("/f"))), "unsupported");
      await put(alice, "/mount/d/part", "+rest", { kind: "append" });
      assert.equal(await get(bob, "/mount/d/part"), "half+rest");
      await bob.remove(virtual("/mount/d/part"));
      await bob.remove(virtual("/mount/d/f"));
      await bob.removeDirectory(virtual("/mount/d"));
      assert.deepEqual(await names(bob, "/mount"), []);
    },
  );
}

test("the sweep finds what was left below a mount", { timeout: 20_000 }, async (context) => {
  const root = path.join(temporaryDirectory(context), "root");
  fs.mkdirSync(root);
  if (!mounted(context, path.join(root, "mount"), ...small)) return;
  const storage = (await serve(context, root)).forOwner("alice");
  await interrupt(storage, "/mount/f", "half");
  await new Promise((resolve) => setTimeout(resolve, 30));
  await serve(context, root, { keepPartsMs: 20 });
  assert.deepEqual(
    Object.values(treeOf(path.join(root, "mount"))).filter((content) => content !== "directory"),
    [],
  );
});

test("a link to another mount inside the root is followed", async (context) => {
  const root = path.join(temporaryDirectory(context), "root");
  fs.mkdirSync(root);
  if (!mounted(context, path.join(root, "mount"), ...small)) return;
  const storage = (await serve(context, root)).forOwner("alice");
  fs.symlinkSync("mount", path.join(root, "link"));
  await (await fill(storage, "/link/f", ascii("x"), { kind: "create" })).publish();
  assert.equal(await get(storage, "/mount/f"), "x");
});
