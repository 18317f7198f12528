import {
  type Features,
  isSallyportError,
  newUserPi,
  type Octets,
  type ReceivedReply,
  receiveOctets,
  type ReplyEvent,
  type SallyportError,
  type Settlement,
  stepUserPi,
  type TranscriptLine,
  type UserPi,
  type UserPiEffect,
  type UserPiEvent,
  type UserPiFailure,
  type UserPiStep,
  type UserRequest,
} from "@sallyport/protocol";
import { canonicalAddress, type ClientTlsFacts, type SecurityContextFacts } from "@sallyport/transport";
import type { Socket } from "node:net";

import { KnownServer } from "../profile/known-server.ts";
import { withCircumstances } from "./circumstances.ts";
import { errorOf } from "./failure-error.ts";
import { ControlStream } from "./control-stream.ts";
import {
  type CommandOptions,
  type ConnectionEnd,
  type ConnectionOptions,
  type ConnectionTarget,
  type RequestOptions,
  type TransferWishes,
} from "./connection-options.ts";
import { type BetweenOrder, directionOf, type TransferOrder, type TransferOutcome } from "./transfer-order.ts";
import { type DataJob, DataParts } from "./data-parts.ts";
import type { Mover } from "./data-task.ts";
import { DialogueTimer } from "./dialogue-timer.ts";
import type { Envelopes } from "./envelopes.ts";
import type { Meeting } from "./meeting.ts";
import { MessageProtection } from "./message-protection.ts";
import { ReplyTap } from "./reply-tap.ts";
import { statusBeat } from "./status-beat.ts";
import { takesNextBehind } from "../profile/takes-next-behind.ts";
import { onAnotherConnection } from "./tls-fallback.ts";
import { TlsProtection } from "./tls-protection.ts";
import { TranscriptTail } from "./transcript-tail.ts";

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
  readonly #tls: TlsProtection;
  readonly #messages: MessageProtection;
  readonly #timer: DialogueTimer;
  #pi: UserPi;
  #decoder: ReplyTap;
  #applying = false;
  #lastId = 0;
  #isOver = false;
  #isRetired = false;
  #greeting: ReceivedReply | undefined;

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
    this.#timer = new DialogueTimer(limits, (sequence) => this.#step({ kind: "timeout", sequence }));
    this.#tls = this.#newTls();
    this.#messages = this.#newMessages();
    const envelopes = (): Envelopes | undefined => this.#messages.envelopes;
    this.#data = new DataParts({ ...options, peerAddress, localAddress, envelopes }, (event) => this.#step(event));
    this.#opened.promise.catch(() => {});
    this.#stream = new ControlStream(tcp, {
      onOctets: (octets) =>
        this.#messages.envelopes === undefined ? this.#receive(octets) : this.#messages.envelopes.take(octets),
      onEnded: (cause) => void this.#lost(cause),
    });
    const passive = known.fact("passive");
    const first = newUserPi({ policy, credentials, peerAddress, ...(passive && { memory: { passive } }) });
    this.#pi = first.pi;
    this.#stream.open();
    this.#take(first);
    if (policy.security === "implicit") void this.#tls.start();
  }

  get features(): Features {
    return this.#pi.opening.features ?? new Map();
  }

  /** The greeting as it came, in explicit mode before TLS and thus from nobody in particular. */
  get greeting(): ReceivedReply | undefined {
    return this.#greeting;
  }

  get tls(): ClientTlsFacts | undefined {
    return this.#tls.facts;
  }

  /** What AUTH GSSAPI came to; undefined where TLS, or nothing, protects the connection. */
  get gssapi(): SecurityContextFacts | undefined {
    return this.#messages.envelopes?.security.facts;
  }

  get transcript(): readonly TranscriptLine[] {
    return this.#transcript.lines;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether another connection is to take its place as soon as nobody holds it. */
  get isRetired(): boolean {
    return this.#isRetired || this.#messages.isExpiring;
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

  /** Whether TLS protects data connections, which another server could then have a part in. */
  get protectsData(): boolean {
    return this.#pi.opening.protection === "P" && this.gssapi === undefined;
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

  async #transfer(order: TransferOrder, mover: Mover, options: TransferWishes): Promise<TransferOutcome> {
    const job: DataJob = { mover };
    const preparesNext = options.preparesNext === true && takesNextBehind(this.known.fact("product"));
    const direction = directionOf(order);
    const make = (id: number): UserRequest => ({ ...order, kind: "transfer", id, direction, preparesNext });
    using _ = this.#keepAlive();
    try {
      const reply = await this.#ask(make, options, job);
      const resumed = job.task?.facts?.tls?.resumed;
      if (resumed !== undefined) this.#learnResumption(resumed, reply);
      this.#options.fallback?.worked(this.tls?.protocol);
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
        return (this.#messages.envelopes ?? this.#stream).send(effect.line);
      case "start-tls":
        return void this.#tls.start();
      case "end-tls":
        return void this.#tls.end();
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
        return this.#timer.arm(effect.timer, effect.sequence);
      case "disarm":
        return this.#timer.disarm();
      case "close":
        return this.#close(effect);
      case "remember":
        return this.known.learn("passive", effect.memory.passive, "EPSV was refused, or led nowhere");
      case "preliminary":
        return this.#meetingOf(effect)?.begin();
      case "foreign-address":
        return undefined;
      case "next-security-token":
        return void this.#messages.take(effect);
    }
  }

  #newMessages(): MessageProtection {
    return new MessageProtection(this.#options.messageSecurity, this.#options.limits, {
      send: (line) => this.#stream.send(line),
      onReply: (octets) => this.#receive(octets),
      onRoom: (hasRoom) => this.#stream.hasRoom(hasRoom),
      step: (event) => this.#step(event),
      begins: () => {
        const isClean = this.#decoder.isBetweenReplies;
        this.#decoder = this.#newDecoder();
        return this.#mayLogIn() && isClean;
      },
    });
  }

  /** Whether no other way into the server was faster. */
  #mayLogIn(): boolean {
    const mayLogIn = this.#options.mayLogIn?.() !== false;
    if (!mayLogIn) this.#destroy(undefined);
    return mayLogIn;
  }

  #receive(octets: Uint8Array): void {
    this.#take(receiveOctets(this.#pi, this.#decoder, octets));
  }

  #newTls(): TlsProtection {
    const { security, limits } = this.#options;
    return new TlsProtection(security, limits, () => this.#stream, {
      begins: () => void (this.#decoder = this.#newDecoder()),
      mayLogIn: () => this.#mayLogIn(),
      step: (event) => this.#step(event),
    });
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

  #move({ connection, ...transfer }: Extract<UserPiEffect, { kind: "move-data" }>): void {
    const job = this.#pi.job?.kind === "transfer" ? this.#pending.get(this.#pi.job.request.id)?.job : undefined;
    this.#data.move(connection, job, transfer);
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

  /** Where the server is known to take that. */
  #keepAlive(): Disposable | undefined {
    const { asksDuringTransfer, limits } = this.#options;
    return asksDuringTransfer ? statusBeat(() => this.status(), limits.keepAliveMs) : undefined;
  }

  #settle(id: number, settlement: Settlement): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (settlement.ok) pending?.resolve(settlement.reply);
    else pending?.reject(this.#errorOf(settlement.failure, pending.job));
  }

  async #lost(cause: Error | undefined): Promise<void> {
    if (this.#messages.envelopes !== undefined) await this.#messages.envelopes.end();
    for (const event of this.#decoder.end()) this.#step(event);
    this.#step({ kind: "connection-closed", cause });
  }

  #close({ failure, reconnect }: Extract<UserPiEffect, { kind: "close" }>): void {
    this.#isOver = true;
    this.#timer.disarm();
    this.#data.breakOffAll();
    void this.#endStream();
    // What is said of the connection as a whole: whether another one may be opened.
    const error =
      failure && Object.assign(this.#errorOf(failure), { retry: reconnect === "never" ? "never" : "again" });
    this.#opened.reject(error);
    this.#closing.resolve({ failure: error, reconnect });
  }

  /** Commands may still be in the making. */
  async #endStream(): Promise<void> {
    if (this.#messages.envelopes !== undefined) await this.#messages.flushed();
    this.#stream.end(this.#options.limits.lingerMs);
    await this.#messages.close();
  }

  #errorOf(failure: UserPiFailure, job?: Pending["job"]): SallyportError {
    const { policy } = this.#options;
    const isGssapi = this.gssapi !== undefined;
    const facts = { greeting: this.#greeting, policy, tls: this.tls, isGssapi, peerAddress: this.#pi.peerAddress };
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
