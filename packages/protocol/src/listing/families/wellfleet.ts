import type { Octets } from "../../octets.ts";
import { readClock, readCombinedDate } from "../date-grammar.ts";
import { type DateOrderRule, numericDate, timeOfLineAlone } from "../date-order.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { exactSize } from "../size.ts";
import { isNumber, tokensOf } from "../tokens.ts";

/** Routers of Wellfleet, Bay Networks and Nortel (wfFTP): name, size, date, abbreviated weekday, time. */
export const wellfleet: ListingFamily = { name: "wellfleet", isHeading, parse };

const dates: DateOrderRule = { key: "wellfleet", orders: ["mdy", "dmy"] };

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 6);
  if (tokens.length !== 5) return undefined;
  const [name = "", size, day = "", weekday = "", time] = tokens.map(({ text }) => text);
  const combined = readCombinedDate(day);
  const clock = readClock(time);
  if (!isNumber(size) || combined?.kind !== "numeric" || clock === undefined || !/^[A-Z][a-z]{1,4}\.?$/.test(weekday)) {
    return undefined;
  }
  const date = numericDate(combined.texts, dates, clock);
  return {
    entry: makeEntry("wellfleet", line as Octets, {
      name,
      type: "file",
      size: exactSize(size),
      time: date === undefined ? undefined : timeOfLineAlone(date),
    }),
    date,
  };
}

function isHeading(line: string): boolean {
  if (line.length > 256) return false;
  return (
    /^\s*File Name\s+Size\s+Date\s+Day\s+Time\s*$/i.test(line) ||
    /^\s*Volume - drive \d+:/i.test(line) ||
    /^\s*Directory of \d+:/i.test(line) ||
    /^-{20,}\s*$/.test(line)
  );
}
