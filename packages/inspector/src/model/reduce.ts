import { dissect, dissectionFailure, tlsDissection, type TlsDissection, type TlsSender } from "@sallyport/protocol";
import type { Direction, ExplainEvent, TlsMode } from "./events.ts";
import { flushLines, lineStream, readLines, type LineStream, type ReadLine } from "./lines.ts";
import { recordEvent, type EventPlace } from "./record-events.ts";

/** One observation on a connection: octets on the wire, octets that an end read or wrote inside TLS, or the end. */
export type Tap =
  | {
      readonly kind: "octets" | "inside";
      readonly atMs: number;
      readonly direction: Direction;
      readonly octets: Uint8Array;
    }
  | { readonly kind: "finished"; readonly atMs: number; readonly direction: Direction };

/** What is known of a connection between two observations. */
export interface WireState {
  readonly connection: "control" | "data";
  readonly mode: TlsMode;
  readonly wire: Readonly<Record<Direction, Reading>>;
  /** Lines inside TLS, told by an end of the connection. */
  readonly inside: Readonly<Record<Direction, LineStream>>;
  readonly dissection: TlsDissection;
  /** Whether the client asked for TLS and waits for the reply. */
  readonly authPending: boolean;
}

/** How the octets of one direction are read at the moment. */
type Reading =
  | { readonly as: "lines"; readonly lines: LineStream }
  | { readonly as: "records" }
  | { readonly as: "lost"; readonly offset: number };

/** A control connection before its first octet: explicit mode begins with lines, implicit mode with records. */
export function wireState(mode: TlsMode, connection: "control" | "data" = "control"): WireState {
  const reading: Reading = mode === "explicit" ? { as: "lines", lines: lineStream() } : { as: "records" };
  return {
    connection,
    mode,
    wire: { "to-server": reading, "to-client": reading },
    inside: { "to-server": lineStream(), "to-client": lineStream() },
    dissection: tlsDissection(),
    authPending: false,
  };
}

/**
 * Turns an observation into events. Pure: the same observations give the same events, and but for `atMs` it does not
 * matter how the octets of a direction were cut.
 */
export function reduceTap(
  state: WireState,
  tap: Tap,
): { readonly state: WireState; readonly events: readonly ExplainEvent[] } {
  switch (tap.kind) {
    case "octets":
      return readWire(state, placeOf(state, tap), tap.octets);
    case "inside": {
      const read = readLines(state.inside[tap.direction], tap.direction, tap.octets);
      return {
        state: { ...state, inside: { ...state.inside, [tap.direction]: read.stream } },
        events: read.lines.map((line) => lineEvent(placeOf(state, tap), line, false)),
      };
    }
    case "finished":
      return { state, events: finish(state, placeOf(state, tap)) };
  }
}

interface Step {
  readonly state: WireState;
  readonly events: readonly ExplainEvent[];
}

function placeOf(state: WireState, { atMs, direction }: Tap): EventPlace {
  return { atMs, connection: state.connection, mode: state.mode, direction };
}

function readWire(state: WireState, place: EventPlace, octets: Uint8Array): Step {
  if (octets.length === 0) return { state, events: [] };
  const reading = state.wire[place.direction];
  switch (reading.as) {
    case "lines":
      return readClear(state, place, reading.lines, octets);
    case "records":
      return readRecords(state, place, octets);
    case "lost":
      return lose(state, place, reading.offset, octets.length);
  }
}

function readClear(state: WireState, place: EventPlace, lines: LineStream, octets: Uint8Array): Step {
  const { direction } = place;
  let { authPending } = state;
  let turned = false;
  const read = readLines(lines, direction, octets, (line) => {
    if (line.kind === "command") authPending ||= asksForTls(line);
    else if (authPending && line.kind === "reply" && line.last === true) {
      turned = line.code === 234;
      authPending = false;
    }
    return turned;
  });
  const events = read.lines.map((line) => lineEvent(place, line, true));
  const kept = withReading({ ...state, authPending }, direction, { as: "lines", lines: read.stream });
  if (!turned) return { state: kept, events };
  const behind = readWire(turnToTls(kept, read.stream.offset), place, read.rest);
  return { state: behind.state, events: [...events, ...behind.events] };
}

/** AUTH TLS and its older names, all of which are answered by 234 (RFC 4217 §4, draft-murray-auth-ftp-ssl). */
function asksForTls(line: ReadLine): boolean {
  return /^AUTH\s+(TLS|TLS-C|TLS-P|SSL)\s*$/i.test(line.line);
}

/** Behind the CRLF of the 234 both directions are TLS, from wherever each of them stands (RFC 4217 §4.2). */
function turnToTls(state: WireState, serverOffset: number): WireState {
  const client = state.wire["to-server"];
  const clientOffset = client.as === "lines" ? client.lines.offset + client.lines.pending.length : 0;
  return {
    ...state,
    wire: { "to-server": { as: "records" }, "to-client": { as: "records" } },
    dissection: tlsDissection(clientOffset, serverOffset),
  };
}

function readRecords(state: WireState, place: EventPlace, octets: Uint8Array): Step {
  const { direction } = place;
  const sender = senderOf(direction);
  const before = state.dissection[sender].records;
  const { dissection, records } = dissect(state.dissection, sender, octets);
  const events = records.map((record) => recordEvent(place, record));
  const next = { ...state, dissection };
  if (dissectionFailure(dissection, sender) === undefined) return { state: next, events };
  const { offset } = dissection[sender].records;
  const behind = joined(before.pending, octets).subarray(offset - before.offset);
  const rest =
    offset === before.start
      ? readClear(next, place, lineStream(offset), behind)
      : lose(next, place, offset, behind.length);
  return { state: rest.state, events: [...events, ...rest.events] };
}

/** What is neither lines nor records any more: its length alone is told. */
function lose(state: WireState, place: EventPlace, offset: number, length: number): Step {
  const node = { name: "unreadable", value: `${length} octets`, from: offset, to: offset + length };
  return {
    state: withReading(state, place.direction, { as: "lost", offset: offset + length }),
    events: [{ ...place, offset, length, layer: "record", kind: "unreadable", clear: true, tree: [node] }],
  };
}

function finish(state: WireState, place: EventPlace): readonly ExplainEvent[] {
  const reading = state.wire[place.direction];
  const lines = reading.as === "lines" ? flushLines(reading.lines, place.direction) : [];
  return [
    ...lines.map((line) => lineEvent(place, line, true)),
    { ...place, offset: 0, length: 0, layer: "tcp", kind: "finished", clear: true, text: "", tree: [] },
  ];
}

function lineEvent(place: EventPlace, line: ReadLine, clear: boolean): ExplainEvent {
  return { ...place, layer: "ftp", clear, ...line };
}

function withReading(state: WireState, direction: Direction, reading: Reading): WireState {
  return { ...state, wire: { ...state.wire, [direction]: reading } };
}

function senderOf(direction: Direction): TlsSender {
  return direction === "to-server" ? "client" : "server";
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const both = new Uint8Array(head.length + tail.length);
  both.set(head);
  both.set(tail, head.length);
  return both;
}
