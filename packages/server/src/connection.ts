import {
  CommandDecoder,
  type Command,
  encodeReply,
  maskCommandLine,
  newServerPi,
  type Octets,
  reply,
  type Reply,
  type ServerPi,
  type ServerPiEffect,
  type ServerPiEvent,
  step,
  verbs,
} from "@sallyport/protocol";
import { ControlConnection, type ControlConnectionOptions, type ControlEnding } from "@sallyport/transport";
import { StorageError } from "@sallyport/server/storage";
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { CommandContext, Login, Outcome } from "./command-handler.ts";
import { runCommand } from "./commands/index.ts";
import type { ControlView } from "./control-view.ts";
import { DataSetup } from "./data-setup.ts";
import { Deadlines } from "./deadlines.ts";
import type { ServerEnvironment } from "./environment.ts";
import type { ServerEvent, ServerEventDetail } from "./observer.ts";
import type { ListenerOptions } from "./options.ts";
import { statusReply } from "./status.ts";
import { replyForStorageError } from "./storage-replies.ts";
import { TransferAborted } from "./transfer-aborted.ts";

const endings: Readonly<Record<ControlEnding, string>> = {
  ended: "we closed the connection",
  "peer-closed": "the peer closed the connection",
  truncated: "the peer closed TCP without ending TLS",
  reset: "the connection was reset",
  "not-tls": "plain octets came where TLS had to begin",
  "tls-refused": "TLS was refused",
  "tls-error": "TLS failed",
  timeout: "the peer took too long",
  destroyed: "we broke the connection off",
};

/**
 * One control connection. It only moves things: octets to the decoder, lines to the server-PI, commands to their
 * handlers, replies to the peer. What they mean is decided elsewhere.
 */
export class Connection {
  readonly id: number;
  readonly #control: ControlConnection;
  readonly #listener: ListenerOptions;
  readonly #environment: ServerEnvironment;
  readonly #decoder: CommandDecoder;
  readonly #data: DataSetup;
  readonly #deadlines: Deadlines;
  readonly #openedAtMs = Date.now();
  readonly #lost = new AbortController();
  #transfer: AbortController | undefined;
  #pi: ServerPi<Login>;
  #paused = false;
  /** TLS starts or ends; nothing can be said meanwhile. */
  #securing = false;
  #closeCause: string | undefined;

