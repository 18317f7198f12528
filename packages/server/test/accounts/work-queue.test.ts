import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Precedence } from "../../src/accounts/precedence-lines.ts";
import { WorkQueue } from "../../src/accounts/work-queue.ts";

/** The order in which jobs that wait at the same time are begun. */
async function orderOf(asked: readonly Precedence[]): Promise<readonly Precedence[]> {
  const queue = new WorkQueue({ concurrency: 1, waitingMax: 512, waitMaxMs: 60_000 });
  const begun: Precedence[] = [];
  const first = queue.run(() => turn());
  const rest = asked.map((precedence) =>
    queue.run(
      async () => {
        begun.push(precedence);
        await turn();
      },
      { precedence },
    ),
  );
  await Promise.all([first, ...rest]);
  return begun;
}

test("S-13 those who have logged in before go first, then those of whom nothing is known", async () => {
  assert.deepEqual(await orderOf(["failing", "unknown", "trusted", "failing", "unknown", "trusted"]), [
    ...["trusted", "trusted", "unknown", "unknown", "failing", "failing"],
  ]);
});

test("S-13 no precedence keeps those behind it out for good, however many of it come", async () => {
  const order = await orderOf([
    ...Array.from({ length: 300 }, () => "trusted" as const),
    ...Array.from({ length: 40 }, () => "unknown" as const),
    "failing",
  ]);
  const shareOf = (precedence: Precedence, count: number) =>
    order.slice(0, count).filter((one) => one === precedence).length / count;
  assert.ok(order.indexOf("unknown") <= 3);
  assert.ok(order.indexOf("failing") <= 15);
  assert.ok(shareOf("trusted", 100) >= 0.74, "three quarters stay with those who come first");
});
