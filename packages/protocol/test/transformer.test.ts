import assert from "node:assert/strict";
import { test } from "node:test";
import { expansionGuard } from "@sallyport/protocol";

test("S-24 any ratio is borne up to the tolerated size, the ratio of all that passed counts behind it", () => {
  const guard = expansionGuard(10, 1000);
  assert.equal(guard.admits(1, 1000), true);
  assert.equal(guard.admits(0, 1), false);
  assert.equal(guard.admits(99, 0), false);
  assert.equal(guard.admits(1, 9), true);
  assert.equal(guard.admits(0, 1), false);
});

test("S-24 a MiB is tolerated by default", () => {
  assert.equal(expansionGuard(1).admits(0, 1_048_576), true);
  assert.equal(expansionGuard(1).admits(0, 1), true);
  assert.equal(expansionGuard(1).admits(0, 1_048_577), false);
});
