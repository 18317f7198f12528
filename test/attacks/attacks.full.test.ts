import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { mannWhitney, median } from "../../packages/server/test/accounts/mann-whitney.ts";
import { clearData, clearDriver } from "./attack.ts";
import { databaseOfOne, timed } from "./login-attacks.ts";
import { ourTarget } from "./targets.ts";
import { shake } from "./transfer-attacks.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("S-12 unknown names cannot be told from known ones over the wire by 250 timings each (Mann–Whitney)", async (t) => {
  await using target = await ourTarget({ setup: databaseOfOne });
  const samples: Record<"alice" | "nobody" | "again", number[]> = { alice: [], nobody: [], again: [] };
  // Interleaved, so that whatever slows the machine down meets all of them alike; the first rounds warm up.
  for (let round = -5; round < 250; round++) {
    for (const [name, times] of Object.entries(samples)) {
      const tookMs = await timed(target, name === "nobody" ? "nobody" : "alice");
      if (round >= 0) times.push(tookMs);
    }
  }
  for (const name of ["nobody", "again"] as const) {
    const { p } = mannWhitney(samples.alice, samples[name]);
    const differenceMs = Math.abs(median(samples[name]) - median(samples.alice));
    t.diagnostic(`${name}: median differs by ${differenceMs.toFixed(3)} ms, p = ${p.toFixed(4)}`);
    assert.ok(p > 0.001 || differenceMs < 1, `${name}: ${differenceMs} ms, p = ${p}`);
  }
});

test("S-28 a thousand disturbed transfers leave a server that serves and holds on to nothing", async (t) => {
  await using target = await ourTarget({ setup: { ...clearData, limits: { connectionsPerHostCount: 200 } } });
  const actions = ["ABOR", "STAT", "QUIT", "cut control", "cut data"] as const;
  const heldMiB: number[] = [];
  for (let seed = 1; seed <= 10; seed++) {
    await shake(target, { seed, rounds: 100, actions });
    collectGarbage();
    const { heapUsed, arrayBuffers, external } = process.memoryUsage();
    heldMiB.push(Math.round((heapUsed + arrayBuffers + external) / 2 ** 20));
  }
  t.diagnostic(`held after each hundred, client and log included: ${heldMiB.join(", ")} MiB`);
  // The log of this test is kept whole and grows by some MiB; a buffer or file lost in each transfer would be far more.
  // What has not been let go yet makes single figures high, never low.
  assert.ok(Math.min(...heldMiB.slice(5)) - Math.min(...heldMiB.slice(0, 5)) < 16);
  await using driver = await clearDriver(target);
  assert.equal((await driver.retrieve("RETR large", { clear: true })).octets.length, 1 << 20);
});
