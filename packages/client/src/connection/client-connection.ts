import {
  type Features,
  isSallyportError,
  type LimitValues,
  newUserPi,
  type Octets,
  type ReceivedReply,
  receiveOctets,
  type ReplyEvent,
  type SallyportError,
  type Settlement,
  stepUserPi,
  type TimerName,
  type TranscriptLine,
  type UserPi,
  type UserPiEffect,
  type UserPiEvent,
  type UserPiFailure,
  type UserPiStep,
  type UserRequest,
} from "@sallyport/protocol";
import { canonicalAddress, type ClientTlsFacts, type ControlTls } from "@sallyport/transport";
import type { Socket } from "node:net";

import { KnownServer } from "../profile/known-server.ts";
import { withCircumstances } from "./circumstances.ts";
import { errorOf } from "./failure-error.ts";
import { ControlStream } from "./control-stream.ts";
import {
  type BetweenOrder,
  type CommandOptions,
  type ConnectionEnd,
  type ConnectionOptions,
  type ConnectionTarget,
  directionOf,
  type RequestOptions,
  type TransferOrder,
  type TransferOutcome,
  type TransferWishes,
} from "./connection-options.ts";
import { type DataJob, DataParts } from "./data-parts.ts";
import type { Mover } from "./data-task.ts";
import type { Meeting } from "./meeting.ts";

import { ReplyTap } from "./reply-tap.ts";
import { onAnotherConnection } from "./tls-fallback.ts";
import { TranscriptTail } from "./transcript-tail.ts";

export type { RequestOptions, TransferOrder, TransferOutcome } from "./connection-options.ts";

/**
 * One control connection to a server, logged in: carries out what the user-PI wants done over a real network. Requests
 * wait for those before them, so callers need no turn-taking.
 *
 * Failures are those of {@link errorOf}, with command, reply, transcript and retry advice; an aborted request
 * rejects with its signal's reason, and the connection stays usable.
 */
export class ClientConnection implements AsyncDisposable {
  readonly closed: Promise<ConnectionEnd>;
  readonly known: KnownServer;
  readonly #options: ConnectionOptions;
  readonly #stream: ControlStream;
  readonly #transcript: TranscriptTail;
  readonly #opened = Promise.withResolvers<Features>();
  readonly #closing = Promise.withResolvers<ConnectionEnd>();
  readonly #pending = new Map<number, Pending>();
  readonly #data: DataParts;
  readonly #waiting: UserPiEvent[] = [];
  #pi: UserPi;
  #decoder: ReplyTap;
  #applying = false;
  #timer: NodeJS.Timeout | undefined;
  #lastId = 0;
  #isOver = false;
  #isRetired = false;
  #greeting: ReceivedReply | undefined;
  #tls: ClientTlsFacts | undefined;
  #control: ControlTls | undefined;

