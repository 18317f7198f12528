import type { Octets } from "../../octets.ts";
import { readClock, readCombinedDate } from "../date-grammar.ts";
import { type DateOrderRule, type NumericDate, numericDate, timeOfLineAlone } from "../date-order.ts";
import { type EntryFields, makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { listedTime, type ListedTime, type TimeParts } from "../listed-time.ts";
import { readSize } from "../size.ts";
import { blanksAt, type Token, tokensOf } from "../tokens.ts";

/**
 * The directory style of MS-DOS, as IIS, Windows CE and servers that run `dir` send it: date, time, `<DIR>` or size,
 * name. Years of two or four digits, 12 or 24 hours, the day before the month where the locale has it so.
 */
export const dos: ListingFamily = { name: "dos", isHeading, parse };

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 5);
  const [dateToken, clockToken] = tokens;
  if (dateToken === undefined || clockToken === undefined) return undefined;
  const date = readCombinedDate(dateToken.text);
  if (date === undefined || date.kind === "month-day") return undefined;
  const stampedMeridiem = meridiemOf(tokens[2]?.text);
  const clock = readClock(clockToken.text + (stampedMeridiem ?? ""));
  if (clock === undefined) return undefined;
  const rest = readRest(line, tokens[stampedMeridiem === undefined ? 2 : 3]);
  if (rest === undefined) return undefined;
  const isAmerican = /[ap]\.?m?\.?$/i.test(clockToken.text) || stampedMeridiem !== undefined;
  const { time, numeric } =
    date.kind === "date"
      ? { time: listedTime({ ...date.parts, ...clock }), numeric: undefined }
      : timeOf(date.texts, date.separator, isAmerican, clock);
  return { entry: makeEntry("dos", line as Octets, { ...rest, time }), date: numeric };
}

/** IIS writes month, day and year with AM or PM; every other combination is a locale's. */
const orderRules: Readonly<Record<string, DateOrderRule>> = {
  "-": { key: "dos-", orders: ["mdy", "dmy", "ymd"] },
  "/": { key: "dos/", orders: ["mdy", "dmy", "ymd"] },
  ".": { key: "dos.", orders: ["dmy", "ymd"] },
};
const iisRule: DateOrderRule = { key: "iis", orders: ["mdy"] };

function timeOf(
  texts: readonly [string, string, string],
  separator: string,
  isAmerican: boolean,
  clock: Partial<TimeParts>,
): { readonly time: ListedTime | undefined; readonly numeric: NumericDate | undefined } {
  const iis = isAmerican && separator !== "." ? numericDate(texts, iisRule, clock) : undefined;
  if (iis !== undefined) return { time: timeOfLineAlone(iis), numeric: undefined };
  const rule = orderRules[separator];
  const numeric = rule === undefined ? undefined : numericDate(texts, rule, clock);
  return { time: numeric === undefined ? undefined : timeOfLineAlone(numeric), numeric };
}

function meridiemOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[ap]\.?m?\.?$/i.test(text) ? text : undefined;
}

/** `<DIR>` and the like are filled up to fifteen columns; one blank stands behind a size. */
const tagColumns = 15;

function readRest(line: string, token: Token | undefined): EntryFields | undefined {
  if (token === undefined) return undefined;
  const tag = /^<([A-Z]{3,10})>$/i.exec(token.text)?.[1]?.toUpperCase();
  if (tag === undefined) {
    const size = readSize(token.text);
    const name = line.slice(token.end + 1);
    return size === undefined || name === "" ? undefined : { type: "file", name, ...size };
  }
  const name = line.slice(token.end + blanksAt(line, token.end, Math.max(1, tagColumns - token.text.length)));
  if (name === "") return undefined;
  if (tag === "DIR") return { type: "directory", name };
  const isLink = tag === "JUNCTION" || tag.startsWith("SYMLINK");
  return isLink ? { type: "symlink", ...nameAndTarget(name) } : { type: "other", name };
}

/** `name [target]` of dir, `name -> target` and `name => target` of servers. */
function nameAndTarget(text: string): { readonly name: string; readonly target?: Octets } {
  for (const arrow of [" -> ", " => "]) {
    const at = text.indexOf(arrow);
    if (at > 0) return { name: text.slice(0, at), target: text.slice(at + arrow.length) as Octets };
  }
  const bracket = text.endsWith("]") ? text.indexOf(" [") : -1;
  if (bracket <= 0) return { name: text };
  return { name: text.slice(0, bracket), target: text.slice(bracket + 2, -1) as Octets };
}

/** The sums at the end and the lines about the volume in front. */
function isHeading(line: string): boolean {
  if (line.length > 512) return false;
  return (
    /^\s+[\d.,]+ (?:File|Dir)\(s\)\s/i.test(line) ||
    /^ (?:Volume in drive |Volume Serial Number is |Directory of )/i.test(line)
  );
}
