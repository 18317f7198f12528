import type { Octets } from "./octets.ts";

/** A date of the Gregorian calendar; `month` and `day` start at 1. */
export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export const dayMs = 86_400_000;

/**
 * Reads a time value `YYYYMMDDHHMMSS[.f+]` and returns milliseconds since 1970 UTC, with a fraction where the value has
 * more than three decimals (digits past the ninth are dropped). Undefined where the syntax is wrong or the calendar has
 * no such date. Second 60, which exists at a leap second only, is the first second of the next minute, as in POSIX time.
 *
 * RFC 3659 §2.3 (R-3659-02); draft-somers-ftp-mfxx uses the same form (R-MFXX-01).
 */
export function parseTimeValue(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const onCalendar = year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= daysOfMonth(year, month);
  if (!onCalendar || hour > 23 || minute > 59 || second > 60) return undefined;
  const wholeSeconds = dayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
  return wholeSeconds * 1000 + Number((match[7] ?? "").slice(0, 9).padEnd(9, "0")) / 1e6;
}

/**
 * Writes milliseconds since 1970 UTC as a time value, with three decimals where the time is not a whole second and
 * with none where it is; finer parts are cut off. Three and no other number, because Apache Commons Net reads whatever
 * follows the dot as milliseconds. Undefined for what a time value cannot express: years before 1000 or after 9999.
 */
export function formatTimeValue(timeMs: number): Octets | undefined {
  // Half a microsecond up: seconds in a double, as utimes takes them, miss the millisecond by up to 0.12 µs.
  const wholeMs = Math.floor(timeMs + 0.0005);
  if (!(wholeMs >= earliestMs && wholeMs <= latestMs)) return undefined;
  const day = Math.floor(wholeMs / dayMs);
  if (day !== formattedDay) {
    const { year, month, day: dayOfMonth } = calendarDate(day);
    formattedDate = `${year}${twoDigits[month]}${twoDigits[dayOfMonth]}`;
    formattedDay = day;
  }
  const msOfDay = wholeMs - day * dayMs;
  const second = Math.floor(msOfDay / 1000);
  const minute = Math.floor(second / 60);
  const fractionMs = msOfDay - second * 1000;
  const fraction = fractionMs === 0 ? "" : `.${String(fractionMs).padStart(3, "0")}`;
  const clock = `${twoDigits[Math.floor(minute / 60)]}${twoDigits[minute % 60]}${twoDigits[second % 60]}`;
  return `${formattedDate}${clock}${fraction}` as Octets;
}

/** Turns days since 1970-01-01 into a date of the Gregorian calendar, extended to all times. */
export function calendarDate(daysSince1970: number): CalendarDate {
  // Counted from a first of March, so that the leap day is the last of its year, cycle by cycle of 400 years.
  const days = daysSince1970 + daysFromMarch0To1970;
  const cycle = Math.floor(days / 146_097);
  const dayOfCycle = days - cycle * 146_097;
  const yearOfCycle = Math.floor(
    (dayOfCycle - Math.floor(dayOfCycle / 1460) + Math.floor(dayOfCycle / 36_524) - Math.floor(dayOfCycle / 146_096)) /
      365,
  );
  const dayOfYear = dayOfCycle - daysBeforeYear(yearOfCycle);
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  };
}

/** `00` to `99`, ready for times and dates. */
export const twoDigits: readonly string[] = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, "0"));

const daysFromMarch0To1970 = 719_468;
const earliestMs = dayNumber(1000, 1, 1) * dayMs;
const latestMs = dayNumber(10_000, 1, 1) * dayMs - 1;

/** The entries of a listing often share a date: the text of the last one is kept. */
let formattedDay = Number.NaN;
let formattedDate = "";

function dayNumber(year: number, month: number, day: number): number {
  const yearFromMarch = month <= 2 ? year - 1 : year;
  const monthFromMarch = month <= 2 ? month + 9 : month - 3;
  return daysBeforeYear(yearFromMarch) + Math.floor((153 * monthFromMarch + 2) / 5) + day - 1 - daysFromMarch0To1970;
}

function daysBeforeYear(year: number): number {
  return year * 365 + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
}

function daysOfMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}
