import type { ExplainEvent, TlsMode } from "@sallyport/inspector/model";
import { modes } from "./lanes.ts";

/** Where the drawing stands: each mode has a track for its control connection and one for data. */
const geometry = { left: 104, right: 12, top: 4, control: 16, data: 10, gap: 9, axis: 18 } as const;
const trackHeight = geometry.control + 3 + geometry.data + geometry.gap;
const height = geometry.top + 2 * trackHeight + geometry.axis;

/**
 * Both modes on one axis of time, to scale: amber while in clear, teal from the octet on where TLS begins, the data
 * connection below with a line to the ticket that it came by, and where the view is now.
 */
export function timelineOf(events: readonly ExplainEvent[], step: number, width: number): SVGSVGElement {
  const root = shape("svg", { class: "timeline", width, height, role: "img" });
  const { startMs, endMs } = spanOf(events);
  const room = width - geometry.left - geometry.right;
  const x = (atMs: number): number => geometry.left + ((atMs - startMs) / (endMs - startMs)) * room;
  root.setAttribute("aria-label", `Both modes on one axis of ${(endMs - startMs).toFixed(0)} ms`);
  for (const tick of ticksOf(startMs, endMs, width)) {
    root.append(shape("line", { class: "grid", x1: x(tick), x2: x(tick), y1: 0, y2: height - geometry.axis }));
    const anchor = tick - startMs < 1 ? "start" : width - x(tick) < labelHalf ? "end" : "middle";
    root.append(label(x(tick), height - 4, `${tick} ms`, anchor));
  }
  for (const [at, mode] of modes.entries())
    root.append(...track(events, { mode, y: geometry.top + at * trackHeight, x, step }));
  const now = events[step - 1];
  if (now !== undefined) {
    const place = x(now.atMs);
    root.append(shape("line", { class: "now", x1: place, x2: place, y1: 0, y2: height - geometry.axis }));
  }
  return root;
}

/** Half of what a label of the axis takes: nearer to the edge it would be cut off. */
const labelHalf = 32;

/** The step that stands nearest to a place on the drawing, in pixels of its width. */
export function stepAt(events: readonly ExplainEvent[], place: number, width: number): number {
  const { startMs, endMs } = spanOf(events);
  const part = (place - geometry.left) / (width - geometry.left - geometry.right);
  const atMs = startMs + part * (endMs - startMs);
  const behind = events.findIndex((event) => event.atMs > atMs);
  return behind === -1 ? events.length : Math.max(1, behind);
}

/** From the first event on: what the program did before is no part of it. */
function spanOf(events: readonly ExplainEvent[]): { readonly startMs: number; readonly endMs: number } {
  const startMs = events[0]?.atMs ?? 0;
  return { startMs, endMs: Math.max(startMs + 1, events.at(-1)?.atMs ?? 0) };
}

interface TrackPlace {
  readonly mode: TlsMode;
  readonly y: number;
  readonly x: (atMs: number) => number;
  readonly step: number;
}

function track(events: readonly ExplainEvent[], { mode, y, x, step }: TrackPlace): SVGElement[] {
  const own = events.flatMap((event, at) => (event.mode === mode ? [{ event, at }] : []));
  const control = own.filter(({ event }) => event.connection === "control");
  const data = own.filter(({ event }) => event.connection === "data");
  const made: SVGElement[] = [label(geometry.left - 8, y + geometry.control - 3, mode, "end")];
  made.push(
    ...bands(
      control.map(({ event }) => event),
      { y, x },
    ),
  );
  for (const { event, at } of control) {
    if (event.length === 0) continue;
    const place = x(event.atMs);
    const seal = event.clear ? "clear" : "sealed";
    made.push(
      shape("line", {
        class: `tick ${seal}${at >= step ? " later" : ""}`,
        x1: place,
        x2: place,
        y1: y + 2,
        y2: y + geometry.control - 2,
      }),
    );
  }
  const [begun, ended] = [data[0], data.at(-1)];
  if (begun === undefined || ended === undefined) return made;
  const below = y + geometry.control + 3;
  const from = x(begun.event.atMs);
  const length = Math.max(2, x(ended.event.atMs) - from);
  made.push(shape("rect", { class: "band data", x: from, y: below, width: length, height: geometry.data }));
  made.push(label(geometry.left - 8, below + geometry.data - 1, dataWords(data.map(({ event }) => event)), "end"));
  const ticket = control.findLast(({ event }) => isTicket(event) && event.atMs <= begun.event.atMs);
  if (ticket) {
    const start = x(ticket.event.atMs);
    const middle = below + geometry.data / 2;
    made.push(
      shape("path", { class: "ticket", d: `M${start} ${y + geometry.control} Q${start} ${middle} ${from} ${middle}` }),
    );
  }
  return made;
}

function dataWords(data: readonly ExplainEvent[]): string {
  const secured = data.find((event) => event.kind === "secured");
  if (secured?.kind !== "secured") return "data";
  return secured.resumed === true ? "data, resumed" : "data, not resumed";
}

function isTicket(event: ExplainEvent): boolean {
  if (event.kind === "messages") return event.messages.some(({ kind }) => kind === "new-session-ticket");
  if (event.kind !== "encrypted" || event.opened?.kind !== "handshake") return false;
  return event.opened.messages.some(({ kind }) => kind === "new-session-ticket");
}

/** The connection: nothing until TCP stands, amber until TLS, teal from there. */
function bands(
  control: readonly ExplainEvent[],
  { y, x }: { readonly y: number; readonly x: (atMs: number) => number },
): SVGElement[] {
  const connected = control.find(({ kind }) => kind === "connected");
  const last = control.at(-1);
  const first = control[0];
  if (first === undefined || last === undefined) return [];
  const turned = control.find(({ kind }) => kind === "messages");
  const band = (kind: string, fromMs: number, toMs: number) =>
    shape("rect", {
      class: `band ${kind}`,
      x: x(fromMs),
      y,
      width: Math.max(1, x(toMs) - x(fromMs)),
      height: geometry.control,
    });
  // Implicit mode says nothing in clear: what lies between TCP and the ClientHello is waiting.
  const isSilent = first.mode === "implicit" && turned !== undefined;
  const openedMs = isSilent ? turned.atMs : (connected?.atMs ?? last.atMs);
  const waiting = band("waiting", first.atMs, openedMs);
  if (connected === undefined) return [waiting];
  if (turned === undefined) return [waiting, band("clear", openedMs, last.atMs)];
  return [waiting, band("clear", openedMs, turned.atMs), band("sealed", turned.atMs, last.atMs)];
}

/** Round numbers, as many as there is room for. */
function ticksOf(startMs: number, endMs: number, width: number): readonly number[] {
  const countMax = Math.max(2, Math.floor((width - geometry.left) / 110));
  const spans = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
  const stepMs = spans.find((each) => (endMs - startMs) / each <= countMax) ?? 10_000;
  const first = Math.ceil(startMs / stepMs);
  const count = Math.floor(endMs / stepMs) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, at) => (first + at) * stepMs);
}

function label(x: number, y: number, text: string, anchor: "start" | "middle" | "end"): SVGElement {
  const made = shape("text", { x, y, "text-anchor": anchor });
  made.textContent = text;
  return made;
}

function shape<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  return made;
}
