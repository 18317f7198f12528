import {
  displayOctets,
  limits,
  maskCommandLine,
  maskReplyLine,
  octetsFromBytes,
  type Octets,
} from "@sallyport/protocol";
import type { Direction, FieldNode } from "./events.ts";

/** The lines of one direction between two reads; a reply of several lines is open while `openCode` is set. */
export interface LineStream {
  readonly offset: number;
  readonly pending: Octets;
  readonly openCode: number | undefined;
}

/**
 * One line as the view shows it: masked, escaped, and of a long one the beginning alone, with the octets that it stands
 * on, line end included.
 */
export interface ReadLine {
  readonly offset: number;
  readonly length: number;
  readonly kind: "command" | "reply" | "text";
  readonly line: string;
  readonly code?: number;
  readonly last?: boolean;
  readonly tree: readonly FieldNode[];
  /** The line as it came, its end included; absent where something of it is masked. */
  readonly raw?: Octets;
}

export function lineStream(offset = 0): LineStream {
  return { offset, pending: "" as Octets, openCode: undefined };
}

/**
 * Reads the next octets of one direction as lines that end in LF, with or without CR. A line longer than
 * limits.commandLineBytes comes in pieces. The reading can stop behind any line: `until` says behind which.
 */
export function readLines(
  stream: LineStream,
  direction: Direction,
  octets: Uint8Array,
  until: (line: ReadLine) => boolean = () => false,
): { readonly stream: LineStream; readonly lines: readonly ReadLine[]; readonly rest: Uint8Array } {
  const input = (stream.pending + octetsFromBytes(octets)) as Octets;
  const lines: ReadLine[] = [];
  let state = { ...stream, pending: "" as Octets };
  let at = 0;
  while (at < input.length) {
    const end = lineEnd(input, at);
    if (end === undefined) break;
    const line = readLine(state, direction, input.slice(at, end) as Octets);
    lines.push(line);
    state = { offset: state.offset + (end - at), pending: "" as Octets, openCode: openCodeAfter(line) };
    at = end;
    if (until(line)) return { stream: state, lines, rest: octets.subarray(octets.length - (input.length - at)) };
  }
  return { stream: { ...state, pending: input.slice(at) as Octets }, lines, rest: new Uint8Array(0) };
}

/** Takes what stands without a line end when the direction is over. */
export function flushLines(stream: LineStream, direction: Direction): readonly ReadLine[] {
  return stream.pending === "" ? [] : [readLine(stream, direction, stream.pending)];
}

const lineBytesMax = limits.commandLineBytes.value;

function lineEnd(input: string, at: number): number | undefined {
  const feed = input.indexOf("\n", at);
  const end = feed === -1 ? input.length : feed + 1;
  if (end - at > lineBytesMax) return at + lineBytesMax;
  return feed === -1 ? undefined : end;
}

function readLine(stream: LineStream, direction: Direction, raw: Octets): ReadLine {
  const bare = raw.replace(/\r?\n$/, "") as Octets;
  const place = { offset: stream.offset, length: raw.length };
  const line = direction === "to-server" ? commandLine(place, bare) : replyLine(place, bare, stream.openCode);
  const masked = direction === "to-server" ? maskCommandLine(bare) : maskReplyLine(bare);
  return masked === bare ? { ...line, raw } : line;
}

interface Place {
  readonly offset: number;
  readonly length: number;
}

function commandLine(place: Place, bare: Octets): ReadLine {
  const masked = maskCommandLine(bare);
  const [, verb = "", argument = ""] = /^(\S*)\s*(.*)$/s.exec(masked) ?? [];
  const from = place.offset;
  const end = from + bare.length;
  const argumentFrom = Math.min(end, from + (/^\S*\s*/.exec(bare)?.[0].length ?? 0));
  const tree: FieldNode[] = [{ name: "verb", value: shown(verb), from, to: from + verb.length, rfc: "RFC 959 §4.1" }];
  if (argument !== "") tree.push({ name: "argument", value: shown(argument), from: argumentFrom, to: end });
  return { ...place, kind: "command", line: shown(masked), tree };
}

/** RFC 959 §4.2: `code SP text` ends a reply, `code-text` opens one that lasts until the same code and a space. */
function replyLine(place: Place, bare: Octets, openCode: number | undefined): ReadLine {
  const masked = maskReplyLine(bare);
  const line = shown(masked);
  const [, digits, separator = " "] = /^([1-5]\d\d|6[0-3]\d)([ -]|$)/.exec(masked) ?? [];
  const from = place.offset;
  const end = from + bare.length;
  if (digits === undefined || (openCode !== undefined && openCode !== Number(digits))) {
    const tree = [{ name: "text", value: line, from, to: end }];
    return openCode === undefined
      ? { ...place, kind: "text", line, tree }
      : { ...place, kind: "reply", line, code: openCode, last: false, tree };
  }
  const tree = [
    { name: "code", value: digits, from, to: from + 3, rfc: "RFC 959 §4.2" },
    { name: "text", value: shown(masked.slice(4)), from: Math.min(from + 4, end), to: end },
  ];
  return { ...place, kind: "reply", line, code: Number(digits), last: separator !== "-", tree };
}

function openCodeAfter(line: ReadLine): number | undefined {
  return line.kind === "reply" && line.last === false ? line.code : undefined;
}

/** Of every line that a server sends so much is shown; its octets are kept beside. */
const shownBytesMax = 512;

function shown(part: string): string {
  if (part.length <= shownBytesMax) return displayOctets(part as Octets);
  const end = characterStart(part, shownBytesMax);
  return `${displayOctets(part.slice(0, end) as Octets)} [${part.length - end} octets more]`;
}

/** Where the character of UTF-8 begins that stands at an octet, as far as it is one. */
function characterStart(part: string, at: number): number {
  const head = [0, 1, 2, 3].find((back) => (part.charCodeAt(at - back) & 0xc0) !== 0x80);
  return head === undefined ? at : at - head;
}
