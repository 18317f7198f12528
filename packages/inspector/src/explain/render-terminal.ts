import { escapeControls } from "@sallyport/protocol";
import {
  adviceFor,
  problemWords,
  readableByAnyone,
  roundTripsWords,
  strippedWords,
  summarise,
  turnWords,
  verificationWords,
  type ExplainEvent,
  type ModeSummary,
  type TlsMode,
} from "../model/index.ts";
import { laneLines, type ExplainedHost, type LaneLine, type Seal } from "../model/lane-lines.ts";
import type { StrippedClient } from "./explain.ts";
import { columnsOf, cut, glyphTables, paint, wrap, type Tone } from "./terminal-text.ts";

/** How an explanation is drawn; the terminal itself is never asked. */
export interface RenderOptions extends ExplainedHost {
  /** Columns of the terminal. Below 80 the two modes stand one after the other; more than 160 are not used. */
  readonly width: number;
  readonly colour: boolean;
  /** Default `unicode`. */
  readonly glyphs?: "unicode" | "ascii";
  /** Whose AUTH somebody in between took away, where they did: what the server refused is then not its own doing. */
  readonly stripped?: StrippedClient;
}

/** Draws a whole explanation as lines: both modes on one time axis, the summary, and one line to act on. */
export function renderExplanation(events: readonly ExplainEvent[], options: RenderOptions): string[] {
  return [...renderHeading(options), ...renderEvents(events, [], options), ...renderSummary(events, options)];
}

/** Draws the title and the legend. */
export function renderHeading(options: RenderOptions): string[] {
  const { colour, ports } = options;
  const signs = glyphTables[options.glyphs ?? "unicode"];
  const legend = [
    { sign: signs.open, word: "clear", tone: "clear", meaning: "anyone on the wire can read it" },
    { sign: signs.open, word: "readable", tone: "clear", meaning: "what TLS itself shows without keys" },
    {
      sign: signs.closed,
      word: "encrypted",
      tone: "encrypted",
      meaning: "only the two ends can read it; inside: what this end reads",
    },
  ] as const;
  const title = `${options.host}: explicit TLS on port ${ports.explicit}, implicit TLS on port ${ports.implicit}`;
  return [
    ...wrap(title, widthOf(options)).map((line) => paint(line, "strong", colour)),
    ...legend.flatMap(({ sign, word, tone, meaning }) => {
      const head = `${sign} ${word}`;
      const lines = wrap(`${head}: ${meaning}`, widthOf(options) - 1, { indent: 2 });
      return lines.map((line) => ` ${line.replace(head, paint(head, tone, colour))}`);
    }),
    ...(isStacked(options) ? [] : ["", ...sideBySide("", (mode) => headCells(mode, options), options, " ")]),
  ];
}

/**
 * Draws events that follow `earlier`. Side by side they stand in rows of one millisecond each, so the pieces that a
 * live view draws must not be cut within a millisecond; one after the other, all events of a mode belong together.
 */
export function renderEvents(
  events: readonly ExplainEvent[],
  earlier: readonly ExplainEvent[],
  options: RenderOptions,
): string[] {
  if (isStacked(options)) return modes.flatMap((mode) => renderStacked(events, earlier, mode, options));
  const seen = [...earlier];
  return groupedByTick(events).flatMap((group) => {
    const rows = sideBySide(
      timeText(group[0]),
      (mode) => cellsOf(laneLines(ofMode(group, mode), ofMode(seen, mode), options), laneWidth(options), options),
      options,
    );
    seen.push(...group);
    return rows;
  });
}

function strippedAdvice(client: StrippedClient): string {
  const { sentence, advice } = strippedWords[client];
  return `The 502 is from somebody in between, who took AUTH away; the server never saw it. ${sentence} ${advice}`;
}

/** Draws what it comes to: who read what, the price in round trips, and what to do. */
export function renderSummary(events: readonly ExplainEvent[], options: RenderOptions): string[] {
  const summaries = modes.map((mode) => summarise(events, mode));
  const { ports, host, stripped } = options;
  const advice = stripped === undefined ? adviceFor(summaries, ports, host) : strippedAdvice(stripped);
  return ["", ...summaryTable(summaries, options), "", ...wrap(advice, widthOf(options))];
}

/** Whether two events are drawn in the same row. */
export function sameTick(one: ExplainEvent, other: ExplainEvent): boolean {
  return Math.floor(one.atMs) === Math.floor(other.atMs);
}

/** Whether the modes stand one after the other, which only works once all events are there. */
export function isStacked({ width }: RenderOptions): boolean {
  return width < twoColumnsMin;
}

const modes = ["explicit", "implicit"] as const;
const twoColumnsMin = 80;
const widthMax = 160;
const timeWidth = 9;
const dividerWidth = 3;
/** From this lane width on there is room for the words of the seals beside their signs. */
const wordyLaneMin = 48;

