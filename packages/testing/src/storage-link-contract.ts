import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import type { Octets, VirtualPath } from "@sallyport/protocol";
import type { Storage } from "@sallyport/server/storage";

import { entries, get, kindOf, type MakeSource, names, path, put } from "./storage-steps.ts";

type LinkStorage = Storage & { makeSymbolicLink(path: VirtualPath, target: Octets): Promise<void> };

/** Symbolic links, for storages that have them. */
export function storageLinkContract(makeSource: MakeSource): void {
  const linkTest = (name: string, run: (storage: LinkStorage) => Promise<void>): void => {
    test(name, async (context: TestContext) => {
      const storage = (await makeSource(context)).forOwner("alice");
      if (storage.makeSymbolicLink === undefined) return context.skip("this storage has no symbolic links");
      await storage.makeDirectory(path("/d"));
      await storage.makeDirectory(path("/d/e"));
      await put(storage, "/d/f", "content");
      await run(storage as LinkStorage);
    });
  };
  const target = (text: string): Octets => text as Octets;

  linkTest("a link is described itself, and what it leads to on request", async (storage) => {
    await storage.makeSymbolicLink(path("/l\xff"), target("d/f"));
    await storage.makeSymbolicLink(path("/dir"), target("./d"));
    const link = await storage.stat(path("/l\xff"));
    assert.deepEqual([link.name, link.type, link.target], ["l\xff", "symbolic-link", "d/f"]);
    const followed = await storage.stat(path("/l\xff"), { followLinks: true });
    assert.deepEqual([followed.name, followed.type, followed.sizeBytes], ["l\xff", "file", 7]);
    assert.equal((await storage.stat(path("/dir"), { followLinks: true })).type, "directory");
    const listed = (await entries(storage)).find((entry) => entry.name === "l\xff");
    assert.deepEqual([listed?.type, listed?.target], ["symbolic-link", "d/f"]);
  });

  linkTest("links are followed on the way and at the end", async (storage) => {
    await storage.makeSymbolicLink(path("/dir"), target("d"));
    await storage.makeSymbolicLink(path("/d/e/up"), target("../.."));
    await storage.makeSymbolicLink(path("/d/again"), target("e/../../dir/f"));
    assert.equal(await get(storage, "/dir/f"), "content");
    assert.equal(await get(storage, "/d/e/up/dir/e/up/d/f"), "content");
    assert.equal(await get(storage, "/d/again"), "content");
    assert.deepEqual(await names(storage, "/d/e/up"), ["d", "dir"]);
    await put(storage, "/dir/new", "through");
    assert.equal(await get(storage, "/d/new"), "through");
    await storage.makeDirectory(path("/dir/made"));
    await storage.rename(path("/dir/made"), path("/d/e/up/moved"));
    assert.deepEqual(await names(storage), ["d", "dir", "moved"]);
  });

  linkTest("an upload to a link goes to what it leads to", async (storage) => {
    await storage.makeSymbolicLink(path("/l"), target("d/f"));
    await storage.makeSymbolicLink(path("/dangling"), target("d/new"));
    await put(storage, "/l", "changed");
    await put(storage, "/l", "+", { kind: "append" });
    assert.equal(await get(storage, "/d/f"), "changed+");
    await put(storage, "/dangling", "made");
    assert.equal(await get(storage, "/d/new"), "made");
    for (const name of ["/l", "/dangling"]) assert.equal((await storage.stat(path(name))).type, "symbolic-link");
  });

  linkTest("remove and rename are for the link, not for what it leads to", async (storage) => {
    await storage.makeSymbolicLink(path("/l"), target("d/f"));
    await storage.makeSymbolicLink(path("/dir"), target("d"));
    await storage.rename(path("/l"), path("/m"));
    assert.equal(await get(storage, "/m"), "content");
    assert.equal(await kindOf(storage.removeDirectory(path("/dir"))), "not-a-directory");
    await storage.remove(path("/m"));
    await storage.remove(path("/dir"));
    assert.equal(await get(storage, "/d/f"), "content");
    assert.deepEqual(await names(storage), ["d"]);
  });

  linkTest("links that lead nowhere or in a circle are not found", async (storage) => {
    await storage.makeSymbolicLink(path("/nowhere"), target("none"));
    await storage.makeSymbolicLink(path("/circle"), target("circle"));
    await storage.makeSymbolicLink(path("/one"), target("two"));
    await storage.makeSymbolicLink(path("/two"), target("one/x"));
    await storage.makeSymbolicLink(path("/file"), target("d/f"));
    for (const name of ["/nowhere", "/circle", "/one"]) {
      assert.equal((await storage.stat(path(name))).type, "symbolic-link");
      assert.equal(await kindOf(storage.stat(path(name), { followLinks: true })), "not-found", name);
      assert.equal(await kindOf(storage.openRead(path(name))), "not-found", name);
      assert.equal(await kindOf(storage.stat(path(`${name}/x`))), "not-found", name);
      assert.equal(await kindOf(entries(storage, name)), "not-found", name);
    }
    assert.equal(await kindOf(storage.openWrite(path("/circle"), { kind: "replace" })), "not-found");
    assert.equal(await kindOf(storage.stat(path("/file/x"))), "not-a-directory");
    assert.equal(await kindOf(entries(storage, "/file")), "not-a-directory");
  });

  linkTest("S-21 a link is not made to lead out", async (storage) => {
    for (const text of ["..", "../x", "d/../../x", "/etc/passwd", "/", "./../"]) {
      const kind = await kindOf(storage.makeSymbolicLink(path("/out"), target(text)));
      assert(kind === "denied" || text.startsWith("/"), `${text}: ${kind}`);
      if (kind === "done") await storage.remove(path("/out"));
    }
    await storage.makeSymbolicLink(path("/d/in"), target("../d"));
    assert.equal(await kindOf(storage.makeSymbolicLink(path("/d/out"), target("../../d"))), "denied");
    assert.equal(await kindOf(storage.makeSymbolicLink(path("/l"), target(""))), "name-not-allowed");
    assert.equal(await kindOf(storage.makeSymbolicLink(path("/l"), target("a\0b"))), "name-not-allowed");
    assert.deepEqual(await names(storage), ["d"]);
  });

  linkTest("S-21 a link that was moved up leads out no more than one that was made so", async (storage) => {
    await storage.makeSymbolicLink(path("/d/e/l"), target("../../d/f"));
    assert.equal(await get(storage, "/d/e/l"), "content");
    await storage.rename(path("/d/e/l"), path("/l"));
    assert.equal(await kindOf(storage.openRead(path("/l"))), "not-found");
    assert.equal(await kindOf(storage.openWrite(path("/l"), { kind: "replace" })), "not-found");
    assert.equal(await kindOf(storage.stat(path("/l/x"))), "not-found");
    await storage.remove(path("/l"));
  });

  linkTest("S-21 a subtree is a root of its own", async (storage) => {
    if (storage.subtree === undefined) return;
    await put(storage, "/outside", "secret");
    await storage.makeSymbolicLink(path("/d/out"), target("../outside"));
    await storage.makeSymbolicLink(path("/d/e/in"), target("../f"));
    assert.equal(await get(storage, "/d/out"), "secret");
    const inside = storage.subtree(path("/d"));
    assert.equal(await get(inside, "/e/in"), "content");
    assert.equal(await kindOf(inside.openRead(path("/out"))), "not-found");
    assert.equal(await kindOf(inside.openWrite(path("/out"), { kind: "replace" })), "not-found");
    assert.equal(
      await kindOf(inside.makeSymbolicLink?.(path("/e/x"), target("../../outside")) ?? (() => {})),
      "denied",
    );
    assert.equal((await inside.stat(path("/"))).name, "");
    assert.deepEqual(await names(inside), ["e", "f", "out"]);
    const deeper = inside.subtree?.(path("/e"));
    assert.equal(deeper && (await kindOf(deeper.openRead(path("/in")))), "not-found");
  });
}
