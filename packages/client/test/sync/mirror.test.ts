import {
  connect,
  type Client,
  type ClientOptions,
  type SyncOptions,
  type SyncProgress,
  type SyncStep,
} from "@sallyport/client";
import { startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { assertAlike, assertAllDone, assertSameTimes, emptyFolder, fill, hourAgo, told } from "./mirror-scene.ts";

const tree = {
  "a/b/deep.bin": randomBytes(2_000_000),
  "a/empty": "",
  "a/umlaut ü.txt": "grüße",
  "top.txt": "top",
  "void/": "",
};

function connectTo(server: TestServer, options: ClientOptions = {}): Promise<Client> {
  return connect(`ftp://alice:secret@localhost:${server.explicitPort}`, {
    ...options,
    tls: { ca: server.identity.ca, resumption: "require", ...options.tls },
  });
}

function transfersOf(server: TestServer, verb: string): number {
  return server.events.filter((event) => event.kind === "transfer" && event.verb === verb).length;
}

test("names that no command line can carry are left out by the plan", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(local, { "a\nb": "1", "d\nd/in": "2", ok: "3" });
  const left = ["conflict a\nb left", "conflict d\nd left"];
  const mirror = (options: SyncOptions = {}): Promise<SyncStep[]> =>
    Array.fromAsync(client.sync({ local }, { remote: "/to" }, options));
  assert.deepEqual(told(await mirror({ dryRun: true })), [...left, "transfer ok planned"]);
  assert.deepEqual(told(await mirror()), [...left, "transfer ok done"]);
  assert.deepEqual(readdirSync(join(server.directory, "to")), ["ok"]);
  const upload = client.upload(join(local, "a\nb"), "a\nb");
  await assert.rejects(upload, { message: 'A path may contain neither CR, LF nor NUL: "a\\x0Ab".' });
});

test("a mirror keeps to the client's rate, both ways", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server, { limitRate: 4_000_000 });
  const local = join(emptyFolder(t), "pub");
  fill(server.directory, { "from/down.bin": randomBytes(1_600_000) });
  const beganMs = performance.now();
  assertAllDone(await Array.fromAsync(client.sync({ remote: "/from" }, { local })));
  const betweenMs = performance.now();
  assertAllDone(await Array.fromAsync(client.sync({ local }, { remote: "/to" })));
  const [downMs, upMs] = [betweenMs - beganMs, performance.now() - betweenMs];
  assert.ok(downMs > 280 && upMs > 280, `0.4 s worth of octets took ${downMs} ms down, ${upMs} ms up`);
});

test("a mirror of a server is the same in bytes and times, and the second run does nothing", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = join(emptyFolder(t), "new/pub");
  fill(server.directory, tree);
  const steps = await Array.fromAsync(client.sync({ remote: "/" }, { local }));
  assertAllDone(steps);
  assert.equal(steps.length, 7);
  assertAlike(local, server.directory);
  assertSameTimes(local, server.directory);
  assert.deepEqual(await Array.fromAsync(client.sync({ remote: "/" }, { local })), []);
  assert.equal(transfersOf(server, "RETR"), 4);
});

test("a mirror to a server is the same in bytes and times, and the second run does nothing", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(local, tree);
  assertAllDone(await Array.fromAsync(client.sync({ local }, { remote: "in/new" })));
  assertAlike(join(server.directory, "in/new"), local);
  assertSameTimes(join(server.directory, "in/new"), local);
  assert.deepEqual(await Array.fromAsync(client.sync({ local }, { remote: "in/new" })), []);
  assert.equal(transfersOf(server, "STOR"), 4);
});

test("what is extra is deleted last and deepest first, and only when asked", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(server.directory, { "kept.txt": "kept" });
  fill(local, { "kept.txt": "kept", "extra/deep/file": "x", "extra/other": "y" });
  assert.deepEqual(await Array.fromAsync(client.sync({ remote: "/" }, { local })), []);
  const steps = await Array.fromAsync(client.sync({ remote: "/" }, { local }, { delete: true, parallel: 4 }));
  assertAllDone(steps);
  assertAlike(local, server.directory);
  assert.equal(steps.at(-1)?.action.path, "extra");
  fill(server.directory, { "gone/x/file": "x" });
  assertAllDone(await Array.fromAsync(client.sync({ local }, { remote: "/" }, { delete: true })));
  assertAlike(local, server.directory);
});

