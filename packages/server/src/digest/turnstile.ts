/** A turn that was granted; leaving lets the next one in. */
export interface Turn {
  leave(): void;
}

/** Lets a bounded number work at once and a bounded number wait, first come, first served. */
export class Turnstile {
  readonly #workingMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #working = 0;

  constructor(workingMax: number, waitingMax: number) {
    this.#workingMax = workingMax;
    this.#waitingMax = waitingMax;
  }

  /** Waits for a turn; undefined where too many wait already. Rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<Turn | undefined> {
    signal.throwIfAborted();
    if (this.#working >= this.#workingMax) {
      if (this.#waiting.length >= this.#waitingMax) return undefined;
      await this.#wait(signal);
    } else this.#working++;
    let left = false;
    return {
      leave: () => {
        if (left) return;
        left = true;
        const next = this.#waiting.shift();
        if (next === undefined) this.#working--;
        else next();
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const begin = () => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    const abort = () => {
      this.#waiting.splice(this.#waiting.indexOf(begin), 1);
      reject(signal.reason as Error);
    };
    this.#waiting.push(begin);
    signal.addEventListener("abort", abort, { once: true });
    return promise;
  }
}
