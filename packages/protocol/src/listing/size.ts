import { isNumber } from "./tokens.ts";

/** What a size column says; nothing set where it says that there is none. */
export interface ListedSize {
  readonly size?: number | bigint | undefined;
  readonly approximateSize?: number | undefined;
}

/** The longest number that is read: 2^128 has 39 digits, and no file more octets. */
const digitsMax = 39;

/** Reads a whole number of octets: a bigint where a number could not hold it exactly. */
export function exactSize(digits: string): number | bigint | undefined {
  if (!isNumber(digits) || digits.length > digitsMax) return undefined;
  const size = Number(digits);
  return Number.isSafeInteger(size) ? size : BigInt(digits);
}

/**
 * Reads a size column: a number, a number in groups of three (`1,234,567`, `1.234.567`, `1'234'567`), or a rounded one
 * with a unit of 1024 (`33.5k`, `4,0K`, `2MB`, `1.5GiB`), which is only approximate. Undefined where it is none of these.
 */
export function readSize(text: string): ListedSize | undefined {
  if (isNumber(text)) {
    const size = exactSize(text);
    return size === undefined ? undefined : { size };
  }
  if (text.length > digitsMax * 2) return undefined;
  if (/^\d{1,3}(?:([,.'])\d{3})(?:\1\d{3})*$/.test(text)) return { size: exactSize(text.replaceAll(/[,.']/g, "")) };
  const rounded = /^(\d{1,15})(?:[.,](\d{1,6}))?([KMGTP])(?:i?B)?$/i.exec(text);
  if (rounded === null) return undefined;
  const [, whole = "", part = "0", unit = ""] = rounded;
  return {
    approximateSize: Math.round(Number(`${whole}.${part}`) * 1024 ** (unitLetters.indexOf(unit.toUpperCase()) + 1)),
  };
}

const unitLetters = "KMGTP";
