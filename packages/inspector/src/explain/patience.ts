/**
 * A wait for the other end. Time in which this process stood still itself does not count, and what has come by then is read
 * before the wait is over: a machine under load would take its own slowness for a server's silence.
 */
export class Patience implements Disposable {
  readonly #ticking: NodeJS.Timeout;
  #ticksLeft = ticksCount;
  #isOver = false;

  /** @param onOver called once, unless the wait is disposed of before. */
  constructor(timeoutMs: number, onOver: () => void) {
    const end = () => {
      this.#isOver = true;
      onOver();
    };
    this.#ticking = setInterval(() => {
      if (--this.#ticksLeft > 0) return;
      clearInterval(this.#ticking);
      setImmediate(end);
    }, timeoutMs / ticksCount).unref();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#ticking);
  }
}

/** However long the process stands still, it takes one of these. */
const ticksCount = 8;
