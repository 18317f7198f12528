import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";

import type { Octets } from "@sallyport/protocol";
import type { Storage } from "@sallyport/server/storage";

import { storageConcurrencyContract } from "./storage-concurrency-contract.ts";
import { storageErrorContract } from "./storage-error-contract.ts";
import { storageInterruptionContract } from "./storage-interruption-contract.ts";
import { storageLinkContract } from "./storage-link-contract.ts";
import { storageModelContract } from "./storage-model-contract.ts";
import {
  ascii,
  entries,
  fill,
  get,
  kindOf,
  type MakeSource,
  type MakeStorage,
  names,
  path,
  pattern,
  put,
} from "./storage-steps.ts";
import { storageTreeContract } from "./storage-tree-contract.ts";

/** What every storage must do, whatever it keeps its files in: registers the tests under a name. */
export function storageContract(name: string, makeSource: MakeSource): void {
  suite(`storage contract: ${name}`, () => {
    const makeStorage = async (context: TestContext): Promise<Storage> => (await makeSource(context)).forOwner("alice");
    nameTests(makeStorage);
    writeTests(makeStorage);
    partialWriteTests(makeStorage);
    storageConcurrencyContract(makeSource);
    storageTreeContract(makeStorage);
    storageErrorContract(makeSource);
    storageInterruptionContract(makeSource);
    storageLinkContract(makeSource);
    storageModelContract(makeSource);
  });
}

const oddNames = [
  "plain.txt",
  " leading and trailing ",
  "a;b=c",
  'quoted "twice"',
  "-rf",
  "*?[x]{a,b}",
  ".hidden",
  "...",
  "back\\slash",
  "C:",
  "%2e%2e",
  "tab\there",
  "\x01\x7f",
  "\xc3\xbc",
  "u\xcc\x88",
  "a\xffb",
  "\xff",
  "\xff\xfe\x80",
  "\xc0\xae\xc0\xae",
  "x".repeat(255),
  "\xff".repeat(255),
] as Octets[];

function nameTests(makeStorage: MakeStorage): void {
  test("R-2640-03 names are octets, valid UTF-8 or not, in every operation", async (context) => {
    const storage = await makeStorage(context);
    await storage.makeDirectory(path("/d\xff"));
    for (const name of oddNames) {
      const entry = await put(storage, `/d\xff/${name}`, name);
      assert.equal(entry.name, name);
    }
    assert.deepEqual(await names(storage, "/d\xff"), oddNames.toSorted());
    for (const name of oddNames) {
      assert.equal((await storage.stat(path(`/d\xff/${name}`))).name, name);
      assert.equal(await get(storage, `/d\xff/${name}`), name);
      await storage.rename(path(`/d\xff/${name}`), path(`/${name}`));
    }
    assert.deepEqual(await names(storage, "/d\xff"), []);
    for (const name of oddNames) await storage.remove(path(`/${name}`));
    assert.deepEqual(await names(storage), ["d\xff"]);
  });

  test("names that differ in one octet, in case or in Unicode form are different", async (context) => {
    const storage = await makeStorage(context);
    const different = ["a", "A", "\xc3\xa9", "e\xcc\x81", "\xe9", "a ", " a"];
    for (const name of different) await put(storage, `/${name}`, name);
    assert.deepEqual(await names(storage), different.toSorted());
    for (const name of different) assert.equal(await get(storage, `/${name}`), name);
  });

  test("the root is a directory without a name", async (context) => {
    const storage = await makeStorage(context);
    const root = await storage.stat(path("/"));
    assert.equal(root.type, "directory");
    assert.equal(root.name, "");
    assert.deepEqual(await entries(storage), []);
  });
}

