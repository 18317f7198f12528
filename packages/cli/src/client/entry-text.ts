import type { Entry } from "@sallyport/client";
import { countText, sizeText, timeText } from "../terminal/quantities.ts";
import { tableLines, type Cell, type Drawing } from "../terminal/table.ts";
import { visibleText } from "../terminal/visible-text.ts";

/** How entries may be ordered. */
export const sortOrders = ["name", "size", "time", "none"] as const;
export type SortOrder = (typeof sortOrders)[number];

/** Orders entries: by name, largest first, newest first, or as the server sent them. */
export function sortEntries(entries: readonly Entry[], order: SortOrder): readonly Entry[] {
  return order === "none" ? entries : entries.toSorted(comparisons[order]);
}

const byPath = (one: Entry, other: Entry): number => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0);

const comparisons: Readonly<Record<Exclude<SortOrder, "none">, (one: Entry, other: Entry) => number>> = {
  name: byPath,
  size: (one, other) => Number(other.size ?? 0) - Number(one.size ?? 0) || byPath(one, other),
  time: (one, other) => timeOf(other) - timeOf(one) || byPath(one, other),
};

function timeOf({ modified }: Entry): number {
  return modified?.instant?.getTime() ?? 0;
}

/** Entries as lines of a table: what they are, whose, how large, from when, and their names. */
export function entryLines(
  entries: readonly Entry[],
  drawing: Drawing,
  {
    areBytesExact = false,
    names = "name",
  }: { readonly areBytesExact?: boolean; readonly names?: "name" | "path" } = {},
): readonly string[] {
  const size = ({ size: bytes, type }: Entry): string =>
    bytes === undefined || type === "directory" ? "" : areBytesExact ? String(bytes) : sizeText(bytes);
  const rows = entries.map((entry): readonly Cell[] => [
    { text: modeText(entry) },
    { text: visibleText(entry.owner ?? "") },
    { text: size(entry) },
    { text: timeText(entry.modified) },
    { text: nameText(entry, names), ...(entry.type === "directory" && { tone: "strong" }) },
  ]);
  return tableLines([{}, {}, { align: "right" }, {}, { flexibleMin: 16 }], rows, drawing);
}

/** A name as it is shown: a slash behind that of a directory, the target behind that of a link. */
export function nameText(entry: Entry, names: "name" | "path" = "name"): string {
  const name = visibleText(entry[names]);
  if (entry.type === "directory") return name.endsWith("/") ? name : `${name}/`;
  return entry.type === "link" && entry.target !== undefined ? `${name} -> ${visibleText(entry.target)}` : name;
}

/** What entries come to. */
export function summaryText(entries: readonly Entry[]): string {
  const files = entries.filter(({ type }) => type !== "directory");
  const directoriesCount = entries.length - files.length;
  const bytes = files.reduce((sum, { size }) => sum + BigInt(size ?? 0), 0n);
  const parts = [
    ...(directoriesCount > 0 ? [countText(directoriesCount, "directory", "directories")] : []),
    countText(files.length, "file"),
    sizeText(bytes).trimEnd(),
  ];
  return parts.join(", ");
}

/** An entry for programs. `nameOctets` is there where the name is not all text: its octets in hexadecimal. */
export function entryJson(entry: Entry): object {
  const { name, path, type, size, modified, mode, owner, group, target, unique } = entry;
  return {
    name,
    path,
    type,
    size: size ?? null,
    modified:
      modified === undefined
        ? null
        : { instant: modified.instant?.toISOString() ?? null, precision: modified.precision, zone: modified.zone },
    mode: mode === undefined ? null : mode.toString(8).padStart(4, "0"),
    owner: owner ?? null,
    group: group ?? null,
    ...(target !== undefined && { target }),
    ...(unique !== undefined && { unique }),
    ...(!name.isWellFormed() && { nameOctets: Buffer.from(entry.nameOctets, "latin1").toString("hex") }),
  };
}

const typeLetters: Readonly<Record<Entry["type"], string>> = {
  file: "-",
  directory: "d",
  link: "l",
  other: "o",
  unknown: "?",
};

function modeText({ type, mode }: Entry): string {
  const letter = typeLetters[type];
  if (mode === undefined) return letter;
  const bits = ["r", "w", "x", "r", "w", "x", "r", "w", "x"].map((bit, at) =>
    (mode & (0o400 >> at)) === 0 ? "-" : bit,
  );
  return letter + bits.join("");
}
