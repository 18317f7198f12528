import { type DateOrderRule, fullYear, type NumericDate, numericDate, timeOfLineAlone } from "./date-order.ts";
import { listedTime, type ListedTime, type TimeParts } from "./listed-time.ts";
import { monthOfName, readSignedNumbers } from "./month-names.ts";
import { blanksAt, isNumber, type Token } from "./tokens.ts";

/** A date that was found among the columns of a line. */
export interface DateReading {
  /** Undefined where the columns have the shape of a date that does not exist. */
  readonly time: ListedTime | undefined;
  /** The date that may be read in another order. */
  readonly numeric: NumericDate | undefined;
  /** Index of the column behind the date. */
  readonly next: number;
  /** How many blanks beside the usual one may stand before the name, because the format fills up a shorter date. */
  readonly padding: number;
}

/** The time of day in one column. */
export interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number | undefined;
  readonly fraction: string | undefined;
}

/**
 * Reads the date that starts at a column, in any of the forms that ls and its imitators write: month and day, or day
 * and month, by name or by number, with signs, stops and commas, followed by time or year; ISO dates with time,
 * fraction and zone; `24-04-2003`, `01-jun-99`, `2004.07.15`, `09-26 13:45`, `2003 3/20`, `2003 Mar 20`. Undefined where the columns
 * have none of these shapes.
 */
export function readDate(line: string, tokens: readonly Token[], at: number): DateReading | undefined {
  const first = tokens[at]?.text;
  if (first === undefined) return undefined;
  for (const form of isDigit(first) ? numberForms : nameForms) {
    const reading = form(line, tokens, at);
    if (reading !== undefined) return reading;
  }
  return undefined;
}

/** `9:05`, `21:10:30`, `21:10:30.123`, `09:05PM`; out of range it is a time that does not exist, not another word. */
export function readClock(text: string | undefined): Clock | undefined {
  if (text === undefined || text.length > 18) return undefined;
  const colon = text.charCodeAt(1) === 0x3a ? 1 : 2;
  if (text.charCodeAt(colon) !== 0x3a) return undefined;
  const match = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})?)?)?([AaPp]\.?[Mm]?\.?)?$/.exec(text);
  if (match === null) return undefined;
  const [, hour, minute, second, fraction, meridiem] = match;
  return {
    hour: hourOfDay(Number(hour), meridiem),
    minute: Number(minute),
    second: second === undefined ? undefined : Number(second),
    fraction,
  };
}

/** The hour of 0 to 23: 12 AM is midnight, 12 PM noon; hours past 12 are taken as they are. */
function hourOfDay(hour: number, meridiem: string | undefined): number {
  if (meridiem === undefined || hour > 12) return hour;
  return (hour % 12) + (/^p/i.test(meridiem) ? 12 : 0);
}

/** A date in one column, of two or three parts. */
export type CombinedDate =
  | { readonly kind: "date"; readonly parts: TimeParts }
  | { readonly kind: "numeric"; readonly texts: readonly [string, string, string]; readonly separator: string }
  | { readonly kind: "month-day"; readonly month: number; readonly day: number };

/** `2021-03-04`, `24.04.2003`, `01-jun-99`, `Feb-28-1998`, `3/20`. */
export function readCombinedDate(text: string): CombinedDate | undefined {
  if (text.length < 3 || text.length > 24) return undefined;
  const separator = /[-/.]/.exec(text)?.[0];
  if (separator === undefined) return undefined;
  const [first = "", second = "", third, more] = text.split(separator);
  if (more !== undefined || first === "" || second === "") return undefined;
  if (third === undefined) return monthAndDay(first, second);
  if (isShortNumber(first) && isShortNumber(second) && isShortNumber(third)) {
    return { kind: "numeric", texts: [first, second, third], separator };
  }
  const named = monthOfName(second);
  if (named !== undefined && isShortNumber(first) && isShortNumber(third)) {
    const [year, day] = first.length > 2 ? [first, third] : [third, first];
    return { kind: "date", parts: { year: fullYear(Number(year)), month: named, day: Number(day) } };
  }
  const leading = monthOfName(first);
  if (leading === undefined || !isShortNumber(second) || !isShortNumber(third)) return undefined;
  return { kind: "date", parts: { year: fullYear(Number(third)), month: leading, day: Number(second) } };
}

type Form = (line: string, tokens: readonly Token[], at: number) => DateReading | undefined;

const nameForms: readonly Form[] = [monthFirst, combined, weekdayFirst];
const numberForms: readonly Form[] = [dayFirst, combined, signedNumbers, yearFirst, numbersOnly];

/** A number before a date is rather a size than a year that is far away. */
const latestYear = 2199;

