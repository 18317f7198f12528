import { activityText, durationText, sizeText } from "@sallyport/daemon/admin";
import { columnsOf, cut, glyphTables, paint } from "@sallyport/inspector";
import { displayOctets, escapeControls } from "@sallyport/protocol";
import type { ConnectionStatus } from "@sallyport/server";

export interface WhoTableOptions {
  readonly nowMs: number;
  /** Columns; what does not fit is cut out of the paths. */
  readonly width: number;
  readonly colour: boolean;
  readonly glyphs: keyof typeof glyphTables;
}

type Readability = "clear" | "encrypted";

interface Cell {
  readonly text: string;
  readonly readability?: Readability;
}

const headings = ["#", "ACCOUNT", "ADDRESS", "CONTROL", "DOES", "MOVED", "RATE", "SINCE"] as const;
/** The column that gives way where the terminal is narrow, and to how little. */
const flexible = headings.indexOf("DOES");
const flexibleMin = 12;

/**
 * Everybody who is connected as lines of a table, a sum last. What anybody on the wire can read is marked open and
 * amber, what nobody can full and teal: the control connection, and the data connection of a transfer.
 */
export function whoTable(connections: readonly ConnectionStatus[], options: WhoTableOptions): readonly string[] {
  if (connections.length === 0) return ["Nobody is connected."];
  const rows = connections.toSorted((one, other) => one.connection - other.connection);
  const cells = rows.map((status) => cellsOf(status, options));
  const widths = columnWidths(cells, options.width);
  const heading = headings.map((text) => ({ text }));
  return [lineOf(heading, widths, options), ...cells.map((row) => lineOf(row, widths, options)), "", sumOf(rows)];
}

/** The same for programs: names as people read them, times as ISO 8601. */
export function whoJson(connections: readonly ConnectionStatus[]): object[] {
  return connections.map(({ openedAtMs, activity, ...status }) => ({
    ...status,
    openedAt: new Date(openedAtMs).toISOString(),
    activity: activityJson(activity),
  }));
}

function activityJson(activity: ConnectionStatus["activity"]): object {
  return {
    ...activity,
    ...("path" in activity && { path: displayOctets(activity.path) }),
    ...("durationMs" in activity && { durationMs: Math.round(activity.durationMs * 10) / 10 }),
  };
}

function cellsOf(status: ConnectionStatus, { nowMs, glyphs }: WhoTableOptions): readonly Cell[] {
  const { activity, account, connection, openedAtMs, remoteAddress } = status;
  const control = controlOf(status);
  const moving = activity.kind === "transferring" ? activity : undefined;
  const does = activityText(activity);
  return [
    { text: String(connection) },
    { text: account === undefined ? "-" : escapeControls(account) },
    { text: remoteAddress },
    marked(control.text, control.readability, glyphs),
    moving === undefined
      ? { text: does }
      : marked(does, moving.protectionLevel === "P" ? "encrypted" : "clear", glyphs),
    { text: moving === undefined ? "" : sizeText(moving.bytes) },
    { text: moving === undefined ? "" : `${sizeText(moving.bytesPerSecond)}/s` },
    { text: durationText(Math.max(0, nowMs - openedAtMs)) },
  ];
}

function controlOf({ tlsMode, tls, security }: ConnectionStatus): {
  readonly text: string;
  readonly readability: Readability;
} {
  if (tls !== undefined)
    return { text: `${tlsMode} ${tls.protocol.replace(/^TLSv/, "TLS ")}`, readability: "encrypted" };
  if (security !== undefined) {
    const text = `${tlsMode} ${security.mechanism} ${escapeControls(security.principal)}`;
    return { text, readability: security.isPrivate ? "encrypted" : "clear" };
  }
  // An implicit connection says nothing before its TLS.
  return tlsMode === "implicit"
    ? { text: "implicit, no TLS yet", readability: "encrypted" }
    : { text: "explicit, clear", readability: "clear" };
}

function marked(text: string, readability: Readability, glyphs: keyof typeof glyphTables): Cell {
  const { open, closed } = glyphTables[glyphs];
  return { text: `${readability === "clear" ? open : closed} ${text}`, readability };
}

function columnWidths(rows: readonly (readonly Cell[])[], width: number): readonly number[] {
  const natural = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => columnsOf(row[column]?.text ?? ""))),
  );
  const excess = natural.reduce((sum, columns) => sum + columns + 2, -2) - width;
  return natural.map((columns, column) =>
    column === flexible && excess > 0 ? Math.max(Math.min(columns, flexibleMin), columns - excess) : columns,
  );
}

function lineOf(row: readonly Cell[], widths: readonly number[], { width, colour, glyphs }: WhoTableOptions): string {
  const texts = row.map(({ text }, column) => {
    const columns = widths[column] ?? 0;
    const fitting = columnsOf(text) > columns ? withoutMiddle(text, columns, glyphTables[glyphs].more) : text;
    const gap = " ".repeat(Math.max(0, columns - columnsOf(fitting)));
    // Numbers stand under each other.
    return isNumeric(column) ? gap + fitting : fitting + gap;
  });
  if (texts.join("  ").length > width) return cut(texts.join("  ").trimEnd(), width);
  return texts
    .map((text, column) => paint(text, row[column]?.readability ?? "plain", colour))
    .join("  ")
    .trimEnd();
}

function isNumeric(column: number): boolean {
  return ["#", "MOVED", "RATE", "SINCE"].includes(headings[column] ?? "");
}

/** The beginning says what is done, the end is the name of the file. */
function withoutMiddle(text: string, columns: number, more: string): string {
  const room = Math.max(0, columns - more.length);
  const head = cut(text, Math.ceil(room / 3));
  const characters = Array.from(text);
  let tail = "";
  for (let at = characters.length - 1; at >= 0; at--) {
    const longer = (characters[at] ?? "") + tail;
    if (columnsOf(longer) > room - columnsOf(head)) break;
    tail = longer;
  }
  return head + more + tail;
}

function sumOf(connections: readonly ConnectionStatus[]): string {
  const loginsCount = connections.filter(({ account }) => account !== undefined).length;
  const moving = connections.flatMap(({ activity }) => (activity.kind === "transferring" ? [activity] : []));
  const rate = moving.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
  const transfers = moving.length === 0 ? "no transfer" : `${moving.length} transferring at ${sizeText(rate)}/s`;
  return `${connections.length} connected, ${loginsCount} logged in, ${transfers}. "sallyport kick NUMBER" closes one.`;
}
