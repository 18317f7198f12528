import { initialServerPiState, limitValues, type LimitValues, UsageError } from "@sallyport/protocol";
import { canonicalAddress, dataPathHooks, PassiveListenerPool, receiveProxyHeader } from "@sallyport/transport";
import type { Socket } from "node:net";
import type { OpenedLogin, PiState } from "./login/login-state.ts";
import { type ConnectionSelector, type ConnectionStatus, selects } from "./connection/connection-status.ts";
import { Connection } from "./connection/connection.ts";
import type { ServerEnvironment } from "./environment.ts";
import { OwnLedger } from "./ledger/own-ledger.ts";
import { bindListener, type BoundListener } from "./listener.ts";
import { loginStorage } from "./login/login-storage.ts";
import type { ServerEvent } from "./observer.ts";
import type { FtpServerOptions, ListenerOptions, Reconfiguration } from "./options.ts";
import { dataPolicyFor, piPolicyFor } from "./policy.ts";
import { turnedAwayText } from "./turned-away.ts";
import { Turnstile } from "./digest/turnstile.ts";
import { UploadDigests } from "./transfer/upload-digest.ts";

/** Where a server can be reached. */
export interface ListeningAddress {
  readonly tlsMode: "explicit" | "implicit";
  readonly address: string;
  readonly port: number;
}

/**
 * An FTP and FTPS server: listens as its options say, serves until it is closed.
 *
 * It installs no signal handlers, writes nothing to standard output and ends no process; what happens is told to the
 * observer. Raises UsageError where the options contradict each other, and the system's error where a port cannot be
 * bound; nothing listens then.
 *
 * @example
 * await using server = new FtpServer({ listeners, tls, authenticator, storage });
 * const [explicit] = await server.listen();
 */
export class FtpServer implements AsyncDisposable {
  #options: FtpServerOptions;
  #limits: LimitValues;
  #environment: ServerEnvironment;
  readonly #connections = new Set<Connection>();
  #listeners: BoundListener[] = [];
  #closing = false;

  constructor(options: FtpServerOptions) {
    requireCertificates(options);
    this.#options = options;
    this.#limits = limitValues(options.limits);
    this.#environment = environmentOf(options, this.#limits, lastingParts(options, this.#limits));
  }

