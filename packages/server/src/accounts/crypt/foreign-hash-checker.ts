import { Worker } from "node:worker_threads";
import { AccountError } from "../account-error.ts";
import type { ForeignHashJob } from "./foreign-hash-worker.ts";

/** How long an unused thread is kept; it holds about 10 MiB. */
const idleMs = 60_000;

/**
 * Checks imported hashes in one thread of its own, started at the first of them and ended when there are none: even
 * the asynchronous form of bcryptjs holds the event loop for 100 ms at a time, which every transfer would feel. The
 * caller asks one question at a time.
 */
export class ForeignHashChecker implements AsyncDisposable {
  #worker: Worker | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  /** @throws {AccountError} kind `failed` when the thread dies, for example for lack of memory. */
  async matches(job: ForeignHashJob): Promise<boolean> {
    clearTimeout(this.#idleTimer);
    this.#worker ??= new Worker(workerUrl);
    const worker = this.#worker;
    worker.ref();
    try {
      return await answerOf(worker, job);
    } catch (error) {
      this.#worker = undefined;
      await worker.terminate();
      throw error;
    } finally {
      worker.unref();
      this.#idleTimer = setTimeout(() => void this[Symbol.asyncDispose](), idleMs).unref();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#idleTimer);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

// The extension is .ts when sources run directly and .js in dist.
const workerUrl = new URL(`foreign-hash-worker${import.meta.url.slice(-3)}`, import.meta.url);

function answerOf(worker: Worker, job: ForeignHashJob): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const onMessage = (matches: boolean): void => resolve(matches);
  const onError = (cause: unknown): void =>
    reject(new AccountError("failed", "the thread for hashes failed", { cause }));
  const onExit = (): void => reject(new AccountError("failed", "the thread for hashes ended"));
  worker.once("message", onMessage).once("error", onError).once("exit", onExit);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a browser window
  worker.postMessage(job);
  return promise.finally(() => {
    worker.off("message", onMessage).off("error", onError).off("exit", onExit);
  });
}
