import {
  type Command,
  CommandDecoder,
  displayOctets,
  newServerPi,
  type Octets,
  reply,
  type Reply,
  type ServerPi,
  type ServerPiEffect,
  type ServerPiEvent,
  step,
  type Verb,
  verbs,
} from "@sallyport/protocol";
import { StorageError, type StorageErrorKind } from "@sallyport/server/storage";
import { type ControlConnectionOptions, type MessageSecurity, SecurityMechanismError } from "@sallyport/transport";
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { CommandContext, Outcome } from "../command-handler.ts";
import type { Login } from "../login/login-state.ts";
import { type ReviewedLogin, type ReviewGrounds, reviewLogin } from "../login/review.ts";
import { runCommand } from "../commands/index.ts";
import { CommandScope, type LastingScope } from "./command-scope.ts";
import { activityOf, type ConnectionStatus, type RunningCommand, runningCommand } from "./connection-status.ts";
import { type CommandEnvelope, commandEnvelope, openEnvelope } from "./command-envelope.ts";
import { ControlLink } from "./control-link.ts";
import { LateAbort } from "./late-abort.ts";
import { DataSetup } from "./data-setup.ts";
import { Deadlines } from "./deadlines.ts";
import type { ServerEnvironment } from "../environment.ts";
import type { ServerEvent, ServerEventDetail } from "../observer.ts";
import type { ListenerOptions } from "../options.ts";
import { statusReply } from "../status.ts";
import { replyForStorageError } from "../storage-replies.ts";
import { TransferAborted } from "../transfer/transfer-aborted.ts";

/** What a login may not do, or cannot for want of room; that a name does not exist is no refusal. */
const toldRefusals: ReadonlySet<StorageErrorKind> = new Set([
  "denied",
  "read-only",
  "name-not-allowed",
  "quota-exceeded",
  "no-space",
]);

const deeds: ReadonlySet<ServerEvent["kind"]> = new Set(["transfer", "changed", "login", "login-failed"]);

/** After them another security context may be in force, or none. */
const securityVerbs: ReadonlySet<Verb> = new Set(["AUTH", "ADAT", "REIN", "CCC"]);

/** The first octet of a TLS handshake, which begins no command line (R-IMP-10). */
const tlsHandshakeRecord = 0x16;

/**
 * One control connection. It only moves things: octets to the decoder, lines to the server-PI, commands to their
 * handlers, replies to the peer. What they mean is decided elsewhere.
 */
export class Connection {
  readonly #link: ControlLink;
  readonly #environment: ServerEnvironment;
  readonly #decoder: CommandDecoder;
  readonly #data: DataSetup;
  readonly #deadlines: Deadlines;
  readonly #lasting: LastingScope;
  readonly #openedAtMs = Date.now();
  readonly #lost = new LateAbort();
  #transfer: LateAbort | undefined;
  #running: RunningCommand | undefined;
  #pi: ServerPi<Login>;
  #paused = false;
  /** A command is being opened; those behind it wait. */
  #opening = false;
  /** Reading was stopped for that. */
  #holding = false;
  #greeted = false;

