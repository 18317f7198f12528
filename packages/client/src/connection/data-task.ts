import {
  type DataEndpoint,
  type DataOutcome,
  type DataProtection,
  isSallyportError,
  type LimitValues,
  TransportError,
} from "@sallyport/protocol";
import {
  canonicalAddress,
  type ClientTls,
  DataConnection,
  type DataFacts,
  type Dialer,
  type TransferOptions,
} from "@sallyport/transport";
import type { DataMoves } from "../compression/deflated-data.ts";
import type { Envelopes } from "./envelopes.ts";
import { createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** How a transfer goes over its data connection. */
export interface DataMove {
  readonly direction: "download" | "upload";
  readonly protection: DataProtection;
  /** The longest token, where messages protect it. */
  readonly tokenBytesMax: number;
}

/** Moves the octets of one transfer over a data connection that is ready, to the end of its direction. */
export type Mover = (data: DataMoves, options: TransferOptions) => Promise<Moved>;

export interface Moved {
  readonly bytes: number;
  /** False where the end that the protection demands is missing (R-TLS-20). */
  readonly isWhole: boolean;
}

/** First and last port that active data connections are listened for on; absent, the system picks. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface DataTaskOptions {
  readonly dialer: Dialer;
  readonly limits: LimitValues;
  readonly security: ClientTls | undefined;
  /** The envelopes of the control connection, where they and no TLS protect it. */
  readonly envelopes: () => Envelopes | undefined;
  /** Of the control connection. */
  readonly peerAddress: string;
  readonly localAddress: string | undefined;
  readonly activePorts: PortRange | undefined;
  readonly onConnected: () => void;
  readonly onListening: (endpoint: DataEndpoint) => void;
  /** Told once, and never after {@link DataTask.breakOff}. */
  readonly onEnded: (outcome: DataOutcome, cause: unknown) => void;
}

/** One data connection of the user-PI, from its number to its end. */
export class DataTask {
  readonly #options: DataTaskOptions;
  readonly #aborter = new AbortController();
  #opened: Promise<Socket> | undefined;
  #server: Server | undefined;
  #ended = false;
  #moving = false;
  /** What the octets' source or destination raised; the transfer is not to blame on the network then. */
  localFailure: { readonly reason: unknown } | undefined;
  /** Why the connection failed, of which a control connection that is lost with it knows nothing. */
  failure: unknown;
  movedBytes = 0;
  facts: DataFacts | undefined;
  /** Settles when nothing of the transfer is under way here any more. */
  quiet: Promise<void> = Promise.resolve();

  constructor(options: DataTaskOptions) {
    this.#options = options;
  }

