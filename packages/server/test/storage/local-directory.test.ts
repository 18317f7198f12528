import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { ConfigError } from "@sallyport/protocol";
import { LocalDirectory, type LocalDirectoryOptions, subtree } from "@sallyport/server/storage";
import { storageContract, storageSteps } from "@sallyport/testing";

import { serve, temporaryDirectory, treeOf } from "./temporary-directory.ts";

const { ascii, entries, fill, get, interrupt, kindOf, names, path: virtual, put } = storageSteps;

const variants: Record<string, LocalDirectoryOptions> = {
  "local directory": {},
  "local directory, calls by the thread pool": { calls: "asynchronous" },
  "local directory, held by checked paths": { confinement: "paths" },
};

for (const [name, options] of Object.entries(variants)) {
  storageContract(name, (context) => serve(context, temporaryDirectory(context), options));
}

storageContract("subtree of a local directory", async (context) => {
  const root = temporaryDirectory(context);
  fs.mkdirSync(path.join(root, "home/all"), { recursive: true });
  const directory = await serve(context, root);
  return { forOwner: (owner) => subtree(directory.forOwner(owner), virtual("/home/all")) };
});

test("a directory that cannot be served is refused with the reason", async (context) => {
  const root = temporaryDirectory(context);
  fs.writeFileSync(path.join(root, "file"), "");
  for (const wrong of [path.join(root, "none"), path.join(root, "file")]) {
    await assert.rejects(LocalDirectory.open(wrong), (error: unknown) => {
      assert(error instanceof ConfigError);
      assert.equal(error.code, "SALLYPORT_STORAGE_ROOT");
      assert(error.message.includes(wrong), error.message);
      return true;
    });
  }
});

test("a closed storage refuses everything", async (context) => {
  const directory = await LocalDirectory.open(temporaryDirectory(context));
  const storage = directory.forOwner("alice");
  await directory[Symbol.asyncDispose]();
  assert.equal(await kindOf(storage.stat(virtual("/"))), "failed");
  assert.equal(await kindOf(entries(storage)), "failed");
});

test("an owner's view of a subtree ends where the subtree ends", async (context) => {
  const root = temporaryDirectory(context);
  fs.mkdirSync(path.join(root, "alice"));
  fs.mkdirSync(path.join(root, "bob"));
  fs.writeFileSync(path.join(root, "bob/secret"), "secret");
  fs.symlinkSync("../bob", path.join(root, "alice/relative"));
  fs.symlinkSync(path.join(root, "bob"), path.join(root, "alice/absolute"));
  fs.symlinkSync(path.join(root, "alice"), path.join(root, "alice/self"));
  const whole = (await serve(context, root)).forOwner("alice");
  assert.equal(await get(whole, "/alice/relative/secret"), "secret");
  assert.equal(await get(whole, "/alice/absolute/secret"), "secret");
  const own = subtree(whole, virtual("/alice"));
  for (const at of ["/relative/secret", "/absolute/secret", "/self/self/relative/secret"]) {
    assert.equal(await kindOf(own.openRead(virtual(at))), "not-found", at);
  }
  assert.deepEqual(await names(own, "/self/self"), ["absolute", "relative", "self"]);
});

test("a subtree whose directory is missing has nothing in it", async (context) => {
  const own = subtree((await serve(context, temporaryDirectory(context))).forOwner("a"), virtual("/none"));
  assert.equal(await kindOf(own.stat(virtual("/"))), "not-found");
  assert.equal(await kindOf(own.openWrite(virtual("/f"), { kind: "replace" })), "not-found");
});

test("a new file and a new directory take the modes asked for, less the umask", async (context) => {
  const root = temporaryDirectory(context);
  const before = process.umask(0o027);
  context.after(() => process.umask(before));
  const storage = (await serve(context, root)).forOwner("alice");
  await put(storage, "/f", "x");
  await storage.makeDirectory(virtual("/d"));
  assert.deepEqual(
    [(await storage.stat(virtual("/f"))).mode, (await storage.stat(virtual("/d"))).mode],
    [0o640, 0o750],
  );
  const strict = (await serve(context, root, { fileMode: 0o600, directoryMode: 0o700 })).forOwner("alice");
  await put(strict, "/g", "x");
  await strict.makeDirectory(virtual("/e"));
  assert.deepEqual([(await strict.stat(virtual("/g"))).mode, (await strict.stat(virtual("/e"))).mode], [0o600, 0o700]);
});

