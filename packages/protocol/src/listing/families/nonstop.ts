import type { Octets } from "../../octets.ts";
import { readClock, readCombinedDate } from "../date-grammar.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { listedTime } from "../listed-time.ts";
import { exactSize } from "../size.ts";
import { tokensOf } from "../tokens.ts";

/**
 * Guardian of HPE NonStop (Tandem): file, code, end of file, date, time, owner as group and user number, and the four
 * letters of security.
 */
export const nonstop: ListingFamily = { name: "nonstop", isHeading, parse };

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 10);
  const [name, code, size, day, time, ...rest] = tokens.map(({ text }) => text);
  if (name === undefined || !/^\d{1,6}[A-Z+]{0,2}$/.test(code ?? "")) return undefined;
  const combined = readCombinedDate(day ?? "");
  const clock = readClock(time);
  if (combined?.kind !== "date" || clock === undefined || !/^\d{1,20}$/.test(size ?? "")) return undefined;
  const end = /^(\d{1,3}, ?\d{1,3})(?: ("[^"]{0,16}"))?$/.exec(rest.join(" ").slice(0, 64));
  if (end === null) return undefined;
  return {
    entry: makeEntry("nonstop", line as Octets, {
      name,
      type: "file",
      size: exactSize(size ?? ""),
      time: listedTime({ ...combined.parts, ...clock }),
      permissions: end[2]?.slice(1, -1),
      owner: end[1] as Octets | undefined,
      details: new Map([["code", code ?? ""]]),
    }),
  };
}

function isHeading(line: string): boolean {
  return line.length <= 256 && /^\s*File\s+Code\s+EOF\s+Last Modif/i.test(line);
}