  connect(endpoint: DataEndpoint): void {
    const { dialer, limits, localAddress } = this.#options;
    const target = { ...endpoint, ...(localAddress === undefined ? {} : { localAddress }) };
    this.#open(dialer.dial(target, { timeoutMs: limits.dataOpenMs, signal: this.#aborter.signal }));
    this.#opened?.then(
      () => this.#options.onConnected(),
      () => {},
    );
  }

  listen(): void {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    this.#open(promise);
    const peer = canonicalAddress(this.#options.peerAddress);
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      // Whoever else comes is turned away, and the port stays open for the server (S-08).
      if (canonicalAddress(socket.remoteAddress ?? "") !== peer) return void socket.destroy();
      server.close();
      resolve(socket);
    });
    this.#server = server;
    this.#aborter.signal.addEventListener("abort", () => reject(this.#aborter.signal.reason), { once: true });
    listenWithin(server, this.#options.localAddress, this.#options.activePorts).then((endpoint) => {
      if (this.#ended) server.close();
      else this.#options.onListening(endpoint);
    }, reject);
  }

  /** Protects the connection and moves the octets. */
  move(mover: Mover, transfer: DataMove): void {
    this.#moving = true;
    this.quiet = this.#move(mover, transfer).then(
      ({ isWhole }) => this.#end(isWhole ? "complete" : "truncated", undefined),
      (error: unknown) => {
        if (!isOfNetwork(error) && !this.#aborter.signal.aborted) this.localFailure = { reason: error };
        this.#end(isCut(error) ? "truncated" : "failed", error);
      },
    );
  }

  /** Ends everything at once, with a reset where the peer is being sent to. */
  breakOff(): void {
    this.#ended = true;
    this.#server?.close();
    // What moves ends by the signal, with a reset; nothing else may put a FIN ahead of it.
    if (!this.#moving) void this.#opened?.then((socket) => socket.destroy()).catch(() => {});
    this.#aborter.abort(new TransportError("SALLYPORT_DATA_CLOSED", "The data connection was given up"));
  }

  async #move(mover: Mover, { direction, protection, tokenBytesMax }: DataMove): Promise<Moved> {
    const { limits, security } = this.#options;
    const { signal } = this.#aborter;
    const tcp = await this.#connection();
    const envelopes = protection === "C" ? undefined : this.#options.envelopes();
    const isTls = protection === "P" && envelopes === undefined;
    const clientTls = isTls ? await security?.dataOptions() : undefined;
    signal.throwIfAborted();
    using _ = envelopes?.interleaved();
    await using data = new DataConnection(tcp, {
      level: protection,
      tlsRole: "client",
      clientTls,
      limits,
      onClientTls: (socket: TLSSocket) => security?.dataStarted(socket),
    });
    const messages = envelopes && {
      security: envelopes.security,
      confidential: protection === "P",
      bufferBytes: tokenBytesMax,
    };
    data.begin({ direction: direction === "download" ? "receive" : "send", level: protection, messages });
    this.facts = await data.ready(signal);
    const moved = await mover(data, { signal, stallMs: limits.dataStallMs });
    this.movedBytes = moved.bytes;
    return moved;
  }

  /** The TCP connection, or in active mode the wait for it, which begins when the transfer does. */
  async #connection(): Promise<Socket> {
    if (this.#opened === undefined) throw notConnected();
    if (this.#server === undefined) return this.#opened;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(notConnected()), this.#options.limits.dataConnectMs);
    try {
      return await Promise.race([this.#opened, promise]);
    } finally {
      clearTimeout(timer);
      this.#server.close();
    }
  }

  #open(opening: Promise<Socket>): void {
    this.#opened = opening;
    opening.then(
      (socket) => {
        socket.on("error", () => {});
        if (this.#ended) socket.destroy();
      },
      (cause: unknown) => this.#end("failed", cause),
    );
  }

  #end(outcome: DataOutcome, cause: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.failure = cause;
    this.#server?.close();
    this.#options.onEnded(outcome, cause);
  }
}

function notConnected(): TransportError {
  return new TransportError("SALLYPORT_DATA_CONNECT_TIMEOUT", "The server opened no data connection");
}

/** As a stream under TLS without close_notify: all that came is good, and the rest is not there. */
function isCut(error: unknown): boolean {
  return isSallyportError(error) && error.code === "SALLYPORT_DATA_NO_FINAL_BLOCK";
}

/** Failures of the connection carry such codes; whatever else comes out of a mover was raised by its other end. */
function isOfNetwork(error: unknown): boolean {
  return (
    isSallyportError(error) &&
    /^SALLYPORT_(?:DATA|DEFLATE|CONNECT|HOST|PROXY|CERTIFICATE|PIN|NOT|HANDSHAKE|TLS|GSSAPI)_/.test(error.code)
  );
}

/** Listens on the first port of the range that is free. */
async function listenWithin(
  server: Server,
  host: string | undefined,
  range: PortRange = { first: 0, last: 0 },
): Promise<DataEndpoint> {
  for (let port = range.first; ; port++) {
    const error = await tryListen(server, host, port);
    if (error === undefined) break;
    if (port >= range.last || error.code !== "EADDRINUSE") throw error;
  }
  const address = server.address();
  if (typeof address !== "object" || address === null) throw notConnected();
  return { host: canonicalAddress(address.address) ?? address.address, port: address.port };
}

function tryListen(server: Server, host: string | undefined, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once("error", resolve);
    server.listen({ port, ...(host === undefined ? {} : { host }), backlog: 1 }, () => {
      server.off("error", resolve);
      resolve(undefined);
    });
  });
}