test("a replaced file keeps mode and owner, and loses set-id bits", async (context) => {
  const root = temporaryDirectory(context);
  const storage = (await serve(context, root)).forOwner("alice");
  for (const intent of [
    { kind: "replace" },
    { kind: "resume", offset: 1 },
    { kind: "range", first: 0, last: 0 },
  ] as const) {
    fs.writeFileSync(path.join(root, "f"), "old");
    if (process.getuid?.() === 0) fs.chownSync(path.join(root, "f"), 1234, 4321);
    fs.chmodSync(path.join(root, "f"), 0o6751);
    const { uid, gid } = fs.statSync(path.join(root, "f"));
    const entry = await put(storage, "/f", "n", intent);
    assert.deepEqual([entry.mode, entry.userId, entry.groupId], [0o751, uid, gid], intent.kind);
    assert.equal(fs.statSync(path.join(root, "f")).mode & 0o7777, 0o751, intent.kind);
  }
});

test("the reserved directory is neither seen nor reached, in any case", async (context) => {
  const root = temporaryDirectory(context);
  const storage = (await serve(context, root)).forOwner("alice");
  await interrupt(storage, "/f", "half");
  assert(fs.existsSync(path.join(root, ".sallyport")));
  assert.equal(fs.statSync(path.join(root, ".sallyport")).mode & 0o777, 0o700);
  assert.deepEqual(await names(storage), ["f"]);
  for (const at of ["/.sallyport", "/.SALLYPORT", "/.Sallyport/staging", "/.sallyport/parts/x"]) {
    assert.equal(await kindOf(storage.stat(virtual(at))), "not-found", at);
    assert.equal(await kindOf(entries(storage, at)), "not-found", at);
    assert.equal(await kindOf(storage.openRead(virtual(at))), "not-found", at);
    assert.equal(await kindOf(storage.remove(virtual(at))), "not-found", at);
    assert.equal(await kindOf(storage.rename(virtual(at), virtual("/x"))), "not-found", at);
    assert.equal(await kindOf(storage.removeDirectory(virtual(at))), "not-found", at);
  }
  fs.mkdirSync(path.join(root, "d"));
  for (const at of ["/.sallyport", "/d/.sallyport"]) {
    assert.equal(await kindOf(storage.openWrite(virtual(at), { kind: "replace" })), "name-not-allowed", at);
    assert.equal(await kindOf(storage.makeDirectory(virtual(at))), "name-not-allowed", at);
    assert.equal(
      await kindOf(storage.makeSymbolicLink?.(virtual(at), "x" as never) ?? (() => {})),
      "name-not-allowed",
      at,
    );
    assert.equal(await kindOf(storage.rename(virtual("/d"), virtual(at))), "name-not-allowed", at);
  }
  fs.symlinkSync(".sallyport", path.join(root, "link"));
  assert.equal(await kindOf(entries(storage, "/link")), "not-found");
  assert.equal(await kindOf(storage.openRead(virtual("/link/staging/x"))), "not-found");
});

test("a root that is looked at and not written to is left untouched", async (context) => {
  const root = temporaryDirectory(context);
  fs.writeFileSync(path.join(root, "f"), "x");
  const storage = (await serve(context, root)).forOwner("alice");
  await get(storage, "/f");
  await entries(storage);
  await kindOf(storage.stat(virtual("/none")));
  assert.deepEqual(treeOf(root), { f: "x" });
});

