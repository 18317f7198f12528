import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Direction } from "../model/index.ts";

/** What a tap tells of the connection under it, as it happens. */
export interface WireObserver {
  octets(direction: Direction, octets: Uint8Array): void;
  /** One side has sent its FIN. */
  finished(direction: Direction): void;
  /** The connection broke; called before the stream is destroyed. */
  failed(error: Error): void;
}

/**
 * A Duplex over a TCP connection that shows every octet in both directions to an observer, and otherwise passes it on
 * unchanged; TLS can be started on top of it. Destroying it destroys the connection.
 */
export class WireTap extends Duplex {
  readonly #socket: Socket;
  readonly #observer: WireObserver;

  constructor(socket: Socket, observer: WireObserver) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#observer = observer;
    socket.on("data", (octets: Buffer) => {
      observer.octets("to-client", octets);
      if (!this.push(octets)) socket.pause();
    });
    socket.on("end", () => {
      observer.finished("to-client");
      this.push(null);
    });
    socket.on("error", (error) => {
      observer.failed(error);
      this.destroy(error);
    });
    socket.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(octets: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#observer.octets("to-server", octets);
    this.#socket.write(octets, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#observer.finished("to-server");
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
