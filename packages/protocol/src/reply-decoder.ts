import type { LimitValues } from "./limits.ts";
import { octetsFromBytes, type Octets } from "./octets.ts";

/** What was found in the octets of a control connection, seen from the user's side. */
export type ReplyEvent =
  | {
      readonly kind: "reply";
      /** 100 to 699. */
      readonly code: number;
      /** The text of the first and the last line without code and separator; inner lines as they were sent. */
      readonly lines: readonly Octets[];
      /** True where lines or ends of lines were dropped, because the reply is longer than the limits allow. */
      readonly truncated: boolean;
    }
  | {
      readonly kind: "failure";
      readonly failure: ReplyFailure;
      /** The line that is no reply, or what there was of it. */
      readonly line: Octets;
    };

/** `not-a-reply`: a line without reply code where one must stand, or with NUL; `ended-within-reply`: the connection closed too soon. */
export type ReplyFailure = "not-a-reply" | "ended-within-reply";

interface OpenReply {
  readonly code: string;
  readonly lines: Octets[];
  keptBytes: number;
  truncated: boolean;
}

/** What a line costs besides its octets, so that a million empty lines count too. */
const lineOverheadBytes = 16;

/**
 * Decodes replies in whatever pieces they arrive. A multi-line reply `ddd-` ends at the line that begins with the same
 * code and a space, or is the code alone; lines in between may look like other replies (RFC 959 §4.2, R-959-09). Lines
 * may end with a bare LF, empty lines between replies are skipped, Telnet commands are removed and doubled 0xFF and
 * CR NUL reduced. Memory is bounded; a longer reply is read to its end and its excess dropped, so that the decoder
 * stays in step. After a failure everything is ignored.
 */
export class ReplyDecoder {
  readonly #limits: Pick<LimitValues, "replyLineBytes" | "replyBytes">;
  #line = "";
  #lineIsCut = false;
  #reply: OpenReply | undefined;
  #hasFailed = false;

  constructor(limits: Pick<LimitValues, "replyLineBytes" | "replyBytes">) {
    this.#limits = limits;
  }

  /** Whether no part of a reply is waiting for the rest: after 234 anything else is an attack (S-02). */
  get isBetweenReplies(): boolean {
    return this.#line === "" && this.#reply === undefined;
  }

  push(input: Uint8Array): ReplyEvent[] {
    const events: ReplyEvent[] = [];
    let start = 0;
    while (start < input.length && !this.#hasFailed) {
      const lineEnd = input.indexOf(0x0a, start);
      this.#extendLine(input, start, lineEnd < 0 ? input.length : lineEnd);
      if (lineEnd < 0) break;
      const event = this.#readLine(this.#takeLine());
      if (event !== undefined) events.push(event);
      start = lineEnd + 1;
    }
    return events;
  }

  /** Says that the connection was closed. */
  end(): ReplyEvent[] {
    if (this.isBetweenReplies || this.#hasFailed) return [];
    return [this.#fail("ended-within-reply", plainLine(this.#line))];
  }

  #extendLine(input: Uint8Array, start: number, end: number): void {
    const room = this.#limits.replyLineBytes - this.#line.length;
    this.#line += octetsFromBytes(input, start, Math.min(end, start + room));
    if (end - start > room) this.#lineIsCut = true;
  }

  #takeLine(): Octets {
    const line = plainLine(this.#line);
    this.#line = "";
    return line;
  }

  #readLine(line: Octets): ReplyEvent | undefined {
    const isCut = this.#lineIsCut;
    this.#lineIsCut = false;
    // Whoever reads the line as a string of C would see another one.
    if (line.includes("\0")) return this.#fail("not-a-reply", line);
    const open = this.#reply;
    if (open === undefined) return this.#readFirstLine(line, isCut);
    const isLast = line.startsWith(open.code) && (line.length === 3 || line[3] === " ");
    this.#keep(open, isLast ? (line.slice(4) as Octets) : line, isCut, isLast);
    return isLast ? this.#finish(open) : undefined;
  }

  #readFirstLine(line: Octets, isCut: boolean): ReplyEvent | undefined {
    if (line === "") return undefined;
    const [, code, separator] = /^([1-6]\d\d)(?:([ -])|$)/.exec(line) ?? [];
    if (code === undefined) return this.#fail("not-a-reply", line);
    this.#reply = { code, lines: [], keptBytes: 0, truncated: false };
    this.#keep(this.#reply, line.slice(4) as Octets, isCut, true);
    return separator === "-" ? undefined : this.#finish(this.#reply);
  }

  #keep(open: OpenReply, line: Octets, isCut: boolean, always: boolean): void {
    const cost = line.length + lineOverheadBytes;
    const fits = always || open.keptBytes + cost <= this.#limits.replyBytes;
    if (fits) open.lines.push(line);
    if (fits) open.keptBytes += cost;
    if (isCut || !fits) open.truncated = true;
  }

  #finish({ code, lines, truncated }: OpenReply): ReplyEvent {
    this.#reply = undefined;
    return { kind: "reply", code: Number(code), lines, truncated };
  }

  #fail(failure: ReplyFailure, line: Octets): ReplyEvent {
    this.#hasFailed = true;
    this.#line = "";
    this.#reply = undefined;
    return { kind: "failure", failure, line };
  }
}

/** Takes off the CR of the line end and undoes what Telnet did to the line (RFC 854, RFC 2640 §3.1). */
function plainLine(line: string): Octets {
  const ended = line.endsWith("\r") ? line.slice(0, -1) : line;
  // oxlint-disable-next-line no-control-regex -- CR NUL is what is looked for
  if (!/\xFF|\r\0/.test(ended)) return ended as Octets;
  return ended
    .replace(/\xFF(?:(\xFF)|[\xFB-\xFE][^]?|[^]?)/g, (_, doubled: string | undefined) => doubled ?? "")
    .replaceAll("\r\0", "\r") as Octets;
}