test("an append to a published file is made in place, and taken back with its times", async (context) => {
  const root = temporaryDirectory(context);
  const storage = (await serve(context, root)).forOwner("alice");
  fs.writeFileSync(path.join(root, "f"), "old");
  fs.utimesSync(path.join(root, "f"), 1000, 2000);
  const { ino } = fs.statSync(path.join(root, "f"));
  const file = await fill(storage, "/f", ascii("+new"), { kind: "append" });
  assert.equal(fs.readFileSync(path.join(root, "f"), "utf8"), "old+new");
  await file.abandon({ keep: false });
  assert.deepEqual(
    [fs.readFileSync(path.join(root, "f"), "utf8"), fs.statSync(path.join(root, "f")).mtimeMs],
    ["old", 2_000_000],
  );
  await put(storage, "/f", "+new", { kind: "append" });
  assert.equal(fs.statSync(path.join(root, "f")).ino, ino);
});

test("an append to a file that is replaced meanwhile fails, and the replacement stays whole", async (context) => {
  const storage = (await serve(context, temporaryDirectory(context))).forOwner("alice");
  await put(storage, "/f", "old");
  const file = await fill(storage, "/f", ascii("+lost"), { kind: "append" });
  await put(storage, "/f", "new");
  assert.equal(await kindOf(file.publish()), "not-found");
  assert.equal(await get(storage, "/f"), "new");
});

test("resume and range wait for an append to the same file", async (context) => {
  const storage = (await serve(context, temporaryDirectory(context))).forOwner("alice");
  await put(storage, "/f", "old");
  const file = await fill(storage, "/f", ascii("+"), { kind: "append" });
  assert.equal(await kindOf(storage.openWrite(virtual("/f"), { kind: "resume", offset: 2 })), "busy");
  assert.equal(await kindOf(storage.openWrite(virtual("/f"), { kind: "range", first: 0, last: 1 })), "busy");
  await file.publish();
});

test("a hard link of a file that is renamed onto it vanishes as any other name would", async (context) => {
  const root = temporaryDirectory(context);
  const storage = (await serve(context, root)).forOwner("alice");
  await put(storage, "/a", "x");
  fs.linkSync(path.join(root, "a"), path.join(root, "b"));
  assert.equal((await storage.stat(virtual("/a"))).identity, (await storage.stat(virtual("/b"))).identity);
  await storage.rename(virtual("/a"), virtual("/b"));
  assert.deepEqual(await names(storage), ["b"]);
});

test("interrupted uploads survive a restart, and go when their time is over", async (context) => {
  const root = temporaryDirectory(context);
  await interrupt((await serve(context, root)).forOwner("alice"), "/f", "half");
  const again = (await serve(context, root)).forOwner("alice");
  assert.equal((await again.stat(virtual("/f"))).incomplete, true);
  await put(again, "/f", "+rest", { kind: "append" });
  await interrupt(again, "/g", "half");
  await new Promise((resolve) => setTimeout(resolve, 30));
  const later = await serve(context, root, { keepPartsMs: 20 });
  assert.deepEqual(await names(later.forOwner("alice")), ["f"]);
  assert.deepEqual(
    Object.keys(treeOf(root)).filter((at) => at.endsWith("/g")),
    [],
  );
  assert.equal(await get(later.forOwner("alice"), "/f"), "half+rest");
});

test("a part whose time is over is neither seen nor continued before the sweep has come by", async (context) => {
  const storage = (await serve(context, temporaryDirectory(context), { keepPartsMs: 20 })).forOwner("alice");
  await interrupt(storage, "/f", "half");
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(await kindOf(storage.stat(virtual("/f"))), "not-found");
  assert.deepEqual(await names(storage), []);
  await put(storage, "/f", "new", { kind: "append" });
  assert.equal(await get(storage, "/f"), "new");
});

test("the sweep leaves what a living process is at work on", async (context) => {
  const root = temporaryDirectory(context);
  const directory = await serve(context, root);
  const storage = directory.forOwner("alice");
  await put(storage, "/log", "old");
  const staged = await fill(storage, "/f", ascii("staged"), { kind: "replace" });
  const appended = await fill(storage, "/log", ascii("+new"), { kind: "append" });
  await directory.sweep();
  await serve(context, root);
  await staged.publish();
  await appended.publish();
  assert.deepEqual([await get(storage, "/f"), await get(storage, "/log")], ["staged", "old+new"]);
});

