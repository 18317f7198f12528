import type { Octets } from "../../octets.ts";
import { readDate } from "../date-grammar.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { readSize } from "../size.ts";
import { blanksAt, tokensOf } from "../tokens.ts";

/**
 * NetWare: `d` or `-`, the effective rights in brackets, owner, size, date, name. Novell's server puts a blank before
 * the bracket, HellSoft's does not; some fill four columns before the name.
 */
export const netware: ListingFamily = { name: "netware", parse };

const nameColumns = 4;

function parse(line: string): ParsedLine | undefined {
  const head = /^ {0,8}([d-]) {0,2}\[([A-Z -]{1,16})\](?= )/.exec(line.slice(0, 64));
  if (head === null) return undefined;
  const rightsEnd = head[0].length;
  const rest = line.slice(rightsEnd);
  const tokens = tokensOf(rest);
  for (let at = 1; at < tokens.length; at++) {
    const size = readSize(tokens[at - 1]?.text ?? "");
    const date = size === undefined ? undefined : readDate(rest, tokens, at);
    const last = date === undefined ? undefined : tokens[date.next - 1];
    if (size === undefined || date === undefined || last === undefined) continue;
    const name = rest.slice(last.end + (blanksAt(rest, last.end, nameColumns) === nameColumns ? nameColumns : 1));
    if (name === "") return undefined;
    const [first] = tokens;
    const ownerEnd = tokens[at - 2]?.end;
    return {
      entry: makeEntry("netware", line as Octets, {
        name,
        type: head[1] === "d" ? "directory" : "file",
        ...size,
        time: date.time,
        permissions: `[${head[2] ?? ""}]`,
        owner:
          first === undefined || ownerEnd === undefined ? undefined : (rest.slice(first.start, ownerEnd) as Octets),
      }),
      date: date.numeric,
    };
  }
  return undefined;
}
