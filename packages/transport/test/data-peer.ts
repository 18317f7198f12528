import {
  ControlTlsBinding,
  DataConnection,
  type DataConnectionOptions,
  type DataPathHooks,
  isHelloRefusal,
  noDataPathHooks,
  PassiveListenerPool,
  ServerTlsProfile,
} from "@sallyport/transport";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import test from "node:test";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { identity } from "./tls-peer.ts";

export const tlsVersions = ["TLSv1.3", "TLSv1.2"] as const;

/** The ways of the data path: with the private hooks of Node, without the one or the other, and without any. */
export const paths: Readonly<Record<string, DataPathHooks>> = {
  hooked: { closeNotify: true, userBuffer: true, sendFile: true },
  layered: { closeNotify: false, userBuffer: true, sendFile: true },
  "data events": { closeNotify: true, userBuffer: false, sendFile: true },
  public: noDataPathHooks,
};

const profile = await ServerTlsProfile.create({ identities: [identity] });

/** The binding of a control connection; its client need not exist unless something is to be resumed. */
export function newBinding(of: ServerTlsProfile = profile): ControlTlsBinding {
  const group = of.judgeControlHello({ supportedVersions: [0x0304] } as never);
  assert.ok(!isHelloRefusal(group));
  return new ControlTlsBinding(of, group);
}

const pool = new PassiveListenerPool();
const opened: { destroy(): void }[] = [];
test.afterEach(() => {
  for (const end of opened.splice(0)) end.destroy();
});
test.after(() => pool[Symbol.asyncDispose]());

/** Both ends of a fresh data connection; they are closed after the test. */
export async function openDataConnection(
  options: Partial<DataConnectionOptions> = {},
): Promise<{ connection: DataConnection; peer: DataPeer }> {
  const reservation = await pool.acquire({ localAddress: "127.0.0.1", peerAddress: "127.0.0.1" });
  const peer = new DataPeer(reservation.port);
  const connection = new DataConnection(await reservation.accept(), { level: "C", binding: newBinding(), ...options });
  opened.push(peer.tcp, connection);
  return { connection, peer };
}

/**
 * The client's end of a data connection. TLS runs over a pipe in memory, so that its close_notify and TCP's FIN are two
 * steps of their own. What comes is counted and hashed.
 */
export class DataPeer {
  readonly tcp: Socket;
  tls: TLSSocket | undefined;
  receivedBytes = 0;
  /** Of the clear or decrypted octets. */
  readonly #hash = createHash("sha256");
  sawCloseNotify = false;
  sawFin = false;
  error: Error | undefined;
  readonly states: Buffer[] = [];
  #pipe: Duplex | undefined;

  constructor(port: number) {
    this.tcp = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    this.tcp
      .on("data", this.#onClear)
      .on("end", () => (this.sawFin = true))
      .on("error", (error) => (this.error ??= error));
  }

  /** Starts TLS at once; `secured()` waits for it. */
  startTls(options: ConnectionOptions = {}): this {
    this.tcp.off("data", this.#onClear);
    const [outer, inner] = duplexPair();
    this.#pipe = outer;
    this.tls = connectTls({ socket: inner, host: "localhost", servername: "localhost", ca: identity.ca, ...options });
    this.tls
      .on("data", this.#onClear)
      .on("end", () => (this.sawCloseNotify = true))
      .on("session", (state) => this.states.push(state))
      .on("error", (error) => {
        this.error ??= error;
        this.tcp.destroy();
      });
    outer.on("data", (records: Buffer) => {
      if (!this.tcp.write(records)) {
        outer.pause();
        this.tcp.once("drain", () => outer.resume());
      }
    });
    this.tcp.on("data", (records: Buffer) => {
      if (!outer.write(records)) {
        this.tcp.pause();
        outer.once("drain", () => this.tcp.resume());
      }
    });
    this.tcp.once("close", () => {
      outer.destroy();
      this.tls?.destroy();
    });
    return this;
  }

  /** Gives the TCP connection away, paused. */
  detach(): Socket {
    return this.tcp.off("data", this.#onClear).pause();
  }

  async secured(): Promise<void> {
    assert.ok(this.tls);
    await once(this.tls, "secureConnect");
  }

  /** Sends octets and resolves when the last of them is with the kernel. */
  async send(octets: Uint8Array): Promise<void> {
    const through = this.tls ?? this.tcp;
    for (let at = 0; at < octets.length && !through.destroyed; at += 65_536) {
      const piece = octets.subarray(at, at + 65_536);
      await new Promise<void>((resolve) => {
        through.once("close", resolve);
        through.write(piece, () => {
          through.off("close", resolve);
          resolve();
        });
      });
    }
  }

  async closeNotify(): Promise<void> {
    assert.ok(this.tls && this.#pipe);
    this.tls.end();
    await eventOrClose(this.#pipe, "end");
  }

  fin(): void {
    this.tcp.end();
  }

  reset(): void {
    this.tcp.resetAndDestroy();
  }

  /** Ends as a good client does. */
  async end(): Promise<void> {
    if (this.tls) await this.closeNotify();
    this.fin();
  }

  /** Waits for the server's end in clear or in TLS, and for its FIN, and returns the hash of what came. */
  async receivedAll(): Promise<string> {
    if (this.tls && !this.sawCloseNotify) await eventOrClose(this.tls, "end");
    if (!this.sawFin) await eventOrClose(this.tcp, "end");
    return this.#hash.digest("hex");
  }

  readonly #onClear = (octets: Buffer): void => {
    this.receivedBytes += octets.length;
    this.#hash.update(octets);
  };
}

async function eventOrClose(emitter: Duplex, event: string): Promise<void> {
  if (!emitter.closed)
    await new Promise<void>((resolve) => emitter.once(event, resolve).once("close", () => resolve()));
}

export function sha256(octets: Uint8Array): string {
  return createHash("sha256").update(octets).digest("hex");
}
