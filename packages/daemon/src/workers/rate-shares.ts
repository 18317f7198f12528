import type { RateOfKey } from "./contract.ts";

/** Whoever takes part in rates and hears what its part is. */
export interface RateTaker {
  shareRate(share: RateOfKey): void;
}

interface SharedRate {
  bytesPerSecond: number;
  /** Running transfers. */
  readonly counts: Map<RateTaker, number>;
}

/** Divides each account's rates among workers by their running transfers, so that all together keep to it. */
export class RateShares {
  readonly #rates = new Map<string, SharedRate>();

  /** Counts a transfer in; everybody hears what its part is from now on. */
  begin(taker: RateTaker, { key, bytesPerSecond }: RateOfKey): void {
    const rate = this.#rates.get(key) ?? { bytesPerSecond, counts: new Map<RateTaker, number>() };
    this.#rates.set(key, rate);
    rate.bytesPerSecond = bytesPerSecond;
    rate.counts.set(taker, (rate.counts.get(taker) ?? 0) + 1);
    this.#tell(key, rate);
  }

  end(taker: RateTaker, key: string): void {
    const rate = this.#rates.get(key);
    const count = rate?.counts.get(taker);
    if (rate === undefined || count === undefined) return;
    if (count > 1) rate.counts.set(taker, count - 1);
    else rate.counts.delete(taker);
    if (rate.counts.size === 0) this.#rates.delete(key);
    this.#tell(key, rate);
  }

  /** Counts out all transfers of one that has ended. */
  leave(taker: RateTaker): void {
    for (const [key, rate] of this.#rates) {
      if (!rate.counts.delete(taker)) continue;
      if (rate.counts.size === 0) this.#rates.delete(key);
      this.#tell(key, rate, taker);
    }
  }

  #tell(key: string, rate: SharedRate, except?: RateTaker): void {
    for (const taker of rate.counts.keys()) {
      if (taker !== except) taker.shareRate({ key, bytesPerSecond: partOf(rate, taker) });
    }
  }
}

function partOf({ bytesPerSecond, counts }: SharedRate, taker: RateTaker): number {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return (bytesPerSecond * (counts.get(taker) ?? 0)) / all;
}
