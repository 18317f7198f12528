import { Worker } from "node:worker_threads";
import type { ProgramRun } from "./program-run.ts";
import type { ThreadAnswer, ThreadOrder } from "./program-thread.ts";
import type { Delivery } from "./target.ts";

/**
 * A thread that runs programs, started with the first: to start a process holds a thread for milliseconds (1.5 to 8
 * measured, more the larger the process), and the one that serves has other things to do.
 */
export class ProgramRunner implements AsyncDisposable {
  readonly #waiting = new Map<number, (delivery: Delivery) => void>();
  #worker: Worker | undefined;
  #begun = 0;

  /** Runs a program as {@link runProgram} does. */
  run(run: ProgramRun, signal: AbortSignal): Promise<Delivery> {
    const number = ++this.#begun;
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve) => {
      const abort = () => this.#tell(worker, { number, run: undefined });
      this.#waiting.set(number, (delivery) => {
        signal.removeEventListener("abort", abort);
        this.#waiting.delete(number);
        if (this.#waiting.size === 0) worker.unref();
        resolve(delivery);
      });
      worker.ref();
      this.#tell(worker, { number, run });
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(threadUrl, { resourceLimits: { maxYoungGenerationSizeMb: 2 } });
    worker.on("message", ({ number, delivery }: ThreadAnswer) => this.#waiting.get(number)?.(delivery));
    // It is followed by `exit`.
    worker.on("error", () => undefined);
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
      const cause = "the thread that runs programs ended";
      for (const settle of [...this.#waiting.values()]) settle({ kind: "failed", scope: "target", cause });
    });
    return worker;
  }

  #tell(worker: Worker, order: ThreadOrder): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a browser window
    worker.postMessage(order);
  }
}

// The extension is .ts when sources run directly and .js in dist.
const threadUrl = new URL(`program-thread${import.meta.url.slice(-3)}`, import.meta.url);
