import { once } from "node:events";
import * as net from "node:net";
import { isIP } from "node:net";
import * as tls from "node:tls";
import { displayOctets, escapeControls, limits, limitValues, ReplyDecoder, type ReplyEvent } from "@sallyport/protocol";
import type { WireTap } from "@sallyport/transport";
import type { CapturedConnection } from "../capture/capture.ts";
import { AnswerReader, type HelloAnswer } from "../hello/read-answer.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { readSecured, type Secured } from "./secured.ts";
import { endsWithPeer, isSecretLine, keepKeys, tapped } from "./tapped.ts";
import { WireEnd } from "./wire-end.ts";

/** What came where a reply was awaited. Texts are escaped for a terminal. */
export type Answer =
  | { readonly kind: "reply"; readonly code: number; readonly lines: readonly string[] }
  /** Something that is no reply of FTP, or one that mail has as well, from a server that speaks that. */
  | { readonly kind: "not-ftp"; readonly line: string; readonly isMail?: boolean }
  | { readonly kind: "closed" }
  | { readonly kind: "silent"; readonly timeoutMs: number };

/** Why there is no connection. */
export type ConnectFailure = {
  readonly kind: "refused" | "unreachable" | "budget" | "turned-away";
  readonly text: string;
};

export type HandshakeFailure = { readonly kind: "handshake-failed"; readonly text: string };

/** The reply's code; 0 where there is none. */
export function codeOf(answer: Answer | undefined): number {
  return answer?.kind === "reply" ? answer.code : 0;
}

/** An answer as evidence: the reply as it was sent, else what happened instead. */
export function answerText(answer: Answer | undefined): string {
  if (answer === undefined) return "not asked";
  if (answer.kind === "reply") return replyText(answer.code, answer.lines);
  if (answer.kind === "not-ftp")
    return `${answer.isMail === true ? "a mail server" : "no reply of FTP"}: ${answer.line}`;
  return answer.kind === "closed" ? "connection closed" : `silence for ${answer.timeoutMs / 1000} s`;
}

function replyText(code: number, [first = "", ...rest]: readonly string[]): string {
  const more = rest.length > 0 ? ` (${rest.length + 1} lines)` : "";
  return `${code} ${first.slice(0, shownCharacters)}`.trimEnd() + more;
}

/** What stays of a long line as evidence. */
const shownCharacters = 160;

/** One control connection of a probe, every octet of which is seen; in clear first, then perhaps in TLS. */
export class ProbeConnection implements AsyncDisposable {
  readonly server: InspectedServer;
  /** Whether a command was accepted behind which the two ends may not mean the same. */
  isSpent = false;
  readonly #place: Disposable;
  readonly #tcp: net.Socket;
  readonly #end = new WireEnd();
  readonly #tap: WireTap;
  readonly #captured: CapturedConnection | undefined;
  #stream: WireTap | tls.TLSSocket;
  #decoder = new ReplyDecoder(replyLimits);
  #replies: ReplyEvent[] = [];
  #ended = false;
  #receivedBytes = 0;
  #wake = () => {};

