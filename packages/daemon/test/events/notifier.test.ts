import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { ServiceEvent } from "@sallyport/daemon";
import { listOutbox, together } from "@sallyport/daemon/events";
import { freePort, startTestServer } from "@sallyport/testing";
import { documentsIn, type Received, scratchDirectory, script, startNotifier, startReceiver, until } from "./ground.ts";
import { uploadEvent } from "./published.ts";

const scratch = scratchDirectory();
let made = 0;

/** Places that no other test uses. */
function places() {
  const number = made++;
  const out = join(scratch, `out-${number}`);
  return { directory: scratch, path: join(scratch, `events-${number}.db`), out };
}

/** A program that appends the documents that it gets to a file. */
function recorder(out: string): string {
  return script(`${out}.sh`, `d=$(cat); printf '%s\\n' "$d" >> ${out}`);
}

function ids(received: readonly Received[]): unknown[] {
  return received.map(({ document }) => document["id"]);
}

test("a program is told of each kind that it asked for, and of nothing else", async () => {
  const { out, ...where } = places();
  const kinds = [
    "published",
    "upload-failed",
    "downloaded",
    "deleted",
    "renamed",
    "directory-made",
    "directory-removed",
    "login",
    "login-failed",
  ] as const;
  const { notifier } = startNotifier({ targets: [recorder(out)], events: kinds }, where);
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  await using server = await startTestServer({ observer: notifier });
  await using client = await server.loggedIn();
  await client.store("STOR a.bin", Buffer.from("abc"));
  await client.retrieve("RETR a.bin");
  await client.retrieve("LIST");
  await client.expect("RNFR a.bin", 350);
  await client.expect("RNTO b.bin", 250);
  await client.expect("DELE b.bin", 250);
  await client.expect("MKD d", 257);
  await client.expect("SITE CHMOD 700 d", 200);
  await client.expect("RMD d", 250);
  const raw = await client.openPassive();
  await client.expect("STOR torn.bin", 150);
  (await client.secureData(raw)).write("abc", () => raw.destroy());
  assert.equal((await client.reply()).code, 426);
  await using stranger = await server.greeted();
  await stranger.expect("AUTH TLS", 234);
  await stranger.startTls({ rejectUnauthorized: false });
  await stranger.expect("USER eve", 331);
  await stranger.expect("PASS wrong", 530);
  await until(() => documentsIn(out).length >= kinds.length, "all were told");
  await new Promise((resolve) => setTimeout(resolve, 100));
  const told = documentsIn(out);
  assert.deepEqual(told.map(({ event }) => event).toSorted(), [...kinds].toSorted());
  const published = told.find(({ event }) => event === "published");
  assert.equal(published?.["sha256"], createHash("sha256").update("abc").digest("hex"));
  assert.equal(published["complete"], true);
  assert.equal(published["server"], "here.example");
  assert.equal((published["control"] as Record<string, unknown>)["protocol"], "TLSv1.3");
  assert.equal((published["data"] as Record<string, unknown>)["resumed"], true);
  assert.equal(told.find(({ event }) => event === "renamed")?.["newPath"], "/b.bin");
  assert.equal(told.find(({ event }) => event === "login-failed")?.["user"], "eve");
});

test("a webhook that fails at first is told again, with the same id, and later ones are not held up", async () => {
  await using receiver = await startReceiver();
  const { out: _, ...where } = places();
  receiver.answers.push({ status: 400 }, { status: 204 }, { status: 400 });
  const { notifier, reports } = startNotifier(
    { targets: [receiver.url], authoritiesFile: receiver.identity.caFile },
    { ...where, limits: { notifyInFlightCount: 1 } },
  );
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  const [first, second] = [uploadEvent("/first"), uploadEvent("/second")];
  notifier.onEvent(first);
  notifier.onEvent(second);
  await until(() => receiver.received.length === 4, "four calls");
  const [one, two] = [first.published?.id, second.published?.id];
  assert.deepEqual(ids(receiver.received), [one, two, one, one]);
  const postponed = reports.filter(({ kind }) => kind === "notify-postponed");
  assert.equal(postponed.length, 1, "told once for each");
  assert.equal(JSON.stringify(reports).includes("hidden"), false, "the URL's token is in no report");
});

