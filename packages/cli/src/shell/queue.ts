/** One entry of a queue. */
export interface Queued<T> {
  readonly number: number;
  readonly text: string;
  readonly task: T;
}

/** Tasks that are done one after the other, in the order in which they came. */
export class Queue<T> {
  readonly #run: (entry: Queued<T>) => Promise<unknown>;
  #waiting: Queued<T>[] = [];
  #current: Queued<T> | undefined;
  #lastNumber = 0;
  #isStopped = false;
  #isIdle = true;
  #idle = Promise.withResolvers<void>();

  /** `run` does a task; how it ends changes nothing for those behind it. */
  constructor(run: (entry: Queued<T>) => Promise<unknown>) {
    this.#run = run;
    this.#idle.resolve();
  }

  get waiting(): readonly Queued<T>[] {
    return this.#waiting;
  }

  get current(): Queued<T> | undefined {
    return this.#current;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Settles when nothing runs and nothing waits, or the queue is stopped. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }

  add(text: string, task: T): Queued<T> {
    const entry = { number: ++this.#lastNumber, text, task };
    this.#waiting.push(entry);
    void this.#advance();
    return entry;
  }

  /** Takes a waiting entry out; undefined where there is none of that number. */
  remove(number: number): Queued<T> | undefined {
    const entry = this.#waiting.find((one) => one.number === number);
    this.#waiting = this.#waiting.filter((one) => one !== entry);
    return entry;
  }

  clear(): void {
    this.#waiting = [];
  }

  /** Begins nothing further; what runs goes on. */
  stop(): void {
    this.#isStopped = true;
    if (this.#current === undefined) this.#settle();
  }

  start(): void {
    this.#isStopped = false;
    void this.#advance();
  }

  async #advance(): Promise<void> {
    if (this.#current !== undefined || this.#isStopped) return;
    const next = this.#waiting.shift();
    if (next === undefined) return this.#settle();
    if (this.#isIdle) this.#idle = Promise.withResolvers<void>();
    this.#isIdle = false;
    this.#current = next;
    try {
      await this.#run(next);
    } catch {
      // Whoever runs a task tells how it ended.
    }
    this.#current = undefined;
    if (this.#isStopped) this.#settle();
    await this.#advance();
  }

  #settle(): void {
    this.#isIdle = true;
    this.#idle.resolve();
  }
}
