import type { Octets } from "../../octets.ts";
import { type DateReading, readClock, readDate } from "../date-grammar.ts";
import { type EntryFields, makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { type ListedSize, readSize } from "../size.ts";
import { blanksAt, isNumber, type Token, tokensOf } from "../tokens.ts";
import { type Mode, readMode } from "./unix-mode.ts";

/**
 * `ls -l` and its imitators (POSIX ls, STDOUT): mode, links, owner, group, size, date, name, with any of links, owner
 * and group missing, blanks in owner and group, inode or blocks in front, and dates as {@link readDate} knows them.
 * Exactly one blank separates date and name; all others belong to the name. NetPresenz and Peter's FTPd of the classic
 * Mac OS put the lengths of both forks, or `folder`, where others have links and owner.
 */
export const unix: ListingFamily = { name: "unix", isHeading: isSum, parse };

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line);
  const found = findMode(tokens);
  if (found === undefined) return undefined;
  const { at, mode } = found;
  if (isUnreadable(tokens, at)) return unreadableEntry(line, tokens, at, mode);
  const place = findDate(line, tokens, at) ?? findGluedSize(line, tokens, at) ?? findBrokenDate(tokens, at);
  if (place === undefined) return undefined;
  const end = tokens[place.date.next - 1]?.end ?? line.length;
  const name = line.slice(end + Math.max(1, blanksAt(line, end, 1 + place.date.padding)));
  if (name === "") return undefined;
  const columns = readColumns(line, tokens.slice(at + 1, place.sizeAt), place);
  const isMac = isForks(tokens.slice(at + 1, place.sizeAt), place.size);
  return {
    entry: makeEntry(isMac ? "mac" : "unix", line as Octets, {
      ...modeFields(mode),
      ...place.size,
      ...(isMac ? {} : columns),
      ...nameAndTarget(name, mode, place.size),
      time: place.date.time,
      details: place.device === undefined ? undefined : new Map([["device", place.device]]),
    }),
    date: place.date.numeric,
  };
}

/** Where size and date stand. */
interface Place {
  readonly date: DateReading;
  /** Index of the first column of the size or device. */
  readonly sizeAt: number;
  readonly size: ListedSize;
  readonly device?: string;
  /** What the size ran into because its column was too narrow. */
  readonly glued?: string;
}

/** Inode and blocks may stand before the mode. */
function findMode(tokens: readonly Token[]): { readonly at: number; readonly mode: Mode } | undefined {
  for (let at = 0; at < 3; at++) {
    const text = tokens[at]?.text;
    if (text === undefined) return undefined;
    const mode = readMode(text);
    if (mode !== undefined) return { at, mode };
    if (!isNumber(text)) return undefined;
  }
  return undefined;
}

/**
 * A date is preceded by a size. It is looked for where ls has it, behind four columns, then where fewer are, then
 * from the left, so that neither a user called May nor a date in a name is taken for it.
 */
function findDate(line: string, tokens: readonly Token[], modeAt: number): Place | undefined {
  for (let columns = 4; columns > 0; columns--) {
    const place = dateAt(line, tokens, modeAt, modeAt + columns + 1);
    if (place !== undefined) return place;
  }
  for (let at = modeAt + 6; at < tokens.length; at++) {
    const place = dateAt(line, tokens, modeAt, at);
    if (place !== undefined) return place;
  }
  return undefined;
}

function dateAt(line: string, tokens: readonly Token[], modeAt: number, at: number): Place | undefined {
  const text = tokens[at - 1]?.text;
  if (text === undefined || at - 1 <= modeAt) return undefined;
  const device = readDevice(tokens, at - 1);
  const size = device === undefined || !isDevice(tokens[modeAt]?.text) ? sizeColumn(text) : {};
  if (size === undefined) return undefined;
  const date = readDate(line, tokens, at);
  if (date === undefined) return undefined;
  if (device === undefined || !isDevice(tokens[modeAt]?.text)) return { date, sizeAt: at - 1, size };
  return { date, sizeAt: text.includes(",") ? at - 1 : at - 2, size, device };
}

/** `longgroup123456`: columns that ran into each other. */
function findGluedSize(line: string, tokens: readonly Token[], modeAt: number): Place | undefined {
  for (let at = modeAt + 2; at < tokens.length; at++) {
    const match = /^(.*?[^\d,.])(\d{1,20})$/.exec(tokens[at - 1]?.text.slice(-64) ?? "");
    const date = match === null ? undefined : readDate(line, tokens, at);
    if (match === null || date === undefined) continue;
    const glued = tokens[at - 1]?.text.slice(0, -(match[2]?.length ?? 0)) ?? "";
    return { date, sizeAt: at - 1, size: readSize(match[2] ?? "") ?? {}, glued };
  }
  return undefined;
}

