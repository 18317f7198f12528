import type { LimitValues, UserPiEvent } from "@sallyport/protocol";
import type { ClientTls, ClientTlsFacts, ControlTls } from "@sallyport/transport";
import type { ControlStream } from "./control-stream.ts";

export interface TlsProtectionEvents {
  /** Other protection holds for what is read from here on: nothing that was half read counts. */
  begins(): void;
  /** Asked once TLS stands; false where the connection is given up. */
  mayLogIn(): boolean;
  step(event: UserPiEvent): void;
}

/** TLS on one control connection: begun where the user-PI wants it, and left again (CCC). */
export class TlsProtection {
  readonly #security: ClientTls | undefined;
  readonly #limits: LimitValues;
  readonly #stream: () => ControlStream;
  readonly #events: TlsProtectionEvents;
  #control: ControlTls | undefined;

  constructor(
    security: ClientTls | undefined,
    limits: LimitValues,
    stream: () => ControlStream,
    events: TlsProtectionEvents,
  ) {
    this.#security = security;
    this.#limits = limits;
    this.#stream = stream;
    this.#events = events;
  }

  /** What it came to; kept when TLS is left, since data goes on under it. */
  get facts(): ClientTlsFacts | undefined {
    return this.#control?.facts;
  }

  async start(): Promise<void> {
    const { begins, mayLogIn, step } = this.#events;
    if (this.#security === undefined) return step({ kind: "tls-failed", cause: undefined });
    try {
      const stream = this.#stream();
      this.#control = await this.#security.startControl(stream.release(), { timeoutMs: this.#limits.handshakeMs });
      begins();
      stream.goOn(this.#control.socket);
      if (mayLogIn()) step({ kind: "tls-established" });
    } catch (cause) {
      step({ kind: "tls-failed", cause });
    }
  }

  async end(): Promise<void> {
    const { begins, step } = this.#events;
    const stream = this.#stream();
    stream.release();
    try {
      const tcp = await this.#control?.leave();
      if (tcp === undefined) return;
      begins();
      stream.goOn(tcp);
      step({ kind: "tls-ended" });
    } catch (cause) {
      step({ kind: "tls-failed", cause });
    }
  }
}