function writeTests(makeStorage: MakeStorage): void {
  for (const lengthBytes of [0, 1, 65_536, 262_145, 1_048_583]) {
    test(`a file of ${lengthBytes} octets comes back as it went`, async (context) => {
      const storage = await makeStorage(context);
      const content = pattern(lengthBytes);
      const entry = await put(storage, "/f", content);
      assert.equal(entry.type, "file");
      assert.equal(entry.sizeBytes, lengthBytes);
      assert.equal(entry.incomplete, undefined);
      assert.equal((await storage.stat(path("/f"))).sizeBytes, lengthBytes);
      assert.deepEqual(Buffer.from(await get(storage, "/f"), "latin1"), Buffer.from(content));
    });
  }

  test("a file is read from any position, and an end is an end", async (context) => {
    const storage = await makeStorage(context);
    await put(storage, "/f", "0123456789");
    await using file = await storage.openRead(path("/f"));
    const buffer = new Uint8Array(4);
    assert.equal(await file.read(buffer, 8), 2);
    assert.deepEqual([...buffer.subarray(0, 2)], [...ascii("89")]);
    assert.equal(await file.read(buffer, 3), 4);
    assert.deepEqual([...buffer], [...ascii("3456")]);
    assert.equal(await file.read(buffer, 10), 0);
    assert.equal(await file.read(buffer, 1_000_000), 0);
  });

  test("replace puts a new file in the place of the old one, shorter or longer", async (context) => {
    const storage = await makeStorage(context);
    await put(storage, "/f", "a long first version");
    await put(storage, "/f", "short");
    assert.equal(await get(storage, "/f"), "short");
    await put(storage, "/f", "longer again than short");
    assert.equal(await get(storage, "/f"), "longer again than short");
    assert.deepEqual(await names(storage), ["f"]);
  });

  test("create takes only a free name", async (context) => {
    const storage = await makeStorage(context);
    assert.equal((await put(storage, "/f", "one", { kind: "create" })).sizeBytes, 3);
    assert.equal(await kindOf(storage.openWrite(path("/f"), { kind: "create" })), "exists");
    assert.equal(await get(storage, "/f"), "one");
  });

  test("an abandoned upload leaves nothing, and an old file as it was", async (context) => {
    const storage = await makeStorage(context);
    for (const kind of ["replace", "append", "create"] as const) {
      await (await fill(storage, "/new", ascii("half"), { kind })).abandon({ keep: false });
      assert.deepEqual(await names(storage), [], kind);
    }
    await put(storage, "/old", "whole");
    const before = await storage.stat(path("/old"));
    for (const intent of [
      { kind: "replace" },
      { kind: "append" },
      { kind: "resume", offset: 2 },
      { kind: "range", first: 1, last: 2 },
    ] as const) {
      for (const keep of [false, true]) {
        const length = intent.kind === "range" ? 2 : 9;
        await (await fill(storage, "/old", pattern(length), intent)).abandon({ keep });
        assert.equal(await get(storage, "/old"), "whole", intent.kind);
        assert.deepEqual(await names(storage), ["old"], intent.kind);
        assert.equal((await storage.stat(path("/old"))).modifiedMs, before.modifiedMs, intent.kind);
      }
    }
  });

  test("an upload that has ended stays ended", async (context) => {
    const storage = await makeStorage(context);
    const file = await fill(storage, "/f", ascii("x"), { kind: "replace" });
    await file.publish();
    await file.abandon({ keep: false });
    assert.equal(await kindOf(file.publish()), "failed");
    assert.equal(await kindOf(() => file.write(ascii("y"), 1)), "failed");
    assert.equal(await get(storage, "/f"), "x");
  });
}

