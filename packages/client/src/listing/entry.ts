import type { ListedEntry, Octets } from "@sallyport/protocol";
import type { NameCodec } from "../names/name-codec.ts";
import { childPath } from "../names/remote-path.ts";

/** When a file was changed, as far as the server tells. */
export interface ModifiedTime {
  /** Absent where the server tells a time of day and no time zone is known. */
  readonly instant?: Date;
  readonly precision: "millisecond" | "second" | "minute" | "day" | "year";
  readonly zone: "utc" | "server" | "unknown";
}

/** One entry of a directory, or what is known of one path. */
export interface Entry {
  readonly name: string;
  /** The name as the server sent it. */
  readonly nameOctets: Octets;
  readonly path: string;
  readonly type: "file" | "directory" | "link" | "other";
  /** Octets; a bigint above 2^53 − 1; undefined where the server tells none. */
  readonly size: number | bigint | undefined;
  readonly modified: ModifiedTime | undefined;
  /** Permission bits. */
  readonly mode: number | undefined;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  /** Target of a symbolic link. */
  readonly target: string | undefined;
  readonly unique: string | undefined;
  /** Facts of MLSD and MLST by their names in lower case; empty for LIST. */
  readonly facts: ReadonlyMap<string, Octets>;
}

/** What an operation knows of one path, before names are decoded. */
export interface RawEntry {
  readonly name: Octets;
  readonly type: Entry["type"];
  readonly size?: number | bigint | undefined;
  readonly modified?: ModifiedTime | undefined;
  readonly mode?: number | undefined;
  readonly owner?: Octets | undefined;
  readonly group?: Octets | undefined;
  readonly target?: Octets | undefined;
  readonly unique?: string | undefined;
  readonly facts?: ReadonlyMap<string, Octets>;
}

/** Reads what MLSD and MLST tell; undefined for the directory itself and its parent. */
export function rawEntryOfFacts(listed: ListedEntry): RawEntry | undefined {
  if (listed.type === "cdir" || listed.type === "pdir" || listed.name === "." || listed.name === "..") return undefined;
  const { name, mode, ownerName, groupName, target, unique, facts } = listed;
  return {
    name,
    type: typesOfFact[listed.type ?? "other"] ?? "other",
    size: sizeOf(listed),
    modified: modifiedOf(listed),
    mode,
    owner: ownerName,
    group: groupName,
    target,
    unique,
    facts,
  };
}

const typesOfFact: Readonly<Record<string, Entry["type"]>> = {
  file: "file",
  dir: "directory",
  cdir: "directory",
  pdir: "directory",
  slink: "link",
};

function sizeOf({ sizeBytes, facts }: ListedEntry): number | bigint | undefined {
  const told = facts.get("size");
  if (told === undefined || !/^\d{1,30}$/.test(told)) return sizeBytes;
  return sizeFromText(told);
}

/** A number, or a bigint where a number would not be exact. */
export function sizeFromText(digits: string): number | bigint {
  const size = Number(digits);
  return Number.isSafeInteger(size) ? size : BigInt(digits);
}

/** RFC 3659 §2.3: the time is UTC, to the second or finer. */
function modifiedOf({ modifiedMs, facts }: ListedEntry): ModifiedTime | undefined {
  if (modifiedMs === undefined) return undefined;
  const precision = facts.get("modify")?.includes(".") === true ? "millisecond" : "second";
  return { instant: new Date(modifiedMs), precision, zone: "utc" };
}

export function entryOf(raw: RawEntry, directory: Octets, names: NameCodec): Entry {
  const text = (octets: Octets | undefined): string | undefined =>
    octets === undefined ? undefined : names.textOf(octets);
  return {
    name: names.textOf(raw.name),
    nameOctets: raw.name,
    path: names.textOf(childPath(directory, raw.name)),
    type: raw.type,
    size: raw.size,
    modified: raw.modified,
    mode: raw.mode,
    owner: text(raw.owner),
    group: text(raw.group),
    target: text(raw.target),
    unique: raw.unique,
    facts: raw.facts ?? noFacts,
  };
}

const noFacts: ReadonlyMap<string, Octets> = new Map();
