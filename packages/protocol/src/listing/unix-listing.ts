import { isListableName } from "../facts.ts";
import type { Octets } from "../octets.ts";
import { calendarDate, dayMs, twoDigits } from "../time-value.ts";

/** One entry of LIST. */
export interface ListingEntry {
  readonly name: Octets;
  readonly type: "file" | "directory" | "symbolic-link" | "other";
  readonly sizeBytes: number;
  /** Milliseconds since 1970 UTC. */
  readonly modifiedMs: number;
  /** Permission bits without the type; absent: 0644, 0755 for directories, 0777 for links. */
  readonly mode?: number | undefined;
  readonly linkCount?: number | undefined;
  readonly ownerName?: Octets | undefined;
  readonly groupName?: Octets | undefined;
  readonly target?: Octets | undefined;
}

/**
 * Formats one line of LIST, without line end, in the nine columns of `ls -l`: mode, links, owner, group, size, month,
 * day, and the time where the entry changed in the half year before `nowMs`, otherwise the year; then the name, and
 * `-> target` for links. Times are UTC, months English. Names keep every octet but CR, LF and NUL, which become `?`.
 * Owner and group, where absent, are `ftp`, and spaces in them become `_`, so that columns stay columns (R-LIST-03).
 */
export function formatListingLine(entry: ListingEntry, nowMs: number): Octets {
  const links = String(entry.linkCount ?? 1).padStart(4);
  const owner = (column(entry.ownerName) ?? "ftp").padEnd(8);
  const group = (column(entry.groupName) ?? "ftp").padEnd(8);
  const size = String(entry.sizeBytes).padStart(12);
  const arrow = entry.type === "symbolic-link" && entry.target !== undefined ? ` -> ${oneLine(entry.target)}` : "";
  const when = listingTime(entry.modifiedMs, nowMs);
  return `${modeText(entry)} ${links} ${owner} ${group} ${size} ${when} ${oneLine(entry.name)}${arrow}` as Octets;
}

/**
 * Formats one line of NLST, without line end: the name as an argument that works from where the client stands, which
 * is below the pathname that it gave (R-LIST-01). Undefined for names with CR, LF or NUL, which no argument can say.
 */
export function formatNameLine(name: Octets, directory: Octets = "" as Octets): Octets | undefined {
  if (!isListableName(name)) return undefined;
  return (directory === "" || directory.endsWith("/") ? directory + name : `${directory}/${name}`) as Octets;
}

/** What `-a -l -R -t -S -r -1` ask for. */
export interface ListingOptions {
  readonly all: boolean;
  readonly long: boolean;
  readonly recursive: boolean;
  readonly sortBy: "name" | "time" | "size" | undefined;
  readonly reverse: boolean;
}

/** An argument of LIST or NLST cut in two; the pathname is absent where only options were given, or nothing. */
export interface ListingArgument {
  readonly options: ListingOptions;
  readonly pathname: Octets | undefined;
}

export const noListingOptions: ListingOptions = {
  all: false,
  long: false,
  recursive: false,
  sortBy: undefined,
  reverse: false,
};

/**
 * Cuts the argument of LIST or NLST into `ls` options and a pathname: words of `-` and letters or digits are options,
 * combined or not, up to the first other word or `--`; letters without meaning here are ignored, because clients send
 * `-L`, `-F` and others to servers that run ls. One space separates, the rest is the name with all its spaces.
 *
 * A name may look like options: ask the storage for the whole argument first (R-LIST-04).
 */
export function parseListingArgument(argument: Octets | undefined): ListingArgument {
  let rest: string = argument ?? "";
  let letters = "";
  for (let word = optionWord.exec(rest); word !== null; word = optionWord.exec(rest)) {
    rest = rest.slice(word[0].length);
    if (word[1] === "-") break;
    letters += word[1];
  }
  const order = /[tS](?=[^tS]*$)/.exec(letters)?.[0];
  return {
    options: {
      all: /[aA]/.test(letters),
      long: letters.includes("l"),
      recursive: letters.includes("R"),
      sortBy: order === "t" ? "time" : order === "S" ? "size" : letters.includes("r") ? "name" : undefined,
      reverse: letters.includes("r"),
    },
    pathname: rest === "" ? undefined : (rest as Octets),
  };
}

/** The order that options ask for, newest and largest first as ls has it; undefined where any order will do. */
export function listingOrder({
  sortBy,
  reverse,
}: ListingOptions): ((a: ListingEntry, b: ListingEntry) => number) | undefined {
  if (sortBy === undefined) return undefined;
  const direction = reverse ? -1 : 1;
  if (sortBy === "name") return (a, b) => direction * compareNames(a, b);
  const key = sortBy === "time" ? "modifiedMs" : "sizeBytes";
  return (a, b) => direction * (b[key] - a[key] || compareNames(a, b));
}

const optionWord = /^-(-|[A-Za-z0-9]+)(?: |$)/;

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** Half of the mean Gregorian year, as GNU ls has it. */
const halfYearMs = 15_778_476_000;

/** Clocks differ; a file from the coming hour is shown with its time, later ones with their year. */
const clockSkewMs = 3_600_000;

let formattedDay = Number.NaN;
let formattedMonthAndDay = "";
let formattedYear = "";

/** `Jan 01 12:34` or `Jan 01  2024`: both twelve octets wide. */
function listingTime(modifiedMs: number, nowMs: number): string {
  const timeMs = Math.abs(modifiedMs) < 1e14 ? modifiedMs : 0;
  const day = Math.floor(timeMs / dayMs);
  if (day !== formattedDay) {
    const date = calendarDate(day);
    formattedMonthAndDay = `${months[date.month - 1]} ${twoDigits[date.day]}`;
    formattedYear = String(date.year).padStart(5);
    formattedDay = day;
  }
  if (!(timeMs > nowMs - halfYearMs && timeMs < nowMs + clockSkewMs)) return `${formattedMonthAndDay} ${formattedYear}`;
  const minute = Math.floor((timeMs - day * dayMs) / 60_000);
  return `${formattedMonthAndDay} ${twoDigits[Math.floor(minute / 60)]}:${twoDigits[minute % 60]}`;
}

const typeLetters = { file: "-", directory: "d", "symbolic-link": "l", other: "?" } as const;
const usualModes = { file: 0o644, directory: 0o755, "symbolic-link": 0o777, other: 0o644 } as const;
const triplets = ["---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"] as const;

function modeText({ type, mode = usualModes[type] }: ListingEntry): string {
  const [user, group, other] = [triplets[(mode >> 6) & 7], triplets[(mode >> 3) & 7], triplets[mode & 7]];
  if ((mode & 0o7000) === 0) return `${typeLetters[type]}${user}${group}${other}`;
  return [
    typeLetters[type],
    special(user, (mode & 0o4000) !== 0, "s"),
    special(group, (mode & 0o2000) !== 0, "s"),
    special(other, (mode & 0o1000) !== 0, "t"),
  ].join("");
}

/** Set-user-ID, set-group-ID and sticky share the place of x: lower case with it, upper case without. */
function special(triplet = "---", isSet: boolean, letter: string): string {
  if (!isSet) return triplet;
  return triplet.slice(0, 2) + (triplet.endsWith("x") ? letter : letter.toUpperCase());
}

function compareNames(a: ListingEntry, b: ListingEntry): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function column(value: Octets | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : oneLine(value).replaceAll(" ", "_");
}

function oneLine(value: Octets): string {
  // oxlint-disable-next-line no-control-regex -- these three octets are the point
  return isListableName(value) ? value : value.replace(/[\r\n\0]/g, "?");
}