  /** Connects, protects, logs in and reads the features; resolves when requests can be made. */
  static async open(target: ConnectionTarget, options: ConnectionOptions): Promise<ClientConnection> {
    const { dialer, limits, signal, proxied } = options;
    const tcp = await dialer.dial(target, { timeoutMs: limits.connectMs, ...(signal && { signal }) });
    const peerAddress = proxied ? target.host : (canonicalAddress(tcp.remoteAddress ?? "") ?? target.host);
    const connection = new ClientConnection(tcp, peerAddress, options);
    const abort = (): void => connection.#destroy(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await connection.#opened.promise;
      return connection;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  private constructor(tcp: Socket, peerAddress: string, options: ConnectionOptions) {
    const { policy, credentials, limits, proxied, known = new KnownServer() } = options;
    this.#options = options;
    this.known = known;
    this.closed = this.#closing.promise;
    this.#transcript = new TranscriptTail(limits.transcriptTailCount, options.onTranscript);
    this.#decoder = this.#newDecoder();
    const localAddress = proxied ? undefined : tcp.localAddress;
    this.#data = new DataParts({ ...options, peerAddress, localAddress }, (event) => this.#step(event));
    this.#opened.promise.catch(() => {});
    this.#stream = new ControlStream(tcp, {
      onOctets: (octets) => this.#take(receiveOctets(this.#pi, this.#decoder, octets)),
      onEnded: (cause) => this.#lost(cause),
    });
    const passive = known.fact("passive");
    const first = newUserPi({ policy, credentials, peerAddress, ...(passive && { memory: { passive } }) });
    this.#pi = first.pi;
    this.#stream.open();
    this.#take(first);
    if (policy.security === "implicit") void this.#startTls();
  }

  get features(): Features {
    return this.#pi.opening.features ?? new Map();
  }

  /** The greeting as it came, in explicit mode before TLS and thus from nobody in particular. */
  get greeting(): ReceivedReply | undefined {
    return this.#greeting;
  }

  get tls(): ClientTlsFacts | undefined {
    return this.#tls;
  }

  get transcript(): readonly TranscriptLine[] {
    return this.#transcript.lines;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether another connection is to take its place as soon as nobody holds it. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** The other end of the control connection; a name where a proxy keeps the address to itself. */
  get peerAddress(): string {
    return this.#pi.peerAddress;
  }

  /** Whether the last transfer was in MODE Z. */
  get isDeflating(): boolean {
    return this.#pi.parameters.mode === "Z";
  }

  /** Whether commands and replies go in clear, with `plain` or after CCC. */
  get isControlClear(): boolean {
    return this.#pi.control === "clear";
  }

  /** Whether data connections are protected. */
  get protectsData(): boolean {
    return this.#pi.opening.protection === "P";
  }

  /** Sends a command that has no data connection, and returns its good reply. */
  command(verb: string, argument?: Octets, options: CommandOptions = {}): Promise<ReceivedReply> {
    const { type } = options;
    const given = { ...(argument !== undefined && { argument }), ...(type && { type }) };
    return this.#ask((id) => ({ kind: "command", id, verb, ...given }), options);
  }

  rename(from: Octets, to: Octets, options: RequestOptions = {}): Promise<ReceivedReply> {
    return this.#ask((id) => ({ kind: "rename", id, from, to }), options);
  }

  /** STAT without argument, which goes ahead of a transfer that runs. */
  status(options: RequestOptions = {}): Promise<ReceivedReply> {
    return this.#ask((id) => ({ kind: "status", id }), options);
  }

  /** Carries out a transfer; `mover` moves its octets as soon as the data connection is there. */
  async transfer(order: TransferOrder, mover: Mover, options: TransferWishes = {}): Promise<TransferOutcome> {
    const { compression } = this.#options;
    const run = (given: TransferOrder, by: Mover): Promise<TransferOutcome> => this.#transfer(given, by, options);
    if (compression === undefined || order.mode !== undefined) return run(order, mover);
    const sizeBytes = await options.sizeBytes;
    const { features, isDeflating } = this;
    return compression.transfer(order, mover, { sizeBytes, features, isDeflating }, run);
  }

  async #transfer(order: TransferOrder, mover: Mover, options: RequestOptions): Promise<TransferOutcome> {
    const job: DataJob = { mover };
    const make = (id: number): UserRequest => ({ ...order, kind: "transfer", id, direction: directionOf(order) });
    using _ = this.#keepAlive();
    try {
      const reply = await this.#ask(make, options, job);
      const resumed = job.task?.facts?.tls?.resumed;
      if (resumed !== undefined) this.#learnResumption(resumed, reply);
      this.#options.fallback?.worked(this.#tls?.protocol);
      return { reply, bytes: job.task?.movedBytes ?? 0, resumed };
    } catch (error) {
      // Whoever owns the source or the destination may close it now.
      await job.task?.quiet;
      throw job.task?.localFailure === undefined ? this.#maybeElsewhere(error, job) : job.task.localFailure.reason;
    }
  }

  /** Carries out this server's part of a transfer between two; the `meeting` brings it together with the other's. */
  async transferBetween(
    order: BetweenOrder,
    meeting: Meeting,
    { signal }: RequestOptions = {},
  ): Promise<ReceivedReply> {
    const make = (id: number): UserRequest => ({ ...order, kind: "transfer", id, direction: directionOf(order) });
    using _ = this.#keepAlive();
    return await this.#ask(make, { signal }, undefined, meeting);
  }

  /** Says good-bye after all that was asked before, and closes. Never rejects. */
  async quit(): Promise<void> {
    if (!this.#isOver) await this.#ask((id) => ({ kind: "quit", id }), {}).catch(() => {});
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.quit();
  }

  /** Closes at once; what was asked fails. */
  destroy(): void {
    this.#destroy(undefined);
  }

  #ask(
    make: (id: number) => UserRequest,
    { signal }: RequestOptions,
    job?: Pending["job"],
    meeting?: Meeting,
  ): Promise<ReceivedReply> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<ReceivedReply>();
    const abort = (): void => {
      reject(signal?.reason);
      this.#step({ kind: "abort", id });
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#pending.set(id, { resolve, reject, job, meeting });
    this.#step({ kind: "request", request: make(id) });
    return promise.finally(() => signal?.removeEventListener("abort", abort));
  }

  /** Effects are carried out in their order, so what happens meanwhile waits. */
  #step(event: UserPiEvent): void {
    if (this.#applying) this.#waiting.push(event);
    else this.#take(stepUserPi(this.#pi, event));
  }

  #take({ pi, effects }: UserPiStep): void {
    this.#pi = pi;
    this.#applying = true;
    for (const effect of effects) this.#apply(effect);
    this.#applying = false;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#step(next);
  }

  #apply(effect: UserPiEffect): void {
    switch (effect.kind) {
      case "send":
        this.#transcript.command(effect.line);
        return this.#stream.send(effect.line);
      case "start-tls":
        return void this.#startTls();
      case "end-tls":
        return void this.#endTls();
      case "connect-data":
        return this.#data.begin(effect.connection, this.#meetingOf(effect)).connect(effect.endpoint);
      case "listen-data":
        return this.#data.begin(effect.connection, this.#meetingOf(effect)).listen();
      case "move-data":
        return this.#move(effect);
      case "break-data":
        return this.#data.breakOff(effect.connection);
      case "settled":
        return this.#settle(effect.id, effect.settlement);
      case "opened":
        this.known.meet(this.#greeting ?? { code: 220, lines: [] }, effect.features);
        return this.#opened.resolve(effect.features);
      case "arm":
        return this.#arm(effect.timer, effect.sequence);
      case "disarm":
        return clearTimeout(this.#timer);
      case "close":
        return this.#close(effect);
      case "remember":
        return this.known.learn("passive", effect.memory.passive, "EPSV was refused, or led nowhere");
      case "preliminary":
        return this.#meetingOf(effect)?.begin();
      case "foreign-address":
        return undefined;
      case "next-security-token":
      case "wrap-commands":
        // No mechanism is offered that asks for this.
        return this.#step({ kind: "security-token", token: undefined });
    }
  }

  async #startTls(): Promise<void> {
    const { security, limits } = this.#options;
    if (security === undefined) return this.#step({ kind: "tls-failed", cause: undefined });
    try {
      this.#control = await security.startControl(this.#stream.release(), { timeoutMs: limits.handshakeMs });
      const { socket, facts } = this.#control;
      this.#tls = facts;
      this.#decoder = this.#newDecoder();
      this.#stream.goOn(socket);
      if (this.#options.mayLogIn?.() === false) return this.#destroy(undefined);
      this.#step({ kind: "tls-established" });
    } catch (cause) {
      this.#step({ kind: "tls-failed", cause });
    }
  }

  async #endTls(): Promise<void> {
    this.#stream.release();
    try {
      const tcp = await this.#control?.leave();
      if (tcp === undefined) return;
      this.#decoder = this.#newDecoder();
      this.#stream.goOn(tcp);
      this.#step({ kind: "tls-ended" });
    } catch (cause) {
      this.#step({ kind: "tls-failed", cause });
    }
  }

  #newDecoder(): ReplyTap {
    return new ReplyTap(this.#options.limits, (reply: Extract<ReplyEvent, { kind: "reply" }>) => {
      if (this.#greeting === undefined) this.#options.onGreeting?.();
      this.#greeting ??= reply.code >= 200 ? { code: reply.code, lines: reply.lines } : undefined;
      this.#transcript.reply(reply);
    });
  }

  #meetingOf({ id }: { readonly id: number }): Meeting | undefined {
    return this.#pending.get(id)?.meeting;
  }

  #move({ connection, direction, protection }: Extract<UserPiEffect, { kind: "move-data" }>): void {
    const job = this.#pi.job?.kind === "transfer" ? this.#pending.get(this.#pi.job.request.id)?.job : undefined;
    this.#data.move(connection, job, { direction, protection });
  }

  #maybeElsewhere(error: unknown, { task }: DataJob): unknown {
    if (isSallyportError(error)) error.cause ??= task?.failure;
    if (!(error instanceof Error) || this.#options.fallback?.mayHelp(error) !== true) return error;
    this.#isRetired = true;
    return onAnotherConnection(error);
  }

  /** One that has resumed once can; tickets may have been used up since. */
  #learnResumption(resumed: boolean, reply: ReceivedReply): void {
    const { known } = this;
    if (!resumed && known.fact("dataResumption") === "accepted") return;
    known.learn("dataResumption", resumed ? "accepted" : "refused", `${reply.code} ${reply.lines.at(-1) ?? ""}`);
  }

  /** Asks for the status now and then while data moves, where the server is known to take that. */
  #keepAlive(): Disposable | undefined {
    if (!this.#options.asksDuringTransfer) return undefined;
    let isAsking = false;
    const timer = setInterval(() => {
      if (isAsking) return;
      isAsking = true;
      const answered = (): void => void (isAsking = false);
      this.status().then(answered, answered);
    }, this.#options.limits.keepAliveMs).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  #settle(id: number, settlement: Settlement): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (settlement.ok) pending?.resolve(settlement.reply);
    else pending?.reject(this.#errorOf(settlement.failure, pending.job));
  }

  #arm(timer: TimerName, sequence: number): void {
    clearTimeout(this.#timer);
    // TLS keeps its own time, and says more when it is over; who decides about trust may take longer.
    if (timer === "handshake") return;
    const timeoutMs = this.#options.limits[timerLimits[timer]];
    this.#timer = setTimeout(() => this.#step({ kind: "timeout", sequence }), timeoutMs);
  }

  #lost(cause: Error | undefined): void {
    for (const event of this.#decoder.end()) this.#step(event);
    this.#step({ kind: "connection-closed", cause });
  }

  #close({ failure, reconnect }: Extract<UserPiEffect, { kind: "close" }>): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#data.breakOffAll();
    this.#stream.end(this.#options.limits.lingerMs);
    // What is said of the connection as a whole: whether another one may be opened.
    const error =
      failure && Object.assign(this.#errorOf(failure), { retry: reconnect === "never" ? "never" : "again" });
    this.#opened.reject(error);
    this.#closing.resolve({ failure: error, reconnect });
  }

  #errorOf(failure: UserPiFailure, job?: Pending["job"]): SallyportError {
    const { policy } = this.#options;
    const facts = { greeting: this.#greeting, policy, tls: this.#tls, peerAddress: this.#pi.peerAddress };
    return withCircumstances(errorOf(failure), facts, job?.task);
  }

  #destroy(reason: unknown): void {
    if (this.#isOver) return;
    this.#opened.reject(reason);
    this.#stream.destroy();
    this.#step({ kind: "connection-closed", cause: reason });
  }
}

interface Pending {
  readonly resolve: (reply: ReceivedReply) => void;
  readonly reject: (reason: unknown) => void;
  readonly job: DataJob | undefined;
  /** Where the octets of a transfer between two servers are instead. */
  readonly meeting: Meeting | undefined;
}

const timerLimits = {
  greeting: "greetingMs",
  reply: "replyMs",
  "data-open": "dataOpenMs",
  preliminary: "preliminaryMs",
  completion: "completionMs",
} as const satisfies Record<Exclude<TimerName, "handshake">, keyof LimitValues>;