test("what is not whole is never told as published; what continues is told with the digest of the whole file", async () => {
  const { out, ...where } = places();
  const { notifier } = startNotifier({ targets: [recorder(out)] }, where);
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  await using server = await startTestServer({ observer: notifier });
  await using client = await server.loggedIn();
  const octets = randomBytes(300_000);
  for (const cut of [1, 70_000]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const raw = await client.openPassive();
    // oxlint-disable-next-line no-await-in-loop
    await client.command("STOR part.bin");
    // oxlint-disable-next-line no-await-in-loop
    const data = await client.secureData(raw);
    data.write(octets.subarray(0, cut), () => raw.destroy());
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await client.reply()).code, 426);
  }
  const { text } = await client.expect("SIZE part.bin", 213);
  const kept = Number(text.split(" ")[1]);
  await client.expect(`REST ${kept}`, 350);
  const { completion } = await client.store("STOR part.bin", octets.subarray(kept));
  assert.equal(completion?.code, 226);
  await client.store("APPE part.bin", Buffer.from("tail"));
  await client.store("STOR part.bin", Buffer.from("other"));
  await until(() => documentsIn(out).length === 3, "three publications");
  const digests = documentsIn(out)
    .toSorted((a, b) => String(a["endedAt"]).localeCompare(String(b["endedAt"])))
    .map(({ sha256, replaced, sizeBytes }) => [sha256, replaced, sizeBytes]);
  const digestOf = (...parts: readonly Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest("hex");
  assert.deepEqual(digests[0], [digestOf(octets), false, 300_000]);
  // The file was replaced while it waited to be read: no digest is better than that of another file.
  assert.ok([digestOf(octets, Buffer.from("tail")), null].includes(digests[1]?.[0] as string | null));
  assert.deepEqual(digests[2], [digestOf(Buffer.from("other")), true, 5]);
});

test("a receiver that is down is told after it and the server have started again", async () => {
  const { out: _, ...where } = places();
  const port = await freePort();
  const settings = { targets: [`http://127.0.0.1:${port}/hook?token=hidden`] };
  const told = Array.from({ length: 5 }, (__, number) => uploadEvent(`/${number}`));
  {
    const { notifier, reports } = startNotifier(settings, where);
    for (const event of told) notifier.onEvent(event);
    await until(() => reports.some(({ kind }) => kind === "notify-unreachable"), "the outage was told");
    await notifier.close();
    assert.equal(reports.filter(({ kind }) => kind === "notify-unreachable").length, 1);
  }
  const { notifier, reports } = startNotifier(settings, where);
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  await until(() => reports.some(({ kind }) => kind === "notify-unreachable"), "it is still down");
  await using receiver = await startReceiver({ plain: true, port });
  await until(() => receiver.received.length === 5, "all were told");
  assert.deepEqual(
    ids(receiver.received),
    told.map(({ published }) => published?.id),
  );
  await until(() => reports.some(({ kind }) => kind === "notify-reached"), "its end was told");
});

test("10,000 events for a receiver that is down cost bounded memory and disk, and all arrive", async () => {
  const { out: _, ...where } = places();
  const port = await freePort();
  const { notifier, reports } = startNotifier({ targets: [`http://127.0.0.1:${port}/`] }, where);
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let number = 0; number < 10_000; number++) {
    notifier.onEvent(uploadEvent(`/in/${number}`, { account: `account-${number % 8}` }));
    // oxlint-disable-next-line no-await-in-loop -- as they come
    if (number % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  const heapBytes = process.memoryUsage().heapUsed - before;
  const diskBytes = statSync(where.path).size + statSync(`${where.path}-wal`).size;
  assert.ok(heapBytes < 48_000_000, `${heapBytes} octets of heap`);
  assert.ok(diskBytes < 32_000_000, `${diskBytes} octets on disk`);
  assert.equal(reports.filter(({ kind }) => kind.startsWith("notif")).length, 1, "one line for one outage");
  await using receiver = await startReceiver({ plain: true, port });
  await until(() => receiver.received.length === 10_000, "all were told", 60_000);
  assert.equal(new Set(ids(receiver.received)).size, 10_000);
  const paths = receiver.received.filter(({ document }) => document["account"] === "account-3");
  const numbers = paths.map(({ document }) => Number(String(document["path"]).slice(4)));
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
    "in order for each account",
  );
});

