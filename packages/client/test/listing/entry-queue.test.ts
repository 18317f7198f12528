import assert from "node:assert/strict";
import test from "node:test";
import { EntryQueue } from "../../src/listing/entry-queue.ts";

let overflows = 0;
const queueOf = (countMax: number, bytesMax = 1_000_000): EntryQueue<number> =>
  new EntryQueue<number>({ countMax, bytesMax, onOverflow: () => overflows++ });

test("entries come out in order, and the giver waits while too many are there", async () => {
  const queue = queueOf(3);
  assert.equal(queue.give([1, 2], 10), undefined);
  const wait = queue.give([3, 4], 10);
  let hasRoom = false;
  void wait?.then(() => (hasRoom = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(hasRoom, false);
  const taken = queue.taken();
  assert.deepEqual((await taken.next()).value, [1, 2, 3, 4]);
  await wait;
  queue.end();
  assert.equal((await taken.next()).done, true);
});

test("once unbound, nobody who gives waits", async () => {
  const queue = queueOf(1);
  const wait = queue.give([1, 2], 10);
  queue.unbind();
  await wait;
  assert.equal(queue.give([3, 4, 5], 10), undefined);
});

test("whoever gives waits where the octets are too many, however few the entries", async () => {
  const queue = queueOf(100, 1_000);
  assert.equal(queue.give([1], 100), undefined);
  const wait = queue.give([2], 600);
  assert.ok(wait instanceof Promise);
  await queue.taken().next();
  await wait;
  assert.equal(queue.give([3], 100), undefined);
});

test("once unbound, what does not fit is dropped, and that is said once", async () => {
  const queue = queueOf(1, 1_000);
  overflows = 0;
  queue.unbind();
  assert.equal(queue.give([1], 2_000), undefined);
  assert.equal(overflows, 0);
  for (const entry of [2, 3]) assert.equal(queue.give([entry], 10), undefined);
  assert.equal(overflows, 1);
  assert.deepEqual((await queue.taken().next()).value, [1]);
});

test("the end wakes who takes and who gives", async () => {
  const queue = queueOf(1);
  const taken = queue.taken();
  const next = taken.next();
  queue.end();
  assert.equal((await next).done, true);
});
