/** What a number of a setting counts. */
export type QuantityUnit = "bytes" | "ms" | "s" | "count" | "ratio";

/**
 * Reads an amount: a number in the unit itself, or a text with a unit of the same kind behind the number, as in
 * "64 KiB", "30 s" or "1.5 h". K, M, G and T without `iB` or `B` mean powers of 1024, `kB` and `MB` powers of 1000.
 *
 * @returns a whole number in the given unit, or undefined where it is none.
 */
export function parseQuantity(given: string | number, unit: QuantityUnit): number | undefined {
  if (typeof given === "number") return Number.isSafeInteger(given) && given >= 0 ? given : undefined;
  const [, digits, word = ""] = /^(\d{1,16}(?:\.\d{1,6})?) *([A-Za-z]*)$/.exec(given.trim()) ?? [];
  const factor = word === "" ? 1 : factors[unit][word.toLowerCase()];
  if (digits === undefined || factor === undefined) return undefined;
  const amount = Number(digits) * factor;
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** The shortest text that {@link parseQuantity} reads as this amount; a bare number where no larger unit fits. */
export function quantityText(amount: number, unit: QuantityUnit): string {
  const fits = shown[unit].find(([, factor]) => amount > 0 && amount % factor === 0);
  return fits === undefined ? String(amount) : `${amount / fits[1]} ${fits[0]}`;
}

/** Units in words, with an example. */
export const quantityExamples: Readonly<Record<QuantityUnit, string>> = {
  bytes: 'octets, as in 65536 or "64 KiB"',
  ms: 'milliseconds, or with a unit as in "30 s" or "15 min"',
  s: 'seconds, or with a unit as in "30 s" or "2 min"',
  count: "a count",
  ratio: "a ratio",
};

const seconds = { s: 1, sec: 1, second: 1, seconds: 1 };
const minutes = { min: 60, minute: 60, minutes: 60 };
const hours = { h: 3600, hour: 3600, hours: 3600 };
const days = { d: 86_400, day: 86_400, days: 86_400 };
const longTimes: Readonly<Record<string, number>> = { ...seconds, ...minutes, ...hours, ...days };

const factors: Readonly<Record<QuantityUnit, Readonly<Record<string, number>>>> = {
  bytes: {
    b: 1,
    k: 1024,
    kib: 1024,
    kb: 1000,
    m: 1024 ** 2,
    mib: 1024 ** 2,
    mb: 1000 ** 2,
    g: 1024 ** 3,
    gib: 1024 ** 3,
    gb: 1000 ** 3,
    t: 1024 ** 4,
    tib: 1024 ** 4,
    tb: 1000 ** 4,
  },
  ms: { ms: 1, ...Object.fromEntries(Object.entries(longTimes).map(([word, factor]) => [word, factor * 1000])) },
  s: longTimes,
  count: {},
  ratio: {},
};

const shownSeconds = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;

const shown: Readonly<Record<QuantityUnit, readonly (readonly [string, number])[]>> = {
  bytes: [
    ["TiB", 1024 ** 4],
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ],
  ms: [...shownSeconds.map(([word, factor]) => [word, factor * 1000] as const), ["ms", 1]],
  s: shownSeconds,
  count: [],
  ratio: [],
};
