import type { Octets } from "../../octets.ts";
import { readDate } from "../date-grammar.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, LineVerdict } from "../family.ts";
import { exactSize } from "../size.ts";
import { isNumber, type Token, tokensOf } from "../tokens.ts";

/**
 * `dls`, once usual on archive servers: name, size (`-` or `=` for directories, which end in `/`), sometimes a date, a
 * description or the target of a link. A long name stands on a line of its own. The format says so little that it is
 * asked last, and wants columns wide apart.
 */
export const dls: ListingFamily = { name: "dls", parse, isContinuation };

/** The size ends in this column or further right. */
const sizeColumn = 17;

function parse(line: string): LineVerdict {
  const tokens = tokensOf(line, 8);
  const [name, size] = tokens;
  if (name === undefined || name.start > 0) return undefined;
  if (size === undefined) return isNameAlone(line, name) ? "continued" : undefined;
  const isDirectory = name.text.endsWith("/") && name.text.length > 1;
  const isSize = isNumber(size.text) || (isDirectory && /^[-=]$/.test(size.text));
  const isApart = isDirectory || size.start - name.end >= 2;
  if (!isSize || !isApart || size.end < sizeColumn) return undefined;
  const date = tokens[2] === undefined ? undefined : readDate(line, tokens, 2);
  const end = (date === undefined ? size : tokens[date.next - 1])?.end ?? line.length;
  const rest = line.slice(end);
  if (rest.trim() !== "" && !rest.startsWith("  ")) return undefined;
  const note = rest.trim();
  const target = note.startsWith("-> ") ? note.slice(3) : undefined;
  return {
    entry: makeEntry("dls", line as Octets, {
      name: name.text,
      type: target !== undefined ? "symlink" : isDirectory ? "directory" : "file",
      size: exactSize(size.text),
      time: date?.time,
      target: target as Octets | undefined,
      details: note === "" || target !== undefined ? undefined : new Map([["description", note]]),
    }),
    date: date?.numeric,
  };
}

function isNameAlone(line: string, name: Token): boolean {
  return name.end === line.length && name.text.length >= sizeColumn - 2;
}

function isContinuation(line: string): boolean {
  return /^\s{8,}(?:\d{1,20}|[-=])(?:\s|$)/.test(line.slice(0, 64));
}
