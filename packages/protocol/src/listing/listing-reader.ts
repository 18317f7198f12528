import { limits } from "../limits.ts";
import type { Octets } from "../octets.ts";
import { DateOrders } from "./date-order.ts";
import type { ListingFamilyName, ParsedEntry } from "./entry.ts";
import type { ListingFamily, ParsedLine } from "./family.ts";
import { mlsx } from "./families/mlsx.ts";
import { unix } from "./families/unix.ts";
import { isComplaint, parseNameLine } from "./name-list.ts";
import { readLine } from "./parse-line.ts";

/** What a listing answers, and what is known beside it. */
export interface ListingReaderOptions {
  /** MLSD sends facts alone, NLST names alone; LIST, which is taken where nothing is said, any format. */
  readonly command?: "LIST" | "MLSD" | "NLST";
  /** The time of the caller's clock, which excludes orders of dates that would lie ahead. */
  readonly nowMs?: number | undefined;
  readonly lineBytesMax?: number;
  readonly lookAheadMax?: number;
}

/** Lines that were no entry, heading or sum: messages of the server, damage, or a format that is not known. */
export interface UnparsedLines {
  readonly count: number;
  /** The first of them, each cut to `listingUnparsedBytes`. */
  readonly examples: readonly Octets[];
}

/**
 * Reads a listing as it arrives: chunks of octets in, entries out, in the order of the lines. Lines end in LF with any
 * number of CR before it. The format that fitted last is tried first, and all others after it, so that mixed listings
 * work; entries over two lines are joined; headings, sums and blank lines are passed over; `.` and `..` are dropped;
 * lines that fit nothing are counted. Never throws, whatever the octets are.
 *
 * Where dates can be read in several orders, entries are held back until the listing shows the order, `lookAheadMax` of
 * them at most; then the likeliest order is taken and each such time says that it was assumed. A later line that
 * excludes the order changes it for itself and those that follow. Memory is bounded by `lineBytesMax` and
 * `lookAheadMax`, however long the listing is.
 */
export class ListingReader {
  readonly #command: "LIST" | "MLSD" | "NLST";
  readonly #lineBytesMax: number;
  readonly #lookAheadMax: number;
  readonly #orders: DateOrders;
  readonly #examples: Octets[] = [];
  #unparsedCount = 0;
  #family: ListingFamily | undefined;
  /** The beginning of a line whose end has not come. */
  #tail = "";
  /** The line is longer than allowed: its rest is dropped. */
  #isOverlong = false;
  /** A line that may go on in the next one. */
  #continued: { readonly line: string; readonly family: ListingFamily } | undefined;
  /** The line before was blank, or there was none. */
  #isAfterBlank = true;
  #section: Octets | undefined;
  #endsWithinLine = false;
  #heldBack: ParsedLine[] = [];
  #ready: ParsedEntry[] = [];

  constructor(options: ListingReaderOptions = {}) {
    this.#command = options.command ?? "LIST";
    this.#lineBytesMax = options.lineBytesMax ?? limits.listingLineBytes.value;
    this.#lookAheadMax = options.lookAheadMax ?? limits.listingLookAheadCount.value;
    this.#orders = new DateOrders(options.nowMs);
    if (this.#command === "MLSD") this.#family = mlsx;
  }

  /** Takes the next octets and returns the entries that they completed. */
  push(chunk: Octets): readonly ParsedEntry[] {
    let start = 0;
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", start)) {
      this.#append(chunk.slice(start, end));
      this.#endLine();
      start = end + 1;
    }
    if (start < chunk.length) this.#append(chunk.slice(start));
    return this.#take();
  }

