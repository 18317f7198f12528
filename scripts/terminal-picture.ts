// node scripts/terminal-picture.ts TITLE COLUMNS < recording > picture.svg: draws what a terminal showed, with its colours. The
// recording is what a program wrote to a terminal; scripts/pictures.sh makes those of the README.
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

/** How a stretch of characters looks. */
interface Style {
  readonly colour: string;
  readonly bold: boolean;
  readonly dim: boolean;
}

interface Stretch {
  readonly column: number;
  readonly characters: string;
  readonly style: Style;
}

interface Terminal {
  /** Written above it. */
  readonly title: string;
  /** Where it wraps. */
  readonly columns: number;
}

const plain: Style = { colour: "#d5dce5", bold: false, dim: false };

/** Amber is clear, teal is encrypted; the rest is as terminals have it, for a dark ground. */
const colours: readonly string[] = [
  "#5c6773",
  "#f0716b",
  "#8fc46c",
  "#f2b134",
  "#6ea8fe",
  "#c792ea",
  "#3fcdbb",
  plain.colour,
];

const [columnWidth, lineHeight, margin, titleHeight] = [8, 18, 16, 34] as const;

/** Draws a recording as SVG; sequences other than colours are left out, and of a line that was overwritten the last state counts. */
export function terminalPicture(recording: string, { title, columns: terminalColumns }: Terminal): string {
  const lines = recording.replaceAll("\r\n", "\n").trimEnd().split("\n");
  const drawn = lines.flatMap((line) => wrapped(stretches(line), terminalColumns));
  const columns = Math.max(40, ...drawn.map((line) => endOf(line)));
  const [width, height] = [columns * columnWidth + 2 * margin, drawn.length * lineHeight + titleHeight + margin];
  const texts = drawn.flatMap((line, at) => line.map((stretch) => stretchText(stretch, at)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#11161d" stroke="#39424e"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" xml:space="preserve">`,
    `<text x="${margin}" y="22" fill="${colours[0]}">${escaped(title)}</text>`,
    ...texts,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** A line cut where its look changes; blank stretches are left out. */
function stretches(line: string): readonly Stretch[] {
  const found: Stretch[] = [];
  let style = plain;
  let column = 0;
  // oxlint-disable-next-line no-control-regex -- terminals are steered by control characters
  for (const [, sequence, characters = ""] of line.matchAll(/\u001B\[([\d;?]*[A-Za-z])|([^\u001B\r]+)/g)) {
    if (sequence !== undefined) {
      if (sequence.endsWith("m")) style = styleAfter(style, sequence.slice(0, -1));
      continue;
    }
    for (const word of characters.matchAll(/\S+(?: \S+)*/g)) {
      found.push({ column: column + Array.from(characters.slice(0, word.index)).length, characters: word[0], style });
    }
    column += Array.from(characters).length;
  }
  return found;
}

/** The rows that a terminal makes of a line. */
function wrapped(line: readonly Stretch[], terminalColumns: number): readonly (readonly Stretch[])[] {
  const rows: Stretch[][] = [[]];
  for (const { column, characters, style } of line) {
    const all = Array.from(characters);
    for (let at = 0; at < all.length;) {
      const row = Math.floor((column + at) / terminalColumns);
      const room = (row + 1) * terminalColumns - column - at;
      while (rows.length <= row) rows.push([]);
      rows[row]?.push({
        column: (column + at) % terminalColumns,
        characters: all.slice(at, at + room).join(""),
        style,
      });
      at += room;
    }
  }
  return rows;
}

/** Applies the parameters of one SGR sequence (ECMA-48 §8.3.117). */
function styleAfter(style: Style, parameters: string): Style {
  let next = style;
  const numbers = parameters.split(";").map(Number);
  for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
    if (number === 0) next = plain;
    else if (number === 1) next = { ...next, bold: true };
    else if (number === 2) next = { ...next, dim: true };
    else if (number === 22) next = { ...next, bold: false, dim: false };
    else if (number === 39) next = { ...next, colour: plain.colour };
    else if (number === 38) next = { ...next, colour: extendedColour(numbers) };
    else next = { ...next, colour: colours[basicColour(number)] ?? next.colour };
  }
  return next;
}

function basicColour(number: number): number {
  if (number >= 30 && number <= 37) return number - 30;
  return number >= 90 && number <= 97 ? number - 90 : -1;
}

/** The rest of `38;2;R;G;B` or `38;5;N`, which is taken from `numbers`. */
function extendedColour(numbers: number[]): string {
  if (numbers.shift() === 2) return `rgb(${numbers.splice(0, 3).join(",")})`;
  const index = numbers.shift() ?? 7;
  if (index < 16) return colours[index % 8] ?? plain.colour;
  if (index >= 232) return `rgb(${Array.from({ length: 3 }, () => 8 + 10 * (index - 232)).join(",")})`;
  const steps = [0, 95, 135, 175, 215, 255];
  const cube = index - 16;
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((at) => steps[at]).join(",")})`;
}

function stretchText({ column, characters, style }: Stretch, line: number): string {
  const x = margin + column * columnWidth;
  const y = titleHeight + (line + 1) * lineHeight - 5;
  const length = Array.from(characters).length * columnWidth;
  const look = `${style.bold ? ' font-weight="bold"' : ""}${style.dim ? ' opacity="0.6"' : ""}`;
  return `<text x="${x}" y="${y}" fill="${style.colour}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${look}>${escaped(characters)}</text>`;
}

function endOf(line: readonly Stretch[]): number {
  const last = line.at(-1);
  return last === undefined ? 0 : last.column + Array.from(last.characters).length;
}

function escaped(characters: string): string {
  return characters.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [title = "terminal", columns = "80"] = process.argv.slice(2);
  process.stdout.write(terminalPicture(await text(process.stdin), { title, columns: Number(columns) }));
}
