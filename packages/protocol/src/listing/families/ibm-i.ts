import type { Octets } from "../../octets.ts";
import { readClock, readCombinedDate } from "../date-grammar.ts";
import { type DateOrderRule, type NumericDate, numericDate, timeOfLineAlone } from "../date-order.ts";
import { makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import type { TimeParts } from "../listed-time.ts";
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
      time: columns.date === undefined ? undefined : timeOfLineAlone(columns.date),
      owner: columns.owner,
      details: new Map([["object", type.text]]),
    }),
    date: columns.date,
  };
}

interface Columns {
  readonly owner: Octets | undefined;
  readonly size: string | undefined;
  readonly date: NumericDate | undefined;
}

/** What stands before the object type: each column may be missing, their order is fixed. */
function readColumns(tokens: readonly Token[]): Columns | undefined {
  const words = tokens.map(({ text }) => text);
  const clock = words.length >= 2 ? readTime(words.at(-1) ?? "") : undefined;
  const combined = clock === undefined ? undefined : readCombinedDate((words.at(-2) ?? "").replaceAll(",", "."));
  const hasDate = combined?.kind === "numeric";
  const before = hasDate ? words.slice(0, -2) : words;
  const size = hasDate && isNumber(before.at(-1)) ? before.pop() : undefined;
  if (before.length > 1 || (before.length === 0 && !hasDate)) return undefined;
  const rule = hasDate ? dateRules[combined.separator] : undefined;
  return {
    owner: before[0] as Octets | undefined,
    size,
    date: rule === undefined || !hasDate ? undefined : numericDate(combined.texts, rule, clock ?? {}),
  };
}

/** The time separator is a setting as well. */
function readTime(text: string): Partial<TimeParts> | undefined {
  return /^\d\d([:.,])\d\d\1\d\d$/.test(text) ? readClock(text.replaceAll(/[.,]/g, ":")) : undefined;
}