/** The order of purely numeric dates in listings of the ls kind, by separator. */
const lsOrders: Readonly<Record<string, DateOrderRule>> = {
  "-": { key: "ls-", orders: ["dmy", "mdy", "ymd"] },
  ".": { key: "ls.", orders: ["dmy", "ymd"] },
  "/": { key: "ls/", orders: ["mdy", "dmy", "ymd"] },
};

function monthFirst(line: string, tokens: readonly Token[], at: number): DateReading | undefined {
  const month = monthOfName(tokens[at]?.text ?? "");
  const day = month === undefined ? undefined : readDay(tokens[at + 1]?.text);
  if (month === undefined || day === undefined) return undefined;
  return timeOrYear(line, tokens, at + 2, { month, day }, tokens[at + 1]?.text.endsWith(",") ?? false);
}

function dayFirst(line: string, tokens: readonly Token[], at: number): DateReading | undefined {
  const word = tokens[at + 1]?.text ?? "";
  const month = isDigit(word) ? undefined : monthOfName(word);
  const day = month === undefined ? undefined : readDay(tokens[at]?.text);
  if (month === undefined || day === undefined) return undefined;
  const reading = timeOrYear(line, tokens, at + 2, { month, day }, word.endsWith(","));
  if (reading?.next !== at + 3 || readYear(tokens[at + 2]?.text) === undefined) return reading;
  // `%e. %b %Y ` fills up to the width of `%e. %b %H:%M` behind the year, `%e %b  %Y` before it.
  return { ...reading, padding: (tokens[at + 2]?.start ?? 0) === (tokens[at + 1]?.end ?? 0) + 1 ? 1 : 0 };
}

function weekdayFirst(line: string, tokens: readonly Token[], at: number): DateReading | undefined {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[.,]?$/.test(tokens[at]?.text ?? "")) return undefined;
  return monthFirst(line, tokens, at + 1) ?? dayFirst(line, tokens, at + 1);
}

/** `10:20`, `10:20:30 2021`, `2021`, `2021 10:20` behind month and day. */
function timeOrYear(
  line: string,
  tokens: readonly Token[],
  at: number,
  date: { readonly month: number; readonly day: number },
  hasComma: boolean,
): DateReading | undefined {
  const clock = readClock(tokens[at]?.text);
  if (clock !== undefined) {
    const year = clock.second === undefined ? undefined : readYear(tokens[at + 1]?.text);
    return readingOf({ ...date, ...clock, year }, at + (year === undefined ? 1 : 2));
  }
  const token = tokens[at];
  const year = readYear(token?.text);
  if (token === undefined || year === undefined) return undefined;
  // Two blanks before the year are those of ls, which then shows no time: what follows is the name.
  const isAlone = !hasComma && blanksAt(line, token.start - 2, 2) === 2;
  const time = isAlone ? undefined : readClock(tokens[at + 1]?.text);
  return readingOf({ ...date, year, ...time }, at + (time === undefined ? 1 : 2));
}

function combined(_line: string, tokens: readonly Token[], at: number): DateReading | undefined {
  const text = tokens[at]?.text ?? "";
  const stamp = text.length > 15 ? isoStamp(text, at) : undefined;
  if (stamp !== undefined) return stamp;
  const date = readCombinedDate(text);
  if (date === undefined) return undefined;
  const clock = readClock(tokens[at + 1]?.text);
  if (date.kind === "month-day") {
    const { month, day } = date;
    if (clock !== undefined) return readingOf({ month, day, ...clock }, at + 2);
    const year = readYear(tokens[at + 1]?.text);
    return year === undefined ? undefined : readingOf({ year, month, day }, at + 2);
  }
  const next = at + (clock === undefined ? 1 : 2);
  if (date.kind === "date") return readingOf({ ...date.parts, ...clock }, next);
  const zone = clock?.second === undefined ? undefined : readZone(tokens[next]?.text);
  const parts: Partial<TimeParts> = { ...clock, zone };
  const rule = lsOrders[date.separator];
  const numeric = rule === undefined ? undefined : numericDate(date.texts, rule, parts);
  const isLong = date.texts[0].length === 4 || date.texts[2].length === 4;
  // Short numbers with stops alone may be a version or an address.
  if (clock === undefined && !isLong) return undefined;
  return {
    time: numeric === undefined ? undefined : timeOfLineAlone(numeric),
    numeric: isLong && numeric?.orders.length === 1 && date.texts[0].length === 4 ? undefined : numeric,
    next: zone === undefined ? next : next + 1,
    // The iso style of GNU ls adds one; what fills up other lone dates is not described anywhere.
    padding: clock !== undefined ? 0 : date.separator === "-" ? 1 : Number.POSITIVE_INFINITY,
  };
}

