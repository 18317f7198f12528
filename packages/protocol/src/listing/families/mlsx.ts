import { parseEntryLine } from "../../entry-line.ts";
import type { Octets } from "../../octets.ts";
import { type EntryType, makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { listedTime, type ListedTime } from "../listed-time.ts";
import { exactSize } from "../size.ts";

/**
 * Facts of MLSD and MLST (RFC 3659 §7): `fact=value;…`, one space, the name with all its blanks. Times are UTC. A
 * directory's `size` is none, since RFC 3659 §7.5.7 speaks of files; `sizd` counts for it. In a listing of another
 * kind, only lines whose facts end in `;` are taken for facts.
 */
export const mlsx: ListingFamily = { name: "mlsx", parse };

function parse(line: string, isEstablished: boolean): ParsedLine | undefined {
  const space = line.indexOf(" ");
  if (space < 0) return undefined;
  const isFacts = space === 0 ? isEstablished : isFactList(line.slice(0, space), isEstablished);
  if (!isFacts) return undefined;
  const parsed = parseEntryLine(line as Octets);
  if (parsed === undefined) return undefined;
  const { facts } = parsed;
  const { type, target } = readType(facts.get("type"));
  const size =
    facts.get(type === "directory" ? "sizd" : "size") ?? (type === "unknown" ? facts.get("sizd") : undefined);
  return {
    entry: makeEntry("mlsx", line as Octets, {
      name: parsed.name,
      type,
      target,
      size: size === undefined ? undefined : exactSize(size),
      time: readTime(facts.get("modify")),
      permissions: facts.get("perm"),
      mode: parsed.mode,
      owner: facts.get("unix.ownername") ?? facts.get("unix.owner") ?? facts.get("unix.uid"),
      group: facts.get("unix.groupname") ?? facts.get("unix.group") ?? facts.get("unix.gid"),
      facts,
    }),
  };
}

/** Reads the value of `modify` and its like: `YYYYMMDDHHMMSS[.f+]` in UTC; some servers leave out the seconds. */
function readTime(value: string | undefined): ListedTime | undefined {
  const match =
    value === undefined ? null : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:\.(\d{1,32}))?)?Z?$/i.exec(value);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction] = match;
  return listedTime({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: second === undefined ? undefined : Number(second),
    fraction,
    zone: "utc",
  });
}

/** Facts without any value, or a name that holds `=`, are no facts unless MLSD was asked. */
function isFactList(text: string, isEstablished: boolean): boolean {
  const equals = text.indexOf("=");
  return equals > 0 && (text.endsWith(";") || isEstablished);
}

const plainTypes: Readonly<Record<string, EntryType>> = {
  file: "file",
  dir: "directory",
  cdir: "current-directory",
  pdir: "parent-directory",
};

/** Kinds of `OS.unix=` (RFC 3659 §7.5.1.5 leaves them to the system): what ProFTPD, Pure-FTPd and the RFC's examples have. */
const unixTypes: Readonly<Record<string, EntryType>> = {
  slink: "symlink",
  symlink: "symlink",
  chr: "char-device",
  blk: "block-device",
  fifo: "fifo",
  pipe: "fifo",
  sock: "socket",
  socket: "socket",
  file: "file",
  dir: "directory",
};

function readType(value: Octets | undefined): { readonly type: EntryType; readonly target?: Octets } {
  if (value === undefined) return { type: "unknown" };
  const lowered = value.toLowerCase();
  const plain = Object.hasOwn(plainTypes, lowered) ? plainTypes[lowered] : undefined;
  if (plain !== undefined) return { type: plain };
  const prefix = "os.unix=";
  if (!lowered.startsWith(prefix)) return { type: "other" };
  const end = lowered.slice(prefix.length).search(/[:-]/);
  const kind = end < 0 ? lowered.slice(prefix.length) : lowered.slice(prefix.length, prefix.length + end);
  const type = (Object.hasOwn(unixTypes, kind) ? unixTypes[kind] : undefined) ?? "other";
  const hasTarget = type === "symlink" && end >= 0;
  return hasTarget ? { type, target: value.slice(prefix.length + end + 1) as Octets } : { type };
}