test("what has failed for long enough is given up and told, and so is what waited for a target that is down", async () => {
  await using receiver = await startReceiver({ plain: true });
  const down = `http://127.0.0.1:${await freePort()}/`;
  const { out: _, ...where } = places();
  for (let call = 0; call < 100; call++) receiver.answers.push({ status: 400 });
  const { notifier, reports } = startNotifier(
    { targets: [receiver.url, down] },
    { ...where, limits: { notifyAgeMs: 300, notifyRetryMaxMs: 50 } },
  );
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  for (let number = 0; number < 3; number++) notifier.onEvent(uploadEvent(`/${number}`));
  const givenUp = (target: string) =>
    reports
      .filter((event) => event.kind === "notify-given-up" && target.startsWith(event.target))
      .reduce((sum, event) => sum + (event.kind === "notify-given-up" ? event.count : 0), 0);
  await until(() => givenUp(receiver.url) === 3, "three were given up");
  await until(() => givenUp(down) === 3, "three were given up in the outage");
  assert.equal([...listOutbox(where.path)].length, 0);
  const calls = receiver.received.length;
  assert.ok(calls > 6, `${calls} calls`);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(receiver.received.length, calls, "nothing is tried any more");
});

test("410 gives up one event and no other", async () => {
  await using receiver = await startReceiver({ plain: true });
  const { out: _, ...where } = places();
  receiver.answers.push({ status: 410 });
  const { notifier, reports } = startNotifier({ targets: [receiver.url] }, where);
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  for (let number = 0; number < 3; number++) notifier.onEvent(uploadEvent(`/${number}`));
  await until(() => receiver.received.length === 3, "three calls");
  await until(() => [...listOutbox(where.path)].length === 0, "nothing waits");
  assert.deepEqual(
    reports.map(({ kind }) => kind),
    ["notify-refused"],
  );
});