/** `Jam  4 00:03`, `000 17 2025`: a date that names no month is none, but the entry is there. */
function findBrokenDate(tokens: readonly Token[], modeAt: number): Place | undefined {
  for (const at of [modeAt + 5, modeAt + 4]) {
    const size = sizeColumn(tokens[at - 1]?.text ?? "");
    const [first = "", second = "", last = ""] = tokens.slice(at, at + 3).map(({ text }) => text);
    const hasShape = (noMonth.test(first) && noDay.test(second)) || (noDay.test(first) && noMonth.test(second));
    if (size === undefined || !hasShape || !(readClock(last) !== undefined || /^\d{4}$/.test(last))) continue;
    return { date: { time: undefined, numeric: undefined, next: at + 3, padding: 0 }, sizeAt: at - 1, size };
  }
  return undefined;
}

const noMonth = /^[^\s\d]{3,24}$|^0+$/;
const noDay = /^\d{1,2}[.,]?$/;

/** A size, or what stands where there is none: a dash, `<DIR>`, or the negative number of a counter that ran over. */
function sizeColumn(text: string): ListedSize | undefined {
  const octet = text.charCodeAt(0);
  if (octet >= 0x30 && octet <= 0x39) return readSize(text);
  return text === "-" || text === "<DIR>" || (octet === 0x2d && isNumber(text.slice(1))) ? {} : undefined;
}

/** `1,   3` or `259,0`: major and minor number of a device. */
function readDevice(tokens: readonly Token[], at: number): string | undefined {
  const text = tokens[at]?.text ?? "";
  if (/^\d{1,10},\d{1,10}$/.test(text)) return text;
  const major = tokens[at - 1]?.text ?? "";
  return isNumber(text) && /^\d{1,10},$/.test(major) ? major + text : undefined;
}

function isDevice(mode: string | undefined): boolean {
  return mode !== undefined && (mode.startsWith("c") || mode.startsWith("b"));
}

/** `-????????? ? ? ? ? ? name`: what GNU ls shows of an entry that it could not stat. */
function isUnreadable(tokens: readonly Token[], modeAt: number): boolean {
  for (let at = modeAt + 1; at <= modeAt + 5; at++) if (tokens[at]?.text !== "?") return false;
  return true;
}

function unreadableEntry(line: string, tokens: readonly Token[], modeAt: number, mode: Mode): ParsedLine | undefined {
  const name = line.slice((tokens[modeAt + 5]?.end ?? line.length) + 1);
  if (name === "") return undefined;
  return { entry: makeEntry("unix", line as Octets, { type: mode.type, ...nameAndTarget(name, mode, {}) }) };
}

function modeFields({ type, permissions, mode, linkCount }: Mode): Partial<EntryFields> {
  return { type, permissions, mode, linkCount };
}

/** Links, owner and group: with one column left it is the owner, with more the group takes all that follow. */
function readColumns(line: string, columns: readonly Token[], { glued }: Place): Partial<EntryFields> {
  const [first] = columns;
  const hasCount = first !== undefined && isNumber(first.text) && first.text.length < 16;
  // Hadoop counts no links of directories.
  const hasLinks = hasCount || first?.text === "-";
  const [owner, group] = columns.slice(hasLinks ? 1 : 0);
  const groupEnd = columns.at(-1)?.end ?? 0;
  const gluedGroup = owner === undefined ? undefined : glued;
  return {
    ...(hasCount ? { linkCount: Number(first.text) } : {}),
    owner: (owner?.text ?? glued) as Octets | undefined,
    group: (group === undefined ? gluedGroup : line.slice(group.start, groupEnd)) as Octets | undefined,
  };
}

/** Resource fork, data fork and their sum; or `folder` and the number of its items. */
function isForks(columns: readonly Token[], { size }: ListedSize): boolean {
  const [first, second] = columns;
  if (columns.length === 1) return first?.text === "folder";
  if (columns.length !== 2 || !isNumber(first?.text) || !isNumber(second?.text)) return false;
  return Number(second.text) > 0 && Number(first.text) + Number(second.text) === size;
}

/** The size of a link is the length of its target, which tells the arrow from one inside a name; else the first counts. */
function nameAndTarget(name: string, { type }: Mode, { size }: ListedSize): EntryFields {
  if (type !== "symlink") return { name };
  const bySize = name.length - Number(size ?? 0) - arrow.length;
  const isThere = size !== undefined && bySize > 0 && name.startsWith(arrow, bySize);
  const at = isThere ? bySize : name.indexOf(arrow);
  if (at <= 0) return { name };
  return { name: name.slice(0, at), target: name.slice(at + arrow.length) as Octets };
}

const arrow = " -> ";

/** `total 56` in any language: a word and a number, one blank between them. */
function isSum(line: string): boolean {
  if (line.length > 64 || /^[-dlcbps][-r]/.test(line)) return false;
  return /^\s*[^\s\d]+(?: |\s+(?=\d+\s*$))\d+(?:[.,]\d+)?[KMGTP]?i?B?\s*$/i.test(line) && isSumWord(line);
}

/** Any word counts with a single blank; further blanks are for words that no name is likely to be. */
function isSumWord(line: string): boolean {
  return /^\s*\S+ \d/.test(line) || /^\s*(?:total|insgesamt|totale|totalt|razem|celkem|toplam)\s/i.test(line);
}
