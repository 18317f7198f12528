import {
  bytesFromOctets,
  type DataOutcome,
  type DecodedPart,
  decoderFor,
  encoderFor,
  type EncodingParameters,
  type Octets,
  octetsFromBytes,
} from "@sallyport/protocol";
import { Opener, sealed } from "./seal.ts";
import { clock } from "./virtual-clock.ts";
import type { Wire } from "./wire.ts";

export interface UserDataOptions {
  readonly note: (text: string) => void;
  readonly ended: (outcome: DataOutcome) => void;
  /** The end is told once more after this time, also of a connection that was given up. */
  readonly repeatAfterMs: number | undefined;
}

/** What is to be done with a data connection; octets travel as TYPE, STRU and MODE say. */
export interface DataPlan {
  readonly direction: "download" | "upload";
  readonly protection: "C" | "P";
  readonly parameters: EncodingParameters;
  readonly content: Octets;
}

const stallMs = 40_000;
const uploadPieceBytes = 700;

/** The user's end of one data connection. */
export class UserData {
  received = "" as Octets;
  readonly #options: UserDataOptions;
  #wire: Wire | undefined;
  #opener: Opener | undefined;
  #plan: DataPlan | undefined;
  #early: Uint8Array[] = [];
  #secure = false;
  #ended = false;
  #peerEnd: "none" | "end" | "close-notify" = "none";
  #sentAll = false;
  #movedAtMs = 0;

  constructor(options: UserDataOptions) {
    this.#options = options;
  }

  /** Takes the connection; false where nobody wants it any more. */
  attach(wire: Wire): boolean {
    if (this.#ended) {
      wire.reset();
      return false;
    }
    this.#wire = wire;
    wire.fromServer.connect({
      onOctets: (octets) => this.#take(octets),
      onEnd: () => this.#peerEnded("end"),
      onReset: () => this.#end("failed"),
    });
    if (this.#plan !== undefined) this.#begin();
    return true;
  }

  move(plan: DataPlan): void {
    this.#plan = plan;
    this.#watchStall();
    if (this.#wire !== undefined) this.#begin();
  }

  fail(): void {
    this.#end("failed");
  }

  /** With a reset, which nobody takes for the end of a file. */
  breakOff(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wire?.reset();
    this.#repeat("failed");
  }

  close(): void {
    this.breakOff();
  }

  #begin(): void {
    if (this.#plan?.protection === "P") {
      this.#opener = new Opener();
      this.#wire?.fromUser.send(sealed("hello"));
    } else if (this.#plan?.direction === "upload") this.#sendAll();
    for (const octets of this.#early.splice(0)) this.#take(octets);
    if (this.#peerEnd !== "none") this.#peerEnded(this.#peerEnd);
  }

  #take(octets: Uint8Array): void {
    if (this.#ended) return;
    this.#movedAtMs = clock.nowMs;
    if (this.#plan === undefined) return void this.#early.push(octets);
    if (this.#opener === undefined) return this.#keep(octets);
    for (const record of this.#opener.push(octets)) {
      if (record === "broken" || record.kind === "alert") return this.#end("failed");
      if (record.kind === "hello" && !this.#secure) {
        this.#secure = true;
        this.#wire?.fromUser.send(sealed("finished"));
        if (this.#plan.direction === "upload") this.#sendAll();
      } else if (record.kind === "data" && this.#secure) this.#keep(record.payload);
      else if (record.kind === "closeNotify") this.#peerEnded("close-notify");
    }
  }

  #keep(octets: Uint8Array): void {
    this.received = (this.received + octetsFromBytes(octets)) as Octets;
  }

  #sendAll(): void {
    const octets = this.#plan === undefined ? new Uint8Array(0) : encoded(this.#plan);
    const next = (at: number): void => {
      if (this.#ended) return;
      this.#movedAtMs = clock.nowMs;
      if (at >= octets.length) return this.#endSending();
      const piece = octets.subarray(at, at + uploadPieceBytes);
      this.#wire?.fromUser.send(this.#secure ? sealed("data", piece) : piece, () => next(at + piece.length));
    };
    next(0);
  }

  #endSending(): void {
    this.#sentAll = true;
    if (this.#secure) this.#wire?.fromUser.send(sealed("closeNotify"));
    this.#wire?.fromUser.end();
    if (this.#peerEnd !== "none") this.#end("complete");
    else clock.schedule(2_000, () => this.#end("complete"));
  }

  #peerEnded(how: "end" | "close-notify"): void {
    if (this.#ended || this.#peerEnd === "close-notify") return;
    this.#peerEnd = how;
    const plan = this.#plan;
    if (plan === undefined) return;
    if (plan.direction === "upload") return this.#sentAll ? this.#end("complete") : this.#end("failed");
    const whole = plan.protection === "C" || how === "close-notify";
    this.#sentAll = true;
    if (this.#secure) this.#wire?.fromUser.send(sealed("closeNotify"));
    this.#wire?.fromUser.end();
    this.#end(this.#decode(plan) && whole ? "complete" : "truncated");
  }

  /** Makes the file of what came; false where its mode has an end and that is missing. */
  #decode({ parameters }: DataPlan): boolean {
    const decoder = decoderFor(parameters, { markerBytesMax: 255 });
    if (decoder === undefined) return true;
    const raw = bytesFromOctets(this.received);
    this.received = "" as Octets;
    let last = "";
    for (const part of [() => decoder.push(raw), () => decoder.end()].flatMap((step) => [...copied(step())])) {
      if (part.kind === "data") this.#keep(part.octets);
      last = part.kind;
    }
    return last === "end";
  }

  #watchStall(): void {
    this.#movedAtMs = clock.nowMs;
    const look = (): void => {
      if (this.#ended) return;
      if (clock.nowMs - this.#movedAtMs < stallMs) return void clock.schedule(stallMs, look);
      this.#options.note("stalled");
      this.#wire?.reset();
      this.#end("failed");
    };
    clock.schedule(stallMs, look);
  }

  #end(outcome: DataOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.note(`ended: ${outcome}`);
    this.#options.ended(outcome);
    this.#repeat(outcome);
  }

  #repeat(outcome: DataOutcome): void {
    const { repeatAfterMs, ended } = this.#options;
    if (repeatAfterMs !== undefined) clock.schedule(repeatAfterMs, () => ended(outcome));
  }
}

function encoded({ content, parameters }: DataPlan): Uint8Array {
  const encoder = encoderFor(parameters);
  if (encoder === undefined) return bytesFromOctets(content);
  const body = encoder.push(bytesFromOctets(content)).slice();
  return Buffer.concat([body, encoder.end()]);
}

/** Parts hold until the next one is asked for. */
function* copied(parts: Iterable<DecodedPart>): Iterable<DecodedPart> {
  for (const part of parts) yield part.kind === "data" ? { ...part, octets: part.octets.slice() } : part;
}
