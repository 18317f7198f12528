import { dayMs } from "../time-value.ts";
import { isOnCalendar, listedTime, type ListedTime, type TimeParts } from "./listed-time.ts";

/** The orders of day, month and year that systems write. */
export type DateOrder = "mdy" | "dmy" | "ymd";

/** A date of three numbers that does not say by itself which one is the day. */
export interface NumericDate {
  readonly numbers: readonly [number, number, number];
  /** The time of day that goes with it. */
  readonly clock: Partial<TimeParts>;
  /** Orders in which the date exists, the usual one of the format first; never empty. */
  readonly orders: readonly DateOrder[];
  /** Dates with the same key are written in one order throughout a listing. */
  readonly key: string;
  /** The order is a setting of the server, so that none is usual enough to prefer against what the listing shows. */
  readonly isServerSetting: boolean;
}

/** What a format knows about its numeric dates. */
export interface DateOrderRule {
  readonly key: string;
  /** The orders that occur, the usual one first. */
  readonly orders: readonly DateOrder[];
  readonly isServerSetting?: boolean;
}

/**
 * Reads three numbers as a date: undefined where it exists in no order of the rule. Four digits name the year and
 * leave only orders that have it there.
 */
export function numericDate(
  texts: readonly [string, string, string],
  rule: DateOrderRule,
  clock: Partial<TimeParts>,
): NumericDate | undefined {
  const numbers = [Number(texts[0]), Number(texts[1]), Number(texts[2])] as const;
  const isYearFirst = texts[0].length > 2;
  const isYearLast = texts[2].length > 2;
  const candidates: readonly DateOrder[] = isYearFirst ? ["ymd"] : rule.orders;
  const orders = candidates.filter((order) => {
    if (order === "ymd" && isYearLast) return false;
    const { year, month, day } = dateInOrder(numbers, order);
    return isOnCalendar(year, month, day);
  });
  if (orders.length === 0) return undefined;
  return {
    numbers,
    clock,
    orders,
    key: rule.key + (isYearFirst ? "y" : ""),
    isServerSetting: rule.isServerSetting ?? false,
  };
}

/** The time that a numeric date means in an order. */
function timeInOrder(date: NumericDate, order: DateOrder, isOrderAssumed: boolean): ListedTime | undefined {
  return listedTime({ ...date.clock, ...dateInOrder(date.numbers, order), isOrderAssumed });
}

/** What one line says alone: the usual order of its format, assumed where it could be another. */
export function timeOfLineAlone(date: NumericDate): ListedTime | undefined {
  return timeInOrder(date, date.orders[0] ?? "mdy", date.orders.length > 1);
}

/** Two digits of a year: 70 to 99 lie in the twentieth century; three count from 1900, as tm_year does. */
export function fullYear(year: number): number {
  if (year >= 1000) return year;
  return year >= 70 ? year + 1900 : year + 2000;
}

/** What the lines of a listing showed about the order of dates with one key. */
interface Evidence {
  /** Orders in which every date so far exists. */
  orders: readonly DateOrder[];
  /** First and last year by order, where the order is a setting. */
  years: Map<DateOrder, readonly [first: number, last: number]>;
  /** The order that was taken when the listing had to go on. */
  taken: DateOrder | undefined;
}

/**
 * Finds the order of numeric dates over a whole listing. An order in which any date does not exist, or (where the
 * clock is known) lies more than a day ahead while another order has it in the past, is excluded. If more than one
 * remains, the usual order of the format counts; where the order is a setting of the server, the one in which the
 * years of the listing lie closest together comes before it, since files of one directory differ in days rather than
 * in years.
 */
export class DateOrders {
  readonly #evidence = new Map<string, Evidence>();
  readonly #latestMs: number;

  constructor(nowMs: number | undefined) {
    this.#latestMs = (nowMs ?? Number.POSITIVE_INFINITY) + dayMs;
  }

  /** Takes a date of the listing into account. */
  note(date: NumericDate): void {
    const possible = this.#possible(date);
    const evidence = this.#evidence.get(date.key) ?? { orders: possible, years: new Map(), taken: undefined };
    this.#evidence.set(date.key, evidence);
    evidence.orders = evidence.orders.filter((order) => possible.includes(order));
    if (evidence.taken !== undefined && !possible.includes(evidence.taken)) evidence.taken = usual(evidence);
    if (date.isServerSetting) for (const order of possible) widen(evidence.years, order, date);
  }

  /** Whether nothing that follows can change the order of what was noted. */
  get isSettled(): boolean {
    for (const { orders, taken } of this.#evidence.values()) if (orders.length > 1 && taken === undefined) return false;
    return true;
  }

  /** Settles what is open, by the usual order. */
  settle(): void {
    for (const evidence of this.#evidence.values()) evidence.taken ??= usual(evidence);
  }

  /** The time of a date that was noted, in the order that the listing showed. */
  timeOf(date: NumericDate): ListedTime | undefined {
    const evidence = this.#evidence.get(date.key);
    const possible = this.#possible(date);
    const order = evidence?.taken ?? (evidence === undefined ? undefined : usual(evidence));
    if (order === undefined || !possible.includes(order)) {
      return timeInOrder(date, possible[0] ?? "mdy", possible.length > 1);
    }
    return timeInOrder(date, order, possible.length > 1 && (evidence?.orders.length ?? 0) > 1);
  }

  #possible(date: NumericDate): readonly DateOrder[] {
    if (date.orders.length === 1) return date.orders;
    const past = date.orders.filter((order) => {
      const { year, month, day } = dateInOrder(date.numbers, order);
      return Date.UTC(year, month - 1, day) <= this.#latestMs;
    });
    return past.length === 0 ? date.orders : past;
  }
}

function dateInOrder(numbers: readonly [number, number, number], order: DateOrder) {
  const [first, second, third] = numbers;
  if (order === "ymd") return { year: fullYear(first), month: second, day: third };
  const [month, day] = order === "mdy" ? [first, second] : [second, first];
  return { year: fullYear(third), month, day };
}

function usual({ orders, years }: Evidence): DateOrder | undefined {
  let best = orders[0];
  for (const order of orders) if (spread(years, order) < spread(years, best)) best = order;
  return best;
}

function spread(years: Evidence["years"], order: DateOrder | undefined): number {
  const [first, last] = (order === undefined ? undefined : years.get(order)) ?? [0, 0];
  return last - first;
}

function widen(years: Evidence["years"], order: DateOrder, date: NumericDate): void {
  const { year } = dateInOrder(date.numbers, order);
  const [first, last] = years.get(order) ?? [year, year];
  years.set(order, [Math.min(first, year), Math.max(last, year)]);
}
