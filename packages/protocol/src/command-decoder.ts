import { octetsFromBytes, type Octets } from "./octets.ts";

/** What the control connection brought. */
export type CommandEvent =
  /** One command line without its terminator; Telnet sequences removed, CR NUL and IAC IAC resolved. */
  | { readonly kind: "line"; readonly line: Octets }
  /** A line over the limit; its rest was discarded up to the next line end. */
  | { readonly kind: "line-too-long" }
  /** A line ended by LF alone while strict framing is on. */
  | { readonly kind: "bare-line-feed" }
  /** Octets to send back: refusals of Telnet options (R-1123-06). */
  | { readonly kind: "telnet-refusal"; readonly octets: Octets };

export interface CommandDecoderOptions {
  readonly lineBytesMax: number;
  /** For ADAT, MIC, CONF and ENC, whose base64 may not be limited by the line cap (R-2228-13). */
  readonly securityLineBytesMax: number;
  readonly telnetRefusalsMax: number;
  /** Refuses LF without CR (R-959-06); by default LF ends a line, since people type into `openssl s_client`. */
  readonly strictLineEnds?: boolean;
}

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const DATA_MARK = 0xf2;
const INTERRUPT_PROCESS = 0xf4;
const SUBNEGOTIATION_END = 0xf0;
const SUBNEGOTIATION = 0xfa;
const WILL = 0xfb;
const WONT = 0xfc;
const DO = 0xfd;
const DONT = 0xfe;
const IAC = 0xff;

type TelnetState =
  | "data"
  | "after-carriage-return"
  | "after-iac"
  | "after-interrupt"
  | "will"
  | "do"
  | "ignored-option"
  | "subnegotiation"
  | "subnegotiation-iac";

/**
 * Turns octets of the control connection into command lines, however they are split (R-1123-01). It is pulled: what
 * has not been taken by {@link next} stays, so that a switch to TLS can see whether clear octets follow the AUTH line
 * in the same read ({@link hasInput}, S-01). Memory is bounded by the line limit.
 *
 * RFC 959 §4.1.3 and §5.3, RFC 1123 §4.1.2.12 (Telnet), RFC 2640 §3.1 (CR NUL), RFC 3659 §2.2 (IAC IAC). TCP urgent
 * data: Node drops the urgent octet, so that IAC IP, IAC DM before ABOR arrives as `FF F4 FF ABOR` or `FF F4 F2 ABOR`;
 * both leave `ABOR` whole.
 */
export class CommandDecoder {
  readonly #options: CommandDecoderOptions;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #line = "";
  #overflow = false;
  #state: TelnetState = "data";
  #refusals = 0;

  constructor(options: CommandDecoderOptions) {
    this.#options = options;
  }