test("a full outbox drops the oldest and says so in few lines", async () => {
  const { out: _, ...where } = places();
  const limits = { notifyOutboxCount: 200 };
  const { notifier, reports } = startNotifier(
    { targets: [`http://127.0.0.1:${await freePort()}/`] },
    { ...where, limits },
  );
  for (let number = 0; number < 5000; number++) {
    notifier.onEvent(uploadEvent(`/${number}`));
    // oxlint-disable-next-line no-await-in-loop -- as they come
    if (number % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await notifier.close();
  const dropped = reports.filter((event) => event.kind === "notifications-dropped");
  assert.ok(dropped.length > 0 && dropped.length < 20, String(dropped.length));
  const last = dropped.at(-1) as Extract<ServiceEvent, { kind: "notifications-dropped" }>;
  assert.ok(last.count > 2400);
});

test("while the outbox cannot be written events wait in memory, up to a bound, and are told when it can", async () => {
  const { out: _, ...where } = places();
  await using receiver = await startReceiver({ plain: true });
  const { notifier, reports } = startNotifier(
    { targets: [receiver.url] },
    { ...where, limits: { notifyIntakeCount: 50 } },
  );
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  const other = new DatabaseSync(where.path);
  other.exec("BEGIN IMMEDIATE");
  const told = Array.from({ length: 60 }, (__, number) => uploadEvent(`/${number}`));
  for (const event of told) notifier.onEvent(event);
  await until(() => reports.some(({ kind }) => kind === "notifications-dropped"), "the loss was told");
  assert.equal(receiver.received.length, 0);
  other.exec("ROLLBACK");
  other.close();
  await until(() => receiver.received.length === 50, "what was kept was told");
  assert.deepEqual(
    receiver.received.map(({ document }) => document["path"]),
    told.slice(10).map(({ path }) => path),
  );
});

test("a publication is in the outbox when its event has been told, without a turn between", async () => {
  const { out: _, ...where } = places();
  const { notifier } = startNotifier({ targets: [`http://127.0.0.1:${await freePort()}/`] }, where);
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  for (let number = 1; number <= 5; number++) {
    notifier.onEvent(uploadEvent(`/${number}`));
    assert.equal([...listOutbox(where.path)].length, number);
  }
});

test("a program that hangs delays no transfer", async () => {
  const { out, ...where } = places();
  const hanging = script(`${out}.sh`, "sleep 100");
  const { notifier } = startNotifier({ targets: [hanging] }, where);
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  await using server = await startTestServer({ observer: notifier });
  await using client = await server.loggedIn();
  const octets = randomBytes(100_000);
  const startedMs = performance.now();
  for (let number = 0; number < 50; number++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal((await client.store(`STOR ${number}.bin`, octets)).completion?.code, 226);
  }
  assert.ok(performance.now() - startedMs < 15_000);
});

test("a stop gives deliveries their grace, and what it cuts is told after the next start", async () => {
  const { out, ...where } = places();
  const slow = script(`${out}.sh`, `d=$(cat); sleep 0.4; printf '%s\\n' "$d" >> ${out}`);
  const settings = { targets: [slow] };
  const event = uploadEvent("/a");
  {
    const { notifier } = startNotifier(settings, where);
    notifier.onEvent(event);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await notifier.close(50);
    assert.equal(documentsIn(out).length, 0);
  }
  {
    const { notifier } = startNotifier(settings, where);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await notifier.close(5000);
    assert.deepEqual(
      documentsIn(out).map(({ id }) => id),
      [event.published?.id],
    );
  }
  const { notifier } = startNotifier(settings, where);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await notifier.close(5000);
  assert.equal(documentsIn(out).length, 1, "what was delivered is not delivered again");
});

test("each of several targets is told by itself", async () => {
  const { out, ...where } = places();
  await using receiver = await startReceiver({ plain: true });
  const targets = [recorder(out), receiver.url, `http://127.0.0.1:${await freePort()}/down`];
  const { notifier } = startNotifier({ targets }, where);
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  for (let number = 0; number < 10; number++) notifier.onEvent(uploadEvent(`/${number}`));
  await until(() => receiver.received.length === 10 && documentsIn(out).length === 10, "both were told");
});

test("a notification without its digest waits for it, and has it then", async () => {
  const { out: _, ...where } = places();
  await using receiver = await startReceiver({ plain: true });
  const { notifier } = startNotifier({ targets: [receiver.url] }, where);
  await using stack = new AsyncDisposableStack();
  stack.use(notifier);
  const { path, account = "", ...rest } = uploadEvent("/a");
  for (const waitMs of [0, 100]) {
    const id = `018f0000-0000-7000-8000-${String(waitMs).padStart(12, "0")}`;
    notifier.onEvent({ ...rest, path, account, published: { id, sizeBytes: 3 } });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const { atMs, connection, remoteAddress, remotePort } = rest;
    const whose = { atMs, connection, remoteAddress, remotePort, account };
    notifier.onEvent({ ...whose, kind: "upload-digested", id, path, sha256: `digest-${waitMs}` });
  }
  await until(() => receiver.received.length === 2, "both were told");
  assert.deepEqual(receiver.received.map(({ document }) => document["sha256"]).toSorted(), ["digest-0", "digest-100"]);
});

test("observers together hear everything, and one that fails keeps nothing from the others", async () => {
  const heard: string[] = [];
  const observer = together(
    {
      onEvent: () => {
        throw new Error("it failed");
      },
    },
    { uploadDigest: "SHA-256", transcript: true, onEvent: ({ kind }) => void heard.push(kind) },
  );
  assert.equal(observer.uploadDigest, "SHA-256");
  assert.equal(observer.transcript, true);
  await using server = await startTestServer({ observer });
  await using client = await server.loggedIn();
  await client.expect("NOOP", 200);
  assert.ok(heard.includes("login") && heard.includes("command"));
});
