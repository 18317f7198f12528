import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { inOrder } from "../../src/inspect/in-order.ts";

test("results come in the order of the items, and no more are worked on at once than may be", async () => {
  let [running, most] = [0, 0];
  const work = async (item: number) => {
    most = Math.max(most, (running += 1));
    await pause(item % 3 === 0 ? 20 : 1);
    running -= 1;
    return item * 10;
  };
  const items = Array.from({ length: 12 }, (_, index) => index);
  const results: (readonly [number, number])[] = [];
  for await (const result of inOrder(items, 3, work)) results.push(result);
  assert.deepEqual(
    results,
    items.map((item) => [item, item * 10]),
  );
  assert.equal(most, 3);
});

test("an item that fails fails in its turn", async () => {
  const work = async (item: number) => (item === 1 ? assert.fail("one") : item);
  const seen: number[] = [];
  await assert.rejects(
    async () => {
      for await (const [item] of inOrder([0, 1, 2], 2, work)) seen.push(item);
    },
    { message: "one" },
  );
  assert.deepEqual(seen, [0]);
});
