import type { Octets } from "../../octets.ts";
import { readClock, readCombinedDate } from "../date-grammar.ts";
import { type EntryFields, makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { listedTime, type ListedTime } from "../listed-time.ts";
import { blanksAt, isNumber, type Token, tokensOf } from "../tokens.ts";

/**
 * z/OS outside its Unix file systems: data sets (the date is that of the last use; partitioned ones are directories;
 * the space is in tracks, so there is no size), members with and without statistics (their size counts records), load
 * modules (size in hexadecimal, an alias names its member), and jobs of JES, named by their identifier.
 */
export const zos: ListingFamily = { name: "zos", isHeading, parse };

function parse(line: string, isEstablished: boolean): ParsedLine | undefined {
  const tokens = tokensOf(line, 24);
  const [first] = tokens;
  if (first === undefined) return undefined;
  const fields =
    member(tokens) ??
    loadModule(tokens) ??
    job(tokens) ??
    dataSet(tokens) ??
    unusualDataSet(line, tokens, isEstablished) ??
    bareMember(line, tokens, isEstablished);
  return fields === undefined ? undefined : { entry: makeEntry("zos", line as Octets, fields) };
}

function isHeading(line: string): boolean {
  if (line.length > 256) return false;
  return (
    /^\s*Volume\s+Unit\s+(?:Referred\s|Date\s).*\bDsname\s*$/i.test(line) ||
    /^\s*Name\s+VV\.MM\s+Created\s/i.test(line) ||
    /^\s*Name\s+Size\s+TTR\s+Alias-of\s/i.test(line) ||
    /^\s*JOBNAME\s+JOBID\s/i.test(line) ||
    /^\s*ID\s+STEPNAME\s+PROCSTEP\s/i.test(line)
  );
}

/** `SAVE03    01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001`. */
function member(tokens: readonly Token[]): EntryFields | undefined {
  const [name, version, created, changed, time, size, first, modified, user] = tokens.map(({ text }) => text);
  if (name === undefined || !/^\d\d\.\d\d$/.test(version ?? "")) return undefined;
  if (!isDate(created) || !isDate(changed) || readClock(time) === undefined) return undefined;
  if (!isNumber(size) || !isNumber(first) || !isNumber(modified)) return undefined;
  return {
    name,
    type: "file",
    time: timeOf(changed, time),
    owner: user as Octets | undefined,
    details: new Map([
      ["version", version ?? ""],
      ["created", created ?? ""],
      ["records", size],
    ]),
  };
}

/** `EAGRTPRC  005F48   000011 EAGRTALT 00 FO             RN RU            31    ANY`. */
function loadModule(tokens: readonly Token[]): EntryFields | undefined {
  const [name, size, address, ...rest] = tokens.map(({ text }) => text);
  if (name === undefined || rest.length < 2) return undefined;
  if (!/^[0-9A-F]{6,8}$/.test(size ?? "") || !/^[0-9A-F]{6}$/.test(address ?? "")) return undefined;
  const [alias] = rest;
  const codeAt = /^\d\d$/.test(alias ?? "") ? 0 : 1;
  if (!/^\d\d$/.test(rest[codeAt] ?? "")) return undefined;
  return {
    name,
    type: "file",
    size: Number.parseInt(size ?? "", 16),
    target: codeAt === 1 ? (alias as Octets) : undefined,
    details: new Map([["attributes", rest.slice(codeAt + 1).join(" ")]]),
  };
}

/** `IBMUSER1  JOB01906  OUTPUT    3 Spool Files`, or with owner and class at the second interface level. */
function job(tokens: readonly Token[]): EntryFields | undefined {
  const [name, identifier, ...rest] = tokens.map(({ text }) => text);
  if (name === undefined || rest.length === 0) return undefined;
  if (!/^(?:JOB|TSU|STC)\d{5}$|^[JTS]\d{7}$/.test(identifier ?? "")) return undefined;
  const statusAt = rest.findIndex((word) => jobStates.has(word));
  if (statusAt < 0 || statusAt > 1) return undefined;
  return {
    name: identifier ?? "",
    type: "file",
    owner: (statusAt === 1 ? rest[0] : undefined) as Octets | undefined,
    details: new Map([
      ["job", name],
      ["status", rest.slice(statusAt).join(" ")],
    ]),
  };
}

const jobStates: ReadonlySet<string> = new Set(["INPUT", "ACTIVE", "OUTPUT", "HELD", "-HELD-", "EXECUTING"]);

/** Organisations of data sets that are shown without extents and lengths; elsewhere any other may stand. */
const organisations: ReadonlySet<string> = new Set(["PS", "PO", "PO-E", "DA", "IS", "VSAM", "GDG", "PATH"]);

/**
 * Volume, unit, date, then extents and space (which may run together), format, lengths, organisation, name. A
 * partitioned data set holds members and is entered like a directory.
 */
function dataSet(tokens: readonly Token[]): EntryFields | undefined {
  const words = tokens.map(({ text }) => text);
  if (words.length < 4) return undefined;
  const name = words.at(-1) ?? "";
  const dsorg = words.at(-2) ?? "";
  if (!/^[\w$#@*]{1,8}$/.test(words[0] ?? "") || !/^[A-Z?*][A-Z?*-]{1,4}$/.test(dsorg)) return undefined;
  const type = dsorg.startsWith("PO") ? "directory" : "file";
  const referred = words[2];
  if (words.length === 4 || dsorg === "VSAM") {
    return words.length <= 6 && organisations.has(dsorg)
      ? { name, type, details: new Map([["dsorg", dsorg]]) }
      : undefined;
  }
  if (words.length < 7 || !(isDate(referred) || referred === "**NONE**")) return undefined;
  const [recfm = "", lrecl = ""] = words.slice(-5);
  if (!/^[A-Z?*]{1,6}$/i.test(recfm) || !/^[\d*?+]{1,8}$/.test(lrecl)) return undefined;
  return {
    name,
    type,
    time: timeOf(referred, undefined),
    details: new Map([
      ["dsorg", dsorg],
      ["recfm", recfm],
      ["lrecl", lrecl],
    ]),
  };
}

/** What stands in place of a volume's columns; the second kind only counts below a heading. */
const knownStates: readonly RegExp[] = [
  /^(?:Migrated|MIGRAT\d?|ARCIVE|ARCHIV\w*)$/i,
  /^\S+ +Not Direct Access Device$/i,
  /^\S{1,8} +(?:V?Tape|Not Mounted)$/i,
  /^Pseudo Directory$/i,
];

/** The heading puts the name into this column or further right. */
const nameColumn = 50;

function unusualDataSet(line: string, tokens: readonly Token[], isEstablished: boolean): EntryFields | undefined {
  const last = tokens.at(-1);
  if (tokens.length < 2 || tokens.length > 12 || last === undefined) return undefined;
  const state = line.slice(0, last.start).trim().slice(0, 128);
  const isKnown = knownStates.some((pattern) => pattern.test(state));
  // Below a heading any name does; elsewhere it must look like a data set's, far from what stands before it.
  const isApart = blanksAt(line, last.start - 3, 3) === 3 && last.text.includes(".");
  if (!isKnown && !(last.start >= nameColumn && (isEstablished || isApart))) return undefined;
  if (!/^'?[A-Z0-9$#@{][A-Z0-9$#@{.-]{0,250}'?$/i.test(last.text)) return undefined;
  const type = /^Pseudo/i.test(state) ? "directory" : isKnown ? "file" : "unknown";
  return { name: last.text, type, details: new Map([["state", state]]) };
}

/** A member without statistics is its name, filled up with blanks; below a heading also without them. */
function bareMember(line: string, tokens: readonly Token[], isEstablished: boolean): EntryFields | undefined {
  const [first] = tokens;
  if (tokens.length !== 1 || first === undefined || !isMemberName(first.text)) return undefined;
  return isEstablished || line.length - first.end >= 24 ? { name: first.text, type: "file" } : undefined;
}

function isMemberName(text: string): boolean {
  return text.length <= 8 && /^[A-Z$#@][A-Z0-9$#@]*$/.test(text);
}

function isDate(text: string | undefined): boolean {
  return text !== undefined && /^\d{4}\/\d\d\/\d\d$/.test(text);
}

function timeOf(date: string | undefined, clock: string | undefined): ListedTime | undefined {
  const combined = date === undefined ? undefined : readCombinedDate(date);
  if (combined?.kind !== "numeric") return undefined;
  const [year, month, day] = combined.texts;
  return listedTime({ year: Number(year), month: Number(month), day: Number(day), ...readClock(clock) });
}
