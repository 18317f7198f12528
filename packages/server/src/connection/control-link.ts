import {
  encodeReply,
  maskCommandLine,
  maskReplyLine,
  type MessageLevel,
  type Octets,
  reply,
  type Reply,
} from "@sallyport/protocol";
import {
  ControlConnection,
  type ControlConnectionOptions,
  type ControlEnding,
  type ControlTlsBinding,
  type MessageSecurity,
  type SecurityContext,
  SecurityMechanismError,
  type TlsFacts,
} from "@sallyport/transport";
import type { Socket } from "node:net";
import type { ControlView, SecurityExchange } from "./control-view.ts";
import type { ServerEnvironment } from "../environment.ts";
import type { PeerSecurity, ServerEventDetail } from "../observer.ts";
import type { ListenerOptions } from "../options.ts";
import { ReplySeal } from "./reply-seal.ts";

/** Whom a control link serves. */
export interface ControlLinkOwner {
  receive(octets: Uint8Array): void;
  /** The connection is ending, by either side; called once, and nothing can be said any more. */
  onEnding(cause: string): void;
  /** The connection is closed. */
  onClosed(cause: string): void;
  emit(event: ServerEventDetail): void;
  /** The peer was held back, and has read its replies by now. */
  onCaughtUp(): void;
  /** Whether octets or commands wait behind the running command. */
  readonly hasPendingInput: boolean;
  /** The host that HOST named. */
  readonly host: string | undefined;
  /** How the running command was protected. */
  readonly level: MessageLevel | undefined;
  /** Replies can be sealed no longer; the server-PI has to begin anew. */
  onSecurityLost(): void;
}

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

/** What the system's word for a broken connection means. */
const broken: Readonly<Record<string, string>> = {
  ECONNRESET: "the peer reset the connection",
  EPIPE: "the peer closed the connection",
  ETIMEDOUT: "the peer no longer answers",
};

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}

/** The control connection as the server-PI speaks over it: replies out, TLS begun and ended, one cause of its end. */
export class ControlLink implements ControlView {
  readonly id: number;
  readonly listener: ListenerOptions;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly #owner: ControlLinkOwner;
  readonly #environment: ServerEnvironment;
  readonly #control: ControlConnection;
  /** TLS starts or ends; nothing can be said meanwhile. */
  #securing = false;
  #exchange: SecurityExchange | undefined;
  #seal: ReplySeal | undefined;
  #endCause: string | undefined;
  #holdingBack: NodeJS.Timeout | undefined;

  constructor(
    socket: Socket,
    owner: ControlLinkOwner,
    identity: { readonly id: number; readonly listener: ListenerOptions; readonly environment: ServerEnvironment },
    options: ControlConnectionOptions = {},
  ) {
    this.id = identity.id;
    this.listener = identity.listener;
    this.#environment = identity.environment;
    this.#owner = owner;
    this.#control = new ControlConnection(
      socket,
      {
        onOctets: (octets) => owner.receive(octets),
        onPeerEnd: () => this.end("the peer closed the connection"),
        onDrain: () => this.#caughtUp(),
        onClosed: (ending, error) => {
          this.end(error === undefined ? endings[ending] : (broken[codeOf(error)] ?? error.message));
          this.#release();
          owner.onClosed(this.#endCause ?? endings[ending]);
        },
      },
      { ...options, limits: identity.environment.limits },
    );
    this.remoteAddress = this.#control.peerAddress;
    this.remotePort = this.#control.peerPort;
    this.localAddress = this.#control.localAddress;
    this.localPort = this.#control.localPort;
  }

  get tls(): TlsFacts | undefined {
    return this.#control.tls;
  }

  get binding(): ControlTlsBinding | undefined {
    return this.#control.binding;
  }

  get security(): MessageSecurity | undefined {
    return this.#seal?.security;
  }

