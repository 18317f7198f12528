import type { NumericDate } from "./date-order.ts";
import type { ListingFamilyName, ParsedEntry } from "./entry.ts";

/** What one line says. */
export interface ParsedLine {
  readonly entry: ParsedEntry;
  /** The numeric date behind `entry.time`, for a listing to read it in the order of all its lines. */
  readonly date?: NumericDate | undefined;
}

/** `continued`: the entry goes on in the next line. Undefined: the line is nothing that the family knows. */
export type LineVerdict = ParsedLine | "continued" | undefined;

/** One format of listings. Parsers are pure, never throw, and take time that is linear in the line. */
export interface ListingFamily {
  readonly name: ListingFamilyName;
  /** Whether the line is a heading, a sum or a rule of this format, which is no entry. */
  readonly isHeading?: (line: string) => boolean;
  /** Reads one line; `isEstablished` tells that a heading or an entry of this family came before. */
  readonly parse: (line: string, isEstablished: boolean) => LineVerdict;
  /** Whether the line may be the rest of a continued one. */
  readonly isContinuation?: (line: string) => boolean;
  /** What a continued line says where no continuation follows. */
  readonly alone?: (line: string) => ParsedLine | undefined;
}
