import { escapeControls } from "@sallyport/protocol";

/** Signs that a terminal can draw; `ascii` is for locales without UTF-8. */
export interface Glyphs {
  readonly toServer: string;
  readonly toClient: string;
  /** Before what anyone can read: an open lock. */
  readonly open: string;
  /** Before what only the two ends can read: a closed lock. */
  readonly closed: string;
  readonly clearRail: string;
  readonly tlsRail: string;
  /** Beside what belongs to a data connection. */
  readonly dataRail: string;
  readonly divider: string;
  readonly rule: string;
  readonly more: string;
}

export const glyphTables: Readonly<Record<"unicode" | "ascii", Glyphs>> = {
  unicode: {
    toServer: "→",
    toClient: "←",
    open: "□",
    closed: "■",
    clearRail: "┊",
    tlsRail: "┃",
    dataRail: "║",
    divider: "│",
    rule: "━",
    more: "…",
  },
  ascii: {
    toServer: ">",
    toClient: "<",
    open: "o",
    closed: "#",
    clearRail: ":",
    tlsRail: "#",
    dataRail: "%",
    divider: "|",
    rule: "=",
    more: "...",
  },
};

/** What a piece of text stands for; colour follows from it, and never says more than the words do. */
export type Tone = "plain" | "strong" | "clear" | "encrypted" | "problem";

/** Colours of the basic palette, which terminals adapt to light and dark: amber for clear, teal for encrypted. */
const sgr: Readonly<Record<Tone, string>> = { plain: "", strong: "1", clear: "33", encrypted: "36", problem: "31" };

/** Colours a text whose control characters are already escaped. */
export function paint(text: string, tone: Tone, colour: boolean): string {
  return !colour || sgr[tone] === "" || text === "" ? text : `\x1b[${sgr[tone]}m${text}\x1b[0m`;
}

/** How many columns a terminal gives a text without control characters. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

/**
 * Breaks a text into lines of at most `columns`, at spaces where there are some, and escapes control characters. Lines
 * after the first are indented; behind `linesMax` lines the rest is left out and marked.
 */
export function wrap(
  text: string,
  columns: number,
  options: { readonly indent?: number; readonly linesMax?: number; readonly more?: string } = {},
): string[] {
  const { indent = 0, linesMax = Number.POSITIVE_INFINITY, more = "" } = options;
  const lines: string[] = [];
  let line = "";
  for (const word of escapeControls(text).split(" ")) {
    const joined =
      line === "" && lines.length === 0 ? word : line === "" ? " ".repeat(indent) + word : `${line} ${word}`;
    if (columnsOf(joined) <= columns) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    const pieces = hardBreak(lines.length === 0 ? word : " ".repeat(indent) + word, columns, indent);
    line = pieces.pop() ?? "";
    lines.push(...pieces);
  }
  lines.push(line);
  if (lines.length <= linesMax) return lines;
  const kept = lines.slice(0, linesMax);
  const last = kept.pop() ?? "";
  return [...kept, cut(last, columns - columnsOf(more)) + more];
}

/** The beginning of a text that fits. */
export function cut(text: string, columns: number): string {
  let kept = "";
  for (const character of text) {
    if (columnsOf(kept) + columnsOfCharacter(character) > columns) break;
    kept += character;
  }
  return kept;
}

/** Breaks a word that is too long, behind an underscore where one comes late enough. */
function hardBreak(word: string, columns: number, indent: number): string[] {
  const pieces: string[] = [];
  let rest = word;
  while (columnsOf(rest) > columns) {
    const full = cut(rest, Math.max(columns, indent + 2));
    const seam = full.lastIndexOf("_") + 1;
    const piece = seam > columns / 2 ? full.slice(0, seam) : full;
    pieces.push(piece);
    rest = " ".repeat(indent) + rest.slice(piece.length);
  }
  return [...pieces, rest];
}

function columnsOfCharacter(character: string): number {
  if (/\p{M}|\u200B|\u200D|\uFE0F/u.test(character)) return 0;
  const code = character.codePointAt(0) ?? 0;
  return wideRanges.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Ranges of East Asian wide and full-width characters and of pictographs (Unicode Standard Annex 11). */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f9ff],
  [0x20000, 0x3fffd],
];