  /** Who the peer is by a security context, for those who look on. */
  get peerSecurity(): PeerSecurity | undefined {
    if (this.#seal === undefined) return undefined;
    const { security, lastLevel } = this.#seal;
    return { mechanism: security.mechanism, principal: security.facts.peerName, isPrivate: lastLevel === "ENC" };
  }

  get exchange(): SecurityExchange | undefined {
    return this.#exchange;
  }

  /** Whether a security context is in force or about to be, so that commands must not be looked at ahead of others. */
  get hasContext(): boolean {
    return this.#seal !== undefined || this.#exchange !== undefined;
  }

  /** Whether replies wait for the mechanism, and commands for them. */
  get isSealBehind(): boolean {
    return this.#seal?.isBehind === true;
  }

  get ticketsSpent(): boolean {
    return this.#control.binding?.ticketsSpent ?? false;
  }

  get hasPendingInput(): boolean {
    return this.#owner.hasPendingInput;
  }

  get closed(): Promise<unknown> {
    return this.#control.closed;
  }

  /** @param level that of the command which is answered, where it came in a message. */
  say(given: Reply, level?: MessageLevel): void {
    const encoded = encodeReply(given);
    this.trace("reply", encoded);
    if (this.#seal === undefined) this.write(encoded);
    else if (this.#endCause === undefined && !this.#securing) this.#saySealed(given, encoded, level);
  }

  /** Notes the level of a command that was opened; replies that answer no command have that of the last one. */
  noteLevel(level: MessageLevel): void {
    if (this.#seal !== undefined) this.#seal.lastLevel = level;
  }

  /**
   * Sends octets that are no reply; a peer that does not read what it is sent is cut off (S-15). While TLS starts or ends
   * they are dropped: a peer may well send Telnet options right behind its REIN or CCC.
   */
  write(octets: Octets): void {
    if (this.#endCause !== undefined || this.#securing) return;
    this.#put(octets);
  }

  #put(octets: Octets): void {
    this.#control.write(octets);
    if (this.#control.bufferedBytes > this.#environment.limits.replyBacklogBytes) {
      this.#cut("the peer does not read its replies");
    }
  }

  pauseReading(): void {
    this.#control.pauseReading();
  }

  resumeReading(): void {
    if (this.#holdingBack === undefined) this.#control.resumeReading();
  }

  /**
   * Whether no further command may be taken until the peer has read its replies. One read can bring thousands of
   * commands, so that who sends faster than it reads is held back by TCP, and cut off only when it reads nothing for
   * `replyStallMs` (S-15).
   */
  get isHoldingBack(): boolean {
    const { replyBacklogBytes, replyStallMs } = this.#environment.limits;
    if (this.#holdingBack === undefined && this.#control.bufferedBytes > replyBacklogBytes / 4) {
      this.#control.pauseReading();
      this.#holdingBack = setTimeout(() => this.#cut("the peer does not read its replies"), replyStallMs).unref();
    }
    return this.#holdingBack !== undefined;
  }

  /** Starts TLS; false when it failed, the connection is then closed and the cause told. */
  async secure(): Promise<boolean> {
    const { tls } = this.#environment;
    if (tls === undefined) return false;
    this.#securing = true;
    try {
      this.#owner.emit({
        kind: "tls-established",
        tls: await this.#control.startTls(tls, { hostName: this.#owner.host }),
      });
      return true;
    } catch (error) {
      const cause = messageOf(error);
      this.#owner.emit({ kind: "tls-failed", cause });
      this.end(cause);
      return false;
    } finally {
      this.#securing = false;
    }
  }

  async beginExchange(context: SecurityContext, given: Reply): Promise<void> {
    await this.#leaveMessages(given, this.#owner.level);
    if (this.#endCause === undefined) this.#exchange = { context, tokensCount: 0 };
    else await quietly(context);
  }

  abandonExchange(): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange !== undefined) void quietly(exchange.context);
  }

  enterMessages(security: MessageSecurity, given: Reply): void {
    this.say(given);
    this.#exchange = undefined;
    this.#seal = new ReplySeal(security, this.#environment.limits, {
      put: (octets) => {
        if (!this.#securing) this.#put(octets);
      },
      onFailed: (error) => this.#sealFailed(error),
      onCaughtUp: () => {
        if (this.#endCause === undefined) this.#owner.onCaughtUp();
      },
    });
    // The connection ended while the last token was looked at: nobody would release the context any more.
    if (this.#endCause !== undefined) this.#release();
  }

  clearMessages(given: Reply): void {
    this.say(given, this.#owner.level);
    this.#seal?.becomeOptional();
  }

  async endMessages(given: Reply): Promise<void> {
    await this.#leaveMessages(given, this.#owner.level ?? this.#seal?.lastLevel);
  }

  /** Releases the security context behind what was said. */
  async dropSecurity(): Promise<void> {
    const seal = this.#seal;
    this.abandonExchange();
    if (seal === undefined) return;
    await seal.release();
    if (this.#seal === seal) this.#release();
  }

  async startTls(given: Reply): Promise<void> {
    if (this.#seal === undefined && this.#exchange === undefined) this.say(given);
    else {
      await this.#leaveMessages(given, this.#owner.level);
      if (this.hasPendingInput) return this.rejectAttack("octets followed AUTH before it was answered");
    }
    if (!(await this.secure())) await this.closed;
  }

  async endTls(given: Reply): Promise<void> {
    this.say(given);
    this.#securing = true;
    try {
      await this.#control.endTls();
    } catch (error) {
      this.end(messageOf(error));
      await this.closed;
    } finally {
      this.#securing = false;
    }
  }

  async restartImplicitTls(given: Reply): Promise<void> {
    await this.endTls(given);
    if (this.#endCause === undefined && !(await this.secure())) await this.closed;
  }

  rejectAttack(cause: string): void {
    this.#owner.emit({ kind: "attack-suspected", cause });
    this.#cut(cause);
  }

  /** Says 421, if anything can be said, and ends the connection. */
  dismiss(text: string, cause: string): void {
    if (!this.#securing) this.say(reply(421, text));
    this.end(cause);
  }

  /** Ends the connection after what was sent; the first cause counts. */
  end(cause: string): void {
    clearTimeout(this.#holdingBack);
    const isFirst = this.#endCause === undefined;
    if (isFirst) {
      this.#endCause = cause;
      this.#owner.onEnding(cause);
    }
    const seal = this.#seal;
    if (seal === undefined || seal.isQuiet) return void this.#control.end();
    if (!isFirst) return;
    // A mechanism that does not answer holds up nobody's good-bye for long.
    const impatience = setTimeout(() => this.#control.destroy(), this.#environment.limits.lingerMs).unref();
    void seal.flushed().then(() => {
      clearTimeout(impatience);
      return this.#control.end();
    });
  }

  /** Tells the observer one line of the dialogue, if it wants to know. */
  trace(kind: "command" | "reply", octets: Octets): void {
    if (this.#environment.observer?.transcript !== true) return;
    this.#owner.emit({ kind, line: kind === "command" ? maskCommandLine(octets) : maskReplyLine(octets) });
  }

  #saySealed(given: Reply, encoded: Octets, level: MessageLevel | undefined): void {
    const seal = this.#seal;
    if (seal?.hasFailed !== true) seal?.say(encoded, level);
    // Without a seal nothing of what was done may be told, only that it is over.
    else if (given.code === 421 || given.code === 535) seal.sayInClear(encoded);
  }

  /** Says the last reply under a security context, at the level of its command or in the clear, and releases it. */
  async #leaveMessages(given: Reply, level: MessageLevel | undefined): Promise<void> {
    const seal = this.#seal;
    if (seal === undefined) {
      this.abandonExchange();
      return this.say(given);
    }
    const encoded = encodeReply(given);
    this.trace("reply", encoded);
    if (this.#endCause === undefined) {
      if (level === undefined) seal.sayInClear(encoded);
      else seal.say(encoded, level);
    }
    await this.dropSecurity();
  }

  #sealFailed(error: unknown): void {
    const isGone = error instanceof SecurityMechanismError && error.fault === "unavailable";
    if (!isGone) return this.#owner.onSecurityLost();
    this.securityIsGone(error);
  }

  /** The mechanism does not answer any more: nothing can be sealed, and so nothing but good-bye can be said. */
  securityIsGone(error: unknown): void {
    if (this.#endCause !== undefined) return;
    const cause = `the security mechanism is gone: ${messageOf(error)}`;
    this.#owner.emit({ kind: "security-failed", mechanism: this.#seal?.security.mechanism ?? "", cause });
    this.#seal?.sayInClear(encodeReply(reply(421, "The security mechanism is not available any more.")));
    this.end(cause);
  }

  #release(): void {
    const seal = this.#seal;
    this.#seal = undefined;
    this.abandonExchange();
    if (seal !== undefined) void quietly(seal.security);
  }

  #caughtUp(): void {
    if (this.#holdingBack === undefined) return;
    clearTimeout(this.#holdingBack);
    this.#holdingBack = undefined;
    if (this.#endCause === undefined) this.#owner.onCaughtUp();
  }

  #cut(cause: string): void {
    this.#control.destroy();
    this.end(cause);
  }
}

/** Releases what may be gone already. */
async function quietly(resource: AsyncDisposable): Promise<void> {
  try {
    await resource[Symbol.asyncDispose]();
  } catch {}
}

/** What went wrong, with OpenSSL's reason where there is one, such as the peer's `unknown ca`. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const reason = cause instanceof Error ? ((cause as { reason?: string }).reason ?? cause.message) : undefined;
  return reason === undefined ? error.message : `${error.message}: ${reason}`;
}
