import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** What a tap tells of the TCP connection under it, as it happens and in its order. */
export interface WireObserver {
  /** Octets that came from the peer; they may be reused after the call. */
  received(octets: Uint8Array): void;
  /** Octets that go to the peer. */
  sent(octets: Uint8Array): void;
  /** The peer has sent its FIN. */
  peerFinished(): void;
  /** Our end sends its FIN. */
  finished(): void;
  /** The connection broke. */
  failed(error: Error): void;
}

/**
 * A Duplex over a TCP connection that shows every octet in both directions to an observer and passes it on unchanged;
 * TLS can be started on top of it. Destroying it destroys the connection.
 */
export class WireTap extends Duplex {
  readonly #tcp: Socket;
  readonly #observer: WireObserver;

  constructor(tcp: Socket, observer: WireObserver) {
    super({ allowHalfOpen: true });
    this.#tcp = tcp;
    this.#observer = observer;
    tcp.on("data", (octets: Buffer) => {
      observer.received(octets);
      if (!this.push(octets)) tcp.pause();
    });
    tcp.on("end", () => {
      observer.peerFinished();
      this.push(null);
    });
    tcp.on("error", (error) => {
      observer.failed(error);
      this.destroy(error);
    });
    tcp.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#tcp.resume();
  }

  override _write(octets: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#observer.sent(octets);
    this.#tcp.write(octets, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#observer.finished();
    this.#tcp.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#tcp.destroy();
    done(error);
  }
}
