import assert from "node:assert/strict";
import test from "node:test";
import { Patience } from "../../src/transfer/patience.ts";

const asked = (patience: Patience, count: number): number =>
  Array.from({ length: count }, () => patience.isAsked()).filter(Boolean).length;

test("a file is left to threads for a while after a call that took long, and for twice as long after the next", () => {
  const patience = new Patience(20);
  patience.took(20);
  assert.equal(asked(patience, 10), 0);
  patience.took(21);
  assert.equal(asked(patience, 1000), 64);
  patience.took(1);
  assert.equal(asked(patience, 10), 0);
  patience.took(500);
  assert.equal(asked(patience, 1000), 128);
});
