import { setTimeout as pause } from "node:timers/promises";
import { inspect, type InspectResult } from "@sallyport/inspector";
import { exitCodeOf, worstOf, type InspectExitCode } from "./exit-code.ts";
import { inOrder } from "./in-order.ts";
import type { InspectOutput } from "./output.ts";
import type { InspectPlan } from "./plan.ts";
import type { InspectTarget } from "./targets.ts";

export interface RunOptions {
  readonly parallel: number;
  /** Pause between rounds; undefined for one round. */
  readonly watchSeconds: number | undefined;
}

/** Inspects every target, once or again and again, and gives the worst exit code of the last round. */
export async function runInspections(
  plan: InspectPlan,
  output: InspectOutput,
  { parallel, watchSeconds }: RunOptions,
): Promise<InspectExitCode> {
  let before = new Map<InspectTarget, InspectResult>();
  for (;;) {
    before = await round(plan, output, parallel, before);
    await output.ended([...before]);
    if (watchSeconds === undefined) return worstOf([...before.values()].map(exitCodeOf));
    await pause(watchSeconds * 1000);
  }
}

async function round(
  plan: InspectPlan,
  output: InspectOutput,
  parallel: number,
  before: ReadonlyMap<InspectTarget, InspectResult>,
): Promise<Map<InspectTarget, InspectResult>> {
  const results = new Map<InspectTarget, InspectResult>();
  const one = (target: InspectTarget) => {
    output.begun(target);
    const onFinding = (finding: Parameters<InspectOutput["found"]>[1]) => output.found(target, finding);
    return inspect(target.host, { ...plan.optionsFor(target), onFinding });
  };
  for await (const [target, result] of inOrder(plan.targets, parallel, one)) {
    results.set(target, result);
    output.done(target, result, before.get(target));
  }
  return results;
}
