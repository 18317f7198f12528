import type { LimitValues, ProtectionLevel, TlsError } from "@sallyport/protocol";
import {
  type ActiveEndpoint,
  type ControlTlsBinding,
  DataConnection,
  dialActive,
  type PassiveListenerPool,
  type PassiveReservation,
} from "@sallyport/transport";
import type { Socket } from "node:net";

export interface DataSetupOptions {
  readonly passivePorts: PassiveListenerPool;
  readonly limits: LimitValues;
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** Local port of active data connections, where the system allows it. */
  readonly activeLocalPort: number | undefined;
  /** Lets other addresses in, for transfers between servers. */
  readonly admits: (address: string) => boolean;
  /** PEM of the authorities for other servers' certificates, in the TLS client's role. */
  readonly certificateAuthorities: string | undefined;
  readonly onForeign: (address: string) => void;
  /** The binding of the control connection as of now; undefined before any TLS. */
  readonly binding: () => ControlTlsBinding | undefined;
}

type TlsRole = "server" | "client";

type Prepared =
  | { readonly kind: "nothing" }
  | {
      readonly kind: "passive";
      readonly reservation: PassiveReservation;
      readonly arrival: Promise<DataConnection>;
      connection: DataConnection | undefined;
    }
  | { readonly kind: "active"; readonly endpoint: ActiveEndpoint; readonly tlsRole: TlsRole };

/**
 * What PORT, EPRT, PASV or EPSV prepared for the next transfer of one control connection: nothing, a listener, or an
 * endpoint. A new preparation, ABOR, REIN and the end of the connection discard the one before.
 *
 * A passive listener is waited on from the reply on, so that a peer may connect, and start TLS, before or after it
 * sends the transfer command (R-DATA-04): curl waits for the handshake before it sends the command.
 */
export class DataSetup {
  readonly #options: DataSetupOptions;
  #prepared: Prepared = { kind: "nothing" };
  #level: ProtectionLevel = "C";

  constructor(options: DataSetupOptions) {
    this.#options = options;
  }

  get isPrepared(): boolean {
    return this.#prepared.kind !== "nothing";
  }

  /** Why TLS failed that the peer started before its transfer command; 522 then, without 150 (R-4217-26). */
  get earlyFailure(): TlsError | undefined {
    return this.#prepared.kind === "passive" ? this.#prepared.connection?.earlyFailure : undefined;
  }

  /**
   * Opens a passive listener and returns its port. Rejects with `SALLYPORT_PASSIVE_PORTS_EXHAUSTED`, and with the
   * signal's reason when the control connection ends meanwhile, since nobody would give the port back.
   */
  async openPassive(level: ProtectionLevel, tlsRole: TlsRole, signal: AbortSignal): Promise<number> {
    this.discard();
    this.#level = level;
    const { passivePorts, localAddress, remoteAddress, admits, onForeign } = this.#options;
    const reservation = await passivePorts.acquire({
      localAddress,
      peerAddress: remoteAddress,
      admits,
      onForeign,
      signal,
    });
    const arrival = reservation.accept().then((socket) => {
      const connection = this.#connectionOver(socket, tlsRole);
      if (this.#prepared.kind === "passive" && this.#prepared.reservation === reservation) {
        this.#prepared.connection = connection;
      }
      return connection;
    });
    // Nobody need be waiting when the peer never comes.
    arrival.catch(() => undefined);
    this.#prepared = { kind: "passive", reservation, arrival, connection: undefined };
    return reservation.port;
  }

  /** Remembers an endpoint that was judged already. */
  setActive(endpoint: ActiveEndpoint, level: ProtectionLevel, tlsRole: TlsRole): void {
    this.discard();
    this.#level = level;
    this.#prepared = { kind: "active", endpoint, tlsRole };
  }

  /** Tells a change of the protection level, which counts for a data connection that has not begun (R-4217-24). */
  protectionLevelIs(level: ProtectionLevel): void {
    this.#level = level;
    if (this.#prepared.kind === "passive") this.#prepared.connection?.protectionLevelIs(level);
  }

  /**
   * Takes what was prepared, which is used up by it; undefined where nothing was. The result waits for the peer or
   * dials it, and rejects with a TransportError or the signal's reason.
   */
  take(): ((signal: AbortSignal) => Promise<DataConnection>) | undefined {
    const prepared = this.#prepared;
    this.#prepared = { kind: "nothing" };
    switch (prepared.kind) {
      case "nothing":
        return undefined;
      case "passive":
        return (signal) => abortable(prepared, signal);
      case "active":
        return (signal) => this.#dial(prepared.endpoint, prepared.tlsRole, signal);
    }
  }

  /** Closes what was prepared. */
  discard(): void {
    const prepared = this.#prepared;
    this.#prepared = { kind: "nothing" };
    if (prepared.kind !== "passive") return;
    prepared.reservation.release();
    prepared.arrival.then((connection) => connection.destroy()).catch(() => undefined);
  }

  async #dial(endpoint: ActiveEndpoint, tlsRole: TlsRole, signal: AbortSignal): Promise<DataConnection> {
    const { localAddress, activeLocalPort, limits } = this.#options;
    const socket = await dialActive(endpoint, {
      localAddress,
      timeoutMs: limits.dataConnectMs,
      signal,
      ...(activeLocalPort === undefined ? {} : { localPort: activeLocalPort }),
    });
    return this.#connectionOver(socket, tlsRole);
  }

  #connectionOver(socket: Socket, tlsRole: TlsRole): DataConnection {
    const { binding, limits, certificateAuthorities: ca } = this.#options;
    return new DataConnection(socket, {
      level: this.#level,
      binding: binding(),
      tlsRole,
      limits,
      ...(ca === undefined ? {} : { clientTls: { ca, host: socket.remoteAddress ?? "" } }),
    });
  }
}

async function abortable(
  { reservation, arrival }: { reservation: PassiveReservation; arrival: Promise<DataConnection> },
  signal: AbortSignal,
): Promise<DataConnection> {
  const abort = (): void => {
    reservation.release();
    arrival.then((connection) => connection.destroy()).catch(() => undefined);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    return await arrival;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