test("nothing is left in the reserved directory when all uploads have ended", async (context) => {
  const root = temporaryDirectory(context);
  const storage = (await serve(context, root)).forOwner("alice");
  await put(storage, "/f", "x");
  await put(storage, "/f", "x", { kind: "append", durable: true });
  await put(storage, "/g", "x", { kind: "create", durable: true });
  await interrupt(storage, "/h", "x");
  await put(storage, "/h", "x", { kind: "append" });
  await (await fill(storage, "/i", ascii("x"), { kind: "replace" })).abandon({ keep: false });
  await kindOf(storage.openWrite(virtual("/g"), { kind: "create" }));
  await kindOf(storage.openWrite(virtual("/f"), { kind: "resume", offset: 9 }));
  const left = Object.entries(treeOf(path.join(root, ".sallyport"))).filter(([, content]) => content !== "directory");
  assert.deepEqual(left, []);
});

/** Reads a file of 256 MiB in pieces of one; tells for each whether it came at once. */
async function readInPieces(
  context: TestContext,
  calls: "synchronous" | "asynchronous",
  afterEach: (piece: number) => Promise<unknown> | void,
): Promise<readonly boolean[]> {
  const root = temporaryDirectory(context);
  fs.writeFileSync(path.join(root, "large"), "");
  fs.truncateSync(path.join(root, "large"), 268_435_456);
  const storage = (await serve(context, root, { calls })).forOwner("alice");
  await using file = await storage.openRead(virtual("/large"));
  const buffer = new Uint8Array(1_048_576);
  const cameAtOnce: boolean[] = [];
  for (let piece = 0; piece < 256; piece++) {
    const reading = file.read(buffer, piece * buffer.length);
    cameAtOnce.push(typeof reading === "number");
    assert.equal(await reading, buffer.length);
    await afterEach(piece);
  }
  return cameAtOnce;
}

test("a large file is read at once piece by piece, from the second on, two MiB in a turn of the event loop", async (context) => {
  context.mock.method(performance, "now", () => 0);
  const calm = await readInPieces(context, "synchronous", () => nextTurn());
  assert.deepEqual(new Set(calm.slice(1)), new Set([true]));
  assert.equal(calm[0], false);
  // A read by a thread ends in another turn.
  const greedy = await readInPieces(context, "synchronous", () => {});
  assert.deepEqual(greedy.slice(0, 7), [false, true, true, false, true, true, false]);
  const remote = await readInPieces(context, "asynchronous", () => nextTurn());
  assert.deepEqual(new Set(remote), new Set([false]));
});

test("behind a read that took long come 64 by a thread, then twice as many", async (context) => {
  let nowMs = 0;
  context.mock.method(performance, "now", () => (nowMs += 5));
  const slow = await readInPieces(context, "synchronous", () => nextTurn());
  const atOnce = slow.flatMap((isAtOnce, piece) => (isAtOnce ? [piece] : []));
  assert.deepEqual(atOnce, [1, 66, 195]);
});

