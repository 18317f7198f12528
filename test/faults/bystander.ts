import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import { quantile } from "./waiting.ts";

export interface BystanderOptions {
  readonly port: number;
  readonly mode?: "explicit" | "implicit";
  readonly user?: string;
  readonly from?: string;
  /** Logs in anew for each round, instead of once. */
  readonly logsInEachTime?: boolean;
}

/** What a bystander met until it was told to end. */
export interface Experience {
  readonly rounds: number;
  readonly roundsMs: readonly number[];
  readonly failure?: string;
}

/**
 * A client that minds its own business while others do harm: it lists, uploads and downloads in a loop, on a thread of
 * its own, so that what this process does besides is not taken for a pause of the server.
 */
export class Bystander implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #experience: Promise<Experience>;

  private constructor(worker: Worker) {
    this.#worker = worker;
    this.#experience = new Promise((resolve) => {
      worker.once("message", () => worker.once("message", (told: Experience) => resolve(told)));
      worker.once("error", (error: Error) => resolve({ rounds: 0, roundsMs: [], failure: error.message }));
      worker.once("exit", () => resolve({ rounds: 0, roundsMs: [], failure: "the bystander's thread ended" }));
    });
  }

  /** Starts one and returns after its first round. */
  static async start(options: BystanderOptions): Promise<Bystander> {
    const worker = new Worker(new URL("./bystander-thread.ts", import.meta.url), { workerData: options });
    const bystander = new Bystander(worker);
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    return bystander;
  }

  async end(): Promise<Experience> {
    this.#worker.postMessage("end");
    const experience = await this.#experience;
    await this.#worker.terminate();
    return experience;
  }

  /** Ends it, and insists that nothing failed and that no round took longer than the bound. */
  async sawNothing(context: TestContext, roundMaxMs: number): Promise<void> {
    const { rounds, roundsMs, failure } = await this.end();
    const longestMs = Math.max(0, ...roundsMs);
    const figures = `median ${quantile(roundsMs, 0.5).toFixed(0)} ms, p99 ${quantile(roundsMs, 0.99).toFixed(0)} ms, longest ${longestMs.toFixed(0)} ms`;
    context.diagnostic(`a bystander listed, stored and fetched ${rounds} times: ${figures}`);
    assert.equal(failure, undefined);
    assert.ok(rounds > 0, "the bystander was served");
    assert.ok(longestMs <= roundMaxMs, `a bystander waited ${longestMs.toFixed(0)} ms, more than ${roundMaxMs}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
