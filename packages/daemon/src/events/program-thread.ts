import { parentPort } from "node:worker_threads";
import { type ProgramRun, runProgram } from "./program-run.ts";
import type { Delivery } from "./target.ts";

/** What the thread is told: to run a program, or to end a run early. */
export type ThreadOrder =
  | { readonly number: number; readonly run: ProgramRun }
  | { readonly number: number; readonly run: undefined };

export interface ThreadAnswer {
  readonly number: number;
  readonly delivery: Delivery;
}

const running = new Map<number, AbortController>();

parentPort?.on("message", ({ number, run }: ThreadOrder) => {
  if (run === undefined) running.get(number)?.abort();
  else void begin(number, run);
});

async function begin(number: number, run: ProgramRun): Promise<void> {
  const ending = new AbortController();
  running.set(number, ending);
  const delivery = await runProgram(run, ending.signal);
  running.delete(number);
  const answer: ThreadAnswer = { number, delivery };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a browser window
  parentPort?.postMessage(answer);
}
