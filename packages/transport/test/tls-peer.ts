import { makeTestIdentity, type TestIdentity } from "@sallyport/testing";
import { ControlConnection, type ControlConnectionOptions, type ControlEnding } from "@sallyport/transport";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { duplexPair } from "node:stream";
import { connect as connectTls, type ConnectionOptions, type PeerCertificate, type TLSSocket } from "node:tls";

/** The identity that most tests use. */
export const identity: TestIdentity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });

/** A listener on a loopback port of its own, closed with everything that it accepted. */
export async function listen(onAccept: (tcp: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const accepted = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (tcp) => {
    accepted.add(tcp);
    tcp.on("error", () => {});
    onAccept(tcp);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const tcp of accepted) tcp.destroy();
      server.close();
    },
  };
}

/** The server's end of a control connection with a record of what happened to it. */
export interface RecordedControl {
  readonly connection: ControlConnection;
  /** Octets of commands so far; after `PAUSE` reading stops. */
  readonly heard: () => string;
  readonly peerEnded: () => boolean;
  /** How often the listener was told that what it wrote has left. */
  readonly drains: () => number;
  readonly closed: () => { ending: ControlEnding; error: Error | undefined } | undefined;
}

/** Accepts one connection after another as control connections; what the peer says is recorded. */
export async function listenForControl(
  onConnection: (control: RecordedControl) => void,
  options: ControlConnectionOptions = {},
): Promise<{ port: number } & AsyncDisposable> {
  return listen((tcp) => onConnection(recordControl(tcp, options)));
}

function recordControl(tcp: Socket, options: ControlConnectionOptions): RecordedControl {
  let heard = "";
  let peerEnded = false;
  let drains = 0;
  let closed: { ending: ControlEnding; error: Error | undefined } | undefined;
  const connection = new ControlConnection(
    tcp,
    {
      onOctets: (octets) => {
        heard += Buffer.from(octets).toString("latin1");
        if (heard.endsWith("PAUSE\r\n")) connection.pauseReading();
      },
      onPeerEnd: () => (peerEnded = true),
      onDrain: () => drains++,
      onClosed: (ending, error) => (closed = { ending, error }),
    },
    options,
  );
  return { connection, heard: () => heard, peerEnded: () => peerEnded, drains: () => drains, closed: () => closed };
}

/** A client's TCP connection that records what it reads in clear. */
export class WirePeer implements AsyncDisposable {
  readonly tcp: Socket;
  ended = false;
  closed = false;
  error: Error | undefined;
  #received: Buffer[] = [];
  readonly #onOctets = (octets: Buffer): void => void this.#received.push(octets);

  private constructor(port: number) {
    this.tcp = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.tcp.on("data", this.#onOctets);
    this.tcp.on("end", () => (this.ended = true)).on("close", () => (this.closed = true));
    this.tcp.on("error", (error) => (this.error = error));
  }

  /** All that was read in clear. */
  get received(): Buffer {
    this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] ?? Buffer.alloc(0);
  }

  static async connect(port: number): Promise<WirePeer> {
    const peer = new WirePeer(port);
    await once(peer.tcp, "connect");
    return peer;
  }

  /** Runs TLS over this connection, in a way that lets it be left again. */
  startTls(options: ConnectionOptions = {}): PeerTls {
    this.tcp.off("data", this.#onOctets);
    return new PeerTls(this, this.#onOctets, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tcp.destroy();
  }
}

/** TLS of Node's client over a {@link WirePeer}. The FIN of TCP does not reach it; a close_notify does. */
export class PeerTls {
  readonly socket: TLSSocket;
  received = "";
  /** Whether the server's close_notify came. */
  ended = false;
  error: Error | undefined;
  /** States to resume, newest last. */
  readonly states: Buffer[] = [];
  /** Octets in the server's direction, in the pieces in which they were read. */
  readonly records: Buffer[] = [];
  readonly #wire: WirePeer;
  readonly #outer;
  readonly #onClear: (octets: Buffer) => void;
  readonly #onRecords: (octets: Buffer) => void;

  constructor(wire: WirePeer, onClear: (octets: Buffer) => void, options: ConnectionOptions) {
    this.#wire = wire;
    this.#onClear = onClear;
    const [outer, inner] = duplexPair();
    this.#outer = outer;
    this.#onRecords = (octets) => {
      this.records.push(octets);
      if (!outer.writableEnded) outer.write(octets);
    };
    wire.tcp.on("data", this.#onRecords);
    outer.on("data", (octets: Buffer) => wire.tcp.write(octets)).on("error", () => {});
    this.socket = connectTls({
      socket: inner,
      host: "localhost",
      servername: "localhost",
      ca: identity.ca,
      ...options,
    });
    this.socket
      .on("data", (octets: Buffer) => (this.received += octets.toString("latin1")))
      .on("session", (state) => this.states.push(state))
      .on("end", () => (this.ended = true))
      .on("error", (error) => (this.error = error));
  }

  async secured(): Promise<this> {
    await once(this.socket, "secureConnect");
    return this;
  }

  /** Of the certificate that the server showed. */
  fingerprint(): string | undefined {
    // Node 24 gives getPeerX509Certificate() once and then undefined.
    const certificate: PeerCertificate | null = this.socket.getPeerCertificate();
    return certificate?.fingerprint256;
  }

  /** Sends close_notify and goes on in clear. */
  async leave(): Promise<void> {
    this.socket.end();
    await once(this.#outer, "end");
    this.#wire.tcp.off("data", this.#onRecords).on("data", this.#onClear);
  }
}

/** Waits until something holds, for two seconds at most. */
export async function until(what: string, holds: () => boolean, timeoutMs = 2000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function rawOctets(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
