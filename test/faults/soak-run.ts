import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Bystander } from "./bystander.ts";
import { chance, seedOfRun } from "./chance.ts";
import { type Holdings, leftIn } from "./holdings.ts";
import { Serving } from "./serving.ts";
import { visitUntil } from "./soak-client.ts";

/** What happens once in minutes or days happens here in seconds. */
const shortLimits = {
  idleMs: 3_000,
  loginDelayMs: 50,
  loginDelayMaxMs: 100,
  loginWindowMs: 10_000,
  loginBanMs: 5_000,
  loginBanMaxMs: 10_000,
  loginIntervalMs: 10,
  interruptedUploadMs: 15_000,
};

interface Sample extends Holdings {
  readonly atS: number;
  readonly parts: number;
}

/** Mixed use, good and bad, for so long; the server's holdings are sampled, and must not grow. */
export async function soak(
  context: TestContext,
  options: { readonly durationMs: number; readonly sampleMs: number; readonly growthMaxMiB: number },
): Promise<void> {
  const draw = chance(seedOfRun());
  context.diagnostic(`SALLYPORT_SEED=${draw.seed}`);
  const words = ["--max-per-host", "500"];
  await using serving = await Serving.start({ words, limits: shortLimits, sweepMs: options.sampleMs });
  await using bystander = await Bystander.start({ port: serving.implicitPort, mode: "implicit", from: "127.0.0.1" });
  const startedMs = performance.now();
  const endMs = startedMs + options.durationMs;
  const counts = new Map<string, number>();
  const clients = Array.from({ length: clientsCount }, (_, number) =>
    visitUntil(serving, { draw: chance(draw.seed + number), number, endMs, counts }),
  );
  const visits = Promise.all(clients);
  visits.catch(() => undefined);
  const samples: Sample[] = [];
  while (performance.now() < endMs) {
    await Promise.race([pause(Math.min(options.sampleMs, endMs - performance.now())), visits]);
    process.kill(serving.pid, "SIGHUP");
    const parts = leftIn(serving.root).parts.length;
    samples.push({ atS: Math.round((performance.now() - startedMs) / 1000), parts, ...(await serving.holdings()) });
  }
  await visits;
  await bystander.sawNothing(context, 10_000);
  const rest = await serving.holdingsAtRest();
  for (const sample of samples) context.diagnostic(rowOf(sample));
  context.diagnostic(`at rest ${JSON.stringify(rest)}`);
  context.diagnostic([...counts].map(([what, count]) => `${what} ${count}`).join(", "));
  assert.ok(serving.eventsCount("service-reloaded") > 0, "it was reloaded");
  doesNotGrow(samples, options.growthMaxMiB, serving.pids.length);
  assert.deepEqual(serving.faults, []);
  assert.equal(await serving.stop(), 0);
}

const clientsCount = 8;

/**
 * Holds the last two thirds to a straight line through the medians of all pairs (Theil and Sen), which no single sample
 * bends: over that time it may rise by the bound at most.
 */
function doesNotGrow(samples: readonly Sample[], growthMaxMiB: number, processes: number): void {
  const settled = samples.slice(Math.floor(samples.length / 3));
  const bounds = {
    rssMiB: growthMaxMiB,
    pssMiB: growthMaxMiB,
    heapMiB: growthMaxMiB / 2,
    files: 8,
    directories: 8,
    connections: 16,
    others: 8 * processes,
    listeners: 512 * processes,
    timers: 16,
    parts: clientsCount * 5,
  } as const;
  for (const [name, bound] of Object.entries(bounds) as [keyof typeof bounds, number][]) {
    const growth = growthOf(settled.map((sample) => [sample.atS, sample[name]]));
    assert.ok(growth <= bound, `${name} grew by ${growth.toFixed(1)}, more than ${bound}`);
  }
}

function growthOf(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([x, y], at) => points.slice(at + 1).map(([u, v]) => (v - y) / Math.max(1, u - x)));
  const median = slopes.toSorted((a, b) => a - b)[slopes.length >> 1] ?? 0;
  return median * ((points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0));
}

function rowOf(sample: Sample): string {
  const cells = Object.entries(sample).map(([name, value]) => `${name} ${Number(value).toFixed(0)}`);
  return cells.join("  ");
}
