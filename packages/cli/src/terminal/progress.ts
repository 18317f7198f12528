import { glyphTables, paint } from "@sallyport/inspector/terminal";
import { countText, rateText, sizeText, spanText } from "./quantities.ts";
import { type Drawing, widthOf, withoutMiddle } from "./table.ts";
import { visibleText } from "./visible-text.ts";

/** What one transfer has to tell. */
export interface FileProgress {
  readonly name: string;
  readonly doneBytes: number;
  /** Undefined where nobody knows. */
  readonly totalBytes?: number | undefined;
  /** Octets that were there before. */
  readonly resumedBytes?: number;
  /** What it waits for, where it is not octets. */
  readonly note?: string;
  /** Whether somebody on the wire could read it. */
  readonly isProtected: boolean;
}

/** All transfers of a command. */
export interface ProgressState {
  readonly running: readonly FileProgress[];
  readonly finishedCount: number;
  /** Undefined while files are still being found. */
  readonly filesCount?: number | undefined;
  readonly doneBytes: number;
  readonly totalBytes?: number | undefined;
  readonly bytesPerSecond: number;
}

const barsMax = 8;
const barColumnsMax = 24;

/** One bar for each running file and one for all. */
export function progressLines(state: ProgressState, drawing: Drawing): readonly string[] {
  const { running, finishedCount, filesCount } = state;
  const files = running.slice(0, barsMax).map((file) => barLine(file, drawing));
  const hidden = running.length - files.length;
  const isSingle = filesCount === 1 && running.length <= 1;
  const count =
    filesCount === undefined ? countText(finishedCount, "file") : `${finishedCount}/${countText(filesCount, "file")}`;
  const label = isSingle ? "" : `${count}${hidden > 0 ? `, ${hidden} more running` : ""}`;
  return [...files, totalLine(state, label, drawing)];
}

/** The same as one plain line, for a log. */
export function progressSummary(state: ProgressState): string {
  const { doneBytes, totalBytes, bytesPerSecond, finishedCount, filesCount } = state;
  const of = totalBytes === undefined ? "" : ` of ${sizeText(totalBytes).trimEnd()}`;
  const files = filesCount === 1 ? "" : `, ${countText(finishedCount, "file")} done`;
  return `${sizeText(doneBytes).trimEnd()}${of} at ${rateText(bytesPerSecond)}${files}${remaining(state)}`;
}

function remaining({ doneBytes, totalBytes, bytesPerSecond }: ProgressState): string {
  if (totalBytes === undefined || bytesPerSecond <= 0) return "";
  return `, ${spanText(((totalBytes - doneBytes) / bytesPerSecond) * 1000)} left`;
}

function barLine({ name, doneBytes, totalBytes, note, isProtected }: FileProgress, drawing: Drawing): string {
  const figures = note ?? sizeText(doneBytes);
  const percent =
    totalBytes === undefined ? "    " : `${Math.floor(shareOf(doneBytes, totalBytes) * 100)}%`.padStart(4);
  const bar = barOf(doneBytes, totalBytes, isProtected ? "encrypted" : "clear", drawing);
  const { open, closed, more } = glyphTables[drawing.glyphs];
  const barColumns = barColumnsOf(drawing);
  const rest = `${percent} ${figures.padStart(9)}`;
  const nameColumns = Math.max(8, drawing.width - barColumns - widthOf(rest) - 6);
  const shown = withoutMiddle(visibleText(name), nameColumns, more);
  return `${isProtected ? closed : open} ${bar} ${rest}  ${shown}`;
}

function totalLine(state: ProgressState, label: string, drawing: Drawing): string {
  const { doneBytes, totalBytes } = state;
  const of = totalBytes === undefined ? "" : ` of ${sizeText(totalBytes).trimEnd()}`;
  const parts = [`${sizeText(doneBytes).trimEnd()}${of}`, rateText(state.bytesPerSecond), label];
  const text = parts.filter((part) => part !== "").join(", ") + remaining(state);
  return paint(
    withoutMiddle(`  ${text}`, drawing.width - 1, glyphTables[drawing.glyphs].more),
    "strong",
    drawing.colour,
  );
}

function barOf(
  doneBytes: number,
  totalBytes: number | undefined,
  tone: "encrypted" | "clear",
  drawing: Drawing,
): string {
  const barColumns = barColumnsOf(drawing);
  const share = totalBytes === undefined ? 0 : shareOf(doneBytes, totalBytes);
  const full = Math.round(share * barColumns);
  const { rule } = glyphTables[drawing.glyphs];
  const rest = drawing.glyphs === "unicode" ? "─" : "-";
  return paint(rule.repeat(full), tone, drawing.colour) + rest.repeat(barColumns - full);
}

function barColumnsOf({ width }: Drawing): number {
  return Math.min(barColumnsMax, Math.floor(width / 3));
}

function shareOf(doneBytes: number, totalBytes: number): number {
  return totalBytes === 0 ? 1 : Math.min(1, Math.max(0, doneBytes / totalBytes));
}
