import assert from "node:assert/strict";
import test from "node:test";
import { mutants } from "./mutants.ts";
import { findMutant, quickCount, runSimulation } from "./programs.ts";
import { foundPlans } from "./found-plans.ts";

test(`server-PI and user-PI over a faulty network: ${quickCount} seeds`, async (context) => {
  const { ok, output } = await runSimulation("hunt.ts", [1, quickCount]);
  context.diagnostic(output.split("\n")[0] ?? "");
  assert.ok(ok, output);
});

for (const { what, plan } of foundPlans) {
  test(`found once: ${what}`, async () => {
    const { ok, output } = await runSimulation("replay.ts", [JSON.stringify(plan)]);
    assert.ok(ok, output);
  });
}

test("the same seed gives the same run, octet for octet", async () => {
  const [once, again] = await Promise.all([runSimulation("replay.ts", [7]), runSimulation("replay.ts", [7])]);
  assert.ok(once.ok, once.output);
  assert.equal(once.output, again.output);
});

// That the simulation can fail: it finds every deliberate fault.
for (const { name, what, seed } of mutants) {
  test(`mutant ${name}: ${what}`, async () => {
    const found = await findMutant(name, seed);
    assert.ok(found.seed > 0 && found.seed <= quickCount, `not found within ${quickCount} seeds:\n${found.output}`);
  });
}
