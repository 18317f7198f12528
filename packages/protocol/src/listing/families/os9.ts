import type { Octets } from "../../octets.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { fullYear } from "../date-order.ts";
import { listedTime } from "../listed-time.ts";
import { exactSize } from "../size.ts";
import { tokensOf } from "../tokens.ts";

/**
 * OS-9 of Microware (`dir -e`): owner as group and user number, date, time without colon, attributes, sector in
 * hexadecimal, octets, name.
 */
export const os9: ListingFamily = { name: "os9", isHeading, parse };

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 7);
  const [owner = "", day = "", time = "", attributes = "", sector = "", size = ""] = tokens.map(({ text }) => text);
  const date = /^(\d\d|\d{4})\/(\d\d)\/(\d\d)$/.exec(day);
  const clock = /^(\d\d):?(\d\d)(?::(\d\d))?$/.exec(time);
  if (date === null || clock === null || !/^\d{1,5}\.\d{1,5}$/.test(owner)) return undefined;
  if (!/^[-dsewr]{6,9}$/.test(attributes) || !/^[0-9A-F]{1,8}$/i.test(sector) || !/^\d{1,15}$/.test(size)) {
    return undefined;
  }
  const name = line.slice((tokens[5]?.end ?? line.length) + 1);
  if (name === "") return undefined;
  return {
    entry: makeEntry("os9", line as Octets, {
      name,
      type: attributes.startsWith("d") ? "directory" : "file",
      size: exactSize(size),
      time: listedTime({
        year: fullYear(Number(date[1])),
        month: Number(date[2]),
        day: Number(date[3]),
        hour: Number(clock[1]),
        minute: Number(clock[2]),
        second: clock[3] === undefined ? undefined : Number(clock[3]),
      }),
      permissions: attributes,
      owner: owner as Octets,
    }),
  };
}

function isHeading(line: string): boolean {
  if (line.length > 256) return false;
  return /^\s*Owner\s+Last modified\s/i.test(line) || /^\s*-{3,}(?:\s+-{3,}){4,}\s*$/.test(line);
}