test("a dry run tells all and changes nothing", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(server.directory, { "new.txt": "new" });
  fill(local, { "old.txt": "old" });
  const steps = await Array.fromAsync(client.sync({ remote: "/" }, { local }, { dryRun: true, delete: true }));
  assert.deepEqual(told(steps), ["delete old.txt planned", "transfer new.txt planned"]);
  assert.deepEqual(readdirSync(local), ["old.txt"]);
});

test("an empty source deletes nothing", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(local, { "old.txt": "old" });
  const steps = await Array.fromAsync(client.sync({ remote: "/" }, { local }, { delete: true }));
  assert.deepEqual(told(steps), ["skip old.txt left"]);
  assert.deepEqual(readdirSync(local), ["old.txt"]);
});

test("one file that fails is a step, the others come, and nothing is deleted", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server, { retry: { attempts: 0 } });
  const local = emptyFolder(t);
  fill(server.directory, { "a.txt": "a", "b.txt": "b", "c.txt": "c" });
  fill(local, { "extra.txt": "extra" });
  const steps: SyncStep[] = [];
  const options = { delete: true, onPlan: () => rmSync(join(server.directory, "b.txt")) };
  for await (const step of client.sync({ remote: "/" }, { local }, options)) steps.push(step);
  assert.deepEqual(told(steps), [
    "skip extra.txt left",
    "transfer a.txt done",
    "transfer b.txt failed",
    "transfer c.txt done",
  ]);
  assert.deepEqual(readdirSync(local).toSorted(), ["a.txt", "c.txt", "extra.txt"]);
});

test("a replaced file keeps its permissions, and is whole at every moment", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(server.directory, { "run.sh": "new content" });
  fill(local, { "run.sh": "old" }, new Date(hourAgo().getTime() - 1000));
  chmodSync(join(local, "run.sh"), 0o750);
  assertAllDone(await Array.fromAsync(client.sync({ remote: "/" }, { local })));
  assert.equal(readFileSync(join(local, "run.sh"), "utf8"), "new content");
  assert.equal(statSync(join(local, "run.sh")).mode & 0o777, 0o750);
});

test("files that differ only in what they hold are found by their hash", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(server.directory, { "same.txt": "same", "other.txt": "one" });
  fill(local, { "same.txt": "same", "other.txt": "two" });
  const compare = ["size", "hash"] as const;
  const steps = await Array.fromAsync(client.sync({ remote: "/" }, { local }, { compare }));
  assert.deepEqual(told(steps), ["compare-hash same.txt same", "replace other.txt done"]);
  assertAlike(local, server.directory);
});

test("a file where a directory has to be is replaced only when asked", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(server.directory, { "x/file": "in x", y: "y is a file" });
  fill(local, { x: "x was a file", "y/was/deep": "directory" });
  const left = await Array.fromAsync(client.sync({ remote: "/" }, { local }));
  assert.ok(left.every(({ outcome }) => outcome === "left"));
  assertAllDone(await Array.fromAsync(client.sync({ remote: "/" }, { local }, { typeClash: "replace" })));
  assertAlike(local, server.directory);
});

test("links come along as links when asked, and links that lead out do not", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(server.directory, { "dir/file": "content" });
  symlinkSync("dir/file", join(server.directory, "link"));
  symlinkSync("../../etc/passwd", join(server.directory, "out"));
  const steps = await Array.fromAsync(client.sync({ remote: "/" }, { local }, { links: "recreate" }));
  assert.deepEqual(told(steps), [
    "conflict out left",
    "make-directory dir done",
    "make-link link done",
    "transfer dir/file done",
  ]);
  assert.equal(readlinkSync(join(local, "link")), "dir/file");
});

test("an abort ends a mirror with its reason and leaves no part behind", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(server.directory, { "big.bin": randomBytes(30_000_000) });
  const aborter = new AbortController();
  const reason = new Error("enough");
  const mirror = client.sync(
    { remote: "/" },
    { local },
    { signal: aborter.signal, onProgress: ({ file }) => file.bytes > 1_000_000 && aborter.abort(reason) },
  );
  await assert.rejects(Array.fromAsync(mirror), reason);
  assert.deepEqual(readdirSync(local), []);
  assert.equal(await client.exists("big.bin"), true);
});

