import {
  bytesFromOctets,
  dissect,
  dissectionFailure,
  type DissectedRecord,
  type RecordOpener,
  tlsDissection,
  type TlsDissection,
  type TlsRecord,
  type TlsSender,
} from "@sallyport/protocol";
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
  /** Lines inside TLS: of opened records, else told by an end of the connection. */
  readonly inside: Readonly<Record<Direction, LineStream>>;
  /** Whether the records of a direction are opened. */
  readonly opens: Readonly<Record<Direction, boolean>>;
  readonly dissection: TlsDissection;
  /** Whether the client asked for TLS and waits for the reply. */
  readonly authPending: boolean;
}

/** How the octets of one direction are read at the moment. */
type Reading =
  | { readonly as: "lines"; readonly lines: LineStream }
  | { readonly as: "records" }
  | { readonly as: "lost"; readonly offset: number };

/** What an end of a connection adds to what anyone sees, and how much of it is kept. */
export interface WireEnds {
  /** Of whoever has the keys; it is asked for each encrypted record once. */
  readonly opener?: RecordOpener;
  /** Whether events carry their octets. */
  readonly keepsOctets?: boolean;
}

/**
 * A connection before its first octet: a control connection of explicit mode begins with lines, one of implicit mode and a
 * data connection, which follows PROT P, with records.
 */
export function wireState(mode: TlsMode, connection: "control" | "data" = "control"): WireState {
  const reading: Reading =
    mode === "explicit" && connection === "control" ? { as: "lines", lines: lineStream() } : { as: "records" };
  return {
    connection,
    mode,
    wire: { "to-server": reading, "to-client": reading },
    inside: { "to-server": lineStream(), "to-client": lineStream() },
    opens: { "to-server": false, "to-client": false },
    dissection: tlsDissection(),
    authPending: false,
  };
}

/**
 * Turns an observation into events. Pure: the same observations give the same events, and but for `atMs` it does not
 * matter how the octets of a direction were cut.
 *
 * @param ends what an end of the connection adds.
 */
export function reduceTap(
  state: WireState,
  tap: Tap,
  ends: WireEnds = {},
): { readonly state: WireState; readonly events: readonly ExplainEvent[] } {
  switch (tap.kind) {
    case "octets":
      return readWire(state, { place: placeOf(state, tap), ends }, tap.octets);
    case "inside":
      return state.opens[tap.direction]
        ? { state, events: [] }
        : readInside(state, { place: placeOf(state, tap), ends }, tap.octets);
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

/** Where octets were seen, and what an end of the connection adds. */
interface Sight {
  readonly place: EventPlace;
  readonly ends: WireEnds;
}

function readWire(state: WireState, sight: Sight, octets: Uint8Array): Step {
  if (octets.length === 0) return { state, events: [] };
  const reading = state.wire[sight.place.direction];
  switch (reading.as) {
    case "lines":
      return readClear(state, sight, reading.lines, octets);
    case "records":
      return readRecords(state, sight, octets);
    case "lost":
      return lose(state, sight.place, reading.offset, octets.length);
  }
}

function readClear(state: WireState, sight: Sight, lines: LineStream, octets: Uint8Array): Step {
  const { place } = sight;
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
  const events = read.lines.map((line) => lineEvent(sight, line, true));
  const kept = withReading({ ...state, authPending }, direction, { as: "lines", lines: read.stream });
  if (!turned) return { state: kept, events };
  const behind = readWire(turnToTls(kept, read.stream.offset), sight, read.rest);
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

function readRecords(state: WireState, sight: Sight, octets: Uint8Array): Step {
  const { place, ends } = sight;
  const { direction } = place;
  const sender = senderOf(direction);
  const before = state.dissection[sender].records;
  const { dissection, records } = dissect(state.dissection, sender, octets, ends.opener);
  let next: WireState = { ...state, dissection };
  const events: ExplainEvent[] = [];
  for (const dissected of records) {
    const read = readOpened(next, sight, dissected);
    next = read.state;
    const event = recordEvent(place, dissected);
    events.push(ends.keepsOctets === true ? { ...event, octets: recordHex(dissected.record) } : event, ...read.events);
  }
  if (dissectionFailure(dissection, sender) === undefined) return { state: next, events };
  const { offset } = dissection[sender].records;
  const behind = joined(before.pending, octets).subarray(offset - before.offset);
  const rest =
    offset === before.start
      ? readClear(next, sight, lineStream(offset), behind)
      : lose(next, place, offset, behind.length);
  return { state: rest.state, events: [...events, ...rest.events] };
}

function readOpened(state: WireState, sight: Sight, { content }: DissectedRecord): Step {
  if (content.kind !== "encrypted" || content.opened === undefined) return { state, events: [] };
  const opening = { ...state, opens: { ...state.opens, [sight.place.direction]: true } };
  return content.opened.kind === "application"
    ? readInside(opening, sight, content.opened.octets)
    : { state: opening, events: [] };
}

function readInside(state: WireState, sight: Sight, octets: Uint8Array): Step {
  const { direction } = sight.place;
  const read = readLines(state.inside[direction], direction, octets);
  return {
    state: { ...state, inside: { ...state.inside, [direction]: read.stream } },
    events: read.lines.map((line) => lineEvent(sight, line, false)),
  };
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
    ...lines.map((line) => lineEvent({ place, ends: {} }, line, true)),
    { ...place, offset: 0, length: 0, layer: "tcp", kind: "finished", clear: true, text: "", tree: [] },
  ];
}

function lineEvent({ place, ends }: Sight, { raw, ...line }: ReadLine, clear: boolean): ExplainEvent {
  const octets = ends.keepsOctets === true && raw !== undefined ? { octets: hexOf(bytesFromOctets(raw)) } : {};
  return { ...place, layer: "ftp", clear, ...octets, ...line };
}

function recordHex({ type, version, fragment }: TlsRecord): string {
  const length = fragment.length;
  return hexOf([type, version >> 8, version & 0xff, length >> 8, length & 0xff]) + hexOf(fragment);
}

function hexOf(octets: Iterable<number>): string {
  let text = "";
  for (const octet of octets) text += octet.toString(16).padStart(2, "0");
  return text;
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
