import type { Octets } from "../../octets.ts";
import { type Clock, readClock, readCombinedDate } from "../date-grammar.ts";
import { type EntryFields, makeEntry } from "../entry.ts";
import type { ListingFamily, LineVerdict, ParsedLine } from "../family.ts";
import { listedTime, type TimeParts } from "../listed-time.ts";
import { type ListedSize, readSize } from "../size.ts";
import { isNumber, type Token, tokensOf } from "../tokens.ts";

/**
 * OpenVMS DIRECTORY, as its own server, MultiNet, TCPware and CMU send it: name, `;` and version; then in any order
 * used blocks (or used/allocated), date, owner in brackets, protection in parentheses. Long names stand on a line of
 * their own. Sizes are blocks of 512 octets, so the last block counts as full. `.DIR` is cut off directories and the
 * version off all names. Entries that may not be read are there with their name alone.
 */
export const vms: ListingFamily = { name: "vms", isHeading, parse, isContinuation, alone };

const blockBytes = 512;

/** Words of a name with blanks (ODS-5) before its version. */
const nameTokensMax = 8;

function parse(line: string, isEstablished: boolean): LineVerdict {
  const { name, tokens } = cutName(line);
  const fields = readFields(line, tokens);
  if (fields === undefined) {
    if (name.version === undefined) return undefined;
    if (tokens.length === 1) return "continued";
    const text = line.slice(tokens[1]?.start);
    return isEstablished || isDenial(text) ? entryOf(line, { ...name, type: "unknown" }) : undefined;
  }
  const isCertain = fields.owner !== undefined && fields.permissions !== undefined && fields.time !== undefined;
  const isLikely = isEstablished && fields.time !== undefined && fields.size !== undefined;
  if (name.version === undefined && !isCertain && !isLikely) return undefined;
  const isDirectory = name.type === "directory";
  return entryOf(line, { ...fields, ...name, ...(isDirectory ? { size: undefined } : {}) });
}

/** The name ends at its version, which may be behind blanks; without version it is the first column. */
function cutName(line: string): { readonly name: EntryFields; readonly tokens: readonly Token[] } {
  const tokens = tokensOf(line);
  for (let at = 0; at < Math.min(nameTokensMax, tokens.length); at++) {
    const name = readName(line.slice(tokens[0]?.start, tokens[at]?.end));
    if (name.version !== undefined) return { name, tokens: tokens.slice(at) };
  }
  return { name: readName(tokens[0]?.text ?? ""), tokens };
}

function alone(line: string): ParsedLine | undefined {
  const text = line.trim();
  const name = readName(text);
  return entryOf(line, name.type === "directory" ? name : { ...name, type: "unknown" });
}

function isContinuation(line: string): boolean {
  return /^\s*[\d[(]|^\s+[%\w]/.test(line.slice(0, 256)) && !/^\s*[^\s[\]();]+;\d/.test(line.slice(0, 256));
}

function isHeading(line: string): boolean {
  if (line.length > 512) return false;
  return (
    /^\s*Directory:?\s+\S*[:[\]]/i.test(line) ||
    /^\s*(?:Grand )?Total(?: of)? \d+ (?:file|block|director)/i.test(line) ||
    /^[\w$-]{1,64}:\[[^\]\s]*\]\s*$/.test(line)
  );
}

function entryOf(line: string, fields: EntryFields): ParsedLine {
  return { entry: makeEntry("vms", line as Octets, fields) };
}

/** `LOGIN.COM;32` and `SUB.DIR;1`. */
function readName(text: string): EntryFields {
  const semicolon = text.lastIndexOf(";");
  const digits = text.slice(semicolon + 1);
  const hasVersion = semicolon > 0 && digits.length <= 5 && isNumber(digits);
  const full = hasVersion ? text.slice(0, semicolon) : text;
  const isDirectory = /.\.DIR$/i.test(full.slice(-5));
  return {
    name: isDirectory ? full.slice(0, -4) : full,
    type: isDirectory ? "directory" : "file",
    version: hasVersion ? Number(digits) : undefined,
  };
}

function isDenial(text: string): boolean {
  return /^%|privilege|protection|locked|no such|not available|open error/i.test(text.slice(0, 256));
}

/** What the columns behind the name say. */
interface Columns {
  date?: TimeParts;
  clock?: Clock;
  owner?: Octets;
  permissions?: string;
  size?: ListedSize;
  blocks?: string;
  allocated?: string;
}

/** Reads the columns behind the name; undefined where one of them is none of VMS. */
function readFields(line: string, tokens: readonly Token[]): Omit<EntryFields, "name"> | undefined {
  const columns: Columns = {};
  for (let at = 1; at < tokens.length; at++) {
    const bracket = readBracketed(line, tokens, at);
    if (bracket === undefined) {
      if (!readColumn(tokens[at]?.text ?? "", columns)) return undefined;
      continue;
    }
    if (bracket.opening === "[") columns.owner = bracket.text as Octets;
    else columns.permissions = bracket.text;
    at = bracket.last;
  }
  if (Object.keys(columns).length === 0) return undefined;
  const { date, clock, owner, permissions, size, blocks, allocated } = columns;
  const details = new Map<string, string>();
  if (blocks !== undefined) details.set("blocks", blocks);
  if (allocated !== undefined) details.set("allocated", allocated);
  return {
    ...size,
    time: date === undefined ? undefined : listedTime({ ...date, ...clock }),
    permissions,
    owner,
    details: details.size === 0 ? undefined : details,
  };
}

/** Takes a date, a time of day behind it, used and allocated blocks, or a rounded size, each once. */
function readColumn(text: string, columns: Columns): boolean {
  const combined = columns.date === undefined ? readCombinedDate(text) : undefined;
  if (combined?.kind === "date") {
    columns.date = combined.parts;
    return true;
  }
  const clock = columns.date !== undefined && columns.clock === undefined ? readClock(text) : undefined;
  if (clock !== undefined) {
    columns.clock = clock;
    return true;
  }
  if (columns.size !== undefined) return false;
  const blocks = /^(\d{1,12})(?:\/(\d{1,12}))?$/.exec(text);
  if (blocks === null) {
    const size = readSize(text);
    if (size !== undefined) columns.size = size;
    return size !== undefined;
  }
  const [, used = "", allocated] = blocks;
  columns.size = { size: Number(used) * blockBytes };
  columns.blocks = used;
  if (allocated !== undefined) columns.allocated = allocated;
  return true;
}

/** `[GROUP,OWNER]` and `(RWED,RWED,RE,)`, with or without blanks inside. */
function readBracketed(line: string, tokens: readonly Token[], at: number) {
  const first = tokens[at];
  const opening = first?.text.charAt(0);
  if (first === undefined || (opening !== "[" && opening !== "(")) return undefined;
  const closing = opening === "[" ? "]" : ")";
  for (let last = at; last < Math.min(at + 6, tokens.length); last++) {
    const token = tokens[last];
    if (token?.text.endsWith(closing)) return { opening, text: line.slice(first.start + 1, token.end - 1), last };
  }
  return undefined;
}
