import assert from "node:assert/strict";
import test from "node:test";
import { EntryQueue } from "../../src/listing/entry-queue.ts";

test("entries come out in order, and the giver waits while too many are there", async () => {
  const queue = new EntryQueue<number>(3);
  assert.equal(queue.give([1, 2]), undefined);
  const wait = queue.give([3, 4]);
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
  const queue = new EntryQueue<number>(1);
  const wait = queue.give([1, 2]);
  queue.unbind();
  await wait;
  assert.equal(queue.give([3, 4, 5]), undefined);
});

test("the end wakes who takes and who gives", async () => {
  const queue = new EntryQueue<number>(1);
  const taken = queue.taken();
  const next = taken.next();
  queue.end();
  assert.equal((await next).done, true);
});
