import { Worker } from "node:worker_threads";
import { AccountError } from "../account-error.ts";
import type { HashJob, HashThreadKind } from "./hash-thread.ts";

/** How long an unused thread is kept; it holds a few MiB. */
const idleMs = 60_000;

/**
 * Threads that make and check hashes, started when they are needed and ended when they are not. They are ours and not
 * libuv's because libuv's read files as well, and because theirs can be given a lower priority: even the asynchronous
 * form of bcryptjs holds an event loop for 100 ms at a time, and argon2id of many wrong passwords would take the cores
 * from running transfers. The caller asks no more questions at a time than there may be threads.
 */
export class HashThreads implements AsyncDisposable {
  readonly #idle: HashThread[] = [];
  readonly #kind: HashThreadKind;

  /** @param kind `patient` threads get the time that everything else leaves, on Linux. */
  constructor(kind: HashThreadKind) {
    this.#kind = kind;
  }

  /** @throws {AccountError} kind `failed` when the thread dies, for example for lack of memory. */
  async check(job: Exclude<HashJob, { scheme: "argon2id" }>): Promise<boolean> {
    return (await this.#ask(job)) === true;
  }

  /** The tag that argon2id makes; fails as {@link check} does. */
  async argon2id(job: Omit<Extract<HashJob, { scheme: "argon2id" }>, "scheme">): Promise<Uint8Array> {
    const tag = await this.#ask({ ...job, scheme: "argon2id" });
    if (typeof tag === "boolean") throw new AccountError("failed", "the thread for hashes gave the wrong answer");
    return tag;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((thread) => thread.end()));
  }

  async #ask(job: HashJob): Promise<boolean | Uint8Array> {
    // The one that rested last, so that what is not needed ends.
    const thread = this.#idle.pop() ?? new HashThread(this.#kind);
    try {
      const answer = await thread.ask(job);
      this.#rest(thread);
      return answer;
    } catch (error) {
      await thread.end();
      throw error;
    }
  }

  #rest(thread: HashThread): void {
    this.#idle.push(thread);
    thread.rest(() => {
      this.#idle.splice(this.#idle.indexOf(thread), 1);
      void thread.end();
    });
  }
}

class HashThread {
  readonly #worker: Worker;
  #timer: NodeJS.Timeout | undefined;

  constructor(kind: HashThreadKind) {
    this.#worker = new Worker(workerUrl, { workerData: kind, resourceLimits: { maxYoungGenerationSizeMb: 2 } });
  }

  ask(job: HashJob): Promise<boolean | Uint8Array> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<boolean | Uint8Array>();
    const onMessage = (answer: boolean | Uint8Array): void => resolve(answer);
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

  /** Keeps no process alive while nothing is asked, and says when that has been long enough. */
  rest(tooLong: () => void): void {
    this.#worker.unref();
    this.#timer = setTimeout(tooLong, idleMs).unref();
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#worker.terminate();
  }
}

// The extension is .ts when sources run directly and .js in dist.
const workerUrl = new URL(`hash-thread${import.meta.url.slice(-3)}`, import.meta.url);
