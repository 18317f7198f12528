/**
 * Holds transfers to a rate with a token bucket that may go into debt: octets are counted when they have moved, and
 * the answer is how long to wait before the next ones. One throttle may be shared by several transfers.
 */
export class ByteThrottle {
  readonly bytesPerSecond: number;
  /** How much to move between two waits, so that the flow stays smooth: a tenth of a second's worth, 1 KiB to 1 MiB. */
  readonly pieceBytes: number;
  readonly #nowMs: () => number;
  /** When the octets counted so far would be through at the given rate. */
  #paidUntilMs: number;

  /** `nowMs` is a clock that never goes back. */
  constructor(bytesPerSecond: number, nowMs: () => number = () => performance.now()) {
    this.bytesPerSecond = bytesPerSecond;
    this.pieceBytes = Math.min(1_048_576, Math.max(1024, Math.floor(bytesPerSecond / 10)));
    this.#nowMs = nowMs;
    this.#paidUntilMs = nowMs();
  }

  /** Counts octets that have moved and returns how many milliseconds to wait before more may move; 0 for none. */
  take(bytes: number): number {
    const now = this.#nowMs();
    // An idle throttle saves up no more than one burst.
    this.#paidUntilMs = Math.max(this.#paidUntilMs, now - burstMs) + (bytes * 1000) / this.bytesPerSecond;
    return Math.max(0, this.#paidUntilMs - now);
  }
}

const burstMs = 100;
