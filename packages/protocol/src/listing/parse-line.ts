import type { Octets } from "../octets.ts";
import type { ParsedEntry } from "./entry.ts";
import type { LineVerdict, ListingFamily } from "./family.ts";
import { listingFamilies } from "./families.ts";
import { mlsx } from "./families/mlsx.ts";

/**
 * Reads one line of LIST or MLSD by itself, without line end, in whichever format fits first. Undefined for headings,
 * sums and what is no entry. A numeric date is read in the usual order of its format and says so
 * ({@link ParsedEntry.time}, `isOrderAssumed`); a {@link ListingReader} does better, since it sees the whole listing.
 */
export function parseListingLine(line: Octets, options: { readonly isMlsx?: boolean } = {}): ParsedEntry | undefined {
  const found = readLine(line, options.isMlsx === true ? mlsx : undefined);
  if (found === undefined || found.verdict === "heading") return undefined;
  const { verdict, family } = found;
  return (verdict === "continued" ? family.alone?.(line) : verdict)?.entry;
}

/** What a line is in the family that understood it. */
export interface ReadLine {
  readonly family: ListingFamily;
  readonly verdict: Exclude<LineVerdict, undefined> | "heading";
}

/** Tries the family that the listing showed so far, then all others. */
export function readLine(line: string, established: ListingFamily | undefined): ReadLine | undefined {
  const first = established === undefined ? undefined : readAs(line, established, true);
  if (first !== undefined) return first;
  for (const family of listingFamilies) {
    const found = family === established ? undefined : readAs(line, family, false);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readAs(line: string, family: ListingFamily, isEstablished: boolean): ReadLine | undefined {
  if (family.isHeading?.(line) === true) return { family, verdict: "heading" };
  const verdict = family.parse(line, isEstablished);
  return verdict === undefined ? undefined : { family, verdict };
}
