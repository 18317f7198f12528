/** How many connections a run may make, and how it makes room when the server has too many. */
export interface BudgetOptions {
  /** Control connections in all. */
  readonly controlMax: number;
  /** Control connections at once. */
  readonly atOnce: number;
  readonly signal: AbortSignal;
  /** Waits before the connection is tried again that a server turned away with 421; one try for each. */
  readonly backOffMs: readonly number[];
}

/** Counts the connections of a run, and lets only so many be open at once; a place is given back by disposing of it. */
export class ConnectionBudget {
  readonly #options: BudgetOptions;
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  #control = 0;
  #data = 0;
  #isExhausted = false;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  get controlUsed(): number {
    return this.#control;
  }

  get dataUsed(): number {
    return this.#data;
  }

  get controlMax(): number {
    return this.#options.controlMax;
  }

  /** Whether a probe had to go without a connection. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  get backOffMs(): readonly number[] {
    return this.#options.backOffMs;
  }

  /**
   * Waits for a place for one more control connection; undefined where the budget is used up.
   *
   * @throws the reason of the signal when that aborts.
   */
  async control(): Promise<Disposable | undefined> {
    while (this.#open >= this.#options.atOnce) await this.#nextPlace();
    this.#options.signal.throwIfAborted();
    if (this.#control >= this.#options.controlMax) {
      this.#isExhausted = true;
      return undefined;
    }
    this.#control += 1;
    this.#open += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#open -= 1;
        this.#waiting.shift()?.();
      },
    };
  }

  /** Counts a data connection. */
  data(): void {
    this.#data += 1;
  }

  #nextPlace(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
