import { encodeReply, maskCommandLine, type Octets, reply, type Reply } from "@sallyport/protocol";
import {
  ControlConnection,
  type ControlConnectionOptions,
  type ControlEnding,
  type ControlTlsBinding,
  type TlsFacts,
} from "@sallyport/transport";
import type { Socket } from "node:net";
import type { ControlView } from "./control-view.ts";
import type { ServerEnvironment } from "../environment.ts";
import type { ServerEventDetail } from "../observer.ts";
import type { ListenerOptions } from "../options.ts";

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

  get ticketsSpent(): boolean {
    return this.#control.binding?.ticketsSpent ?? false;
  }

  get hasPendingInput(): boolean {
    return this.#owner.hasPendingInput;
  }

  get closed(): Promise<unknown> {
    return this.#control.closed;
  }

  say(given: Reply): void {
    const encoded = encodeReply(given);
    this.trace("reply", encoded);
    this.write(encoded);
  }

  /**
   * Sends octets that are no reply; a peer that does not read what it is sent is cut off (S-15). While TLS starts or ends
   * they are dropped: a peer may well send Telnet options right behind its REIN or CCC.
   */
  write(octets: Octets): void {
    if (this.#endCause !== undefined || this.#securing) return;
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

  async startTls(given: Reply): Promise<void> {
    this.say(given);
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
    if (this.#endCause === undefined) {
      this.#endCause = cause;
      this.#owner.onEnding(cause);
    }
    void this.#control.end();
  }

  /** Tells the observer one line of the dialogue, if it wants to know. */
  trace(kind: "command" | "reply", octets: Octets): void {
    if (this.#environment.observer?.transcript !== true) return;
    this.#owner.emit({ kind, line: kind === "command" ? maskCommandLine(octets) : octets });
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

/** What went wrong, with OpenSSL's reason where there is one, such as the peer's `unknown ca`. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const reason = cause instanceof Error ? ((cause as { reason?: string }).reason ?? cause.message) : undefined;
  return reason === undefined ? error.message : `${error.message}: ${reason}`;
}
