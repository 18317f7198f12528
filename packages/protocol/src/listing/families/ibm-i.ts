import type { Octets } from "../../octets.ts";
import { readClock, readCombinedDate } from "../date-grammar.ts";
import { type DateOrderRule, fullYear, type NumericDate, numericDate, timeOfLineAlone } from "../date-order.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { listedTime, type ListedTime, type TimeParts } from "../listed-time.ts";
import { exactSize } from "../size.ts";
import { blanksAt, isNumber, type Token, tokensOf } from "../tokens.ts";

/**
 * IBM i (AS/400, OS/400) with LISTFMT 0: owner, size, date, time, object type, name. Anonymous logins see no owner,
 * objects without size have none, members have nothing but owner and type. Order and separators of the date are those
 * of the server's job.
 */
export const ibmI: ListingFamily = { name: "ibm-i", parse };

const directoryTypes: ReadonlySet<string> = new Set(["*DIR", "*DDIR", "*FLR", "*LIB"]);

const dateRules: Readonly<Record<string, DateOrderRule>> = {
  "/": { key: "ibm-i/", orders: ["mdy", "dmy", "ymd"], isServerSetting: true },
  "-": { key: "ibm-i-", orders: ["ymd", "mdy", "dmy"], isServerSetting: true },
  ".": { key: "ibm-i.", orders: ["dmy", "ymd", "mdy"], isServerSetting: true },
};

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 6);
  const typeAt = tokens.findIndex(({ text }) => /^\*[A-Z][A-Z0-9]{1,9}$/.test(text));
  const type = tokens[typeAt];
  if (type === undefined || typeAt > 4) return undefined;
  const columns = readColumns(tokens.slice(0, typeAt));
  const name = line.slice(type.end + blanksAt(line, type.end));
  if (columns === undefined || name === "") return undefined;
  const isDirectory = directoryTypes.has(type.text) || (name.endsWith("/") && name.length > 1);
  return {
    entry: makeEntry("ibm-i", line as Octets, {
      name,
      type: isDirectory ? "directory" : "file",
      size: columns.size === undefined ? undefined : exactSize(columns.size),
      time: columns.time,
      owner: columns.owner,
      details: new Map([["object", type.text]]),
    }),
    date: columns.date,
  };
}

interface Columns {
  readonly owner: Octets | undefined;
  readonly size: string | undefined;
  readonly time: ListedTime | undefined;
  readonly date: NumericDate | undefined;
}

/** What stands before the object type: each column may be missing, their order is fixed. */
function readColumns(tokens: readonly Token[]): Columns | undefined {
  const words = tokens.map(({ text }) => text);
  const clock = words.length >= 2 ? readTime(words.at(-1) ?? "") : undefined;
  const day = (words.at(-2) ?? "").replaceAll(",", ".");
  const hasDate = clock !== undefined && /^\d{2,4}[-/.][\d\-/.]{3,8}$/.test(day);
  const before = hasDate ? words.slice(0, -2) : words;
  const size = hasDate && isNumber(before.at(-1)) ? before.pop() : undefined;
  if (before.length > 1 || (before.length === 0 && !hasDate)) return undefined;
  const date = hasDate ? readDay(day, clock) : undefined;
  const time = date === undefined ? (hasDate ? dayOfYear(day, clock) : undefined) : timeOfLineAlone(date);
  return { owner: before[0] as Octets | undefined, size, time, date };
}

function readDay(day: string, clock: Partial<TimeParts>): NumericDate | undefined {
  const combined = readCombinedDate(day);
  const rule = combined?.kind === "numeric" ? dateRules[combined.separator] : undefined;
  return combined?.kind !== "numeric" || rule === undefined ? undefined : numericDate(combined.texts, rule, clock);
}

/** `97/162`, the format *JUL: the year and the day in it. */
function dayOfYear(text: string, clock: Partial<TimeParts>): ListedTime | undefined {
  const match = /^(\d\d)[-/.](\d{3})$/.exec(text);
  if (match === null) return undefined;
  const year = fullYear(Number(match[1]));
  const date = new Date(Date.UTC(year, 0, Number(match[2])));
  if (date.getUTCFullYear() !== year) return undefined;
  return listedTime({ year, month: date.getUTCMonth() + 1, day: date.getUTCDate(), ...clock });
}

/** The time separator is a setting as well. */
function readTime(text: string): Partial<TimeParts> | undefined {
  return /^\d\d([:.,])\d\d\1\d\d$/.test(text) ? readClock(text.replaceAll(/[.,]/g, ":")) : undefined;
}
