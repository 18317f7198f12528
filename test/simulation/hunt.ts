// node --conditions=source test/simulation/hunt.ts FIRST COUNT [SECONDS]: runs seeds until one fails, and prints it and
// what it can be reduced to; ends after SECONDS in any case. With SALLYPORT_SIMULATION_MUTANT in the environment it is
// that mutant which runs.
import { pathToFileURL } from "node:url";
import { type Plan, planOf } from "./plan.ts";
import type { RunResult } from "./simulate.ts";
import { becomeSimulation } from "./install.ts";

becomeSimulation();
// Only now, since modules that were loaded before would escape.
const { simulate } = await import("./simulate.ts");

export interface Found {
  readonly seed: number;
  readonly result: RunResult;
  /** The same run with only those faults and events without which it does not fail. */
  readonly plan: Plan;
}

export interface Hunt {
  readonly found: Found | undefined;
  readonly runsCount: number;
  readonly steps: number;
  readonly acknowledgedCount: number;
}

/** Runs seeds one after the other, until one goes against what must hold or the deadline has come. */
export async function hunt(first: number, count: number, isLate: () => boolean = () => false): Promise<Hunt> {
  let [steps, acknowledgedCount, runsCount] = [0, 0, 0];
  for (let seed = first; seed < first + count && !isLate(); seed++) {
    const plan = planOf(seed);
    const result = await simulate(plan);
    runsCount += 1;
    steps += result.steps;
    acknowledgedCount += result.acknowledgedCount;
    if (result.violations.length === 0) continue;
    return { found: { seed, result, plan: await shrink(plan) }, runsCount, steps, acknowledgedCount };
  }
  return { found: undefined, runsCount, steps, acknowledgedCount };
}

/** Takes out faults and events as long as the run goes on failing. */
async function shrink(plan: Plan): Promise<Plan> {
  const fewer: Plan[] = [
    ...plan.faults.map((fault) => ({ ...plan, faults: plan.faults.filter((one) => one !== fault) })),
    ...plan.events.map((event) => ({ ...plan, events: plan.events.filter((one) => one !== event) })),
    ...(plan.staleTimers ? [{ ...plan, staleTimers: false }] : []),
    ...(plan.operationsCount > 1 ? [{ ...plan, operationsCount: plan.operationsCount - 1 }] : []),
  ];
  for (const smaller of fewer) {
    if ((await simulate({ ...smaller, isCalm: false })).violations.length > 0) return shrink(smaller);
  }
  return plan;
}

/** What a person needs to know of a failing seed. */
export function report({ seed, result, plan }: Found): string {
  const { faults, events, operationsCount, staleTimers } = plan;
  return [
    `seed ${seed} fails: ${result.violations.join("; ")}`,
    `still fails with ${JSON.stringify({ faults, events, operationsCount, staleTimers })}`,
    `replay: node --conditions=source test/simulation/replay.ts ${seed}`,
  ].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [first = 1, count = 1_000, seconds = 3_600] = process.argv.slice(2).map(Number);
  const endsAt = process.hrtime.bigint() + BigInt(seconds) * 1_000_000_000n;
  const { found, ...figures } = await hunt(first, count, () => process.hrtime.bigint() > endsAt);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  if (found !== undefined) process.stdout.write(`${report(found)}\n`);
  process.exitCode = found === undefined ? 0 : 1;
}
