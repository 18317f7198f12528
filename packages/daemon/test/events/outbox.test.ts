import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { limitValues } from "@sallyport/protocol";
import { type NewEntry, Outbox } from "../../src/events/outbox.ts";
import { listOutbox } from "../../src/events/outbox-list.ts";
import { retryDelayMs } from "../../src/events/retry-delay.ts";
import { scratchDirectory } from "./ground.ts";

const scratch = scratchDirectory();
let made = 0;

function entry(changes: Partial<NewEntry> = {}): NewEntry {
  const id = `id-${String(made++).padStart(6, "0")}`;
  const usual = { target: "t", label: "T", kind: "published", lane: "alice", createdMs: 1000, dueMs: 1000 } as const;
  return { ...usual, id, body: JSON.stringify({ id }), ...changes };
}

function open(name: string, limits: { notifyOutboxCount?: number; notifyOutboxBytes?: number } = {}): Outbox {
  return Outbox.open(join(scratch, name), { limits: limitValues(limits), durable: false });
}

test("what is added is there after a restart, in its order, for this user alone", () => {
  const entries = [entry(), entry(), entry({ target: "other" })];
  {
    using outbox = open("kept.db");
    outbox.add(entries);
  }
  assert.equal(statSync(join(scratch, "kept.db")).mode & 0o777, 0o600);
  using outbox = open("kept.db");
  const first = outbox.next("t", 2000, []);
  assert.equal(first?.id, entries[0]?.id);
  outbox.remove(first?.sequence ?? 0);
  assert.equal(outbox.next("t", 2000, [])?.id, entries[1]?.id);
  assert.equal(outbox.countOf("t"), 1);
  assert.equal(outbox.countOf("other"), 1);
});

test("lanes that are busy are passed over, what is not due is not given", () => {
  using outbox = open("lanes.db");
  const [first, second, later] = [
    entry(),
    entry({ lane: "bob" }),
    entry({ lane: "carol", createdMs: 5000, dueMs: 5000 }),
  ];
  outbox.add([first, second, later]);
  assert.equal(outbox.next("t", 2000, ["alice"])?.id, second.id);
  assert.equal(outbox.next("t", 2000, ["alice", "bob"]), undefined);
  assert.equal(outbox.next("t", 5000, ["alice", "bob"])?.id, later.id);
  assert.equal(outbox.nextDueMs("t"), 1000);
  assert.equal(outbox.nextDueMs("nobody"), undefined);
});

test("what failed is put off, counted, and given up in the end", () => {
  using outbox = open("postponed.db");
  outbox.add([entry(), entry()]);
  const first = outbox.next("t", 2000, []);
  assert.ok(first !== undefined);
  outbox.postpone(first.sequence, { dueMs: 9000, expiresMs: 20_000, cause: "no" });
  assert.notEqual(outbox.next("t", 2000, [])?.sequence, first.sequence);
  outbox.postpone(first.sequence, { dueMs: 500, expiresMs: 90_000, cause: "no" });
  assert.equal(outbox.next("t", 2000, [])?.attempts, 2);
  assert.equal(outbox.expire("t", 19_000), 0);
  assert.equal(outbox.expire("t", 21_000), 1, "the time counts from the first failure");
  assert.equal(outbox.expire("t", 21_000, 2000), 1, "and in an outage from the event");
  assert.equal(outbox.countOf("t"), 0);
});

test("what waits for a digest is held until it comes, or until a restart", () => {
  const held = [entry({ dueMs: 99_000 }), entry({ dueMs: 99_000 })];
  {
    using outbox = open("held.db");
    outbox.add(held);
    assert.equal(outbox.next("t", 50_000, []), undefined);
    outbox.complete(held[1]?.id ?? "", (body) => `${body} and more`);
    const next = outbox.next("t", 50_000, []);
    assert.equal(next?.id, held[1]?.id);
    assert.match(next?.body ?? "", / and more$/);
    outbox.remove(next?.sequence ?? 0);
    assert.equal(outbox.next("t", 50_000, []), undefined);
  }
  using outbox = open("held.db");
  assert.equal(outbox.next("t", 50_000, [])?.id, held[0]?.id);
});

