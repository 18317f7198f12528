import { bytesFromOctets, type Octets } from "@sallyport/protocol";
import type { Socket } from "node:net";

export interface ControlStreamEvents {
  /** The octets are the receiver's for the call alone. */
  onOctets(octets: Uint8Array): void;
  /** Told once, unless this side closed first. */
  onEnded(cause: Error | undefined): void;
}

/**
 * The octets of one control connection, in clear until {@link goOn} puts TLS in between. It is never paused, so that
 * replies are read while data moves.
 */
export class ControlStream {
  readonly #events: ControlStreamEvents;
  #socket: Socket;
  #cause: Error | undefined;
  #over = false;

  /** @param tcp connected and paused, with nothing read from it. */
  constructor(tcp: Socket, events: ControlStreamEvents) {
    this.#events = events;
    this.#socket = tcp;
    // Outlives the listeners below, so that an error while TLS starts is nobody's crash.
    tcp.on("error", () => {});
  }

  /** Starts reading. */
  open(): void {
    const socket = this.#socket;
    socket.on("data", this.#onData).once("end", this.#onEnd).once("close", this.#onEnd).on("error", this.#onError);
    if (socket.destroyed) this.#onEnd();
    else socket.resume();
  }

  /** The TCP connection, for TLS to take over; nothing is read from it here any more. */
  release(): Socket {
    const socket = this.#socket;
    socket.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onEnd).off("error", this.#onError);
    socket.pause();
    return socket;
  }

  /** Goes on with TLS over the connection that was released, or without it again. */
  goOn(socket: Socket): void {
    this.#socket = socket;
    socket.on("error", () => {});
    if (this.#over) socket.destroy();
    else this.open();
  }

  /** Leaves octets to TCP while there is no room for more. */
  hasRoom(hasRoom: boolean): void {
    if (this.#over) return;
    if (hasRoom) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Sends one line; 0xFF in it is doubled already. */
  send(line: Octets): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (socket.writableCorked === 0) {
      // What is said in one turn goes out in one record.
      socket.cork();
      // Not later, or the hello of a data connection overtakes the command (pyftpdlib resets that).
      queueMicrotask(() => socket.uncork());
    }
    socket.write(bytesFromOctets(`${line}\r\n` as Octets));
  }

  /** Ends after what was sent, and closes when the peer has ended or `lingerMs` have passed. */
  end(lingerMs: number): void {
    this.#over = true;
    const socket = this.#socket;
    if (socket.destroyed) return;
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
    socket.once("end", () => socket.destroy()).once("close", () => clearTimeout(timer));
  }

  destroy(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  readonly #onData = (octets: Buffer): void => {
    if (!this.#over) this.#events.onOctets(octets);
  };

  readonly #onError = (error: Error): void => {
    this.#cause ??= error;
  };

  readonly #onEnd = (): void => {
    if (this.#over) return;
    this.#over = true;
    this.#events.onEnded(this.#cause);
    this.#socket.destroy();
  };
}
