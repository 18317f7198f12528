/**
 * Holds transfers to a rate with a token bucket that may go into debt: octets are counted when they have moved, and
 * the answer is how long to wait before the next ones. One throttle may be shared by several transfers.
 */
export class ByteThrottle {
  #bytesPerSecond: number;
  readonly #nowMs: () => number;
  /** When the octets counted so far would be through at the given rate. */
  #paidUntilMs: number;

  /** `nowMs` is a clock that never goes back. */
  constructor(bytesPerSecond: number, nowMs: () => number = () => performance.now()) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#nowMs = nowMs;
    this.#paidUntilMs = nowMs();
  }

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** Another rate from now on; a debt keeps its octets. */
  set bytesPerSecond(bytesPerSecond: number) {
    const now = this.#nowMs();
    const debtMs = this.#paidUntilMs - now;
    if (debtMs > 0) this.#paidUntilMs = now + (debtMs * this.#bytesPerSecond) / bytesPerSecond;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** How much to move between two waits, so that the flow stays smooth: a tenth of a second's worth, 1 KiB to 1 MiB. */
  get pieceBytes(): number {
    return Math.min(1_048_576, Math.max(1024, Math.floor(this.#bytesPerSecond / 10)));
  }

  /** Counts octets that have moved and returns how many milliseconds to wait before more may move; 0 for none. */
  take(bytes: number): number {
    const now = this.#nowMs();
    // An idle throttle saves up no more than one burst.
    this.#paidUntilMs = Math.max(this.#paidUntilMs, now - burstMs) + (bytes * 1000) / this.#bytesPerSecond;
    return Math.max(0, this.#paidUntilMs - now);
  }
}

const burstMs = 100;