  /** Takes the end of the listing and returns the entries that are left; a last line needs no line end. */
  end(): readonly ParsedEntry[] {
    this.#endsWithinLine = this.#tail !== "" || this.#isOverlong;
    if (this.#endsWithinLine) this.#endLine();
    this.#endContinued();
    this.#release();
    return this.#take();
  }

  /** Lines so far that were not understood. */
  get unparsed(): UnparsedLines {
    return { count: this.#unparsedCount, examples: [...this.#examples] };
  }

  /** Whether the last line had no line end, so that it, and what was to follow, may have been cut off. */
  get endsWithinLine(): boolean {
    return this.#endsWithinLine;
  }

  /** The format that fitted last; undefined before the first entry or heading. */
  get family(): ListingFamilyName | undefined {
    return this.#command === "NLST" ? "names" : this.#family?.name;
  }

  #append(octets: string): void {
    if (this.#isOverlong) return;
    this.#tail = this.#tail === "" ? octets : this.#tail + octets;
    // One more for the CR of a line that is just as long as allowed.
    if (this.#tail.length <= this.#lineBytesMax + 1) return;
    this.#isOverlong = true;
    this.#tail = this.#tail.slice(0, limits.listingUnparsedBytes.value);
  }

  #endLine(): void {
    let end = this.#tail.length;
    while (end > 0 && this.#tail.charCodeAt(end - 1) === 0x0d) end--;
    const line = this.#tail.slice(0, end);
    const isOverlong = this.#isOverlong || end > this.#lineBytesMax;
    this.#tail = "";
    this.#isOverlong = false;
    if (isOverlong) this.#reject(line);
    else if (this.#command === "NLST") this.#nameLine(line);
    else this.#line(line);
  }

  #nameLine(line: string): void {
    if (line === "") return;
    const entry = parseNameLine(line as Octets);
    if (entry === undefined) this.#reject(line);
    else this.#accept({ entry });
  }

  #line(line: string): void {
    if (this.#joinContinued(line)) return;
    const isBlank = line === "" || (this.#command === "LIST" && line.trim() === "");
    if (!isBlank) this.#contentLine(line);
    this.#isAfterBlank = isBlank;
  }

  #contentLine(line: string): void {
    const found = readLine(line, this.#family);
    if (found === undefined || found.verdict === "continued") {
      if (this.#isSectionHeading(line)) this.#section = line === ".:" ? undefined : (line.slice(0, -1) as Octets);
      else if (found === undefined) this.#reject(line);
      else this.#continued = { line, family: found.family };
      return;
    }
    this.#family = found.family;
    if (found.verdict !== "heading") this.#accept(found.verdict);
  }

  /** Whether the line was the rest of the one before. */
  #joinContinued(line: string): boolean {
    const { line: first, family } = this.#continued ?? {};
    if (first === undefined || family === undefined) return false;
    const isRest = family.isContinuation?.(line) === true;
    const verdict = isRest ? family.parse(`${first}\n${line}`, family === this.#family) : undefined;
    if (verdict === undefined || verdict === "continued") {
      this.#endContinued();
      return false;
    }
    this.#continued = undefined;
    this.#isAfterBlank = false;
    this.#family = family;
    this.#accept(verdict);
    return true;
  }

  /** Nothing follows the continued line: it is what it is alone. */
  #endContinued(): void {
    if (this.#continued === undefined) return;
    const { line, family } = this.#continued;
    this.#continued = undefined;
    const parsed = family.alone?.(line);
    if (parsed === undefined) this.#reject(line);
    else this.#accept(parsed);
  }

  /** `dir/sub:` behind a blank line or first of all, as `ls -R` has it. */
  #isSectionHeading(line: string): boolean {
    if (!this.#isAfterBlank || !line.endsWith(":") || line.length < 2) return false;
    return (this.#family === undefined || this.#family === unix) && !isComplaint(line);
  }

  #accept(parsed: ParsedLine): void {
    const { date } = parsed;
    if (date !== undefined) this.#orders.note(date);
    const { type } = parsed.entry;
    if (type === "current-directory" || type === "parent-directory") return;
    const entry = this.#section === undefined ? parsed.entry : { ...parsed.entry, section: this.#section };
    if (this.#heldBack.length === 0 && (date === undefined || this.#orders.isSettled)) {
      this.#ready.push(this.#timed({ entry, date }));
      return;
    }
    this.#heldBack.push({ entry, date });
    if (this.#orders.isSettled || this.#heldBack.length >= this.#lookAheadMax) this.#release();
  }

  /** Lets go of what was held back, with what is known now. */
  #release(): void {
    this.#orders.settle();
    for (const parsed of this.#heldBack) this.#ready.push(this.#timed(parsed));
    this.#heldBack = [];
  }

  #timed({ entry, date }: ParsedLine): ParsedEntry {
    return date === undefined ? entry : { ...entry, time: this.#orders.timeOf(date) };
  }

  #reject(line: string): void {
    this.#unparsedCount++;
    if (this.#examples.length >= limits.listingUnparsedCount.value) return;
    this.#examples.push(line.slice(0, limits.listingUnparsedBytes.value) as Octets);
  }

  #take(): readonly ParsedEntry[] {
    const entries = this.#ready;
    this.#ready = [];
    return entries;
  }
}
