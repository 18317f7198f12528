import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type CompareBy, compareFiles, relateTimes } from "../../src/sync/compare.ts";
import type { TreeEntry } from "../../src/sync/tree.ts";

const minute = 60_000;
const noon = Date.UTC(2026, 10, 22, 12, 0, 0);

function file(sizeBytes: number | bigint | undefined, instantMs?: number, precisionMs = 1): TreeEntry {
  return {
    path: "f",
    kind: "file",
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(instantMs !== undefined && { modified: { instantMs, precisionMs } }),
  };
}

function compared(
  source: TreeEntry,
  target: TreeEntry,
  by: readonly CompareBy[],
  timeRule: "newer" | "differ" = "newer",
): string {
  const result = compareFiles(source, target, { by, timeRule, timeWindowMs: 0 });
  return result.outcome === "different" ? result.because : result.outcome;
}

test("R-LIST-07 times are told apart only as far as their precision goes", () => {
  const relate = (one: number, precision: number, other: number, otherPrecision: number, window = 0): string =>
    relateTimes({ instantMs: one, precisionMs: precision }, { instantMs: other, precisionMs: otherPrecision }, window);
  assert.equal(relate(noon + 1, 1, noon, 1), "later");
  assert.equal(relate(noon, 1, noon, 1), "overlap");
  assert.equal(relate(noon + 59_999, 1, noon, minute), "overlap");
  assert.equal(relate(noon + minute, 1, noon, minute), "later");
  assert.equal(relate(noon, minute, noon + 30_000, 1), "overlap");
  assert.equal(relate(noon, minute, noon + minute, 1), "earlier");
  assert.equal(relate(noon + minute + 1999, 1, noon, minute, 2000), "overlap");
  assert.equal(relate(noon + minute + 2000, 1, noon, minute, 2000), "later");
  assert.equal(relateTimes(undefined, { instantMs: noon, precisionMs: 1 }, 0), "unknown");
});

test("files are compared by size, time and hash", () => {
  const both: readonly CompareBy[] = ["size", "time"];
  assert.equal(compared(file(1, noon), file(2, noon), both), "size");
  assert.equal(compared(file(2n ** 60n), file(2n ** 60n + 1n), ["size"]), "size");
  assert.equal(compared(file(1n), file(1), ["size"]), "same");
  assert.equal(compared(file(1, noon + 1), file(1, noon), both), "newer");
  assert.equal(compared(file(1, noon), file(1, noon + 1), both), "same");
  assert.equal(compared(file(1, noon), file(1, noon + 1), both, "differ"), "time");
  assert.equal(compared(file(1), file(1, noon), both), "same");
  assert.equal(compared(file(undefined), file(1, noon), both), "unknown");
  assert.equal(compared(file(undefined, noon), file(1, noon), both), "same");
  assert.equal(compared(file(1, noon), file(2, noon), ["time"]), "same");
});

test("the hash is asked for where size and time leave a doubt, and not where they prove a difference", () => {
  const all: readonly CompareBy[] = ["size", "time", "hash"];
  assert.equal(compared(file(1, noon), file(2, noon), all), "size");
  assert.equal(compared(file(1, noon), file(1, noon), all), "same");
  assert.equal(compared(file(1, noon + 9), file(1, noon), all), "needs-hash");
  assert.equal(compared(file(1, noon, minute), file(1, noon, minute), all), "needs-hash");
  assert.equal(compared(file(1), file(1), all), "needs-hash");
  assert.equal(compared(file(1, noon), file(1, noon), ["size", "hash"]), "needs-hash");
});

test("a source is newer only where every true time within the precision says so", () => {
  const time = fc.record({ instantMs: fc.integer({ min: 0, max: 200 }), precisionMs: fc.integer({ min: 1, max: 60 }) });
  fc.assert(
    fc.property(time, time, fc.nat(10), (one, other, window) => {
      const relation = relateTimes(one, other, window);
      const smallest = one.instantMs - (other.instantMs + other.precisionMs);
      const largest = one.instantMs + one.precisionMs - other.instantMs;
      assert.equal(relation === "later", smallest >= window);
      assert.equal(relation === "earlier", largest <= -window);
    }),
  );
});
