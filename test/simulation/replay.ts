// node --conditions=source test/simulation/replay.ts SEED, or a plan as JSON: one run again, with what both sides said.
import { type Plan, planOf } from "./plan.ts";
import { becomeSimulation } from "./install.ts";

becomeSimulation();
// Only now, since modules that were loaded before would escape.
const { simulate } = await import("./simulate.ts");

const [given = ""] = process.argv.slice(2);
const plan = given.startsWith("{") ? (JSON.parse(given) as Plan) : planOf(Number(given));
const { transcript, violations, acknowledgedCount, steps } = await simulate(plan);
process.stdout.write(`${JSON.stringify(plan)}\n${transcript.join("\n")}\n`);
process.stdout.write(`${violations.length} violations, ${acknowledgedCount} acknowledged, ${steps} steps\n`);
process.exitCode = violations.length === 0 ? 0 : 1;
