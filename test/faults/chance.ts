/** A source of chance that says the same again for the same seed (mulberry32). */
export interface Chance {
  readonly seed: number;
  /** A whole number from 0, below the bound. */
  below(bound: number): number;
  one<T>(items: readonly T[]): T;
}

/** The seed of this run: SALLYPORT_SEED where it is set, so that a failure can be seen again, else a new one. */
export function seedOfRun(): number {
  const given = Number(process.env["SALLYPORT_SEED"]);
  return Number.isInteger(given) && given > 0 ? given : 1 + Math.floor(Math.random() * 0x7fff_ffff);
}

export function chance(seed: number): Chance {
  let state = seed;
  const below = (bound: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * bound) | 0;
  };
  return {
    seed,
    below,
    one: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error("nothing to choose from");
      return item;
    },
  };
}

/** Content that tells where a wrong octet came from: no two names or places look alike. */
export function contentOf(name: string, lengthBytes: number): Buffer {
  const line = `${name}:`;
  const text = Buffer.alloc(lengthBytes);
  for (let at = 0; at < lengthBytes;) at += text.write(`${line}${at}\n`, at, "latin1") || lengthBytes;
  return text;
}
