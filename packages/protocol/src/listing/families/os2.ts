import type { Octets } from "../../octets.ts";
import { readClock, readCombinedDate } from "../date-grammar.ts";
import { type DateOrderRule, numericDate, timeOfLineAlone } from "../date-order.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { exactSize } from "../size.ts";
import { blanksAt, isNumber, tokensOf } from "../tokens.ts";

/**
 * OS/2: size, attributes, `DIR`, date with a year of two digits, of four, or counted from 1900, time, name. A
 * directory has no size, whatever its column says.
 */
export const os2: ListingFamily = { name: "os2", parse };

const dates: DateOrderRule = { key: "os2", orders: ["mdy", "dmy"] };

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 8);
  const size = tokens[0]?.text;
  if (!isNumber(size)) return undefined;
  let at = 1;
  let isDirectory = false;
  let attributes = "";
  for (; /^(?:DIR|[RSHA]{1,4})$/.test(tokens[at]?.text ?? ""); at++) {
    if (tokens[at]?.text === "DIR") isDirectory = true;
    else attributes += tokens[at]?.text ?? "";
  }
  const combined = readCombinedDate(tokens[at]?.text ?? "");
  const clock = readClock(tokens[at + 1]?.text);
  const end = tokens[at + 1]?.end ?? line.length;
  const name = line.slice(end + Math.max(1, blanksAt(line, end, 2)));
  if (combined?.kind !== "numeric" || combined.texts[0].length > 2 || clock === undefined || name === "") {
    return undefined;
  }
  const date = numericDate(combined.texts, dates, clock);
  return {
    entry: makeEntry("os2", line as Octets, {
      name,
      type: isDirectory ? "directory" : "file",
      size: isDirectory ? undefined : exactSize(size),
      time: date === undefined ? undefined : timeOfLineAlone(date),
      permissions: attributes === "" ? undefined : attributes,
    }),
    date,
  };
}