  /**
   * Takes other policies, certificates, accounts and limits for connections that are opened from now on; those that are
   * open keep what they have. What is made once stays: listening sockets, the range of passive ports, pools, queues. A
   * ledger that was given is told its limits by whoever keeps it.
   *
   * @throws {UsageError} SALLYPORT_TLS_MISSING, SALLYPORT_LISTENERS_DIFFER where the listeners are others; then nothing
   *   has changed.
   */
  reconfigure(changes: Reconfiguration): void {
    requireCertificates(changes);
    requireSameListeners(this.#options.listeners, changes.listeners);
    const { storage, observer, durable, ledger, passive } = this.#options;
    const ports = passive?.ports && { ports: passive.ports };
    this.#options = {
      ...changes,
      passive: { ...changes.passive, ...ports },
      storage,
      ...(observer && { observer }),
      ...(durable !== undefined && { durable }),
      ...(ledger && { ledger }),
    };
    this.#limits = limitValues(changes.limits);
    const { ledger: kept } = this.#environment;
    if (ledger === undefined && kept instanceof OwnLedger) kept.limitsAre(this.#limits);
    this.#environment = environmentOf(this.#options, this.#limits, this.#environment);
  }

  /**
   * Asks the authenticator about every login, after accounts may have changed: who may not log in any more gets 421 and
   * is closed, a running transfer included; who may goes on with the rights of now. Says how many.
   */
  async reviewLogins(): Promise<ReviewedLogins> {
    const kinds: string[] = [];
    for (const connection of [...this.#connections]) {
      // oxlint-disable-next-line no-await-in-loop -- thousands of questions at once would hold up logins
      kinds.push(await connection.reviewLogin(this.#environment));
    }
    const count = (kind: string) => kinds.filter((other) => other === kind).length;
    return { endedCount: count("ended"), refreshedCount: count("refreshed") };
  }

  /** Connections that are open at the moment. */
  get connectionsCount(): number {
    return this.#connections.size;
  }

  /** Every control connection with what it does at the moment, oldest first. */
  connections(): readonly ConnectionStatus[] {
    return [...this.#connections].map(({ status }) => status);
  }

  /**
   * Says 421 with a text to the connections that are meant and closes them, on this server alone; a running transfer is
   * ended, and an upload is not published. Returns how many there were. `cause` is for the log.
   */
  disconnect(selector: ConnectionSelector, text: string, cause = "closed by the administrator"): number {
    const meant = [...this.#connections].filter(({ status }) => selects(selector, status));
    for (const connection of meant) connection.close(text, cause);
    return meant.length;
  }

  /** Binds all listeners, or none, and returns where they are reached, in the order of the options. */
  async listen(): Promise<readonly ListeningAddress[]> {
    if (this.#listeners.length > 0) throw new UsageError("SALLYPORT_LISTENING", "The server listens already");
    await this.prepare();
    const outcomes = await Promise.allSettled(
      this.#options.listeners.map((listener, at) =>
        bindListener(listener, (socket) => void this.#welcome(socket, this.#options.listeners[at] ?? listener)),
      ),
    );
    this.#listeners = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) {
      this.#stopListening();
      throw failed.reason;
    }
    for (const { tlsMode, address, port } of this.#listeners) {
      this.#environment.emit({ atMs: Date.now(), kind: "listener-bound", tlsMode, address, port });
    }
    return this.#listeners.map(({ tlsMode, address, port }) => ({ tlsMode, address, port }));
  }

  /** Proves the private hooks of Node, so that the first transfer need not wait for it; {@link listen} does it too. */
  async prepare(): Promise<void> {
    await dataPathHooks();
  }

  /**
   * Serves a connection that another process has accepted on a listener of the options. Where that process has
   * `admitted` it to the ledger already, it is not asked again.
   */
  serve(socket: Socket, listener: ListenerOptions, admitted?: AdmittedPeer): void {
    if (admitted === undefined) void this.#welcome(socket, listener);
    else this.#open(socket, listener, admitted);
  }

  /**
   * Stops listening, says 421 to connections without a running transfer and closes them; the others get up to `graceMs`
   * to finish theirs.
   */
  async close({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closing = true;
    this.#stopListening();
    const deadline = performance.now() + graceMs;
    for (;;) {
      const patient = performance.now() < deadline;
      for (const connection of this.#connections) {
        if (!patient || !connection.isTransferring)
          connection.close("The server is stopping.", "the server is stopping");
      }
      if (!patient || this.#connections.size === 0) break;
      await pause(50);
    }
    const lastCall = performance.now() + this.#limits.lingerMs;
    while (this.#connections.size > 0 && performance.now() < lastCall) await pause(10);
    this.#environment.uploadDigests[Symbol.dispose]();
    await this.#environment.passivePorts[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #stopListening(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
  }

  /** Finds out who the peer is, which a trusted proxy says in the header that it sends first. */
  async #welcome(socket: Socket, listener: ListenerOptions): Promise<void> {
    // Nobody else listens until the connection is served.
    socket.on("error", () => undefined);
    const address = canonicalAddress(socket.remoteAddress ?? "");
    // The peer has gone already; without its address nobody could say whether it is a trusted proxy.
    if (address === undefined) return void socket.destroy();
    const peer = { address, port: socket.remotePort ?? 0 };
    if (listener.proxyProtocolFrom?.includes(address) !== true) return this.#admit(socket, listener, peer);
    try {
      const { addresses } = await receiveProxyHeader(socket, { limits: this.#limits });
      await this.#admit(socket, listener, addresses?.source ?? peer);
    } catch (error) {
      socket.destroy();
      const cause = error instanceof Error ? error.message : String(error);
      this.#environment.emit({ atMs: Date.now(), kind: "connection-refused", remoteAddress: address, cause });
    }
  }

  async #admit(socket: Socket, listener: ListenerOptions, peer: PeerAddress): Promise<void> {
    const admission = await this.#environment.ledger.admit(peer.address);
    if (admission.kind === "admitted") return this.#open(socket, listener, { peer, connection: admission.connection });
    const { cause } = admission;
    this.#environment.emit({ atMs: Date.now(), kind: "connection-refused", remoteAddress: peer.address, cause });
    turnAway(socket, listener, cause);
  }

  #open(socket: Socket, listener: ListenerOptions, { peer, connection: id }: AdmittedPeer): void {
    const { ledger } = this.#environment;
    // It ended or was reset while the ledger was asked: nobody would hear its end any more.
    if (socket.destroyed || socket.readableEnded) {
      socket.destroy();
      return ledger.closed(id);
    }
    if (this.#closing) {
      ledger.closed(id);
      return turnAway(socket, listener);
    }
    const connection = new Connection(socket, { id, listener, environment: this.#environment }, { peer });
    this.#connections.add(connection);
    void connection.serve().finally(() => {
      this.#connections.delete(connection);
      ledger.closed(id);
    });
  }
}

/** The address and port of a peer, as it is reached or as a trusted proxy tells. */
export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

/** A peer that may be served, with the number of its connection. */
export interface AdmittedPeer {
  readonly peer: PeerAddress;
  readonly connection: number;
}

/** Refuses a connection for the log's cause; an implicit one gets no text in the clear, whatever the reason. */
export function turnAway(socket: Socket, { tlsMode }: Pick<ListenerOptions, "tlsMode">, cause = ""): void {
  socket.on("error", () => undefined);
  socket.end(tlsMode === "explicit" ? `421 ${turnedAwayText(cause)}\r\n` : "", () => socket.destroy());
}

/** What {@link FtpServer.reviewLogins} did. */
export interface ReviewedLogins {
  readonly endedCount: number;
  readonly refreshedCount: number;
}

function requireCertificates({ listeners, tls }: Pick<FtpServerOptions, "listeners" | "tls">): void {
  const needsTls = listeners.some(({ tlsMode, requireTls }) => tlsMode === "implicit" || requireTls !== "none");
  if (tls !== undefined || !needsTls) return;
  throw new UsageError(
    "SALLYPORT_TLS_MISSING",
    'A listener needs TLS and no certificates are given; give `tls`, or say requireTls: "none" for plain FTP',
  );
}

function requireSameListeners(before: readonly ListenerOptions[], after: readonly ListenerOptions[]): void {
  const endpoint = ({ tlsMode, address, port }: ListenerOptions) => `${tlsMode} ${address} ${port}`;
  if (before.map(endpoint).join() === after.map(endpoint).join()) return;
  const message = "A running server keeps its listeners; their policies alone can change";
  throw new UsageError("SALLYPORT_LISTENERS_DIFFER", message);
}

/** What all environments of one server share. */
type LastingParts = Pick<ServerEnvironment, "ledger" | "passivePorts" | "digests" | "uploadDigests">;

function lastingParts({ ledger, passive }: FtpServerOptions, limits: LimitValues): LastingParts {
  return {
    ledger: ledger ?? new OwnLedger(limits),
    passivePorts: new PassiveListenerPool({
      limits,
      ...(passive?.ports === undefined ? {} : { ports: passive.ports }),
    }),
    digests: new Turnstile(limits.hashWorkersCount, limits.hashQueueCount),
    uploadDigests: new UploadDigests(limits),
  };
}

function environmentOf(options: FtpServerOptions, limits: LimitValues, lasting: LastingParts): ServerEnvironment {
  const { ledger, passivePorts, digests, uploadDigests } = lasting;
  return {
    options,
    limits,
    greeting: options.greeting ?? "FTP server ready.",
    tls: options.tls,
    gssapi: options.gssapi,
    authenticator: options.authenticator,
    ledger,
    observer: options.observer,
    emit: (event: ServerEvent) => tell(options, event),
    passivePorts,
    digests,
    uploadDigests,
    initialState: (listener): PiState => initialServerPiState(listener.tlsMode, piPolicyFor(options, limits, listener)),
    policyFor: (listener, account) => piPolicyFor(options, limits, listener, account),
    dataPolicyFor,
    openLogin: async (account, from): Promise<OpenedLogin> => ({
      account,
      ...(await loginStorage(options, ledger, account, from)),
    }),
    advertisedAddress: ({ localAddress, remoteAddress }) =>
      options.passive?.masquerade !== undefined && !isLocal(remoteAddress) ? options.passive.masquerade : localAddress,
  };
}

function tell({ observer }: FtpServerOptions, event: ServerEvent): void {
  // An observer's failure is not the peer's, also where it is asynchronous; the contract says that it is ignored.
  try {
    const told: unknown = observer?.onEvent(event);
    if (told instanceof Promise) told.catch(() => undefined);
  } catch {}
}

/** Peers on this machine or in private networks reach the server's own address, not the one that NAT shows. */
function isLocal(address: string): boolean {
  return /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(address);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
