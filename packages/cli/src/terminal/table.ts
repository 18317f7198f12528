import { columnsOf, cut, glyphTables, paint } from "@sallyport/inspector/terminal";

/** How to draw, from `terminalSettings`. */
export interface Drawing {
  /** Columns; infinite where the output has no edge. */
  readonly width: number;
  readonly colour: boolean;
  readonly glyphs: keyof typeof glyphTables;
}

/** A text for one place of a table; made visible before (`visibleText`). */
export interface Cell {
  readonly text: string;
  readonly tone?: Parameters<typeof paint>[1];
}

export interface Column {
  readonly heading?: string;
  readonly align?: "left" | "right";
  /** Gives way where the terminal is narrow, down to this many columns. */
  readonly flexibleMin?: number;
}

const gap = "  ";

/** The lines of a table. Columns that are empty in every row are left out; what does not fit loses its middle. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  drawing: Drawing,
): readonly string[] {
  const shown = columns
    .map((column, at) => ({ column, at, natural: widest(rows, at) }))
    .filter(({ natural }) => natural > 0)
    .map(({ column, at, natural }) => ({ column, at, width: Math.max(natural, column.heading?.length ?? 0) }));
  const total = shown.reduce((sum, { width }) => sum + width + gap.length, -gap.length);
  let excess = Math.max(0, total - drawing.width);
  const fitted = shown.map(({ column, at, width }) => {
    const given = column.flexibleMin === undefined ? 0 : Math.min(excess, Math.max(0, width - column.flexibleMin));
    excess -= given;
    return { column, at, width: width - given };
  });
  const line = (row: readonly Cell[]): string =>
    fitted
      .map(({ column, at, width }) => cellText(row[at] ?? { text: "" }, column, width, drawing))
      .join(gap)
      .trimEnd();
  const hasHeading = columns.some(({ heading }) => heading !== undefined);
  return [...(hasHeading ? [line(columns.map(({ heading = "" }) => ({ text: heading })))] : []), ...rows.map(line)];
}

/** The beginning says where something is, the end which it is. */
export function withoutMiddle(text: string, columns: number, more: string): string {
  if (widthOf(text) <= columns) return text;
  const room = Math.max(0, columns - more.length);
  const head = cut(text, Math.ceil(room / 3));
  const headColumns = columnsOf(head);
  const tail: string[] = [];
  let used = headColumns;
  for (const character of Array.from(text).toReversed()) {
    const wide = columnsOf(character);
    if (used + wide > room) break;
    used += wide;
    tail.push(character);
  }
  return head + more + tail.toReversed().join("");
}

/** How many columns a visible text takes. */
export function widthOf(text: string): number {
  return /^[\u0020-\u007E]*$/.test(text) ? text.length : columnsOf(text);
}

function widest(rows: readonly (readonly Cell[])[], at: number): number {
  return rows.reduce((most, row) => Math.max(most, widthOf(row[at]?.text ?? "")), 0);
}

function cellText({ text, tone = "plain" }: Cell, { align }: Column, width: number, drawing: Drawing): string {
  const fitting = withoutMiddle(text, width, glyphTables[drawing.glyphs].more);
  const padding = " ".repeat(Math.max(0, width - widthOf(fitting)));
  const painted = paint(fitting, tone, drawing.colour);
  return align === "right" ? padding + painted : painted + padding;
}
