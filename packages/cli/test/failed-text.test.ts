import { type SyncStep } from "@sallyport/client";
import { errorOfFailure, octetsFromText, TransportError } from "@sallyport/protocol";
import assert from "node:assert/strict";
import test from "node:test";
import { MirrorTally } from "../src/client/mirror-text.ts";

const action = { kind: "transfer", path: "a", file: {} } as const;

function refusedBy(code: number): SyncStep {
  const reply = { code, lines: [octetsFromText("no")] };
  const failure = { code: "SALLYPORT_COMMAND_REFUSED", message: "refused", retry: "never", transcript: [] } as const;
  return { outcome: "failed", action, error: errorOfFailure({ ...failure, reply, command: octetsFromText("RETR a") }) };
}

const lost: SyncStep = { outcome: "failed", action, error: new TransportError("SALLYPORT_CONNECTION_LOST", "lost") };
const conflict: SyncStep = { outcome: "left", action: { kind: "conflict", path: "a", reason: "name-refused" } };

test("a mirror promises no more than the same command can do", () => {
  const cases: readonly (readonly [steps: readonly SyncStep[], says: string])[] = [
    [[lost, refusedBy(450)], "2 failed: the same command again does the rest."],
    [[refusedBy(550), conflict], "2 failed, and would again."],
    [[lost, conflict, lost], "3 failed, 1 of which would again: the same command again does the rest."],
  ];
  for (const [steps, says] of cases) {
    const tally = new MirrorTally(false);
    for (const step of steps) tally.count(step);
    assert.ok(tally.text().endsWith(`; ${says}`), tally.text());
  }
});
