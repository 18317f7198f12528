import { AccountError } from "./account-error.ts";

/**
 * Runs jobs in the order of their arrival, at most `concurrency` at a time; at most `waitingMax` wait, none
 * longer than `waitMaxMs`.
 * A password check costs tens of milliseconds of a core, so that an unbounded queue would be an unbounded delay.
 */
export class WorkQueue {
  readonly #concurrency: number;
  readonly #waitingMax: number;
  readonly #waitMaxMs: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: { readonly concurrency: number; readonly waitingMax: number; readonly waitMaxMs: number }) {
    this.#concurrency = options.concurrency;
    this.#waitingMax = options.waitingMax;
    this.#waitMaxMs = options.waitMaxMs;
  }

  /**
   * Runs one job when its turn has come.
   *
   * @throws {AccountError} kind `busy` at once when the queue is full, or when the turn comes too late.
   */
  async run<Result>(job: () => Promise<Result>): Promise<Result> {
    const askedMs = performance.now();
    if (this.#running >= this.#concurrency) await this.#turn();
    else this.#running += 1;
    try {
      if (performance.now() - askedMs > this.#waitMaxMs)
        throw new AccountError("busy", "password checks take too long");
      return await job();
    } finally {
      // The place is handed on, not freed, so that nobody who comes now can overtake those who wait.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      throw new AccountError("busy", `${this.#waitingMax} password checks are waiting already`);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
