import assert from "node:assert/strict";
import { test } from "node:test";
import { checks } from "../src/checks/table.ts";
import { faultCases } from "./corpus.ts";
import { testCases } from "./corpus-runner.ts";

/** Checks whose fault no scripted server of this kind can have; each has a test of its own beside. */
const elsewhere: readonly string[] = ["T6 tickets"];

const firstOfEach = faultCases.filter(({ check }, at) => faultCases.findIndex((other) => other.check === check) === at);

// Further faults that the same check tells of are in the full tier.
testCases(firstOfEach);

test("every check has a server with its fault", () => {
  const told = new Set([...faultCases.map(({ check }) => check), ...elsewhere]);
  assert.deepEqual(
    checks.map(({ id, name }) => `${id} ${name}`).filter((check) => !told.has(check)),
    [],
  );
});