/** Text with the tone of all of it, already fitted to its column. */
interface Cell {
  readonly text: string;
  readonly tone: Tone;
  /** Coloured on its own, at the end of the column. */
  readonly tail?: { readonly text: string; readonly tone: Tone };
  readonly head?: { readonly text: string; readonly tone: Tone };
}

function widthOf({ width }: RenderOptions): number {
  return Math.max(20, Math.min(width, widthMax));
}

function laneWidth(options: RenderOptions): number {
  return isStacked(options)
    ? widthOf(options) - timeWidth
    : Math.floor((widthOf(options) - timeWidth - dividerWidth) / 2);
}

function headOf(mode: TlsMode, { ports }: RenderOptions): string {
  return mode === "explicit"
    ? `EXPLICIT :${ports.explicit}  begins in clear`
    : `IMPLICIT :${ports.implicit}  begins in TLS`;
}

function headCells(mode: TlsMode, options: RenderOptions): Cell[] {
  return wrap(headOf(mode, options), laneWidth(options)).map((text) => ({ text, tone: "strong" }));
}

function ofMode(events: readonly ExplainEvent[], mode: TlsMode): ExplainEvent[] {
  return events.filter((event) => event.mode === mode);
}

function groupedByTick(events: readonly ExplainEvent[]): ExplainEvent[][] {
  const groups: ExplainEvent[][] = [];
  for (const event of events) {
    const group = groups.at(-1);
    if (group?.[0] && sameTick(group[0], event)) group.push(event);
    else groups.push([event]);
  }
  return groups;
}

function timeText(event: ExplainEvent | undefined): string {
  if (!event) return "";
  if (event.atMs < 999.9) return `${event.atMs.toFixed(1)} ms`;
  const seconds = event.atMs / 1000;
  return `${seconds.toFixed(seconds < 100 ? 2 : 1)} s`;
}

/** Rows of a time and both columns; the column that has less to say stays empty. */
function sideBySide(
  time: string,
  cells: (mode: TlsMode) => readonly Cell[],
  options: RenderOptions,
  divider = glyphTables[options.glyphs ?? "unicode"].divider,
): string[] {
  const [left, right] = [cells("explicit"), cells("implicit")];
  const width = laneWidth(options);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) => {
    const gutter = (at === 0 ? time : "").padStart(timeWidth - 1);
    const parts = [left[at], right[at]].map((cell) => drawCell(cell, width, options.colour));
    return `${gutter} ${parts[0] ?? ""} ${divider} ${parts[1] ?? ""}`.trimEnd();
  });
}

function drawCell(cell: Cell | undefined, width: number, colour: boolean): string {
  if (!cell) return " ".repeat(width);
  const { head, tail } = cell;
  const room = width - columnsOf(head?.text ?? "") - columnsOf(tail?.text ?? "");
  const filling = " ".repeat(Math.max(0, room - columnsOf(cell.text)));
  const parts = [head, cell, { text: filling, tone: "plain" } as const, tail];
  return parts.map((part) => (part ? paint(part.text, part.tone, colour) : "")).join("");
}

function renderStacked(
  events: readonly ExplainEvent[],
  earlier: readonly ExplainEvent[],
  mode: TlsMode,
  options: RenderOptions,
): string[] {
  const seen = ofMode(earlier, mode);
  const rows = groupedByTick(ofMode(events, mode)).flatMap((group) => {
    const cells = cellsOf(laneLines(group, seen, options), laneWidth(options), options);
    seen.push(...group);
    return cells.map((cell, at) =>
      `${(at === 0 ? timeText(group[0]) : "").padStart(timeWidth - 1)} ${drawCell(cell, laneWidth(options), options.colour)}`.trimEnd(),
    );
  });
  const heads = wrap(headOf(mode, options), widthOf(options));
  return ["", ...heads.map((text) => paint(text, "strong", options.colour)), ...rows];
}

/** Fits the lines of a column to its width. */
function cellsOf(lines: readonly LaneLine[], width: number, options: RenderOptions): Cell[] {
  const signs = glyphTables[options.glyphs ?? "unicode"];
  return lines.flatMap((line) => {
    if (line.style === "rule") return [ruleCell(line, width, options)];
    const rail = line.connection
      ? signs.dataRail
      : { none: " ", clear: signs.clearRail, tls: signs.tlsRail }[line.rail];
    const arrow = { "to-server": signs.toServer, "to-client": signs.toClient };
    const lead = line.style === "problem" ? "! " : line.arrow && line.style === "line" ? `${arrow[line.arrow]} ` : "  ";
    const seal = sealText(line, width, options);
    const room = width - 2 - lead.length - (seal ? seal.text.length + 1 : 0);
    const indent = line.style === "detail" ? 2 : 0;
    const linesMax = line.style === "problem" ? 12 : 6;
    const texts = wrap(line.text, Math.max(8, room), { indent, linesMax, more: signs.more });
    return texts.map((text, at) => ({
      head: { text: `${rail} `, tone: line.rail === "tls" ? "encrypted" : line.rail === "clear" ? "clear" : "plain" },
      text: (at === 0 ? lead : "  ") + text,
      tone: line.style === "problem" ? "problem" : line.seal ? sealTones[line.seal] : "plain",
      ...(at === 0 && seal && { tail: seal }),
    }));
  });
}