  constructor(
    socket: Socket,
    identity: { readonly id: number; readonly listener: ListenerOptions; readonly environment: ServerEnvironment },
    options: ControlConnectionOptions = {},
  ) {
    const { listener, environment } = identity;
    const { limits } = environment;
    this.#environment = environment;
    this.#pi = newServerPi(environment.initialState(listener));
    this.#decoder = new CommandDecoder({
      lineBytesMax: limits.commandLineBytes,
      securityLineBytesMax: limits.securityLineBytes,
      telnetRefusalsMax: limits.telnetRepliesCount,
      strictLineEnds: environment.options.strictLineEnds ?? false,
    });
    this.#link = new ControlLink(socket, this.#linkOwner(), identity, options);
    this.#data = this.#newDataSetup();
    this.#deadlines = new Deadlines(limits, (cause) => this.#link.dismiss("Timeout.", cause));
    this.#lasting = {
      environment,
      control: this.#link,
      data: this.#data,
      send: (given) => this.#link.say(given, this.#pi.level),
      emit: (event) => this.#emit(event),
      noteProgress: (progress) => this.#deadlines.noteProgress(progress),
      progress: () => this.#deadlines.progress,
    };
  }

  /** Serves until the connection is closed, and resolves then. */
  async serve(): Promise<void> {
    const { localAddress, localPort, listener, closed } = this.#link;
    this.#emit({ kind: "connection-opened", tlsMode: listener.tlsMode, localAddress, localPort });
    if (listener.tlsMode === "explicit" || (await this.#link.secure())) {
      this.#link.say(reply(220, this.#environment.greeting));
      this.#greeted = true;
      this.#deadlines.begin();
    }
    await closed;
  }

  /** Whether a transfer runs at the moment. */
  get isTransferring(): boolean {
    return this.#transfer !== undefined;
  }

  /** Who is connected, how, and what it does at the moment. */
  get status(): ConnectionStatus {
    const { id: connection, remoteAddress, remotePort, listener, tls, peerSecurity } = this.#link;
    const { login } = this.#pi.state;
    const isLoggedIn = login.kind === "logged-in";
    const isEnding = this.#lost.aborted || this.#pi.closing;
    const phase = { isGreeted: this.#greeted, isLoggedIn, isEnding, idleSinceMs: this.#deadlines.activeAtMs };
    return {
      connection,
      remoteAddress,
      remotePort,
      tlsMode: listener.tlsMode,
      ...(tls === undefined ? {} : { tls: { protocol: tls.protocol, suite: tls.suite } }),
      ...(peerSecurity === undefined ? {} : { security: peerSecurity }),
      ...(isLoggedIn ? { account: login.account.account.name } : {}),
      openedAtMs: this.#openedAtMs,
      activity: activityOf(this.#running, this.#deadlines.progress, phase),
    };
  }

  /**
   * Looks at the login again, if there is one: it goes on as it is or with the rights that the account has by now, or
   * gets 421.
   */
  async reviewLogin(now: ReviewGrounds): Promise<ReviewedLogin["kind"]> {
    const { login } = this.#pi.state;
    if (login.kind !== "logged-in" || this.#lost.aborted) return "stays";
    const { user, account } = login;
    const review = await reviewLogin(this.#contextFor("NOOP", this.#lost), { user, login: account }, now);
    // USER and REIN may have ended it meanwhile.
    if (this.#pi.state.login !== login || this.#lost.aborted) return "stays";
    if (review.kind === "ended") this.close(review.text, review.cause);
    if (review.kind === "refreshed") {
      const state = { ...this.#pi.state, policy: review.policy, login: { ...login, account: review.login } };
      this.#pi = { ...this.#pi, state };
    }
    return review.kind;
  }

  /** Says 421 and closes; a running transfer is ended, and what it brought is not published. */
  close(text: string, cause: string): void {
    this.#link.dismiss(text, cause);
  }

  #receive(octets: Uint8Array): void {
    if (octets[0] === tlsHandshakeRecord && this.#pi.state.control === "clear" && !this.#decoder.hasInput) {
      this.#link.dismiss(
        "Say AUTH TLS first.",
        "TLS began without AUTH; the client takes this port for an implicit one",
      );
      return;
    }
    this.#decoder.push(octets);
    this.#takeInput();
  }

  #takeInput(): void {
    while (!this.#paused && !this.#pi.closing && !this.#link.isHoldingBack && !this.#mustWait()) {
      const event = this.#decoder.next();
      if (event === undefined) break;
      if (event.kind === "telnet-refusal") this.#link.write(event.octets);
      else {
        if (event.kind === "line" && this.#link.security !== undefined && this.#takeSealed(event.line)) continue;
        if (event.kind === "line") this.#link.trace("command", event.line);
        this.#feed(event);
      }
    }
    this.#deadlines.noteInput(this.#decoder.midLine);
  }

  /**
   * Whether what came must not be looked at yet: the mechanism has not answered for what came before, too many replies wait
   * for it, or a command runs after which it may be opened no more, or only then. Reading stops as long as more waits.
   */
  #mustWait(): boolean {
    if (!this.#link.hasContext && !this.#holding) return false;
    const { running } = this.#pi;
    const waits =
      this.#opening ||
      this.#link.isSealBehind ||
      (this.#link.hasContext && running !== undefined && securityVerbs.has(running));
    if (waits && !this.#holding && this.#decoder.hasInput) {
      this.#holding = true;
      this.#link.pauseReading();
    } else if (!waits && this.#holding) {
      this.#holding = false;
      this.#resumeReading();
    }
    return waits;
  }

  #resumeReading(): void {
    if (!this.#paused && !this.#holding) this.#link.resumeReading();
  }

  /** Has the mechanism open MIC and ENC; false where the line is neither. */
  #takeSealed(line: Octets): boolean {
    const { security } = this.#link;
    const envelope = commandEnvelope(line);
    if (security === undefined || envelope === undefined) return false;
    this.#opening = true;
    void this.#open(security, envelope);
    return true;
  }

  async #open(security: MessageSecurity, envelope: CommandEnvelope): Promise<void> {
    const opened = await openEnvelope(security, envelope);
    this.#opening = false;
    if (this.#lost.aborted || this.#pi.closing) return;
    if (envelope.verb !== "CONF") this.#link.noteLevel(envelope.verb);
    if (opened.kind === "failed") return this.#link.securityIsGone(opened.error);
    if (opened.kind === "expired") this.#loseSecurity();
    else {
      if (opened.kind === "line") this.#link.trace("command", opened.line);
      this.#feed(opened);
    }
    this.#takeInput();
  }

  #loseSecurity(): void {
    this.#feed({ kind: "security-lost", fresh: this.#environment.initialState(this.#link.listener) });
  }

  /** @param afterReply is called behind the first effect, which is the reply where there is one. */
  #feed(event: ServerPiEvent<Login>, afterReply?: () => void): void {
    const { pi, effects } = step(this.#pi, event);
    this.#pi = pi;
    // REIN, AUTH, USER and a refused login leave no account behind whose place could be held.
    if (event.kind === "finished" && pi.state.login.kind !== "logged-in") {
      this.#environment.ledger.releaseLogin(this.#link.id);
    }
    for (const [at, effect] of effects.entries()) {
      this.#apply(effect);
      if (at === 0) afterReply?.();
    }
    if (effects.length === 0) afterReply?.();
    // The effects may have fed more events.
    const { running, state } = this.#pi;
    this.#deadlines.noteState(running !== undefined, state.login.kind === "logged-in", state.idleSeconds);
  }

  #apply(effect: ServerPiEffect): void {
    switch (effect.kind) {
      case "send":
        if (effect.refuses !== undefined) this.#tellRefusal(effect.refuses, effect.reply);
        return this.#link.say(effect.reply, effect.level);
      case "drop-security":
        return void this.#link.dropSecurity();
      case "run":
        return void this.#run(effect.command);
      case "report-status":
        return this.#link.say(statusReply(this.#contextFor("STAT", this.#lost)), effect.level);
      case "abort-transfer":
        return this.#transfer?.abort(() => new TransferAborted("the peer sent ABOR"));
      case "pause":
        this.#paused = true;
        return this.#link.pauseReading();
      case "resume":
        this.#paused = false;
        this.#resumeReading();
        // What was decoded but not taken yet comes first.
        return this.#takeInput();
      case "close":
        return this.#link.end(effect.reason);
    }
  }

  async #run(command: Command): Promise<void> {
    this.#transfer = "transfers" in verbs[command.verb] ? new LateAbort() : undefined;
    const context = this.#contextFor(command.verb, this.#transfer ?? this.#lost);
    this.#running = runningCommand(command, this.#pi.state);
    const outcome = await this.#outcomeOf(context, command);
    this.#transfer = undefined;
    this.#running = undefined;
    if (this.#lost.aborted) return outcome.afterwards?.();
    this.#feed({ kind: "finished", reply: outcome.reply, changes: outcome.changes ?? {} }, outcome.afterwards);
    this.#takeInput();
  }

  async #outcomeOf(context: CommandContext, command: Command): Promise<Outcome> {
    try {
      return await runCommand(context, command);
    } catch (error) {
      if (error instanceof StorageError && error.kind !== "failed") {
        const refusal = replyForStorageError(error.kind, command.verb);
        if (toldRefusals.has(error.kind)) this.#tellRefusal(command.verb, refusal, error.message);
        return { reply: refusal };
      }
      if (error instanceof TransferAborted) return { reply: reply(426, "Aborted.") };
      if (error instanceof SecurityMechanismError) return { reply: reply(535, "The security mechanism failed.") };
      if (this.#lost.aborted) return {};
      const incident = randomUUID().slice(0, 8);
      this.#emit({ kind: "internal-error", incident, error });
      return { reply: reply(451, `The server failed; incident ${incident}.`) };
    }
  }

  /** Tells what an administrator is asked about; what lies in the command's argument stands in `path` alone. */
  #tellRefusal(verb: Verb, { code: replyCode, lines }: Reply, cause = displayOctets(lines.join(" ") as Octets)): void {
    const path = this.#running?.path;
    const where = path === undefined ? {} : { path };
    this.#emit({ kind: "command-refused", verb, ...where, replyCode, cause });
  }

  #contextFor(verb: CommandContext["verb"], abort: LateAbort): CommandContext {
    return new CommandScope(verb, this.#pi.state, abort, this.#lasting);
  }

  #linkOwner(): ConstructorParameters<typeof ControlLink>[1] {
    const pi = () => this.#pi;
    const decoder = () => this.#decoder;
    return {
      receive: (octets) => this.#receive(octets),
      onEnding: (cause) => this.#lose(cause),
      onClosed: (cause) => this.#emit({ kind: "connection-closed", cause, durationMs: Date.now() - this.#openedAtMs }),
      emit: (event) => this.#emit(event),
      onCaughtUp: () => {
        this.#resumeReading();
        this.#takeInput();
      },
      onSecurityLost: () => this.#loseSecurity(),
      get level() {
        return pi().level;
      },
      get hasPendingInput() {
        return decoder().hasInput || pi().queue.length > 0;
      },
      get host() {
        return pi().state.host;
      },
    };
  }

  #newDataSetup(): DataSetup {
    const { passivePorts, limits, options } = this.#environment;
    const { localAddress, remoteAddress, localPort } = this.#link;
    return new DataSetup({
      passivePorts,
      limits,
      localAddress,
      remoteAddress,
      activeLocalPort: options.active?.wellKnownSourcePort === true ? localPort - 1 : undefined,
      admits: (address) => options.fxp?.addresses.includes(address) === true,
      certificateAuthorities: options.fxp?.certificateAuthorities,
      onForeign: (address) => this.#emit({ kind: "attack-suspected", cause: `a data connection came from ${address}` }),
      // That of an earlier TLS stays; messages protect data without it.
      binding: () => (this.#link.security === undefined ? this.#link.binding : undefined),
    });
  }

  /** Ends everything that runs in the peer's name. */
  #lose(cause: string): void {
    const lost = (): TransferAborted => new TransferAborted(cause);
    this.#lost.abort(lost);
    this.#transfer?.abort(lost);
    this.#deadlines.stop();
    this.#data.discard();
    this.#environment.ledger.releaseLogin(this.#link.id);
  }

  #emit(event: ServerEventDetail): void {
    const { login } = this.#pi.state;
    const account = login.kind === "logged-in" ? login.account.account : undefined;
    const isDeed = deeds.has(event.kind);
    const { id: connection, remoteAddress, remotePort, tls } = this.#link;
    const controlSecurity = isDeed ? this.#link.peerSecurity : undefined;
    const whose = { atMs: Date.now(), connection, remoteAddress, remotePort };
    this.#environment.emit({
      ...whose,
      ...(account === undefined ? {} : { account: account.name }),
      ...(isDeed && tls !== undefined ? { controlTls: tls } : {}),
      ...(controlSecurity === undefined ? {} : { controlSecurity }),
      ...(isDeed && account !== undefined ? { home: account.home } : {}),
      ...event,
    } as ServerEvent);
  }
}