  private constructor(server: InspectedServer, place: Disposable, tcp: net.Socket) {
    this.server = server;
    this.#place = place;
    this.#tcp = tcp;
    const { tap, captured } = tapped(server, tcp, this.#end);
    this.#tap = tap;
    this.#captured = captured;
    this.#stream = this.#tap;
    this.#listen(this.#tap);
  }

  /**
   * Connects within the budget.
   *
   * @throws the reason of the server's signal when that aborts.
   */
  static async open(server: InspectedServer, port: number): Promise<ProbeConnection | ConnectFailure> {
    const place = await server.budget.control();
    if (place === undefined) return { kind: "budget", text: server.budget.exhaustedText };
    const tcp = await connectTcp(server, port);
    if (tcp instanceof net.Socket) return new ProbeConnection(server, place, tcp);
    place[Symbol.dispose]();
    return tcp;
  }

  /** Connects and reads the greeting; a server that says 421 is given time and asked again. */
  static async greeted(
    server: InspectedServer,
    port: number,
  ): Promise<{ readonly connection: ProbeConnection; readonly greeting: Answer } | ConnectFailure> {
    for (const waitMs of [...server.budget.backOffMs, undefined]) {
      const connection = await ProbeConnection.open(server, port);
      if (!(connection instanceof ProbeConnection)) return connection;
      const greeting = await connection.reply();
      if (codeOf(greeting) !== 421) return { connection, greeting };
      await connection[Symbol.asyncDispose]();
      if (waitMs === undefined) return { kind: "turned-away", text: answerText(greeting) };
      await waitOnPurpose(server, waitMs);
    }
    return { kind: "turned-away", text: "421" };
  }

  /** The same where TLS comes first; without a greeting the handshake failed. */
  static async greetedInTls(
    server: InspectedServer,
    port: number,
  ): Promise<
    | {
        readonly connection: ProbeConnection;
        readonly secured: Secured | HandshakeFailure;
        readonly greeting: Answer | undefined;
      }
    | ConnectFailure
  > {
    for (const waitMs of [...server.budget.backOffMs, undefined]) {
      const connection = await ProbeConnection.open(server, port);
      if (!(connection instanceof ProbeConnection)) return connection;
      const secured = await connection.startTls();
      const greeting = secured.kind === "secured" ? await connection.reply() : undefined;
      if (codeOf(greeting) !== 421) return { connection, secured, greeting };
      await connection[Symbol.asyncDispose]();
      if (waitMs === undefined) return { kind: "turned-away", text: answerText(greeting) };
      await waitOnPurpose(server, waitMs);
    }
    return { kind: "turned-away", text: "421" };
  }

  /** Sends a line and reads the reply to it. */
  async command(line: string, timeoutMs?: number): Promise<Answer> {
    this.send(line);
    return this.reply(timeoutMs);
  }

  send(line: string): void {
    if (isSecretLine(line)) this.#captured?.carriedPassword();
    this.sendOctets(Buffer.from(`${line}\r\n`, "latin1"));
  }

  /** Sends octets as they are, in one segment where they fit. */
  sendOctets(octets: Uint8Array): void {
    if (!this.#stream.destroyed && this.#stream.writable) this.#stream.write(octets);
  }

  /** The next reply but preliminary ones, however many of them come. */
  async reply(timeoutMs = this.server.timeoutMs): Promise<Answer> {
    const endMs = performance.now() + timeoutMs;
    for (let leftMs = timeoutMs; leftMs > 0; leftMs = Math.ceil(endMs - performance.now())) {
      const answer = await this.anyReply(leftMs);
      if (answer.kind === "silent") break;
      if (answer.kind !== "reply" || answer.code >= 200) return answer;
    }
    return { kind: "silent", timeoutMs };
  }

  /** The next reply, preliminary ones included. */
  async anyReply(timeoutMs = this.server.timeoutMs): Promise<Answer> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const fromMs = performance.now();
    for (;;) {
      const event = this.#replies.shift();
      if (event !== undefined) return asAnswer(event);
      if (this.#ended) return { kind: "closed" };
      if (deadline.aborted) {
        this.server.budget.waitedSince(fromMs);
        return { kind: "silent", timeoutMs };
      }
      await this.#nextChange(deadline);
      this.server.signal.throwIfAborted();
    }
  }

  /** What has come of a reply without an end; nothing is read behind it. */
  unfinishedReply(): Answer | undefined {
    const [event] = this.#decoder.end();
    return event === undefined ? undefined : asAnswer(event);
  }

  /** A reply that has come already, or comes in the time of one round trip. */
  async pendingReply(): Promise<Answer | undefined> {
    const answer = await this.anyReply(pendingMs);
    return answer.kind === "reply" || answer.kind === "not-ftp" ? answer : undefined;
  }

  /** Starts TLS as a present-day client does, the certificate looked at but never the end of it. */
  async startTls(
    options: { readonly alpn?: readonly string[]; readonly timeoutMs?: number } = {},
  ): Promise<Secured | HandshakeFailure> {
    this.#tap.removeAllListeners("data").pause();
    this.#end.tlsBegins();
    const { host, context, signal } = this.server;
    const timeoutMs = options.timeoutMs ?? this.server.timeoutMs;
    const socket = tls.connect({
      socket: this.#tap,
      host,
      ...(isIP(host) === 0 && { servername: host }),
      secureContext: context,
      ALPNProtocols: [...(options.alpn ?? ["ftp"])],
      rejectUnauthorized: false,
      requestOCSP: true,
    });
    keepKeys(socket, this.#captured);
    const end = this.#end;
    const { watch } = end;
    socket.on("keylog", (line: Buffer) => watch.learn(line.toString("latin1")));
    let staple: Buffer | undefined;
    socket.once("OCSPResponse", (response: Buffer | null) => {
      if (response !== null && response.length > 0) staple = response;
    });
    const tickets: Buffer[] = [];
    socket.on("session", (ticket: Buffer) => tickets.push(ticket));
    this.#decoder = new ReplyDecoder(replyLimits);
    this.#replies = [];
    this.#stream = socket;
    this.#listen(socket);
    endsWithPeer(socket, this.#tap);
    const deadline = AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]);
    const closed = new AbortController();
    socket.once("close", () => closed.abort());
    try {
      await once(socket, "secureConnect", { signal: AbortSignal.any([deadline, closed.signal]) });
    } catch (error) {
      signal.throwIfAborted();
      this.#finish();
      if (closed.signal.aborted) return { kind: "handshake-failed", text: "connection closed" };
      return { kind: "handshake-failed", text: deadline.aborted ? "no end within the time" : failureText(error) };
    }
    return readSecured(socket, { tickets, end, staple }, this.server);
  }

  /**
   * Sends a hand-made ClientHello, in two segments where it is given in two parts, and reads what comes back; nothing but
   * {@link afterFlight} is of use afterwards.
   */
  async hello(octets: Uint8Array, rest?: Uint8Array): Promise<HelloAnswer> {
    const flight = this.#flight(this.server.timeoutMs);
    this.sendOctets(octets);
    if (rest !== undefined) {
      await waitOnPurpose(this.server, segmentGapMs);
      this.sendOctets(rest);
    }
    return flight;
  }

  /** Sends octets behind a server's flight, and reads the records that come back. */
  async afterFlight(octets: Uint8Array, timeoutMs: number): Promise<HelloAnswer> {
    const flight = this.#flight(timeoutMs);
    this.sendOctets(octets);
    return flight;
  }

  async #flight(timeoutMs: number): Promise<HelloAnswer> {
    this.#tap.removeAllListeners("data");
    const reader = new AnswerReader();
    let answer: HelloAnswer | undefined;
    this.#tap.on("data", (received: Buffer) => {
      answer ??= reader.push(received);
      this.#wake();
    });
    const deadline = AbortSignal.timeout(timeoutMs);
    for (;;) {
      if (answer !== undefined) return answer;
      if (this.#ended) return reader.end();
      if (deadline.aborted) return { kind: "silent" };
      await this.#nextChange(deadline);
      this.server.signal.throwIfAborted();
    }
  }