  /** Adds octets; the chunk is read by later calls of {@link next} and must not change until they return undefined. */
  push(chunk: Uint8Array): void {
    if (this.#at >= this.#chunk.length) this.#chunk = chunk;
    else {
      const joined = new Uint8Array(this.#chunk.length - this.#at + chunk.length);
      joined.set(this.#chunk.subarray(this.#at));
      joined.set(chunk, this.#chunk.length - this.#at);
      this.#chunk = joined;
    }
    this.#at = 0;
  }

  /** Whether any octet waits that is not part of an event already returned. */
  get hasInput(): boolean {
    return this.#at < this.#chunk.length || this.#line !== "" || this.#overflow || this.#state !== "data";
  }

  /** Whether the next octets continue a line that has begun; its age is limited (S-14). */
  get midLine(): boolean {
    return this.#line !== "" || this.#overflow;
  }

  /** Forgets everything that was pushed and not returned. */
  clear(): void {
    this.#chunk = new Uint8Array(0);
    this.#at = 0;
    this.#line = "";
    this.#overflow = false;
    this.#state = "data";
  }

  /** Returns the next event, or undefined when more octets are needed. */
  next(): CommandEvent | undefined {
    const chunk = this.#chunk;
    while (this.#at < chunk.length) {
      if (this.#state === "data") this.#takeRun();
      if (this.#at >= chunk.length) break;
      const event = this.#octet(chunk[this.#at++] as number);
      if (event !== undefined) return event;
    }
    this.#chunk = new Uint8Array(0);
    this.#at = 0;
    return undefined;
  }

  /** Takes ordinary octets up to the next one with a meaning of its own. */
  #takeRun(): void {
    const chunk = this.#chunk;
    let end = this.#at;
    while (end < chunk.length) {
      const octet = chunk[end];
      if (octet === LF || octet === CR || octet === IAC) break;
      end++;
    }
    if (end > this.#at) this.#append(octetsFromBytes(chunk, this.#at, end));
    this.#at = end;
  }

  #octet(octet: number): CommandEvent | undefined {
    switch (this.#state) {
      case "data":
        if (octet === LF) return this.#endLine(true);
        this.#state = octet === CR ? "after-carriage-return" : "after-iac";
        return undefined;
      case "after-carriage-return":
        return this.#afterCarriageReturn(octet);
      case "after-iac":
        return this.#afterIac(octet);
      case "after-interrupt":
        this.#state = "data";
        if (octet !== DATA_MARK) this.#at--;
        return undefined;
      case "will":
        return this.#refuse(DONT, octet);
      case "do":
        return this.#refuse(WONT, octet);
      case "ignored-option":
        this.#state = "data";
        return undefined;
      case "subnegotiation":
        if (octet === IAC) this.#state = "subnegotiation-iac";
        return undefined;
      case "subnegotiation-iac":
        this.#state = octet === SUBNEGOTIATION_END ? "data" : "subnegotiation";
        return undefined;
    }
  }

  #afterCarriageReturn(octet: number): CommandEvent | undefined {
    this.#state = "data";
    if (octet === LF) return this.#endLine(false);
    this.#append("\r" as Octets);
    if (octet !== NUL) this.#at--;
    return undefined;
  }

  #afterIac(octet: number): undefined {
    this.#state = "data";
    if (octet === IAC) this.#append("\xFF" as Octets);
    else if (octet === WILL) this.#state = "will";
    else if (octet === DO) this.#state = "do";
    else if (octet === WONT || octet === DONT) this.#state = "ignored-option";
    else if (octet === SUBNEGOTIATION) this.#state = "subnegotiation";
    else if (octet === INTERRUPT_PROCESS) this.#state = "after-interrupt";
    else if (octet < SUBNEGOTIATION_END) this.#at--;
    return undefined;
  }

  #refuse(answer: number, option: number): CommandEvent | undefined {
    this.#state = "data";
    if (this.#refusals++ >= this.#options.telnetRefusalsMax) return undefined;
    return { kind: "telnet-refusal", octets: String.fromCharCode(IAC, answer, option) as Octets };
  }

  #append(octets: Octets): void {
    if (this.#overflow) return;
    const room = this.#limit() - this.#line.length;
    if (octets.length <= room) this.#line += octets;
    else if (this.#line.length < 5 && this.#line.length + octets.length <= this.#options.securityLineBytesMax) {
      this.#line += octets;
      if (this.#line.length > this.#limit()) this.#overflow = true;
    } else this.#overflow = true;
    if (this.#overflow) this.#line = "";
  }

  #limit(): number {
    return /^(?:ADAT|MIC|CONF|ENC) /i.test(this.#line.slice(0, 5))
      ? this.#options.securityLineBytesMax
      : this.#options.lineBytesMax;
  }

  #endLine(bare: boolean): CommandEvent {
    const line = this.#line as Octets;
    const overflow = this.#overflow;
    this.#line = "";
    this.#overflow = false;
    if (overflow) return { kind: "line-too-long" };
    if (bare && this.#options.strictLineEnds === true) return { kind: "bare-line-feed" };
    return { kind: "line", line };
  }
}