/** What TLS shows without keys is as open as clear text. */
const sealTones: Readonly<Record<Seal, Tone>> = { clear: "clear", readable: "clear", encrypted: "encrypted" };

function sealText(line: LaneLine, width: number, options: RenderOptions): Cell["tail"] {
  if (!line.seal || line.style !== "line") return undefined;
  const signs = glyphTables[options.glyphs ?? "unicode"];
  const sign = line.seal === "encrypted" ? signs.closed : signs.open;
  return { text: width >= wordyLaneMin ? `${sign} ${line.seal.padEnd(9)}` : sign, tone: sealTones[line.seal] };
}

function ruleCell(line: LaneLine, width: number, options: RenderOptions): Cell {
  const { rule } = glyphTables[options.glyphs ?? "unicode"];
  const text = cut(`${rule.repeat(2)} ${line.text} `, width);
  return { text: text + rule.repeat(Math.max(0, width - columnsOf(text))), tone: "encrypted" };
}

interface SummaryRow {
  readonly label: string;
  readonly values: readonly string[];
}

function summaryTable(summaries: readonly ModeSummary[], options: RenderOptions): string[] {
  const value = (of: (summary: ModeSummary) => string) => summaries.map((summary) => escapeControls(of(summary)));
  const rows: SummaryRow[] = [
    {
      label: "seen on the wire by anyone",
      values: value((summary) => readableByAnyone(summary).join("; ") || "nothing"),
    },
    { label: "FTP octets in clear", values: value((summary) => String(summary.clearFtpOctets)) },
    { label: "TLS begins", values: value(({ turn }) => turnWords(turn)) },
    { label: "round trips before USER can go", values: value(roundTripsWords) },
    { label: "chosen", values: value(chosenWords) },
    { label: "certificate", values: value((summary) => certificateWords(summary, options.host)) },
    { label: "outcome", values: value((summary) => outcomeWords(summary, options)) },
  ];
  return isStacked(options) ? stackedTable(rows, options) : wideTable(rows, options);
}

function chosenWords(summary: ModeSummary): string {
  if (summary.reached !== "tls") return "nothing";
  return [summary.serverHello?.version, summary.serverHello?.suite, summary.group].filter(Boolean).join(", ");
}

function certificateWords({ verification }: ModeSummary, host: string): string {
  return verification ? verificationWords(verification, host).sentence : "not seen";
}

function outcomeWords(summary: ModeSummary, { host, ports }: RenderOptions): string {
  if (!summary.problem) return summary.retried ? "as it should be, with a small ClientHello" : "as it should be";
  return problemWords(summary.problem, { host, mode: summary.mode, port: ports[summary.mode] }).sentence;
}

function wideTable(rows: readonly SummaryRow[], options: RenderOptions): string[] {
  const labelWidth = Math.max(...rows.map(({ label }) => label.length)) + 2;
  const valueWidth = Math.floor((widthOf(options) - labelWidth - 2) / 2);
  const heads = { label: "", values: modes.map((mode) => mode.toUpperCase()) };
  return [heads, ...rows].flatMap(({ label, values }, index) => {
    const tone = index === 0 ? "strong" : "plain";
    const [left = [], right = []] = values.map((text) => wrap(text, valueWidth));
    return Array.from({ length: Math.max(left.length, right.length) }, (_, at) => {
      const [first = "", second = ""] = [left[at], right[at]];
      const gap = " ".repeat(Math.max(0, valueWidth + 2 - columnsOf(first)));
      const cells = `${paint(first, tone, options.colour)}${gap}${paint(second, tone, options.colour)}`;
      return `${(at === 0 ? label : "").padEnd(labelWidth)}${cells}`.trimEnd();
    });
  });
}

function stackedTable(rows: readonly SummaryRow[], options: RenderOptions): string[] {
  return modes.flatMap((mode, column) => [
    paint(mode.toUpperCase(), "strong", options.colour),
    ...rows.flatMap(({ label, values }) =>
      wrap(`  ${label}: ${values[column] ?? ""}`, widthOf(options), { indent: 4 }),
    ),
  ]);
}
