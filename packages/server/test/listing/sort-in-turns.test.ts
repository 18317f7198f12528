import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { sortInTurns } from "../../src/listing/sort-in-turns.ts";

for (const count of [0, 1, 4096, 4097, 30_000]) {
  test(`${count} items come out as from one stable sort`, async () => {
    const items = Array.from({ length: count }, (_, at) => ({ key: randomInt(1000), at }));
    const byKey = (left: { key: number }, right: { key: number }) => left.key - right.key;
    const expected = items.toSorted(byKey);
    assert.deepEqual(await sortInTurns(items, byKey), expected);
  });
}

test("S-18 others have their turn while many are sorted", async () => {
  let turns = 0;
  const ticking = setInterval(() => turns++, 0);
  const names = Array.from({ length: 100_000 }, () => String(randomInt(1e9)));
  await sortInTurns(names, (left, right) => (left < right ? -1 : 1));
  clearInterval(ticking);
  assert.ok(turns >= 10, `${turns} turns`);
});
