import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";

import {
  MemoryDirectory,
  quota,
  QuotaUsage,
  QuotaUsages,
  type Storage,
  type StorageSource,
} from "@sallyport/server/storage";
import { storageContract, storageSteps } from "@sallyport/testing";

import { serve, temporaryDirectory } from "./temporary-directory.ts";

const { ascii, fill, get, interrupt, kindOf, names, path, put } = storageSteps;

storageContract("quota over memory", () => {
  const directory = new MemoryDirectory();
  const usages = new QuotaUsages();
  return { forOwner: (owner) => quota(directory.forOwner(owner), usages.of(owner, 1_000_000_000)) };
});

interface Limited {
  readonly inner: Storage;
  readonly storage: Storage;
  readonly usage: QuotaUsage;
}

const backends: Record<string, (context: TestContext) => StorageSource | Promise<StorageSource>> = {
  memory: () => new MemoryDirectory(),
  "a local directory": (context) => serve(context, temporaryDirectory(context)),
};

for (const [backend, makeSource] of Object.entries(backends)) {
  suite(`quota over ${backend}`, () => quotaTests(makeSource));
}

function quotaTests(makeSource: (context: TestContext) => StorageSource | Promise<StorageSource>): void {
  const limitedTo = async (context: TestContext, limitBytes: number): Promise<Limited> => {
    const inner = (await makeSource(context)).forOwner("alice");
    const usage = new QuotaUsage(limitBytes);
    return { inner, usage, storage: quota(inner, usage) };
  };

  test("what is there is counted once, directories and interrupted uploads included", async (context) => {
    const { inner, storage, usage } = await limitedTo(context, 100);
    await inner.makeDirectory(path("/d"));
    await put(inner, "/d/f", "x".repeat(40));
    await interrupt(inner, "/part", "x".repeat(20));
    assert.equal(await storage.freeSpaceBytes?.(path("/")), 40);
    assert.equal(usage.usedBytes, 60);
  });

  test("an upload stops at the limit, and giving it up frees what it took", async (context) => {
    const { storage, usage } = await limitedTo(context, 10);
    const file = await fill(storage, "/f", ascii("12345678"), { kind: "replace" });
    assert.equal(usage.freeBytes, 2);
    assert.equal(await kindOf(async () => file.write(ascii("9ab"), 8)), "quota-exceeded");
    await file.abandon({ keep: false });
    assert.equal(usage.freeBytes, 10);
    await put(storage, "/f", "1234567890");
    assert.equal(usage.freeBytes, 0);
    assert.equal(await kindOf(put(storage, "/g", "1")), "quota-exceeded");
    await put(storage, "/g", "");
  });

  test("two uploads at once share the limit", async (context) => {
    const { inner, usage } = await limitedTo(context, 10);
    const [one, other] = [quota(inner, usage), quota(inner, usage)];
    const first = await fill(one, "/a", ascii("123456"), { kind: "replace" });
    const second = await fill(other, "/b", ascii("1234"), { kind: "replace" });
    assert.equal(await kindOf(async () => second.write(ascii("5"), 4)), "quota-exceeded");
    await first.publish();
    await second.abandon({ keep: false });
    assert.equal(usage.usedBytes, 6);
  });

  test("what is replaced is credited, and removing or shrinking gives back", async (context) => {
    const { storage, usage } = await limitedTo(context, 10);
    await put(storage, "/f", "1234567890");
    await put(storage, "/f", "0987654321");
    assert.equal(usage.usedBytes, 10);
    assert.equal(await kindOf(put(storage, "/f", "09876543211")), "quota-exceeded");
    await put(storage, "/f", "1234");
    assert.equal(usage.usedBytes, 4);
    await put(storage, "/g", "123456");
    await storage.rename(path("/g"), path("/f"));
    assert.equal(usage.usedBytes, 6);
    await storage.remove(path("/f"));
    assert.equal(usage.usedBytes, 0);
  });

  test("interrupted uploads count until they are removed, and are continued within the limit", async (context) => {
    const { storage, usage } = await limitedTo(context, 10);
    await interrupt(storage, "/f", "123456");
    assert.equal(usage.usedBytes, 6);
    assert.equal(await kindOf(put(storage, "/g", "12345")), "quota-exceeded");
    assert.equal(await kindOf(put(storage, "/f", "78901", { kind: "append" })), "quota-exceeded");
    await put(storage, "/f", "7890", { kind: "resume", offset: 6 });
    assert.equal(usage.usedBytes, 10);
    await storage.remove(path("/f"));
    await interrupt(storage, "/f", "123");
    await storage.remove(path("/f"));
    assert.equal(usage.usedBytes, 0);
  });

  test("appends and ranges count what they add", async (context) => {
    const { storage, usage } = await limitedTo(context, 20);
    await put(storage, "/f", "12345");
    await put(storage, "/f", "678", { kind: "append" });
    assert.equal(usage.usedBytes, 8);
    await (await fill(storage, "/f", ascii("zzz"), { kind: "append" })).abandon({ keep: true });
    assert.equal(usage.usedBytes, 8);
    await put(storage, "/f", "abc", { kind: "range", first: 0, last: 2 });
    assert.equal(usage.usedBytes, 8);
    await put(storage, "/f", "xyz", { kind: "range", first: 6, last: 8 });
    assert.equal(usage.usedBytes, 9);
    await put(storage, "/f", "!", { kind: "resume", offset: 2 });
    assert.equal(usage.usedBytes, 3);
    assert.equal(await get(storage, "/f"), "ab!");
  });

  test("an announced size is refused before a single octet is sent", async (context) => {
    const { storage, usage } = await limitedTo(context, 10);
    await put(storage, "/f", "12345");
    const open = (at: string, expectedBytes: number) => storage.openWrite(path(at), { kind: "replace", expectedBytes });
    assert.equal(await kindOf(open("/g", 6)), "quota-exceeded");
    assert.equal(await kindOf(open("/f", 11)), "quota-exceeded");
    await (await open("/f", 10)).abandon({ keep: false });
    assert.equal(usage.usedBytes, 5);
    assert.deepEqual(await names(storage), ["f"]);
  });

  test("two uploads to one name count once", async (context) => {
    const { storage, usage } = await limitedTo(context, 100);
    const first = await fill(storage, "/f", ascii("12345"), { kind: "replace" });
    const second = await fill(storage, "/f", ascii("1234567"), { kind: "replace" });
    await Promise.all([first.publish(), second.publish()]);
    assert.equal(usage.usedBytes, (await storage.stat(path("/f"))).sizeBytes);
  });
}

test("all logins of an account share one usage, under the limit that holds now", () => {
  const usages = new QuotaUsages();
  const usage = usages.of("alice", 10);
  assert.equal(usages.of("alice", 20), usage);
  assert.equal(usage.limitBytes, 20);
  assert.notEqual(usages.of("bob", 10), usage);
});
