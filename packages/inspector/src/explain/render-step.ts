import { captionOf, type ExplainEvent } from "../model/index.ts";
import { renderEvents, renderHeading, type RenderOptions } from "./render-terminal.ts";
import { paint, wrap } from "./terminal-text.ts";

/** Where somebody is who goes through an explanation step by step. */
export interface StepPlace {
  /** Counted from 1. */
  readonly step: number;
  /** Whether the octets of the step are shown. */
  readonly showsOctets: boolean;
  /** Only steps of data connections are stopped at. */
  readonly isDataOnly: boolean;
  readonly note?: string;
}

/** Draws one step on a terminal of so many lines: both columns up to it, what it means, and its octets where asked for. */
export function renderStep(
  events: readonly ExplainEvent[],
  place: StepPlace,
  options: RenderOptions & { readonly height: number },
): readonly string[] {
  const event = events[place.step - 1];
  const told = event === undefined ? [] : storyLines(events.slice(0, place.step), event, options);
  const octets = event !== undefined && place.showsOctets ? octetLines(event, options) : [];
  const keys = paint(
    `step ${place.step} of ${events.length}   ← → step   Home End   e octets   d data   p save pcapng   q leave${place.note === undefined ? "" : `   ${place.note}`}`,
    "strong",
    options.colour,
  );
  const heading = renderHeading(options).slice(-1);
  const room = Math.max(3, options.height - heading.length - told.length - octets.length - 3);
  const lanes = renderEvents(events.slice(0, place.step), [], options).slice(-room);
  const filling = Array.from({ length: Math.max(0, room - lanes.length) }, () => "");
  return [...heading, ...lanes, ...filling, "", ...told, ...octets, keys];
}

/** The next step in a direction that may be stopped at; where there is none, the same one. */
export function nextStep(events: readonly ExplainEvent[], { step, isDataOnly }: StepPlace, direction: 1 | -1): number {
  for (let at = step + direction; at >= 1 && at <= events.length; at += direction) {
    if (!isDataOnly || events[at - 1]?.connection === "data") return at;
  }
  return step;
}

function storyLines(seen: readonly ExplainEvent[], event: ExplainEvent, options: RenderOptions): string[] {
  const before = seen.slice(0, -1).filter(({ mode }) => mode === event.mode);
  const { text, rfc } = captionOf(event, { before, isStripped: false });
  const readers = event.clear ? "anyone on the wire reads it" : "only the two ends read it";
  const head = `${event.mode}${event.connection === "data" ? ", data connection" : ""}: ${readers}`;
  const width = Math.min(options.width, 100);
  return [
    paint(head, event.clear ? "clear" : "encrypted", options.colour),
    ...wrap(rfc === undefined ? text : `${text} (${rfc})`, width),
  ];
}

const octetLinesMax = 8;
const octetsInLine = 16;

function octetLines({ octets, offset, length }: ExplainEvent, options: RenderOptions): string[] {
  if (octets === undefined) return [paint("no octets of this step", "plain", options.colour)];
  const digits = octets.match(/../g) ?? [];
  const lines = Array.from({ length: Math.min(octetLinesMax, Math.ceil(digits.length / octetsInLine)) }, (_, at) => {
    const own = digits.slice(at * octetsInLine, (at + 1) * octetsInLine);
    const letters = own.map((pair) => printable(Number.parseInt(pair, 16))).join("");
    return `${(offset + at * octetsInLine).toString(16).padStart(6, "0")}  ${own.join(" ").padEnd(octetsInLine * 3)} ${letters}`;
  });
  const rest = length - octetLinesMax * octetsInLine;
  return [...lines, ...(rest > 0 ? [`        and ${rest} octets more`] : [])];
}

function printable(octet: number): string {
  return octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : ".";
}
