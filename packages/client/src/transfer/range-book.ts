import type { ByteRange } from "./ranges.ts";

/** A part of a file that one control connection fetches. Its end moves down when another takes the rest over. */
export interface Claim {
  /** The next octet to come. */
  position: number;
  end: number;
  /** How fast it comes, once that is known. */
  bytesPerMs?: number;
}

/**
 * Deals the missing parts of a file out to whoever is free: first what nobody fetches, the largest part first, then the
 * second half of what the slowest still has before it, so that all end at about the same time.
 */
export class RangeBook {
  /** What it takes until octets of a new claim come; what the others fetch meanwhile is theirs. */
  startMs = 0;
  readonly #least: number;
  readonly #claims = new Set<Claim>();
  #free: ByteRange[];

  /** No part is taken over that is smaller than `leastBytes`. */
  constructor(missing: readonly ByteRange[], leastBytes: number) {
    this.#free = [...missing];
    this.#least = leastBytes;
  }

  /** Whether nothing is left and nobody fetches any more. */
  get isDone(): boolean {
    return this.#free.length === 0 && this.#claims.size === 0;
  }

  claim(): Claim | undefined {
    const range = this.#takeFree() ?? this.#takeOver();
    if (range === undefined) return undefined;
    const claim = { position: range[0], end: range[1] };
    this.#claims.add(claim);
    return claim;
  }

  /** Ends a claim; what of it has not come is left to others, first to the one who fetches up to there. */
  release(claim: Claim): void {
    this.#claims.delete(claim);
    if (claim.position < claim.end) this.#free.push([claim.position, claim.end]);
    for (let joined = this.#join(); joined; joined = this.#join());
  }

  /** Ends a claim whose rest the server does not have. */
  finish(claim: Claim): void {
    this.#claims.delete(claim);
  }

  /** Gives one free range to the claim that ends where it begins. */
  #join(): boolean {
    for (const claim of this.#claims) {
      const next = this.#free.find(([first]) => first === claim.end);
      if (next === undefined) continue;
      claim.end = next[1];
      this.#free = this.#free.filter((range) => range !== next);
      return true;
    }
    return false;
  }

  #takeFree(): ByteRange | undefined {
    const largest = this.#free.toSorted((one, other) => other[1] - other[0] - (one[1] - one[0]))[0];
    this.#free = this.#free.filter((range) => range !== largest);
    return largest;
  }

  #takeOver(): ByteRange | undefined {
    const longest = [...this.#claims].toSorted((one, other) => leftOf(other) - leftOf(one))[0];
    if (longest === undefined) return undefined;
    const { end, bytesPerMs = 0 } = longest;
    const headStart = bytesPerMs * this.startMs;
    const share = Math.floor((leftOf(longest) - headStart) / 2);
    // Less is there before another transfer has begun and this one has ended.
    if (share < Math.max(this.#least, headStart)) return undefined;
    longest.end = end - share;
    return [longest.end, end];
  }
}

function leftOf({ position, end }: Claim): number {
  return end - position;
}
