/**
 * Leaves a file to threads for a number of pieces after a call that was waited for took long, and for twice as many after
 * the next: a disk that is slow is seldom waited for, and a processor that another program had for a moment, which looks the
 * same, does not cost the rest of a file a thread's hop for each piece.
 */
export class Patience {
  readonly #slowMs: number;
  #pieceCount = 64;
  #leftCount = 0;

  constructor(slowMs: number) {
    this.#slowMs = slowMs;
  }

  /** Whether the next piece is a thread's. */
  isAsked(): boolean {
    if (this.#leftCount === 0) return false;
    this.#leftCount--;
    return true;
  }

  /** So long did a call take that was waited for. */
  took(elapsedMs: number): void {
    if (elapsedMs <= this.#slowMs) return;
    this.#leftCount = this.#pieceCount;
    this.#pieceCount *= 2;
  }
}
