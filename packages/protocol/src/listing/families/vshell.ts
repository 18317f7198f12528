import type { Octets } from "../../octets.ts";
import { readClock, readDate } from "../date-grammar.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { exactSize } from "../size.ts";
import { isNumber, tokensOf } from "../tokens.ts";

/** VShell before it wrote modes: size, `Apr 04, 2000 21:06`, name, with `/` behind directories. */
export const vshell: ListingFamily = { name: "vshell", parse };

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 6);
  const [size] = tokens;
  if (!isNumber(size?.text) || !/^\d{1,2},$/.test(tokens[2]?.text ?? "")) return undefined;
  const date = readDate(line, tokens, 1);
  if (date === undefined || date.next !== 5 || readClock(tokens[4]?.text) === undefined) return undefined;
  const name = line.slice((tokens[4]?.end ?? line.length) + 1);
  if (name === "") return undefined;
  const isDirectory = name.endsWith("/");
  return {
    entry: makeEntry("vshell", line as Octets, {
      name,
      type: isDirectory ? "directory" : "file",
      size: isDirectory ? undefined : exactSize(size.text),
      time: date.time,
    }),
  };
}