  /** Waits for the end of the connection, and says whether TLS ended with close_notify. */
  async closeNotify(): Promise<boolean | undefined> {
    const deadline = AbortSignal.timeout(limits.closeNotifyMs.value);
    while (!this.#ended && !deadline.aborted) await this.#nextChange(deadline);
    return this.#end.closeNotify;
  }

  /** Whether the server has ended the connection. */
  get isOver(): boolean {
    return this.#ended;
  }

  get localAddress(): string | undefined {
    return this.#tcp.localAddress;
  }

  /** Says QUIT where that can be said, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.destroy();
    this.#tap.destroy();
    this.#place[Symbol.dispose]();
  }

  #listen(stream: WireTap | tls.TLSSocket): void {
    stream.on("data", (octets: Buffer) => {
      this.#receivedBytes += octets.length;
      if (this.#receivedBytes > limits.explainedBytes.value) return this.#finish();
      this.#replies.push(...this.#decoder.push(octets));
      this.#wake();
    });
    stream.on("end", () => this.#finish());
    stream.on("close", () => this.#finish());
    stream.on("error", () => this.#finish());
  }

  #finish(): void {
    if (!this.#ended) this.#replies.push(...this.#decoder.end());
    this.#ended = true;
    this.#wake();
  }

  #nextChange(deadline: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([deadline, this.server.signal]);
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = () => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      signal.addEventListener("abort", wake);
      this.#wake = wake;
    });
  }
}

const replyLimits = limitValues();

/** Long enough for two segments to be read as two. */
const segmentGapMs = 30;
/** Long enough for what the server wrote behind a reply in the same moment. */
const pendingMs = 100;

function asAnswer(event: ReplyEvent): Answer {
  if (event.kind === "failure") {
    const line = isTlsAlert(event.line) ? "an alert of TLS" : displayOctets(event.line).slice(0, 200);
    return { kind: "not-ftp", line };
  }
  return { kind: "reply", code: event.code, lines: event.lines.map((line) => displayOctets(line)) };
}

/** Content type 21 and the first octet of every version (RFC 8446 §5.1). */
function isTlsAlert(line: string): boolean {
  return line.startsWith("\x15\x03");
}

function failureText(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const reason = "reason" in error ? error.reason : "code" in error ? error.code : error.message;
  return escapeControls(String(reason));
}

/** A TCP connection to the server's one address, from one of our own where that is named, or why there is none. */
export async function connectTcp(
  { address, timeoutMs, signal }: InspectedServer,
  port: number,
  localAddress?: string,
): Promise<net.Socket | ConnectFailure> {
  const socket = net.connect({ host: address, port, ...(localAddress !== undefined && { localAddress }) });
  const deadline = AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]);
  try {
    await once(socket, "connect", { signal: deadline });
    return socket;
  } catch (error) {
    socket.on("error", () => {}).destroy();
    signal.throwIfAborted();
    if (deadline.aborted) return { kind: "unreachable", text: `no answer within ${timeoutMs / 1000} s` };
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return { kind: code === "ECONNREFUSED" ? "refused" : "unreachable", text: code };
  }
}

async function waitOnPurpose({ budget, signal }: InspectedServer, ms: number): Promise<void> {
  const fromMs = performance.now();
  await new Promise<void>((resolve) => {
    const deadline = AbortSignal.any([AbortSignal.timeout(ms), signal]);
    deadline.addEventListener("abort", () => resolve(), { once: true });
  });
  budget.waitedSince(fromMs);
  signal.throwIfAborted();
}
