import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionBudget } from "../../src/probes/budget.ts";

const { signal } = new AbortController();

test("no more connections are open at once than are allowed", async () => {
  const budget = new ConnectionBudget({ controlMax: 10, atOnce: 2, signal, backOffMs: [] });
  const first = await budget.control();
  await budget.control();
  let hasThird = false;
  const third = budget.control().then((place) => {
    hasThird = true;
    return place;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(hasThird, false);
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  assert.ok(await third);
  assert.equal(budget.controlUsed, 3);
});

test("behind the last connection there is none, and the report is told", async () => {
  const budget = new ConnectionBudget({ controlMax: 1, atOnce: 2, signal, backOffMs: [] });
  assert.ok(await budget.control());
  assert.equal(budget.isExhausted, false);
  assert.equal(await budget.control(), undefined);
  assert.equal(budget.isExhausted, true);
});