function partialWriteTests(makeStorage: MakeStorage): void {
  test("append goes on at the end of the file, or begins one", async (context) => {
    const storage = await makeStorage(context);
    await put(storage, "/f", "one", { kind: "append" });
    const file = await fill(storage, "/f", ascii("two"), { kind: "append" });
    assert.equal(file.startPosition, 3);
    assert.equal((await file.publish()).sizeBytes, 6);
    assert.equal(await get(storage, "/f"), "onetwo");
    await put(storage, "/f", "", { kind: "append" });
    assert.equal(await get(storage, "/f"), "onetwo");
  });

  test("R-3659-07 resume keeps what lies before the offset, and the file ends where writing ends", async (context) => {
    const storage = await makeStorage(context);
    for (const [offset, added, expected] of [
      [4, "xx", "0123xx"],
      [0, "new", "new"],
      [10, "ab", "0123456789ab"],
      [10, "", "0123456789"],
      [4, "", "0123"],
      [9, "0123456789", "0123456780123456789"],
    ] as const) {
      await put(storage, "/f", "0123456789");
      const file = await fill(storage, "/f", ascii(added), { kind: "resume", offset });
      assert.equal(file.startPosition, offset);
      assert.equal(await get(storage, "/f"), "0123456789");
      assert.equal((await file.publish()).sizeBytes, expected.length);
      assert.equal(await get(storage, "/f"), expected);
    }
    assert.equal(await kindOf(storage.openWrite(path("/f"), { kind: "resume", offset: 20 })), "out-of-range");
    assert.equal(await kindOf(storage.openWrite(path("/none"), { kind: "resume", offset: 1 })), "out-of-range");
    await put(storage, "/none", "begun", { kind: "resume", offset: 0 });
    assert.equal(await get(storage, "/none"), "begun");
  });

  test("range replaces octets and keeps all others", async (context) => {
    const storage = await makeStorage(context);
    for (const [first, last, written, expected] of [
      [2, 4, "abc", "01abc56789"],
      [2, 4, "a", "01a3456789"],
      [0, 9, "ABCDEFGHIJ", "ABCDEFGHIJ"],
      [8, 12, "vwxyz", "01234567vwxyz"],
      [10, 11, "+-", "0123456789+-"],
      [3, 3, "", "0123456789"],
    ] as const) {
      await put(storage, "/f", "0123456789");
      const file = await fill(storage, "/f", ascii(written), { kind: "range", first, last });
      assert.equal(file.startPosition, first);
      assert.equal(await get(storage, "/f"), "0123456789");
      await file.publish();
      assert.equal(await get(storage, "/f"), expected);
    }
    await put(storage, "/f", "0123456789");
    assert.equal(await kindOf(storage.openWrite(path("/f"), { kind: "range", first: 11, last: 12 })), "out-of-range");
    assert.equal(await kindOf(storage.openWrite(path("/none"), { kind: "range", first: 1, last: 2 })), "out-of-range");
    const file = await storage.openWrite(path("/f"), { kind: "range", first: 3, last: 5 });
    assert.equal(await kindOf(async () => file.write(ascii("x"), 2)), "out-of-range");
    assert.equal(await kindOf(async () => file.write(ascii("xxxx"), 3)), "out-of-range");
    await file.abandon({ keep: false });
    assert.equal(await get(storage, "/f"), "0123456789");
  });

  test("truncate cuts what was written, never what was there before", async (context) => {
    const storage = await makeStorage(context);
    const file = await fill(storage, "/f", ascii("0123456789"), { kind: "replace" });
    await file.truncate(4);
    await file.publish();
    assert.equal(await get(storage, "/f"), "0123");
    const appended = await fill(storage, "/f", ascii("4567"), { kind: "append" });
    assert.equal(await kindOf(appended.truncate(3)), "out-of-range");
    await appended.truncate(6);
    await appended.publish();
    assert.equal(await get(storage, "/f"), "012345");
  });

  test("expectedBytes and durable are accepted with every intent", async (context) => {
    const storage = await makeStorage(context);
    const hints = { durable: true, expectedBytes: 3 };
    await put(storage, "/f", "new", { kind: "create", ...hints });
    await put(storage, "/f", "two", { kind: "replace", ...hints });
    await put(storage, "/f", "345", { kind: "append", ...hints });
    await put(storage, "/f", "678", { kind: "resume", offset: 6, ...hints });
    await put(storage, "/f", "TWO", { kind: "range", first: 0, last: 2, ...hints });
    assert.equal(await get(storage, "/f"), "TWO345678");
  });
}
