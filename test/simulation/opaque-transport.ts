// Stands in for @sallyport/transport under the server room: the real connections, over simulated sockets and records.
import { TlsError, TransportError, type LimitValues, limits } from "@sallyport/protocol";
import * as real from "@sallyport/transport";
import type { SimSocket } from "./sim-socket.ts";
import { currentNetwork } from "./network.ts";

export * from "@sallyport/transport";

const facts = {
  protocol: "TLSv1.3",
  suite: "TLS_AES_128_GCM_SHA256",
  group: "X25519",
  serverName: undefined,
  alpn: undefined,
  resumed: false,
  clientCertificate: undefined,
};

function handshakeMsOf(given: Partial<LimitValues> | undefined): number {
  return given?.handshakeMs ?? limits.handshakeMs.value;
}

/** The real control connection, in clear as it knows it; the socket below it does the records. */
export class ControlConnection extends real.ControlConnection {
  readonly #socket: SimSocket;
  readonly #handshakeMs: number;

  constructor(...given: ConstructorParameters<typeof real.ControlConnection>) {
    super(...given);
    this.#socket = given[0] as unknown as SimSocket;
    this.#handshakeMs = handshakeMsOf(given[2]?.limits);
  }

  override get tls(): real.TlsFacts | undefined {
    return this.#socket.isSecure ? facts : undefined;
  }

  override async startTls(): Promise<real.TlsFacts> {
    try {
      await this.#socket.acceptTls(this.#handshakeMs);
      return facts;
    } catch (cause) {
      const error = new TlsError("SALLYPORT_HANDSHAKE_FAILED", "The TLS handshake failed", { cause });
      this.destroy("tls-error", error);
      throw error;
    }
  }
}

/** The real data connection at level C; level P is the socket's records. */
export class DataConnection extends real.DataConnection {
  readonly #socket: SimSocket;
  readonly #handshakeMs: number;
  #level = "C";

  constructor(socket: ConstructorParameters<typeof real.DataConnection>[0], options: real.DataConnectionOptions) {
    super(socket, { ...options, level: "C", hooks: real.noDataPathHooks });
    this.#socket = socket as unknown as SimSocket;
    this.#handshakeMs = handshakeMsOf(options.limits);
  }

  override protectionLevelIs(): void {}

  override begin(transfer: Parameters<real.DataConnection["begin"]>[0]): void {
    this.#level = transfer.level;
    super.begin({ ...transfer, level: "C" });
  }

  override async ready(signal?: AbortSignal): Promise<real.DataFacts> {
    const clear = await super.ready(signal);
    if (this.#level === "C") return clear;
    const abort = (): void => this.destroy();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await this.#socket.acceptTls(this.#handshakeMs);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new TlsError("SALLYPORT_DATA_HANDSHAKE_FAILED", "The handshake failed", { cause });
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    return {
      level: "P",
      tls: {
        role: "server",
        protocol: facts.protocol,
        suite: facts.suite,
        group: facts.group,
        resumed: true,
        helloBroughtTicket: true,
        clientHasResumed: true,
        clientCertificateFingerprint: undefined,
      },
    };
  }

  override async receiveInto(...given: Parameters<real.DataConnection["receiveInto"]>): Promise<real.ReceiveResult> {
    return this.#ended(await super.receiveInto(...given));
  }

  override async receiveChunks(
    ...given: Parameters<real.DataConnection["receiveChunks"]>
  ): Promise<real.ReceiveResult> {
    return this.#ended(await super.receiveChunks(...given));
  }

  #ended(result: real.ReceiveResult): real.ReceiveResult {
    if (!this.#socket.isSecure) return result;
    return { ...result, end: this.#socket.closeNotified ? "close-notify" : "fin-without-close-notify" };
  }
}

/** Ports of the simulated network in the place of the kernel's, with the real reservations on them. */
export class PassiveListenerPool implements AsyncDisposable {
  readonly #limits: LimitValues;

  constructor(options: real.PassiveListenerPoolOptions = {}) {
    this.#limits = options.limits as LimitValues;
  }

  async acquire({
    peerAddress,
    admits,
    onForeign,
    signal,
  }: real.PassiveAcquireOptions): Promise<real.PassiveReservation> {
    signal?.throwIfAborted();
    const network = currentNetwork();
    const port = network.listen();
    if (port === undefined) throw new TransportError("SALLYPORT_PASSIVE_PORTS_EXHAUSTED", "Every port is in use");
    const listener = {
      port: port.number,
      claim: (take: (socket: unknown) => void) => (port.take = take),
    } as unknown as ConstructorParameters<typeof real.PassiveReservation>[0];
    return new real.PassiveReservation(listener, {
      isPeer: (address) => address === peerAddress || admits?.(address) === true,
      trustsProxy: () => false,
      onForeign: onForeign ?? (() => {}),
      onReleased: () => network.release(port.number),
      limits: this.#limits,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export async function dialActive(endpoint: real.ActiveEndpoint): Promise<unknown> {
  const socket = await currentNetwork().dialUser(endpoint.port);
  if (socket === undefined) throw new TransportError("SALLYPORT_DATA_CONNECT_FAILED", "Nobody listens there");
  return socket;
}

export async function dataPathHooks(): Promise<real.DataPathHooks> {
  return real.noDataPathHooks;
}