test("past the bound in count the oldest of the fullest target go, those of logins first", () => {
  using outbox = open("full.db", { notifyOutboxCount: 100 });
  const other = Array.from({ length: 20 }, () => entry({ target: "small" }));
  const first = Array.from({ length: 40 }, () => entry());
  const logins = Array.from({ length: 40 }, () => entry({ kind: "login-failed" }));
  assert.equal(outbox.add([...other, ...first, ...logins]), 0);
  const dropped = outbox.add(Array.from({ length: 30 }, () => entry()));
  assert.ok(dropped >= 30 && dropped < 35, String(dropped));
  assert.equal(outbox.countOf("small"), 20);
  assert.equal(outbox.next("t", 2000, [])?.id, first[0]?.id, "no upload went while there were logins");
});

test("past the bound in octets the oldest go, and the file does not grow", () => {
  const path = join(scratch, "bytes.db");
  using outbox = open("bytes.db", { notifyOutboxBytes: 1_000_000 });
  const body = "x".repeat(10_000);
  let dropped = 0;
  for (let round = 0; round < 100; round++) dropped += outbox.add(Array.from({ length: 10 }, () => entry({ body })));
  assert.ok(dropped >= 900, String(dropped));
  assert.ok(outbox.countOf("t") <= 100);
  assert.ok(statSync(path).size + statSync(`${path}-wal`).size < 8_000_000);
});

test("a damaged file is put aside and begun anew", () => {
  writeFileSync(join(scratch, "damaged.db"), "not a database ".repeat(1000));
  using outbox = open("damaged.db");
  assert.equal(outbox.wasDamaged, true);
  outbox.add([entry()]);
  assert.equal(outbox.countOf("t"), 1);
  assert.ok(statSync(join(scratch, "damaged.db.damaged")).size > 0);
});

test("what waits can be listed while it is used, without its target's secrets", () => {
  using outbox = open("listed.db");
  outbox.add([entry({ label: "https://hook.example" })]);
  const [listed] = [...listOutbox(join(scratch, "listed.db"))];
  assert.equal(listed?.target, "https://hook.example");
  assert.equal(listed.attempts, 0);
  assert.deepEqual([...listOutbox(join(scratch, "none.db"))], []);
});

test("waits double from the first to the bound, and are spread", () => {
  const limits = { notifyRetryMs: 1000, notifyRetryMaxMs: 60_000 };
  const longest = [1, 2, 3, 4, 7, 8, 1000].map((attempts) => retryDelayMs(attempts, limits, () => 1));
  assert.deepEqual(longest, [1000, 2000, 4000, 8000, 60_000, 60_000, 60_000]);
  assert.equal(
    retryDelayMs(3, limits, () => 0),
    2000,
  );
});

test("the next is found without reading through everything that one busy account waits for", () => {
  using outbox = open("one-lane.db");
  const body = JSON.stringify({ filling: "x".repeat(1200) });
  const entries = Array.from({ length: 20_000 }, () => entry({ body }));
  outbox.add(entries);
  const bob = entry({ lane: "bob", dueMs: 1001 });
  outbox.add([bob]);
  const fastest = (action: () => void) =>
    Math.min(
      ...Array.from({ length: 5 }, () => {
        const begunMs = performance.now();
        action();
        return performance.now() - begunMs;
      }),
    );
  const nextMs = fastest(() => assert.equal(outbox.next("t", 2000, ["alice"])?.id, bob.id));
  // Nothing has expired; every row is read for that.
  const throughMs = fastest(() => outbox.expire("t", 0));
  assert.ok(nextMs < throughMs / 2, `${nextMs} ms, and ${throughMs} ms for all rows`);
});

test("who pages through what waits does not make the server's file grow", () => {
  const path = join(scratch, "paged.db");
  using outbox = open("paged.db");
  const body = JSON.stringify({ filling: "x".repeat(20_000) });
  outbox.add(Array.from({ length: 600 }, () => entry({ body })));
  const listed = listOutbox(path);
  const first = listed.next().value;
  assert.ok(first !== undefined);
  for (let round = 0; round < 100; round++) {
    const [more] = [entry({ body, lane: "bob" })];
    outbox.add(Array.from({ length: 20 }, () => ({ ...more, id: `${more.id}-${made++}` })));
    for (let at = 0; at < 20; at++) outbox.remove(outbox.next("t", 2000, ["alice"])?.sequence ?? 0);
  }
  assert.ok(statSync(`${path}-wal`).size < 16_000_000, `${statSync(`${path}-wal`).size} octets beside the file`);
  assert.equal([...listed].length, 599);
});
