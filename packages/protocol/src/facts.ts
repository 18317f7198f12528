import type { Octets } from "./octets.ts";
import { formatTimeValue } from "./time-value.ts";

/**
 * The facts that this server can state truthfully. `lang`, `media-type` and `charset` are missing on purpose: RFC 3659
 * §7.5.6 and §7.5.8 forbid to guess them, and no file system tells.
 */
export const factNames = [
  "type",
  "size",
  "modify",
  "create",
  "perm",
  "unique",
  "UNIX.mode",
  "UNIX.owner",
  "UNIX.group",
  "UNIX.uid",
  "UNIX.gid",
] as const;

export type FactName = (typeof factNames)[number];

/** The facts that MLSD and MLST send, in the order of {@link factNames}; empty where only names are wanted. */
export type FactSelection = readonly FactName[];

/** What is sent until OPTS MLST says otherwise: the five facts that RFC 3659 §7.5.10 asks of every server. */
export const defaultFactSelection: FactSelection = ["type", "size", "modify", "perm", "unique"];

/** Kinds of entries; `slink` is a symbolic link, `other` whatever is neither file nor directory nor link. */
export type FactType = "file" | "dir" | "cdir" | "pdir" | "slink" | "other";

/** One entry with its facts; an absent value is an absent fact. */
export interface FactEntry {
  /** An entry name for MLSD, a fully qualified path for MLST. */
  readonly name: Octets;
  readonly type?: FactType | undefined;
  /** Target of a symbolic link; told only where it can be written as an RFC 3659 token. */
  readonly target?: Octets | undefined;
  /** Length in octets; told for files alone (RFC 3659 §7.5.7). */
  readonly sizeBytes?: number | undefined;
  /** Milliseconds since 1970 UTC. */
  readonly modifiedMs?: number | undefined;
  readonly createdMs?: number | undefined;
  /** Letters of RFC 3659 §7.5.5 for the login that asks; may be empty. */
  readonly perm?: string | undefined;
  /** Opaque token that tells nothing about device and inode (R-3659-14). */
  readonly unique?: string | undefined;
  /** Permission bits without the type. */
  readonly mode?: number | undefined;
  readonly ownerName?: Octets | undefined;
  readonly groupName?: Octets | undefined;
  readonly userId?: number | undefined;
  readonly groupId?: number | undefined;
}

/**
 * Formats one entry: `fact=value;` for each selected fact that has a value, one space, the name; without line end and,
 * as MLSD wants it, without leading space (MLST puts one in front). Undefined where the entry cannot be listed: its
 * name holds CR, LF or NUL, or it is a `cdir` or `pdir` and the type fact is not selected (RFC 3659 §2.2 and §7.5.1).
 */
export function formatEntryLine(selection: FactSelection, entry: FactEntry): Octets | undefined {
  if (!isListableName(entry.name)) return undefined;
  if ((entry.type === "cdir" || entry.type === "pdir") && !selection.includes("type")) return undefined;
  let line = "";
  for (const name of selection) {
    const value = factValues[name](entry);
    if (value === undefined) continue;
    const labels = factLabels[name];
    line += line === "" ? labels.first : labels.further;
    line += value;
  }
  return `${line}${line === "" ? " " : "; "}${entry.name}` as Octets;
}

/** Whether a name can stand in a line of a listing; names with CR or LF would forge lines (R-2640-02, S-09). */
export function isListableName(name: Octets): boolean {
  // oxlint-disable-next-line no-control-regex -- these three octets are the point
  return !/[\r\n\0]/.test(name);
}

/**
 * Parses what follows `OPTS MLST` and its space: `fact;fact;`, in any case. Unknown facts are ignored, nothing at all
 * selects no facts. Undefined where the syntax is wrong, a space or a missing `;`; the selection then stays as it was
 * (RFC 3659 §7.9, R-3659-15).
 */
export function parseFactSelection(
  argument: string,
  available: readonly FactName[] = factNames,
): FactSelection | undefined {
  if (!/^(?:[\w,.:!@#$%^&()\-+?/\\'"]+;)*$/.test(argument)) return undefined;
  const wanted = new Set(argument.toLowerCase().split(";"));
  return available.filter((name) => wanted.has(name.toLowerCase()));
}

/** The text after `200 ` that answers OPTS MLST: `MLST OPTS type;size;`. */
export function factSelectionText(selection: FactSelection): string {
  return selection.length === 0 ? "MLST OPTS" : `MLST OPTS ${selection.join(";")};`;
}

/** The FEAT line, without the space in front: `MLST type*;size*;create;`, where `*` marks what is selected. */
export function factFeature(selection: FactSelection, available: readonly FactName[] = factNames): string {
  return `MLST ${available.map((name) => `${name}${selection.includes(name) ? "*" : ""};`).join("")}`;
}

/** What stands before a value; joined beforehand, since each addition of strings costs as much as a fact. */
const factLabels = Object.fromEntries(
  factNames.map((name) => [name, { first: `${name}=`, further: `;${name}=` }]),
) as Readonly<Record<FactName, { readonly first: string; readonly further: string }>>;

const factValues: Readonly<Record<FactName, (entry: FactEntry) => string | undefined>> = {
  type: typeValue,
  size: (entry) => (entry.type === "file" && entry.sizeBytes !== undefined ? String(entry.sizeBytes) : undefined),
  modify: (entry) => (entry.modifiedMs === undefined ? undefined : formatTimeValue(entry.modifiedMs)),
  create: (entry) => (entry.createdMs === undefined ? undefined : formatTimeValue(entry.createdMs)),
  perm: (entry) => entry.perm,
  unique: (entry) => entry.unique,
  "UNIX.mode": (entry) => (entry.mode === undefined ? undefined : `0${entry.mode.toString(8).padStart(3, "0")}`),
  "UNIX.owner": (entry) => token(entry.ownerName),
  "UNIX.group": (entry) => token(entry.groupName),
  "UNIX.uid": (entry) => entry.userId?.toString(),
  "UNIX.gid": (entry) => entry.groupId?.toString(),
};

function typeValue({ type, target }: FactEntry): string | undefined {
  if (type === "other") return "OS.unix=other";
  if (type !== "slink") return type;
  const written = token(target);
  return written === undefined ? "OS.unix=slink" : `OS.unix=slink:${written}`;
}

/** RFC 3659 §2.1: RCHARs only. A value with a space, a semicolon or an octet outside ASCII has no written form. */
function token(value: Octets | undefined): Octets | undefined {
  return value !== undefined && /^[\w,.:!@#$%^&()\-+?/\\'"]+$/.test(value) ? value : undefined;
}
