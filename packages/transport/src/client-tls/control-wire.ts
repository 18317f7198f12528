import { TlsError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { TlsDuplex } from "../tls-duplex.ts";
import { notTls } from "./handshake-failure.ts";

/**
 * What lies between the TLS of a control connection and its TCP connection on the client's side: it looks at the first
 * octet, tells a close_notify from a FIN, and lets TLS be left with TCP kept (CCC).
 */
export class ControlWire {
  readonly duplex: TlsDuplex;
  /** Why the server's first octets are no TLS. */
  failure: TlsError | undefined;
  heardAnything = false;
  readonly #tcp: Socket;
  readonly #server: string;
  #onFailure: (error: TlsError) => void = () => {};
  #socket: TLSSocket | undefined;
  #closeNotified = false;
  /** Set while TLS is being left; takes what follows it. */
  #leaving: ((rest: Uint8Array) => void) | undefined;

  /** @param tcp connected and paused. */
  constructor(tcp: Socket, server: string) {
    this.#tcp = tcp;
    this.#server = server;
    this.duplex = new TlsDuplex(tcp).watchRecords();
  }

  /** Starts to carry the octets of `socket`, which runs over {@link duplex}. */
  carry(socket: TLSSocket, onFailure: (error: TlsError) => void): void {
    this.#socket = socket;
    this.#onFailure = onFailure;
    const push = socket.push.bind(socket);
    // Over the Duplex a close_notify alone ends TLS.
    socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null) this.#closeNotified = true;
      return push(chunk, encoding);
    };
    socket.on("error", () => this.#leaving ?? this.#tcp.destroy());
    socket.once("finish", this.#onFinish).once("close", this.#onClose);
    const onFin = (): void => {
      if (this.#closeNotified) return;
      push(null);
      socket.read(0);
    };
    this.#tcp
      .on("data", this.#onOctets)
      .once("end", onFin)
      .once("error", (error) => socket.destroy(error))
      .once("close", () => {
        this.duplex.destroy();
        socket.destroy();
      });
    if (this.#tcp.destroyed) queueMicrotask(() => socket.destroy());
    else this.#tcp.resume();
  }

  /**
   * Ends TLS with close_notify both ways and gives the TCP connection back, paused, with what the server sent in clear
   * behind its close_notify still to be read (R-4217-32).
   */
  leave(): Promise<Socket> {
    const socket = this.#socket;
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    if (!socket || socket.destroyed) return Promise.reject(lost());
    this.#leaving = (rest) => {
      this.#tcp.off("data", this.#onOctets).pause();
      socket.off("finish", this.#onFinish).off("close", this.#onClose);
      if (rest.length > 0) this.#tcp.unshift(rest);
      const done = (): void => {
        resolve(this.#tcp);
        this.duplex.destroy();
        socket.destroy();
      };
      if (socket.writableFinished) done();
      else socket.once("finish", done);
    };
    this.#tcp.once("close", () => reject(lost()));
    socket.end();
    socket.resume();
    if (this.#closeNotified) this.#leaving(new Uint8Array(0));
    return promise;
  }

  readonly #onOctets = (octets: Buffer): void => {
    if (!this.heardAnything) {
      this.heardAnything = true;
      if (!startsTls(octets)) {
        this.failure = notTls(this.#server, octets);
        return this.#onFailure(this.failure);
      }
    }
    // Record by record only where clear text may follow: whole chunks go through TLS as they do elsewhere.
    const rest = this.#leaving ? this.duplex.deliver(octets, () => this.#closeNotified) : this.duplex.deliver(octets);
    // The reply that makes us leave may have brought the server's close_notify along (ProFTPD).
    if (this.#closeNotified) this.#leaving?.(rest);
  };

  readonly #onFinish = (): void => {
    if (!this.#leaving) this.#tcp.end();
  };

  readonly #onClose = (): void => void this.#tcp.destroySoon();
}

/** A handshake record, or an alert, with which a server refuses (RFC 8446 §5.1). */
function startsTls([first]: Uint8Array): boolean {
  return first === 22 || first === 21;
}

function lost(): TlsError {
  return new TlsError("SALLYPORT_TLS_NOT_LEFT", "The connection was lost while TLS was being ended");
}
