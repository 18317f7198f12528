/** Hands entries from where they are parsed to whoever takes them, and says when to wait. */
export class EntryQueue<T> {
  readonly #countMax: number;
  #waiting: T[] = [];
  #wakeTaker: () => void = () => {};
  #wakeGiver: () => void = () => {};
  #ended = false;
  #unbounded = false;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Adds entries; the promise, where there is one, settles when more are wanted. */
  give(entries: readonly T[]): undefined | Promise<void> {
    for (const entry of entries) this.#waiting.push(entry);
    this.#wakeTaker();
    if (this.#waiting.length < this.#countMax || this.#unbounded || this.#ended) return undefined;
    return new Promise((resolve) => (this.#wakeGiver = resolve));
  }

  /** From now on whoever gives is never kept waiting: somebody needs the control connection. */
  unbind(): void {
    this.#unbounded = true;
    this.#wakeGiver();
  }

  end(): void {
    this.#ended = true;
    this.#wakeTaker();
    this.#wakeGiver();
  }

  /** Takes all that is there, in order, until the end. */
  async *taken(): AsyncGenerator<readonly T[]> {
    for (;;) {
      if (this.#waiting.length === 0) {
        if (this.#ended) return;
        await new Promise<void>((resolve) => (this.#wakeTaker = resolve));
        continue;
      }
      const taken = this.#waiting;
      this.#waiting = [];
      this.#wakeGiver();
      yield taken;
    }
  }
}
