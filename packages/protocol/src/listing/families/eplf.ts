import type { Octets } from "../../octets.ts";
import { type EntryType, makeEntry } from "../entry.ts";
import type { ListingFamily, ParsedLine } from "../family.ts";
import { timeOfUnixSeconds } from "../listed-time.ts";
import { exactSize } from "../size.ts";

/**
 * Easily Parsed LIST Format (D. J. Bernstein, draft-bernstein-eplf): `+`, facts each ended by a comma, a tab, the name.
 * `/` says that it can be entered, `r` that it can be retrieved; with neither its type stays unknown.
 */
export const eplf: ListingFamily = { name: "eplf", parse };

/** Facts are a handful; a line with more of them than this is something else. */
const factsMax = 64;

function parse(line: string): ParsedLine | undefined {
  if (!line.startsWith("+")) return undefined;
  const end = endOfFacts(line);
  if (end === undefined || end === line.length - 1) return undefined;
  const facts = line.slice(1, end).split(",", factsMax);
  const value = (letters: string) => facts.find((fact) => fact.startsWith(letters))?.slice(letters.length);
  const type: EntryType = facts.includes("/") ? "directory" : facts.includes("r") ? "file" : "unknown";
  const seconds = value("m");
  const bits = value("up");
  const isMode = bits !== undefined && /^[0-7]{3,5}$/.test(bits);
  const identifier = value("i");
  return {
    entry: makeEntry("eplf", line as Octets, {
      name: line.slice(end + 1),
      type,
      size: type === "directory" ? undefined : exactSize(value("s") ?? ""),
      time: seconds !== undefined && /^\d{1,15}$/.test(seconds) ? timeOfUnixSeconds(Number(seconds)) : undefined,
      mode: isMode ? Number.parseInt(bits, 8) & 0o7777 : undefined,
      details: identifier === undefined ? undefined : new Map([["identifier", identifier]]),
    }),
  };
}

/** The tab; some servers put a space behind the last comma instead. */
function endOfFacts(line: string): number | undefined {
  const tab = line.indexOf("\t");
  if (tab >= 0) return tab;
  const space = line.indexOf(" ");
  return space > 1 && line.charAt(space - 1) === "," ? space : undefined;
}
