export interface EntryQueueOptions {
  /** So many entries may wait to be taken before whoever gives has to. */
  readonly countMax: number;
  /** What waiting entries may take, whoever waits for what. */
  readonly bytesMax: number;
  /** Told once, where they would take more although whoever gives may not be kept waiting; the rest is dropped. */
  readonly onOverflow: () => void;
}

/** Hands entries from where they are parsed to whoever takes them, and says when to wait. */
export class EntryQueue<T> {
  readonly #options: EntryQueueOptions;
  #waiting: T[] = [];
  #waitingBytes = 0;
  #wakeTaker: () => void = () => {};
  #wakeGiver: () => void = () => {};
  #ended = false;
  #unbounded = false;
  #overflown = false;

  constructor(options: EntryQueueOptions) {
    this.#options = options;
  }

  /** Adds entries that came in so many octets; the promise, where there is one, settles when more are wanted. */
  give(entries: readonly T[], bytes: number): undefined | Promise<void> {
    const { countMax, bytesMax } = this.#options;
    if (this.#overflown) return undefined;
    if (this.#unbounded && this.#waitingBytes > bytesMax) return this.#overflow();
    for (const entry of entries) this.#waiting.push(entry);
    this.#waitingBytes += bytes + entries.length * entryBytes;
    this.#wakeTaker();
    const hasRoom = this.#waiting.length < countMax && this.#waitingBytes < bytesMax;
    if (hasRoom || this.#unbounded || this.#ended) return undefined;
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
      this.#waitingBytes = 0;
      this.#wakeGiver();
      yield taken;
    }
  }

  #overflow(): undefined {
    this.#overflown = true;
    this.#options.onOverflow();
  }
}

/** About what an entry takes besides the octets that it came in. */
const entryBytes = 256;
