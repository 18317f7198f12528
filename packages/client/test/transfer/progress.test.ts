import type { Progress } from "@sallyport/client";
import assert from "node:assert/strict";
import test from "node:test";
import { ProgressMeter } from "../../src/transfer/progress.ts";

function watched(facts: { total?: number; resumedFrom?: number } = {}): { meter: ProgressMeter; told: Progress[] } {
  const told: Progress[] = [];
  return { told, meter: new ProgressMeter("file", (progress) => told.push(progress), facts) };
}

test("a thousand pieces in one moment are told once", () => {
  const { meter, told } = watched({ total: 2_000 });
  for (let bytes = 1; bytes <= 1_000; bytes++) meter.moved(bytes);
  assert.equal(told.length, 1);
  assert.partialDeepStrictEqual(told[0], { phase: "data", bytes: 1, total: 2_000 });
});

test("the last octet begins the wait for the server's word", () => {
  const { meter, told } = watched({ total: 10 });
  meter.moved(5);
  meter.moved(10);
  meter.moved(10);
  meter.enter("done");
  assert.deepEqual(
    told.map(({ phase, bytes }) => [phase, bytes]),
    [
      ["data", 5],
      ["confirm", 10],
      ["done", 10],
    ],
  );
});

test("what was there before a resumption counts as done, and not for the rate", () => {
  const { meter, told } = watched({ total: 1_000, resumedFrom: 900 });
  meter.moved(50);
  assert.partialDeepStrictEqual(told[0], { bytes: 950, resumedFrom: 900 });
  assert.ok((told[0]?.rate ?? 0) > 0);
  assert.ok((told[0]?.etaMs ?? -1) >= 0);
});
