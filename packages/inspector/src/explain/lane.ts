import { limits } from "@sallyport/protocol";
import { type Dialer, directDialer, type WireObserver } from "@sallyport/transport";
import { bothOf } from "../capture/both-of.ts";
import type { Capture, CapturedConnection } from "../capture/capture.ts";
import type { Endpoint } from "../capture/tcp-packets.ts";
import { KeyedOpener } from "../decryption/record-opener.ts";
import {
  reduceTap,
  wireState,
  type Awaited as AwaitedStep,
  type Direction,
  type ExplainEvent,
  type Problem,
  type ProblemEvent,
  type SecuredEvent,
  type Tap,
  type TcpEvent,
  type TlsMode,
  type VerificationEvent,
  type WireState,
} from "../model/index.ts";
import { Patience } from "./patience.ts";

/** What a lane shares with the other one. */
export interface LaneOptions {
  readonly mode: TlsMode;
  /** Milliseconds since the start of both lanes. */
  now(): number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** How connections are made; absent: directly. */
  readonly dialer?: Dialer | undefined;
  emit(event: ExplainEvent): void;
  /** Keeps what went over the wire, too. */
  readonly capture?: Capture | undefined;
  /** Whether events carry their octets. */
  readonly keepsOctets?: boolean | undefined;
  /** Default: the control connection. */
  readonly connection?: "control" | "data";
}

type Untimed<T> = T extends Tap ? Omit<T, "atMs"> : never;

/** What a lane knows without octets, less the place and time that the lane adds. */
type Note =
  | Pick<TcpEvent, "layer" | "kind" | "text">
  | Pick<SecuredEvent, "layer" | "kind" | "protocol" | "suite" | "alpn" | "resumed">
  | Pick<VerificationEvent, "layer" | "kind" | "verdict" | "reason" | "subject" | "issuer" | "validTo">
  | Pick<ProblemEvent, "layer" | "kind" | "problem">;

/**
 * The record of one mode: turns what the wire and the ends tell into events, passes them on, and lets the prober wait
 * for one. What the prober decides by is therefore exactly what is shown.
 *
 * An observation becomes an event when the turn of the event loop is over in which it was made: by then our end has told
 * the keys of records that came with the ServerHello. Its time is that of the observation.
 */