for (const calls of ["synchronous", "asynchronous"] as const) {
  test(`nothing that was opened stays open, whether it went well or not (${calls} calls)`, async (context) => {
    if (!fs.existsSync("/proc/self/fd")) return context.skip("needs /proc to count what is open");
    const root = temporaryDirectory(context);
    fs.mkdirSync(path.join(root, "d/e"), { recursive: true });
    fs.symlinkSync("../d", path.join(root, "d/l"));
    fs.symlinkSync("/etc", path.join(root, "out"));
    const storage = (await serve(context, root, { calls })).forOwner("alice");
    const inside = subtree(storage, virtual("/d/e"));
    const round = async (): Promise<void> => {
      await put(storage, "/d/l/f", "x", { kind: "create" });
      await put(storage, "/d/f", "y", { kind: "append", durable: true });
      await put(storage, "/d/f", "z", { kind: "resume", offset: 1 });
      await put(inside, "/g", "z", { kind: "range", first: 0, last: 9 });
      await interrupt(storage, "/d/part", "half");
      await interrupt(storage, "/d/part", "+", { kind: "append" });
      await get(storage, "/d/l/f");
      await entries(storage, "/d");
      for await (const _ of storage.list(virtual("/d/l"))) break;
      for (const at of ["/out/x", "/none/x", "/d/f/x", "/out", "/d/l/l/none/x", "/.sallyport/x"]) {
        await kindOf(storage.openRead(virtual(at)));
        await kindOf(storage.openWrite(virtual(at), { kind: "resume", offset: 9 }));
        await kindOf(storage.openWrite(virtual("/d/f"), { kind: "create" }));
        await kindOf(storage.stat(virtual(at), { followLinks: true }));
        await kindOf(storage.rename(virtual("/d/f"), virtual(`${at}/deeper`)));
        await kindOf(inside.rename(virtual("/g"), virtual("/none/x")));
        await kindOf(storage.removeDirectory(virtual(at)));
        await kindOf(entries(storage, at));
      }
      const [first, second] = [{ kind: "append" }, { kind: "append" }] as const;
      const file = await storage.openWrite(virtual("/d/f"), first);
      await kindOf(storage.openWrite(virtual("/d/f"), second));
      await file.abandon({ keep: true });
      for (const name of ["/d/f", "/d/part", "/d/e/g"]) await storage.remove(virtual(name));
      await storage.freeSpaceBytes?.(virtual("/d"));
      await storage.setAttributes?.(virtual("/d"), { modifiedMs: 1 });
    };
    await round();
    const before = fs.readdirSync("/proc/self/fd").length;
    for (let number = 0; number < 5; number++) await round();
    assert.equal(fs.readdirSync("/proc/self/fd").length, before);
  });
}

test("a file of the reserved name that was there before makes uploads fail, and nothing else", async (context) => {
  const root = temporaryDirectory(context);
  fs.writeFileSync(path.join(root, ".sallyport"), "not ours");
  fs.writeFileSync(path.join(root, "f"), "x");
  const storage = (await serve(context, root)).forOwner("alice");
  assert.equal(await get(storage, "/f"), "x");
  assert.deepEqual(await names(storage), ["f"]);
  assert.equal(await kindOf(storage.stat(virtual("/none"))), "not-found");
  assert.equal(await kindOf(storage.openWrite(virtual("/g"), { kind: "replace" })), "denied");
  await storage.rename(virtual("/f"), virtual("/g"));
  await storage.remove(virtual("/g"));
});

test("an upload ends well although somebody emptied the reserved directory", async (context) => {
  const root = temporaryDirectory(context);
  const storage = (await serve(context, root)).forOwner("alice");
  await put(storage, "/log", "old");
  const appended = await fill(storage, "/log", ascii("+new"), { kind: "append" });
  const abandoned = await fill(storage, "/f", ascii("x"), { kind: "replace" });
  const lost = await fill(storage, "/g", ascii("x"), { kind: "replace" });
  fs.rmSync(path.join(root, ".sallyport"), { recursive: true });
  assert.equal((await appended.publish()).sizeBytes, 7);
  await abandoned.abandon({ keep: false });
  assert.equal(await kindOf(lost.publish()), "not-found");
  await put(storage, "/g", "again");
});

test(
  "what another server process appends to is busy here, and the sweep lets it be",
  { timeout: 30_000 },
  async (context) => {
    const root = temporaryDirectory(context);
    fs.writeFileSync(path.join(root, "log"), "whole");
    const script = fileURLToPath(import.meta.resolve("./uploading-process.ts"));
    const child = spawn(process.execPath, ["--conditions=source", script, "append", root], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    context.after(() => child.kill("SIGKILL"));
    await once(child.stdout, "data");
    const directory = await serve(context, root);
    await directory.sweep();
    assert.equal(await kindOf(directory.forOwner("bob").openWrite(virtual("/log"), { kind: "append" })), "busy");
    assert(fs.statSync(path.join(root, "log")).size > 5, "not cut back while its writer lives");
    child.kill("SIGKILL");
    await once(child, "exit");
    await put(directory.forOwner("bob"), "/log", "+", { kind: "append" }).catch(() => undefined);
    await put(directory.forOwner("bob"), "/log", "+", { kind: "append" });
    assert.match(await get(directory.forOwner("bob"), "/log"), /^whole\+{1,2}$/);
  },
);
