import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import test from "node:test";
import { runSimulation } from "./programs.ts";

const seconds = 240;

for (const [name, first] of [
  ["seeds counted on from the quick ones", 1_001],
  ["seeds from a random start", randomInt(1_000_000, 4_000_000_000)],
] as const) {
  test(`server-PI and user-PI at length: ${name}, from ${first}`, async (context) => {
    const { ok, output } = await runSimulation("hunt.ts", [first, 1_000_000, seconds]);
    context.diagnostic(output.split("\n")[0] ?? "");
    assert.ok(ok, output);
  });
}