function isoStamp(text: string, at: number): DateReading | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, time, zone] = match;
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  return readingOf({ ...date, ...readClock(time), zone: zone === "Z" ? "utc" : readZone(zone) }, at + 1);
}

/** `6月 15日 2020年`, `2003年4月18日 20:10`, `3月 2 15:13`. */
function signedNumbers(_line: string, tokens: readonly Token[], at: number): DateReading | undefined {
  const found: { year?: number; month?: number; day?: number } = {};
  let next = at;
  for (; next < at + 3; next++) {
    const numbers = readSignedNumbers(tokens[next]?.text ?? "");
    if (numbers === undefined) break;
    for (const { sign, value } of numbers) found[sign] = value;
  }
  const { month } = found;
  if (month === undefined) return undefined;
  const day = found.day ?? readDay(tokens[next++]?.text);
  if (day === undefined) return undefined;
  const clock = readClock(tokens[next]?.text);
  const year = found.year ?? (clock === undefined ? readYear(tokens[next]?.text) : undefined);
  if (clock === undefined && year === undefined) return undefined;
  const isMore = clock !== undefined || found.year === undefined;
  return readingOf({ year, month, day, ...clock }, isMore ? next + 1 : next);
}

/** `2003 3/20`, `2003 Mar 20`, with or without the time. */
function yearFirst(_line: string, tokens: readonly Token[], at: number): DateReading | undefined {
  const year = readYear(tokens[at]?.text);
  const word = tokens[at + 1]?.text;
  if (year === undefined || year > latestYear || word === undefined) return undefined;
  const named = monthOfName(word);
  const combinedDay = named === undefined ? readCombinedDate(word) : undefined;
  const day = named === undefined ? undefined : readDay(tokens[at + 2]?.text);
  const date =
    day === undefined || named === undefined ? combinedDay : { kind: "month-day" as const, month: named, day };
  if (date?.kind !== "month-day") return undefined;
  const next = at + (named === undefined ? 2 : 3);
  const clock = readClock(tokens[next]?.text);
  return readingOf({ year, month: date.month, day: date.day, ...clock }, clock === undefined ? next : next + 1);
}

/** `3 29 03:26`: without a name only the time that follows shows that these are month and day. */
function numbersOnly(_line: string, tokens: readonly Token[], at: number): DateReading | undefined {
  const month = readDay(tokens[at]?.text);
  const day = readDay(tokens[at + 1]?.text);
  const clock = readClock(tokens[at + 2]?.text);
  if (month === undefined || day === undefined || clock === undefined) return undefined;
  return readingOf(month > 12 ? { month: day, day: month, ...clock } : { month, day, ...clock }, at + 3);
}

function readingOf(parts: TimeParts, next: number): DateReading {
  return { time: listedTime(parts), numeric: undefined, next, padding: 0 };
}

function monthAndDay(first: string, second: string): CombinedDate | undefined {
  const named = monthOfName(first) ?? monthOfName(second);
  if (named !== undefined) {
    const day = readDay(isNumber(first) ? first : second);
    return day === undefined ? undefined : { kind: "month-day", month: named, day };
  }
  if (!isNumber(first) || !isNumber(second) || first.length > 2 || second.length > 2) return undefined;
  const [one, two] = [Number(first), Number(second)];
  return one > 12 ? { kind: "month-day", month: two, day: one } : { kind: "month-day", month: one, day: two };
}

/** One or two digits, with a stop or comma where the language has one. */
function readDay(text: string | undefined): number | undefined {
  if (text === undefined || text.length > 4) return undefined;
  const day = /^(\d{1,2})[.,]{0,2}$/.exec(text)?.[1];
  return day === undefined ? undefined : Number(day);
}

/** Four digits; ls shows no file older than the calendar. */
function readYear(text: string | undefined): number | undefined {
  if (text === undefined || text.length < 4 || text.length > 5) return undefined;
  const digits = text.length === 5 && /[.,]$/.test(text) ? text.slice(0, 4) : text;
  if (digits.length !== 4 || !isNumber(digits)) return undefined;
  const year = Number(digits);
  return year >= 1600 ? year : undefined;
}

function readZone(text: string | undefined): number | undefined {
  const match = text === undefined ? null : /^([+-])(\d\d):?([0-5]\d)$/.exec(text);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === "-" ? -minutes : minutes;
}

function isShortNumber(text: string): boolean {
  return text.length <= 4 && isNumber(text);
}

function isDigit(text: string): boolean {
  const octet = text.charCodeAt(0);
  return octet >= 0x30 && octet <= 0x39;
}
