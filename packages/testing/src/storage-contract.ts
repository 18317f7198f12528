import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";

import type { Octets } from "@sallyport/protocol";
import type { Storage } from "@sallyport/server/storage";

import { storageErrorContract } from "./storage-error-contract.ts";
import { storageInterruptionContract } from "./storage-interruption-contract.ts";
import { storageLinkContract } from "./storage-link-contract.ts";
import { storageModelContract } from "./storage-model-contract.ts";
import { ascii, entries, fill, get, kindOf, type MakeSource, names, path, pattern, put } from "./storage-steps.ts";

/** What every storage must do, whatever it keeps its files in: registers the tests under a name. */
export function storageContract(name: string, makeSource: MakeSource): void {
  suite(`storage contract: ${name}`, () => {
    const makeStorage = async (context: TestContext): Promise<Storage> => (await makeSource(context)).forOwner("alice");
    nameTests(makeStorage);
    writeTests(makeStorage);
    partialWriteTests(makeStorage);
    concurrencyTests(makeSource);
    directoryTests(makeStorage);
    attributeTests(makeStorage);
    storageErrorContract(makeSource);
    storageInterruptionContract(makeSource);
    storageLinkContract(makeSource);
    storageModelContract(makeSource);
  });
}

type MakeStorage = (context: TestContext) => Promise<Storage>;

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

function concurrencyTests(makeSource: MakeSource): void {
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

function directoryTests(makeStorage: MakeStorage): void {
  test("directories are made, renamed with what they hold, and removed when empty", async (context) => {
    const storage = await makeStorage(context);
    await storage.makeDirectory(path("/a"));
    await storage.makeDirectory(path("/a/b"));
    await put(storage, "/a/b/f", "deep");
    assert.equal((await storage.stat(path("/a/b"))).type, "directory");
    await storage.rename(path("/a"), path("/z"));
    assert.equal(await get(storage, "/z/b/f"), "deep");
    assert.equal(await kindOf(storage.removeDirectory(path("/z/b"))), "not-empty");
    await storage.remove(path("/z/b/f"));
    await storage.removeDirectory(path("/z/b"));
    await storage.removeDirectory(path("/z"));
    assert.deepEqual(await names(storage), []);
  });

  test("rename moves a file over another and keeps its identity", async (context) => {
    const storage = await makeStorage(context);
    await put(storage, "/a", "one");
    await put(storage, "/b", "two");
    const { identity } = await storage.stat(path("/a"));
    assert.notEqual((await storage.stat(path("/b"))).identity, identity);
    await storage.rename(path("/a"), path("/b"));
    assert.deepEqual(await names(storage), ["b"]);
    assert.equal(await get(storage, "/b"), "one");
    assert.equal((await storage.stat(path("/b"))).identity, identity);
    await storage.rename(path("/b"), path("/b"));
    assert.equal(await get(storage, "/b"), "one");
  });

  test("S-18 a directory of 5,000 entries is listed in slices, each entry once", async (context) => {
    const storage = await makeStorage(context);
    await storage.makeDirectory(path("/many"));
    const expected: string[] = [];
    for (let number = 0; number < 5000; number++) {
      const name = `entry-${String(number).padStart(4, "0")}`;
      expected.push(name);
      if (number % 10 > 0) await storage.makeDirectory(path(`/many/${name}`));
      else await put(storage, `/many/${name}`, "x".repeat(number % 7));
    }
    const found = [];
    for await (const slice of storage.list(path("/many"))) {
      assert(slice.length <= 512, `a slice of ${slice.length}`);
      found.push(...slice);
    }
    found.sort((one, other) => (one.name < other.name ? -1 : 1));
    assert.deepEqual(
      found.map(({ name }) => name),
      expected,
    );
    for (const [number, entry] of found.entries()) {
      assert.equal(entry.type, number % 10 > 0 ? "directory" : "file");
      assert.equal(entry.sizeBytes, number % 10 > 0 ? 0 : number % 7);
    }
    for await (const slice of storage.list(path("/many"))) {
      assert(slice.length > 0);
      break;
    }
  });
}

function attributeTests(makeStorage: MakeStorage): void {
  test("times are set to the millisecond, far back and far ahead", async (context) => {
    const storage = await makeStorage(context);
    if (storage.setAttributes === undefined) return context.skip("this storage sets no attributes");
    await put(storage, "/f", "x");
    await storage.makeDirectory(path("/d"));
    for (const at of ["/f", "/d"]) {
      for (const modifiedMs of [
        Date.UTC(1999, 11, 31, 23, 59, 59),
        1.5,
        Date.UTC(2100, 1, 28),
        -86_400_000,
        1_700_000_000_123,
      ]) {
        await storage.setAttributes(path(at), { modifiedMs });
        const entry = await storage.stat(path(at));
        assert(Math.abs(entry.modifiedMs - modifiedMs) < 0.01, `${entry.modifiedMs} for ${modifiedMs}`);
      }
    }
    assert.equal(await get(storage, "/f"), "x");
  });

  test("permission bits are set, others refused, and nothing else changes", async (context) => {
    const storage = await makeStorage(context);
    if (storage.setAttributes === undefined) return context.skip("this storage sets no attributes");
    await put(storage, "/f", "x");
    const before = await storage.stat(path("/f"));
    await storage.setAttributes(path("/f"), { mode: 0o640 });
    const after = await storage.stat(path("/f"));
    assert.equal(after.mode, 0o640);
    assert.equal(after.modifiedMs, before.modifiedMs);
    for (const mode of [0o4755, 0o2644, 0o1777]) {
      assert.equal(await kindOf(storage.setAttributes(path("/f"), { mode })), "denied");
    }
    await put(storage, "/f", "replaced");
    assert.equal((await storage.stat(path("/f"))).mode, 0o640, "a replaced file keeps its mode");
  });

  test("what cannot be set is refused before anything is", async (context) => {
    const storage = await makeStorage(context);
    if (storage.setAttributes === undefined) return context.skip("this storage sets no attributes");
    await put(storage, "/f", "x");
    const before = await storage.stat(path("/f"));
    const kind = await kindOf(storage.setAttributes(path("/f"), { createdMs: 1000, modifiedMs: 2000, mode: 0o600 }));
    const after = await storage.stat(path("/f"));
    if (kind === "done") assert.equal(after.createdMs, 1000);
    else assert.deepEqual([kind, after.modifiedMs, after.mode], ["unsupported", before.modifiedMs, before.mode]);
  });

  test("modification times follow the writing", async (context) => {
    const storage = await makeStorage(context);
    const startedMs = Date.now();
    const entry = await put(storage, "/f", "x");
    assert(entry.modifiedMs >= startedMs - 1000 && entry.modifiedMs <= Date.now() + 1000, String(entry.modifiedMs));
    await put(storage, "/f", "y", { kind: "append" });
    assert((await storage.stat(path("/f"))).modifiedMs >= entry.modifiedMs);
  });

  test("the free space is a number of octets where it is known", async (context) => {
    const storage = await makeStorage(context);
    if (storage.freeSpaceBytes === undefined) return context.skip("this storage does not know its free space");
    const freeBytes = await storage.freeSpaceBytes(path("/"));
    assert(freeBytes > 0, String(freeBytes));
    assert.equal(await kindOf(storage.freeSpaceBytes(path("/none"))), "not-found");
  });
}