  constructor(
    id: number,
    socket: Socket,
    listener: ListenerOptions,
    environment: ServerEnvironment,
    options: ControlConnectionOptions = {},
  ) {
    const { limits } = environment;
    this.id = id;
    const control = new ControlConnection(
      socket,
      {
        onOctets: (octets) => this.#receive(octets),
        onPeerEnd: () => this.#end("the peer closed the connection"),
        onClosed: (ending, error) => this.#finish(error === undefined ? endings[ending] : error.message),
      },
      { ...options, limits },
    );
    this.#control = control;
    this.#listener = listener;
    this.#environment = environment;
    this.#decoder = new CommandDecoder({
      lineBytesMax: limits.commandLineBytes,
      securityLineBytesMax: limits.securityLineBytes,
      telnetRefusalsMax: limits.telnetRepliesCount,
      strictLineEnds: environment.options.strictLineEnds ?? false,
    });
    this.#pi = newServerPi(environment.initialState(listener));
    this.#data = new DataSetup({
      passivePorts: environment.passivePorts,
      limits,
      localAddress: control.localAddress,
      remoteAddress: control.peerAddress,
      activeLocalPort: environment.options.active?.wellKnownSourcePort === true ? control.localPort - 1 : undefined,
      admits: (address) => this.#admitsForeign(address),
      onForeign: (address) => this.#emit({ kind: "attack-suspected", cause: `a data connection came from ${address}` }),
      binding: () => control.binding,
    });
    this.#deadlines = new Deadlines(limits, (cause) => this.#expire(cause));
  }

  /** Serves until the connection is closed, and resolves then. */
  async serve(): Promise<void> {
    const { localAddress, localPort, closed } = this.#control;
    const { tlsMode } = this.#listener;
    this.#emit({ kind: "connection-opened", tlsMode, localAddress, localPort });
    if (tlsMode === "explicit" || (await this.#startTls(0))) this.#greet();
    await closed;
  }

  /** Says 421 and closes; a running transfer is ended. */
  close(text: string): void {
    this.#sayGoodBye(reply(421, text), "the server is stopping");
  }

  #greet(): void {
    this.#send(reply(220, this.#environment.greeting));
    this.#deadlines.begin();
  }

  #receive(chunk: Uint8Array): void {
    this.#decoder.push(chunk);
    this.#takeInput();
  }

  #takeInput(): void {
    while (!this.#paused && !this.#pi.closing) {
      const event = this.#decoder.next();
      if (event === undefined) break;
      if (event.kind === "telnet-refusal") this.#write(event.octets);
      else {
        if (event.kind === "line") this.#trace("command", event.line);
        this.#feed(event);
      }
    }
    this.#deadlines.noteInput(this.#decoder.midLine);
  }

  #feed(event: ServerPiEvent<Login>): void {
    const { pi, effects } = step(this.#pi, event);
    this.#pi = pi;
    for (const effect of effects) this.#apply(effect);
    this.#deadlines.noteState(pi.running !== undefined, pi.state.login.kind === "logged-in", pi.state.idleSeconds);
  }

  #apply(effect: ServerPiEffect): void {
    switch (effect.kind) {
      case "send":
        return this.#send(effect.reply);
      case "run":
        return void this.#run(effect.command);
      case "report-status":
        return this.#send(statusReply(this.#contextFor("STAT", this.#lost.signal)));
      case "abort-transfer":
        return this.#transfer?.abort(new TransferAborted("the peer sent ABOR"));
      case "pause":
        this.#paused = true;
        return this.#control.pauseReading();
      case "resume":
        this.#paused = false;
        this.#control.resumeReading();
        // What was decoded but not taken yet comes first.
        return this.#takeInput();
      case "close":
        return this.#end(effect.reason);
    }
  }

  async #run(command: Command): Promise<void> {
    this.#transfer = "transfers" in verbs[command.verb] ? new AbortController() : undefined;
    const context = this.#contextFor(command.verb, (this.#transfer ?? this.#lost).signal);
    const outcome = await this.#outcomeOf(context, command);
    this.#transfer = undefined;
    if (this.#lost.signal.aborted) return;
    this.#feed({ kind: "finished", reply: outcome.reply, changes: outcome.changes ?? {} });
    this.#takeInput();
  }

  async #outcomeOf(context: CommandContext, command: Command): Promise<Outcome> {
    try {
      return await runCommand(context, command);
    } catch (error) {
      if (error instanceof StorageError && error.kind !== "failed") {
        return { reply: replyForStorageError(error.kind, command.verb) };
      }
      if (error instanceof TransferAborted) return { reply: reply(426, "Aborted.") };
      if (this.#lost.signal.aborted) return {};
      const incident = randomUUID().slice(0, 8);
      this.#emit({ kind: "internal-error", incident, error });
      return { reply: reply(451, `The server failed; incident ${incident}.`) };
    }
  }

  #contextFor(verb: CommandContext["verb"], signal: AbortSignal): CommandContext {
    return {
      verb,
      state: this.#pi.state,
      environment: this.#environment,
      limits: this.#environment.limits,
      control: this.#view(),
      data: this.#data,
      signal,
      send: (given) => this.#send(given),
      emit: (event) => this.#emit(event),
      noteProgress: (progress) => this.#deadlines.noteProgress(progress),
      progress: () => this.#deadlines.progress,
    };
  }

  #view(): ControlView {
    const control = this.#control;
    return {
      id: this.id,
      listener: this.#listener,
      remoteAddress: control.peerAddress,
      remotePort: control.peerPort,
      localAddress: control.localAddress,
      localPort: control.localPort,
      tls: control.tls,
      hasPendingInput: this.#decoder.hasInput || this.#pi.queue.length > 0,
      startTls: async (given) => {
        this.#send(given);
        await this.#startTlsOrEnd();
      },
      endTls: async (given) => {
        this.#send(given);
        await this.#endTls();
      },
      restartImplicitTls: async (given) => {
        this.#send(given);
        await this.#endTls();
        await this.#startTlsOrEnd();
      },
      rejectAttack: (cause) => {
        this.#emit({ kind: "attack-suspected", cause });
        this.#closeCause ??= cause;
        control.destroy();
      },
    };
  }

  async #startTlsOrEnd(): Promise<void> {
    if (!(await this.#startTls(0))) await this.#control.closed;
  }

  /** Starts TLS; false when it failed, the connection is then closed and the cause logged. */
  async #startTls(octetsBehind: number): Promise<boolean> {
    const { tls } = this.#environment;
    if (tls === undefined) return false;
    this.#securing = true;
    try {
      const facts = await this.#control.startTls(tls, { octetsBehind, hostName: this.#pi.state.host });
      this.#emit({ kind: "tls-established", tls: facts });
      return true;
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#emit({ kind: "tls-failed", cause });
      this.#closeCause ??= cause;
      return false;
    } finally {
      this.#securing = false;
    }
  }

  async #endTls(): Promise<void> {
    this.#securing = true;
    try {
      await this.#control.endTls();
    } catch (error) {
      this.#closeCause ??= error instanceof Error ? error.message : String(error);
      await this.#control.closed;
    } finally {
      this.#securing = false;
    }
  }

  #send(given: Reply): void {
    const encoded = encodeReply(given);
    this.#trace("reply", encoded);
    this.#write(encoded);
  }

  #write(octets: Octets): void {
    if (this.#lost.signal.aborted) return;
    this.#control.write(octets);
    if (this.#control.bufferedBytes <= this.#environment.limits.replyBacklogBytes) return;
    this.#closeCause ??= "the peer does not read its replies";
    this.#control.destroy();
  }

  #expire(cause: string): void {
    this.#sayGoodBye(reply(421, "Timeout."), cause);
  }

  #sayGoodBye(given: Reply, cause: string): void {
    if (!this.#securing) this.#send(given);
    this.#end(cause);
  }

  /** Says good-bye to the peer and ends what runs in its name. */
  #end(cause: string): void {
    this.#closeCause ??= cause;
    const lost = new TransferAborted(cause);
    this.#lost.abort(lost);
    this.#transfer?.abort(lost);
    void this.#control.end();
  }

  #finish(cause: string): void {
    this.#end(cause);
    this.#deadlines.stop();
    this.#data.discard();
    this.#environment.logins.release(this.id);
    this.#emit({
      kind: "connection-closed",
      cause: this.#closeCause ?? cause,
      durationMs: Date.now() - this.#openedAtMs,
    });
  }

  #admitsForeign(address: string): boolean {
    const { capabilities } = this.#pi.state.policy;
    return capabilities.has("fxp") && (this.#environment.options.active?.foreignAddresses ?? []).includes(address);
  }

  #trace(kind: "command" | "reply", octets: Octets): void {
    if (this.#environment.observer?.transcript !== true) return;
    this.#emit({ kind, line: kind === "command" ? maskCommandLine(octets) : octets });
  }

  #emit(event: ServerEventDetail): void {
    const { login } = this.#pi.state;
    const account = login.kind === "logged-in" ? login.account.account.name : undefined;
    const { peerAddress: remoteAddress, peerPort: remotePort } = this.#control;
    const whose = { atMs: Date.now(), connection: this.id, remoteAddress, remotePort };
    this.#environment.emit({ ...whose, ...(account === undefined ? {} : { account }), ...event } as ServerEvent);
  }
}
