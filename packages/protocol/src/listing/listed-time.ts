import { calendarDate, dayMs } from "../time-value.ts";

/** The finest unit that a listing stated. */
export type TimePrecision = "day" | "minute" | "second" | "millisecond" | "microsecond" | "nanosecond";

/** How long each precision leaves open, in milliseconds: two times that differ by less may be the same. */
export const precisionMs: Readonly<Record<TimePrecision, number>> = {
  day: dayMs,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
  microsecond: 1e-3,
  nanosecond: 1e-6,
};

/** A time as a listing said it, with nothing added; always a date that exists. */
export interface ListedTime {
  /** Missing in listings that show the time of day instead. */
  readonly year: number | undefined;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  readonly hour: number | undefined;
  readonly minute: number | undefined;
  readonly second: number | undefined;
  /** Digits after the second's point, as written, nine at most. */
  readonly fraction: string | undefined;
  /** `utc` where the format defines it, `server` where nobody says which clock it was, else minutes east of UTC. */
  readonly zone: "utc" | "server" | number;
  readonly precision: TimePrecision;
  /** Day, month and year could be read in another order too; the likelier one was taken. */
  readonly isOrderAssumed: boolean;
}

/** The parts of a time as a line shows them. */
export interface TimeParts {
  readonly year?: number | undefined;
  readonly month: number;
  readonly day: number;
  readonly hour?: number | undefined;
  readonly minute?: number | undefined;
  readonly second?: number | undefined;
  readonly fraction?: string | undefined;
  readonly zone?: ListedTime["zone"] | undefined;
  readonly isOrderAssumed?: boolean;
}

/** A listed time placed on the time line. */
export interface ResolvedTime {
  /** Milliseconds since 1970 UTC of the earliest instant that the line allows. */
  readonly timeMs: number;
  readonly precision: TimePrecision;
  /** See {@link ListedTime.isOrderAssumed}. */
  readonly isOrderAssumed: boolean;
}

/**
 * Makes a listed time of its parts, or undefined where no such time exists (30 February, hour 25): then the entry keeps
 * its name and has no time. Second 60 is a leap second. 29 February without year exists.
 */
export function listedTime(parts: TimeParts): ListedTime | undefined {
  const { year, month, day, hour, minute, second, fraction } = parts;
  if (!isOnCalendar(year, month, day)) return undefined;
  if (hour !== undefined && !(hour <= 23 && (minute ?? 0) <= 59 && (second ?? 0) <= 60)) return undefined;
  return {
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction: fraction?.slice(0, 9),
    zone: parts.zone ?? "server",
    precision: precisionOf(parts),
    isOrderAssumed: parts.isOrderAssumed ?? false,
  };
}

/** Whether the date exists; without year, whether it exists in a leap year. */
export function isOnCalendar(year: number | undefined, month: number, day: number): boolean {
  if (!(month >= 1 && month <= 12 && day >= 1)) return false;
  return day <= (month === 2 && (year === undefined || isLeapYear(year)) ? 29 : (monthDays[month - 1] ?? 0));
}

/** The listed time of seconds since 1970 UTC, as EPLF and numeric listings have it. */
export function timeOfUnixSeconds(seconds: number): ListedTime | undefined {
  if (!(Math.abs(seconds) < 2 ** 45)) return undefined;
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const clock = { hour: Math.floor(rest / 3600), minute: Math.floor(rest / 60) % 60, second: rest % 60 };
  return listedTime({ ...calendarDate(days), ...clock, zone: "utc" });
}

/**
 * Adds the year where it is missing: the latest one in which the time lies no later than a day after `nowMs`, because
 * listings leave out the year of recent times, clocks differ, and zones lie up to 14 hours apart. A time that has its
 * year is returned as it is.
 */
export function withYear(time: ListedTime, nowMs: number, serverOffsetMinutes = 0): ListedTime {
  if (time.year !== undefined) return time;
  const latestMs = nowMs + dayMs + offsetMs(time, serverOffsetMinutes);
  // Eight years back lies a leap year, even around 1900 and 2100.
  for (let year = calendarDate(Math.floor(latestMs / dayMs)).year, tries = 0; tries <= 8; year--, tries++) {
    if (isOnCalendar(year, time.month, time.day) && wallClockMs(year, time) <= latestMs) return { ...time, year };
  }
  return time;
}

/**
 * Places a listed time on the time line: undefined where its zone is the server's and `serverOffsetMinutes` (east of
 * UTC) is not known. A missing year is found as {@link withYear} says. Pure: the clock is the caller's.
 */
export function resolveListedTime(
  time: ListedTime,
  clock: { readonly nowMs: number; readonly serverOffsetMinutes?: number | undefined },
): ResolvedTime | undefined {
  const { nowMs, serverOffsetMinutes } = clock;
  if (time.zone === "server" && serverOffsetMinutes === undefined) return undefined;
  const { year } = withYear(time, nowMs, serverOffsetMinutes);
  if (year === undefined) return undefined;
  return {
    timeMs: wallClockMs(year, time) - offsetMs(time, serverOffsetMinutes ?? 0),
    precision: time.precision,
    isOrderAssumed: time.isOrderAssumed,
  };
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function precisionOf({ hour, second, fraction }: TimeParts): TimePrecision {
  if (hour === undefined) return "day";
  if (second === undefined) return "minute";
  const digits = fraction?.length ?? 0;
  return digits === 0 ? "second" : digits <= 3 ? "millisecond" : digits <= 6 ? "microsecond" : "nanosecond";
}

function offsetMs({ zone }: ListedTime, serverOffsetMinutes: number): number {
  return zone === "utc" ? 0 : (zone === "server" ? serverOffsetMinutes : zone) * 60_000;
}

function wallClockMs(year: number, time: ListedTime): number {
  const { month, day, hour = 0, minute = 0, second = 0, fraction = "" } = time;
  return dateMs(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000 + Number(`0.${fraction}0`) * 1000;
}

/** Date.UTC takes the years 0 to 99 for 1900 to 1999. */
function dateMs(year: number, month: number, day: number): number {
  return Date.UTC(year + 400, month - 1, day) - 146_097 * dayMs;
}
