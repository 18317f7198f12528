/** How many connections a run may make, and how it makes room when the server has too many. */
export interface BudgetOptions {
  /** Control connections in all. */
  readonly controlMax: number;
  /** Control connections at once. */
  readonly atOnce: number;
  /** When no more connections are begun, from the making of the budget. */
  readonly maxTimeMs?: number;
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
  readonly #begunMs = performance.now();
  readonly #waits: { readonly fromMs: number; readonly toMs: number }[] = [];

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

  /** What is used up, as the rest of a sentence. */
  get exhaustedText(): string {
    const { controlMax, maxTimeMs = 0 } = this.#options;
    const isOfConnections = this.#control >= controlMax;
    return isOfConnections ? `the ${controlMax} connections are used up` : `the ${maxTimeMs / 1000} s are used up`;
  }

  get backOffMs(): readonly number[] {
    return this.#options.backOffMs;
  }

  /**
   * Waits for a place for one more control connection; undefined where connections or time are used up.
   *
   * @throws the reason of the signal when that aborts.
   */
  async control(): Promise<Disposable | undefined> {
    while (this.#open >= this.#options.atOnce) await this.#nextPlace();
    this.#options.signal.throwIfAborted();
    const { controlMax, maxTimeMs = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#control >= controlMax || performance.now() - this.#begunMs >= maxTimeMs) {
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

  /** Notes a wait that is made on purpose, to see that nothing comes; it ends now. */
  waitedSince(fromMs: number): void {
    this.#waits.push({ fromMs, toMs: performance.now() });
  }

  /** Time that was spent in waits on purpose, what overlaps counted once; part of it other probes may have used. */
  get waitedMs(): number {
    let untilMs = 0;
    let sumMs = 0;
    for (const { fromMs, toMs } of this.#waits.toSorted((one, other) => one.fromMs - other.fromMs)) {
      sumMs += Math.max(0, toMs - Math.max(fromMs, untilMs));
      untilMs = Math.max(untilMs, toMs);
    }
    return sumMs;
  }

  /** Counts a data connection. */
  data(): void {
    this.#data += 1;
  }

  #nextPlace(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
