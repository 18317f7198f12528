import {
  type EntryType,
  type ListedTime,
  type Octets,
  type ParsedEntry,
  type TimePrecision,
} from "@sallyport/protocol";
import type { NameCodec } from "../names/name-codec.ts";
import { childPath } from "../names/remote-path.ts";
import type { ServerClock } from "./server-clock.ts";

/** When something was changed, as far as the server tells; never a time that it did not tell. */
export interface ModifiedTime {
  /** The earliest instant that fits; absent where the server told a time of day and its time zone is not known. */
  readonly instant: Date | undefined;
  readonly precision: TimePrecision;
  /**
   * The true time lies in so many milliseconds from `instant` on: the precision, and an hour more where clocks were set
   * back then, or where it is not known by which rule they are set; absent as `instant` is.
   */
  readonly precisionMs: number | undefined;
  /** `utc` where the format says so, `server` by the server's clock, whose zone is known; `unknown`, it is not. */
  readonly zone: "utc" | "server" | "unknown";
  /** As the listing said it. */
  readonly listed: ListedTime;
}

/** One entry of a directory, or what is known of one path. */
export interface Entry {
  readonly name: string;
  /** The name as the server sent it. */
  readonly nameOctets: Octets;
  readonly path: string;
  readonly type: "file" | "directory" | "link" | "other" | "unknown";
  /** Octets; a bigint above 2^53 − 1; undefined where the server tells none. */
  readonly size: number | bigint | undefined;
  readonly modified: ModifiedTime | undefined;
  /** Permission bits. */
  readonly mode: number | undefined;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  /** Target of a symbolic link. */
  readonly target: string | undefined;
  /** The same for two names of one file (RFC 3659 §7.5.2). */
  readonly unique: string | undefined;
  /** Facts of MLSD and MLST by their names in lower case; empty for LIST. */
  readonly facts: ReadonlyMap<string, Octets>;
}

/** What is known of a path before its names are decoded. */
export type RawEntry = Pick<ParsedEntry, "name" | "type"> & Partial<ParsedEntry>;

export function entryOf(raw: RawEntry, directory: Octets, names: NameCodec, clock: Pick<ServerClock, "place">): Entry {
  const text = (octets: Octets | undefined): string | undefined =>
    octets === undefined ? undefined : names.textOf(octets);
  return {
    name: names.textOf(raw.name),
    nameOctets: raw.name,
    path: names.textOf(childPath(directory, raw.name)),
    type: kinds[raw.type] ?? "other",
    size: raw.size,
    modified: raw.time && modifiedOf(raw.time, clock),
    mode: raw.mode,
    owner: text(raw.owner),
    group: text(raw.group),
    target: text(raw.target),
    unique: raw.facts?.get("unique"),
    facts: raw.facts ?? noFacts,
  };
}

/** Whether an entry is a directory and not a link to one. */
export function isDirectoryEntry({ type }: Pick<RawEntry, "type">): boolean {
  return kinds[type] === "directory";
}

const kinds: Partial<Record<EntryType, Entry["type"]>> = {
  file: "file",
  directory: "directory",
  "current-directory": "directory",
  "parent-directory": "directory",
  symlink: "link",
  unknown: "unknown",
};

const noFacts: ReadonlyMap<string, Octets> = new Map();

function modifiedOf(listed: ListedTime, clock: Pick<ServerClock, "place">): ModifiedTime {
  const placed = clock.place(listed);
  const zone = listed.zone === "server" ? (placed === undefined ? "unknown" : "server") : "utc";
  const instant = placed && new Date(placed.instantMs);
  return { instant, precision: listed.precision, precisionMs: placed?.precisionMs, zone, listed };
}

/** A number, or a bigint where a number would not be exact. */
export function sizeFromText(digits: string): number | bigint {
  const size = Number(digits);
  return Number.isSafeInteger(size) ? size : BigInt(digits);
}
