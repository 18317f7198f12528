/** How long a worker that ended waits for its successor: not at all, but longer each time where they die young. */
export class RestartDelays {
  readonly #failures = new Map<number, number>();

  /** The wait before the next worker in a place, after one that lived so long; in milliseconds. */
  next(slot: number, livedMs: number): number {
    const failures = livedMs > youngMs ? 0 : (this.#failures.get(slot) ?? 0) + 1;
    this.#failures.set(slot, failures);
    return failures <= 1 ? 0 : Math.min(firstMs * 2 ** (failures - 2), mostMs);
  }
}

const youngMs = 60_000;
const firstMs = 250;
/** A start costs about half a second of processor time; a server with a place empty for longer would serve too little. */
const mostMs = 5_000;
