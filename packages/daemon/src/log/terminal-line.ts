import { styleText } from "node:util";
import { type EventView, type Level, type Readability, viewOf } from "./event-table.ts";
import type { ServiceEvent } from "./service-event.ts";

/**
 * One line for each event: when, which control connection, whose address, what happened, how. The address stands before
 * anything that a peer has said, so that a filter which reads from the left cannot be led astray (S-09). A terminal
 * shows the time of day, anything else the whole UTC time.
 */
export function terminalLine(
  event: ServiceEvent,
  options: { readonly terminal: boolean; readonly colours: boolean },
): string {
  const view = viewOf(event);
  const time = new Date(event.atMs);
  const at = options.terminal ? timeOfDay(time) : time.toISOString();
  const connection = "connection" in event ? `#${event.connection}` : "";
  const address = "remoteAddress" in event ? event.remoteAddress : "";
  const label = `${marks[view.readability ?? "none"]} ${view.label.padEnd(14)}`;
  const line = `${at}  ${connection.padEnd(6)} ${address.padEnd(15)}  `;
  if (!options.colours) return `${line}${label} ${view.text}\n`;
  return `${dim(line)}${paint(view, label)} ${view.level === "debug" ? dim(view.text) : view.text}\n`;
}

/** A block for what nobody on the wire can read, a frame for what everybody can. */
const marks: Readonly<Record<Readability | "none", string>> = { clear: "□", encrypted: "■", none: " " };

type Style = "red" | "yellow" | "cyan" | "dim" | "bold";

const levelStyles: Readonly<Record<Level, Style | undefined>> = {
  debug: "dim",
  info: undefined,
  warn: "bold",
  error: "red",
};

/** Amber and teal in whatever shade the terminal's owner has chosen for them. */
const readabilityStyles: Readonly<Record<Readability, Style>> = { clear: "yellow", encrypted: "cyan" };

function paint({ level, readability }: EventView, text: string): string {
  const style = levelStyles[level] ?? (readability && readabilityStyles[readability]);
  return style === undefined ? text : styleText(style, text, { validateStream: false });
}

function dim(text: string): string {
  return styleText("dim", text, { validateStream: false });
}

function timeOfDay(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}
