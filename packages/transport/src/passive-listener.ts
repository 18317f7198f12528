import { createServer, type Server, type Socket } from "node:net";

/**
 * One listening socket of the passive pool, which opens once and then serves one reservation after the other.
 *
 * Connections go to whoever has claimed the listener; without a claim they are closed at once.
 */
export class PassiveListener {
  readonly port: number;
  /** When the last claim ended, on the clock of `performance.now()`. */
  idleSinceMs = 0;
  readonly #server: Server;
  #claim: ((socket: Socket) => void) | undefined;
  #arrivedCount = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (socket) => this.#arrive(socket));
    // Failed accepts (EMFILE) cost the peer its connection; the listener goes on.
    server.on("error", () => {});
    server.unref();
  }

  /**
   * Listens on one address and port (0: the kernel picks one). The socket is never shared with another worker.
   * Rejects with the system error.
   */
  static async open(host: string, port: number): Promise<PassiveListener> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen({ host, port, backlog: backlogCount, exclusive: true, ipv6Only: true }, resolve);
    await promise;
    server.off("error", reject);
    const address = server.address();
    return new PassiveListener(server, address !== null && typeof address === "object" ? address.port : port);
  }

  /**
   * Closes the connections that came while nobody had a claim, so that none of them can pass for the next peer's.
   *
   * Two turns of the event loop hold one whole poll for new connections; they are repeated until one brings none.
   */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      let roundsLeft = backlogCount;
      let arrivedCount = this.#arrivedCount;
      const look = (): void => {
        if (this.#arrivedCount === arrivedCount || roundsLeft-- === 0) return resolve();
        arrivedCount = this.#arrivedCount;
        setImmediate(wait);
      };
      const wait = (): void => void setImmediate(look);
      setImmediate(wait);
    });
  }

  claim(take: (socket: Socket) => void): void {
    this.#claim = take;
  }

  unclaim(): void {
    this.#claim = undefined;
    this.idleSinceMs = performance.now();
  }

  close(): void {
    this.unclaim();
    this.#server.close();
  }

  #arrive(socket: Socket): void {
    this.#arrivedCount += 1;
    socket.on("error", () => {});
    if (this.#claim) this.#claim(socket);
    else socket.destroy();
  }
}

const backlogCount = 8;
