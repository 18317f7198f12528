import type { Octets } from "../../octets.ts";
import { type EntryType, makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { timeOfUnixSeconds } from "../listed-time.ts";
import { exactSize } from "../size.ts";
import { blanksAt, tokensOf } from "../tokens.ts";

/** What stat returns, in numbers: mode in octal with its type, user, group, size, seconds since 1970, name. */
export const unixNumeric: ListingFamily = { name: "unix-numeric", parse };

const types: Readonly<Record<number, EntryType>> = {
  0o01: "fifo",
  0o02: "char-device",
  0o04: "directory",
  0o06: "block-device",
  0o10: "file",
  0o12: "symlink",
  0o14: "socket",
};

function parse(line: string): ParsedLine | undefined {
  const tokens = tokensOf(line, 6);
  const [bits = "", user = "", group = "", size = "", seconds = ""] = tokens.map(({ text }) => text);
  if (!/^0?[0-7]{5,6}$/.test(bits) || ![user, group].every((column) => /^\d{1,10}$/.test(column))) return undefined;
  if (!/^\d{1,20}$/.test(size) || !/^\d{1,12}$/.test(seconds)) return undefined;
  const mode = Number.parseInt(bits, 8);
  const type = types[mode >> 12];
  const end = tokens[4]?.end ?? line.length;
  const name = line.slice(end + blanksAt(line, end));
  if (type === undefined || name === "") return undefined;
  return {
    entry: makeEntry("unix-numeric", line as Octets, {
      name,
      type,
      size: exactSize(size),
      time: timeOfUnixSeconds(Number(seconds)),
      mode: mode & 0o7777,
      owner: user as Octets,
      group: group as Octets,
    }),
  };
}
