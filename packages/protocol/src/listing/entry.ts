import type { Octets } from "../octets.ts";
import type { ListedTime } from "./listed-time.ts";

/** What an entry is; `other` is known to be none of these, `unknown` was not said. */
export type EntryType =
  | "file"
  | "directory"
  | "symlink"
  | "char-device"
  | "block-device"
  | "fifo"
  | "socket"
  | "current-directory"
  | "parent-directory"
  | "other"
  | "unknown";

/** Formats of listings, each with a parser in `families/`. */
export type ListingFamilyName =
  | "mlsx"
  | "eplf"
  | "unix"
  | "unix-numeric"
  | "mac"
  | "dos"
  | "netware"
  | "vms"
  | "zos"
  | "zvm"
  | "ibm-i"
  | "nonstop"
  | "os2"
  | "os9"
  | "vshell"
  | "vxworks"
  | "wellfleet"
  | "dls"
  | "names";

declare const entryNameBrand: unique symbol;

/**
 * A name that is one component of a path and no more: not empty, not `.` or `..`, without `/`, NUL, CR and LF. Only
 * {@link entryName} makes one from what a server sent, so that whoever joins it to a directory stays inside (S-20).
 * Backslashes, drive letters and names that the local system reserves are the business of whoever writes there.
 */
export type EntryName = Octets & { readonly [entryNameBrand]: true };

/** One entry of a listing, as the server described it; what a line does not say is undefined. */
export interface ParsedEntry {
  readonly family: ListingFamilyName;
  /** The name as it was sent, octet by octet; it may hold `/` or worse. */
  readonly name: Octets;
  /** The same name where it is safe to join to a directory; undefined for names that would lead elsewhere. */
  readonly component: EntryName | undefined;
  readonly type: EntryType;
  /** Length in octets; a bigint beyond 2^53-1. */
  readonly size: number | bigint | undefined;
  /** Octets where the line rounds (`33.5k`) or bounds them from above; never exact, so never {@link size}. */
  readonly approximateSize: number | undefined;
  /** When it was last changed (z/OS data sets: used); undefined where the line says nothing or no date that exists. */
  readonly time: ListedTime | undefined;
  /** Permissions as the system writes them: `rwxr-xr-x`, `RWED,RWED,RE,`, `[RWCEAFMS]`. */
  readonly permissions: string | undefined;
  /** Permission bits of Unix without the type. */
  readonly mode: number | undefined;
  readonly linkCount: number | undefined;
  readonly owner: Octets | undefined;
  readonly group: Octets | undefined;
  /** What a symbolic link points to; of a z/OS alias, the member that it stands for. */
  readonly target: Octets | undefined;
  /** Version of a VMS file; others replace it with their newest. */
  readonly version: number | undefined;
  /** All facts of MLSD and MLST, names in lower case, values as sent. */
  readonly facts: ReadonlyMap<string, Octets> | undefined;
  /** What else the line says, by the name that its system gives: `recfm`, `dsorg`, `blocks`, `records`, `device`, … */
  readonly details: ReadonlyMap<string, string> | undefined;
  /** The directory that a recursive listing (`ls -R`) named above the entry; undefined for the listed directory. */
  readonly section: Octets | undefined;
  /** The line; lines that were joined are separated by LF. */
  readonly raw: Octets;
}

/** What a family fills in; all else is undefined. */
export interface EntryFields extends Partial<Omit<ParsedEntry, "family" | "name" | "component" | "raw">> {
  readonly name: string;
}

/** Returns the name as a component, or undefined where it is none. */
export function entryName(name: Octets): EntryName | undefined {
  if (name === "" || name === "." || name === "..") return undefined;
  for (let at = 0; at < name.length; at++) {
    const octet = name.charCodeAt(at);
    if (octet === 0x2f || octet === 0 || octet === 0x0a || octet === 0x0d) return undefined;
  }
  return name as EntryName;
}

/**
 * Makes an entry of fields; all of them are set, so that all entries share one shape. A directory's name loses one
 * `/` at its end, which marks it in several formats and cannot be part of it; the names `.` and `..` decide the type.
 */
export function makeEntry(family: ListingFamilyName, raw: Octets, fields: EntryFields): ParsedEntry {
  const { type = "unknown" } = fields;
  const isMarked = type === "directory" && fields.name.length > 1 && fields.name.endsWith("/");
  const name = (isMarked ? fields.name.slice(0, -1) : fields.name) as Octets;
  return {
    family,
    name,
    component: entryName(name),
    type: name === "." ? "current-directory" : name === ".." ? "parent-directory" : type,
    size: fields.size,
    approximateSize: fields.approximateSize,
    time: fields.time,
    permissions: fields.permissions,
    mode: fields.mode,
    linkCount: fields.linkCount,
    owner: fields.owner,
    group: fields.group,
    target: fields.target,
    version: fields.version,
    facts: fields.facts,
    details: fields.details,
    section: fields.section,
    raw,
  };
}
