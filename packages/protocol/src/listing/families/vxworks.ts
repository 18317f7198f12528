import type { Octets } from "../../octets.ts";
import { readClock, readCombinedDate } from "../date-grammar.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { listedTime } from "../listed-time.ts";
import { exactSize } from "../size.ts";
import { blanksAt, isNumber, tokensOf } from "../tokens.ts";

/** VxWorks on a DOS file system: size, `SEP-01-2003`, time, name, and `<DIR>` behind directories. */
export const vxworks: ListingFamily = { name: "vxworks", isHeading, parse };

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 4);
  const [size, day, time] = tokens;
  if (!isNumber(size?.text) || time === undefined) return undefined;
  const combined = readCombinedDate(day?.text ?? "");
  const clock = readClock(time.text);
  if (combined?.kind !== "date" || clock === undefined) return undefined;
  const rest = line.slice(time.end + blanksAt(line, time.end)).trimEnd();
  const isDirectory = rest.endsWith(" <DIR>");
  const name = isDirectory ? rest.slice(0, -5).trimEnd() : rest;
  if (name === "") return undefined;
  return {
    entry: makeEntry("vxworks", line as Octets, {
      name,
      type: isDirectory ? "directory" : "file",
      size: isDirectory ? undefined : exactSize(size.text),
      time: listedTime({ ...combined.parts, ...clock }),
    }),
  };
}

function isHeading(line: string): boolean {
  if (line.length > 256) return false;
  return /^\s*size\s+date\s+time\s+name\s*$/i.test(line) || /^\s*-{3,}(?:\s+-{3,}){3}\s*$/.test(line);
}