test("with a journal an ended mirror goes on in the middle of a file", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const [local, journal] = [emptyFolder(t), emptyFolder(t)];
  fill(server.directory, { "big.bin": randomBytes(30_000_000), "small.txt": "small" });
  const aborter = new AbortController();
  const options = { journal, parallel: 1, signal: aborter.signal };
  const onProgress = ({ file }: SyncProgress): void => void (file.bytes > 10_000_000 && aborter.abort());
  await assert.rejects(Array.fromAsync(client.sync({ remote: "/" }, { local }, { ...options, onProgress })));
  assert.equal(readdirSync(local).length, 1);
  const steps = await Array.fromAsync(client.sync({ remote: "/" }, { local }, { journal }));
  assertAllDone(steps);
  const big = steps.find(({ action }) => action.path === "big.bin");
  assert.ok(big?.outcome === "done" && (big.resumedFrom ?? 0) > 5_000_000, JSON.stringify(big));
  assertAlike(local, server.directory);
  assert.deepEqual(readdirSync(journal), []);
});

for (const direction of ["download", "upload"] as const) {
  test(`a part that is damaged is found out before the ${direction} gets its name, and begun anew`, async (t) => {
    await using server = await startTestServer();
    await using client = await connectTo(server);
    const [local, journal] = [emptyFolder(t), emptyFolder(t)];
    const [source, target] = direction === "download" ? [server.directory, local] : [local, server.directory];
    const places = [{ remote: "/" }, { local }] as const;
    const mirror = (options: SyncOptions) =>
      direction === "download"
        ? client.sync(places[0], places[1], options)
        : client.sync(places[1], places[0], options);
    fill(source, { "big.bin": randomBytes(20_000_000) });
    const aborter = new AbortController();
    const onProgress = ({ file }: SyncProgress): void => void (file.bytes > 9_000_000 && aborter.abort());
    await assert.rejects(Array.fromAsync(mirror({ journal, signal: aborter.signal, onProgress })));
    const part = readdirSync(target, { recursive: true, encoding: "utf8" }).find(
      (name) => statSync(join(target, name)).size > 5_000_000,
    );
    assert.ok(part !== undefined);
    const damaged = readFileSync(join(target, part));
    damaged.fill(0, 4_000_000, 4_000_100);
    writeFileSync(join(target, part), damaged);
    const [step] = await Array.fromAsync(mirror({ journal }));
    assert.ok(step?.outcome === "done", JSON.stringify(step));
    assert.equal(step.resumedFrom, 0);
    assert.ok(readFileSync(join(target, "big.bin")).equals(readFileSync(join(source, "big.bin"))));
  });
}

test("a part of a file that has changed since is thrown away", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const [local, journal] = [emptyFolder(t), emptyFolder(t)];
  fill(server.directory, { "big.bin": randomBytes(20_000_000) });
  const aborter = new AbortController();
  const onProgress = ({ file }: SyncProgress): void => void (file.bytes > 5_000_000 && aborter.abort());
  const first = client.sync({ remote: "/" }, { local }, { journal, signal: aborter.signal, onProgress });
  await assert.rejects(Array.fromAsync(first));
  fill(server.directory, { "big.bin": randomBytes(20_000_000) }, new Date(hourAgo().getTime() + 60_000));
  const [step] = await Array.fromAsync(client.sync({ remote: "/" }, { local }, { journal }));
  assert.ok(step?.outcome === "done" && step.resumedFrom === 0);
  assertAlike(local, server.directory);
});

test("a source that is written to while it is copied is copied once more", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(server.directory, { "big.bin": randomBytes(20_000_000) });
  let isWritten = false;
  const onProgress = ({ file }: SyncProgress): void => {
    if (isWritten || file.bytes < 5_000_000) return;
    isWritten = true;
    writeFileSync(join(server.directory, "big.bin"), randomBytes(20_000_000));
  };
  assertAllDone(await Array.fromAsync(client.sync({ remote: "/" }, { local }, { onProgress })));
  assertAlike(local, server.directory);
  assert.equal(transfersOf(server, "RETR"), 2);
});

test("progress tells of each file and of all", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const local = emptyFolder(t);
  fill(local, { "a.bin": randomBytes(300_000), "b/c.bin": randomBytes(200_000) });
  let last: SyncProgress | undefined;
  const onProgress = (progress: SyncProgress): void => void (last = progress);
  assertAllDone(await Array.fromAsync(client.sync({ local }, { remote: "/" }, { onProgress })));
  assert.deepEqual(last?.total, { filesDone: 2, files: 2, bytes: 500_000, bytesTotal: 500_000 });
});
