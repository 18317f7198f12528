import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
function poolOf(name: string, program: string) {
  const file = join(scratch, `${name}.mjs`);
  writeFileSync(file, program);
  const events: ServiceEvent[] = [];
  const log = { onEvent: (event: ServiceEvent) => void events.push(event) };
  const material = { identities: [] };
  const pool = new WorkerPool({ settings, workersCount: 2, material, log, quiet: false, program: file });
  return { pool, events };
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

test("no worker is left", async () => {
  const ids = readFileSync(join(scratch, "ids"), "utf8").trim().split("\n");
  for (let waits = 0; waits < 50 && ids.some((id) => existsSync(`/proc/${id}`)); waits++) await pause(20);
  assert.equal(ids.length, 4);
  assert.deepEqual(
    ids.filter((id) => existsSync(`/proc/${id}`)),
    [],
  );
});

after(() => rmSync(scratch, { recursive: true }));