export class Lane implements WireObserver {
  readonly events: ExplainEvent[] = [];
  readonly #options: LaneOptions;
  #state: WireState;
  #ended = false;
  #receivedBytes = 0;
  #opener = new KeyedOpener();
  #captured: CapturedConnection | undefined;
  /** What was seen and is not yet told. */
  readonly #seen: (() => void)[] = [];
  #wake: () => void = () => {};

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#state = this.#freshState();
    options.signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /** A lane of the same mode for a data connection, which tells its events to the same place. */
  forData(): Lane {
    return new Lane({ ...this.#options, connection: "data" });
  }

  get mode(): TlsMode {
    return this.#options.mode;
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  get dialer(): Dialer {
    return this.#options.dialer ?? directDialer();
  }

  /** Starts over for a new connection; earlier events stay. */
  restart(): void {
    this.#tell();
    this.#state = this.#freshState();
    this.#opener = new KeyedOpener();
    this.#ended = false;
    this.#receivedBytes = 0;
  }

  /** A password goes over the connection: who has its keys has that. */
  carriedPassword(): void {
    this.#captured?.carriedPassword();
  }

  /** Takes a line of the key log of our end, so that what is encrypted can be told. */
  learnKey(line: string): void {
    this.#opener.learn(line);
    this.#captured?.learnKey(line);
  }

  /** Who is to see the octets of a connection that has just come about. */
  tapOf(client: Endpoint, server: Endpoint): WireObserver {
    this.#captured = this.#options.capture?.connection(client, server);
    return this.#captured === undefined ? this : bothOf(this.#captured, this);
  }

  /** Octets beyond limits.explainedBytes are left out, and end every waiting. */
  received(octets: Uint8Array): void {
    this.#receivedBytes += octets.length;
    if (this.#isFlooded) return this.#wake();
    this.#feed({ kind: "octets", direction: "to-client", octets });
  }

  sent(octets: Uint8Array): void {
    this.#feed({ kind: "octets", direction: "to-server", octets });
  }

  peerFinished(): void {
    this.#feed({ kind: "finished", direction: "to-client" });
    this.#end();
  }

  finished(): void {
    this.#feed({ kind: "finished", direction: "to-server" });
  }

  failed(error: Error): void {
    const code = "code" in error ? String(error.code) : error.message;
    this.note("to-client", { layer: "tcp", kind: "reset", text: code });
    this.#end();
  }

  /** Octets inside TLS, which our end knows. */
  inside(direction: Direction, octets: Uint8Array): void {
    if (!this.#isFlooded) this.#feed({ kind: "inside", direction, octets });
  }

  /** Adds an event that is not made of octets; what happens to the connection itself anyone can see. */
  note(direction: Direction, note: Note): void {
    const { mode } = this.#options;
    const clear = note.layer === "tcp";
    const connection = this.#options.connection ?? "control";
    const place = { atMs: this.#atMs(), connection, mode, direction, offset: 0, length: 0, clear } as const;
    this.#later(() => this.#add({ ...place, tree: [], ...note }));
  }

  /**
   * Waits for the first event from position `from` on that `pick` takes; the problem is that the server stayed silent
   * for `timeoutMs`, closed, or sent without end.
   *
   * @throws the reason of the signal when that aborts.
   */
  async until<T>(
    pick: (event: ExplainEvent) => T | undefined,
    awaited: Exclude<AwaitedStep, "connection">,
    options: { readonly from?: number; readonly timeoutMs?: number } = {},
  ): Promise<{ readonly found: T } | { readonly problem: Problem }> {
    const timeoutMs = options.timeoutMs ?? this.timeoutMs;
    using patience = new Patience(timeoutMs, () => this.#wake());
    for (let at = options.from ?? 0; ;) {
      for (; at < this.events.length; at++) {
        const event = this.events[at];
        const found = event && pick(event);
        if (found !== undefined) return { found };
      }
      if (this.#isFlooded) return { problem: { id: "too-much", octets: limits.explainedBytes.value } };
      if (this.#ended) return { problem: { id: "closed", awaited } };
      if (patience.isOver) return { problem: { id: "silent", awaited, timeoutMs } };
      this.signal.throwIfAborted();
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.signal.throwIfAborted();
    }
  }

  #freshState(): WireState {
    return wireState(this.#options.mode, this.#options.connection ?? "control");
  }

  get #isFlooded(): boolean {
    return this.#receivedBytes > limits.explainedBytes.value;
  }

  /** Nothing more will come from the server. */
  #end(): void {
    this.#later(() => {
      this.#ended = true;
      this.#wake();
    });
  }

  #feed(tap: Untimed<Tap>): void {
    // The octets may be reused when this call returns.
    const kept = "octets" in tap ? { ...tap, octets: new Uint8Array(tap.octets) } : tap;
    const timed = { ...kept, atMs: this.#atMs() };
    this.#later(() => {
      const { state, events } = reduceTap(this.#state, timed, {
        opener: this.#opener.open,
        keepsOctets: this.#options.keepsOctets === true,
      });
      this.#state = state;
      for (const event of events) this.#add(event);
    });
  }

  #later(tell: () => void): void {
    if (this.#seen.push(tell) === 1) queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    for (const tell of this.#seen.splice(0)) tell();
  }

  #add(event: ExplainEvent): void {
    this.events.push(event);
    this.#options.emit(event);
    this.#wake();
  }

  #atMs(): number {
    return Math.round(this.#options.now() * 1000) / 1000;
  }
}
