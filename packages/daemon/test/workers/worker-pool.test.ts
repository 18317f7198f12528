import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { after, test } from "node:test";
import { ConfigError } from "@sallyport/protocol";
import type { ServiceSettings } from "@sallyport/daemon";
import type { ServiceEvent } from "../../src/log/service-event.ts";
import { WorkerPool } from "../../src/workers/worker-pool.ts";

const scratch = mkdtempSync(join(tmpdir(), "sallyport-pool-"));

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- these workers look at no setting
const settings = {
  listen: ["127.0.0.1"],
  explicitPort: 0,
  implicitPort: "off",
  requireTls: "none",
} as Partial<ServiceSettings> as ServiceSettings;

/** A pool whose workers run a program that is given as text. */
function poolOf(name: string, program: string, more: { standstillMs?: number } = {}) {
  const file = join(scratch, `${name}.mjs`);
  writeFileSync(file, program);
  const events: ServiceEvent[] = [];
  const log = { onEvent: (event: ServiceEvent) => void events.push(event) };
  const material = { identities: [] };
  const options = { settings, workersCount: 2, material, log, quiet: false, program: file, ...more };
  return { pool: new WorkerPool(options), events, options };
}

const notesItself = `import { appendFileSync } from "node:fs"; appendFileSync(${JSON.stringify(scratch)} + "/ids", process.pid + "\\n");`;

test("what a worker cannot do is said in its own words and with its code, and no process is left", async () => {
  const failure = {
    name: "ConfigError",
    message: "There is no room for the storage: make some.",
    code: "SALLYPORT_TEST",
  };
  const { pool, events } = poolOf(
    "refuses",
    `${notesItself}
    process.on("message", ({ kind, id, name }) => {
      if (name === "begin") process.send({ kind: "answer", id, value: ${JSON.stringify(failure)} });
    });`,
  );
  await pool.listen();
  await assert.rejects(pool.begin(), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual([error.message, error.code], [failure.message, failure.code]);
    return true;
  });
  await pool.close({ graceMs: 0 });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["listener-bound"],
  );
});

test("a worker that dies before it serves is told in one sentence", async () => {
  const { pool } = poolOf("dies", "process.exit(3);");
  await pool.listen();
  const sentence = "A worker could not start: the worker ended: exit status 3";
  await assert.rejects(pool.begin(), { message: sentence, code: "SALLYPORT_WORKER_FAILED" });
  await pool.close({ graceMs: 0 });
});

test("a worker that does not end when it is told to is killed", async () => {
  const { pool } = poolOf(
    "deaf",
    `${notesItself}
    process.on("message", ({ kind, id, name }) => {
      if (name === "begin") process.send({ kind: "answer", id, value: undefined });
      if (name === "close") for (;;);
    });
    setInterval(() => undefined, 1000);`,
  );
  await pool.listen();
  await pool.begin();
  const startedMs = performance.now();
  await pool.close({ graceMs: 100 });
  assert.ok(performance.now() - startedMs < 60_000);
});

test("a worker that stands still is ended, and another greets whoever it was to serve", async () => {
  const { pool, events } = poolOf(
    "stands-still",
    `import { existsSync, writeFileSync } from "node:fs";
    const mark = ${JSON.stringify(join(scratch, "stood-still"))};
    ${notesItself}
    process.on("message", ({ id, name }, socket) => {
      if (name === "begin") process.send({ kind: "answer", id, value: undefined });
      if (name === "close") process.disconnect();
      if (name !== "serve") return;
      if (!existsSync(mark)) for (writeFileSync(mark, ""); ; );
      process.send({ kind: "tell", name: "took", argument: 1 });
      socket.end("220 Here.\\r\\n");
    });`,
    { standstillMs: 200 },
  );
  const [{ port } = { port: 0 }] = await pool.listen();
  await pool.begin();
  const greeting = await text(connect(port, "127.0.0.1"));
  assert.equal(greeting, "220 Here.\r\n");
  const ended = events.find((event) => event.kind === "worker-ended");
  assert.equal(ended?.cause, "it stood still");
  await pool.close({ graceMs: 0 });
});

test("logins that a worker could not look at again are not passed over in silence", async () => {
  const { pool } = poolOf(
    "cannot-review",
    `${notesItself}
    process.on("message", ({ id, name }) => {
      if (name === "begin") process.send({ kind: "answer", id, value: undefined });
      if (name === "reviewLogins") process.send({ kind: "failure", id, cause: "database is locked" });
      if (name === "close") process.disconnect();
    });`,
  );
  await pool.listen();
  await pool.begin();
  await assert.rejects(pool.reviewLogins(), /database is locked/);
  await pool.close({ graceMs: 0 });
});

test("a process that the system refuses is tried again", async () => {
  const { pool, events, options } = poolOf(
    "refused",
    `${notesItself}
    process.on("message", ({ id, name }) => {
      if (name === "begin") process.send({ kind: "answer", id, value: undefined });
      if (name === "close") process.disconnect();
      if (name === "serve") process.exit(1);
    });`,
  );
  const { program } = options;
  const [{ port } = { port: 0 }] = await pool.listen();
  await pool.begin();
  // Node throws for such a path as it does where there is no memory.
  options.program = "\0";
  const visitor = connect(port, "127.0.0.1");
  const happened = (kind: string) => events.filter((event) => event.kind === kind).length;
  while (happened("worker-ended") < 3) await pause(10);
  options.program = program;
  visitor.destroy();
  while (happened("worker-started") < 3) await pause(10);
  await pool.close({ graceMs: 0 });
});

test("no worker is left", async () => {
  const ids = readFileSync(join(scratch, "ids"), "utf8").trim().split("\n");
  for (let waits = 0; waits < 50 && ids.some((id) => existsSync(`/proc/${id}`)); waits++) await pause(20);
  assert.ok(ids.length >= 10);
  assert.deepEqual(
    ids.filter((id) => existsSync(`/proc/${id}`)),
    [],
  );
});

after(() => rmSync(scratch, { recursive: true }));
