import { resetConnection } from "@sallyport/transport";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export interface DelayProxyOptions {
  /** Each way; a connection takes its three times as long as on a wire of that length. Default 0. */
  readonly delayMs?: number;
  /** Octets of one connection that are under way in one direction at most, as a TCP window bounds them. */
  readonly windowBytes?: number;
  /** Asked at each connection: after how many octets from the server it is reset; undefined for never. */
  readonly cutAfter?: (connection: { readonly port: number; readonly number: number }) => number | undefined;
  /** The same for octets to the server. */
  readonly cutToServerAfter?: DelayProxyOptions["cutAfter"];
  /** Where the proxy listens; default 127.0.0.1. With another loopback address it can use the server's port numbers. */
  readonly host?: string;
  /** Where the server is; default 127.0.0.1. */
  readonly targetHost?: string;
}

/** Stands in front of the ports of one machine as a long, narrow or torn wire. */
export interface DelayProxy extends AsyncDisposable {
  /** The port that leads to a port of the server, opened when it is asked for first; `same` for the same number. */
  portTo(port: number, options?: { readonly same?: boolean }): Promise<number>;
  /** Connections so far. */
  readonly connectionsCount: number;
  /** Octets from the server that were let through. */
  readonly bytesToClient: number;
}

export function startDelayProxy(options: DelayProxyOptions = {}): DelayProxy {
  const { host = "127.0.0.1", targetHost = "127.0.0.1", cutAfter, cutToServerAfter } = options;
  const ports = new Map<number, Promise<number>>();
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const counts = { connections: 0, bytesToClient: 0 };
  const serve = (client: Socket, port: number): void => {
    const connection = { port, number: counts.connections++ };
    const cutBytes = cutAfter?.(connection) ?? Number.POSITIVE_INFINITY;
    let leftToServer = cutToServerAfter?.(connection) ?? Number.POSITIVE_INFINITY;
    const target = connect({ host: targetHost, port, noDelay: true, allowHalfOpen: true });
    const pair = [client, target] as const;
    const cut = (): void => {
      for (const socket of pair) resetConnection(socket);
    };
    for (const socket of pair) {
      sockets.add(socket);
      socket.on("error", cut).once("close", () => sockets.delete(socket));
    }
    const openedMs = performance.now();
    const toServer = new Wire(client, target, {
      ...options,
      notBeforeMs: openedMs + 3 * (options.delayMs ?? 0),
      onPassed: (bytes) => {
        leftToServer -= bytes;
        if (leftToServer <= 0) cut();
      },
    });
    let passedBytes = 0;
    const toClient = new Wire(target, client, {
      ...options,
      onPassed: (bytes) => {
        counts.bytesToClient += bytes;
        passedBytes += bytes;
        if (passedBytes >= cutBytes) cut();
      },
    });
    toServer.open();
    toClient.open();
  };
  const open = async (port: number, listenPort: number): Promise<number> => {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) =>
      serve(client, port),
    );
    servers.push(server);
    server.listen(listenPort, host);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  return {
    portTo(port, { same = false } = {}) {
      const known = ports.get(port) ?? open(port, same ? port : 0);
      ports.set(port, known);
      return known;
    },
    get connectionsCount() {
      return counts.connections;
    },
    get bytesToClient() {
      return counts.bytesToClient;
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface WireOptions extends Pick<DelayProxyOptions, "delayMs" | "windowBytes"> {
  readonly notBeforeMs?: number;
  readonly onPassed?: (bytes: number) => void;
}

/** One direction of a connection: what goes in comes out later, in order, its end included. */
class Wire {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #options: WireOptions;
  readonly #underWay: { readonly octets: Buffer | undefined; readonly dueMs: number }[] = [];
  #underWayBytes = 0;
  /** Whether a timer or the receiver will say when it goes on. */
  #waits = false;

  constructor(from: Socket, to: Socket, options: WireOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    from.on("data", (octets: Buffer) => this.#enter(octets)).once("end", () => this.#enter(undefined));
  }

  open(): void {
    this.#from.resume();
  }

  #enter(octets: Buffer | undefined): void {
    const { delayMs = 0, notBeforeMs = 0, windowBytes = defaultWindowBytes } = this.#options;
    this.#underWay.push({ octets, dueMs: Math.max(notBeforeMs, performance.now() + delayMs) });
    this.#underWayBytes += octets?.length ?? 0;
    if (this.#underWayBytes >= windowBytes) this.#from.pause();
    this.#time();
  }

  get #waitMs(): number {
    const [next] = this.#underWay;
    return next === undefined ? 0 : Math.max(0, next.dueMs - performance.now());
  }

  #time(): void {
    if (this.#waits || this.#underWay.length === 0) return;
    this.#waits = true;
    setTimeout(() => this.#leave(), this.#waitMs);
  }

  #leave(): void {
    this.#waits = false;
    const { windowBytes = defaultWindowBytes, onPassed } = this.#options;
    const nowMs = performance.now() + 0.5;
    for (let [next] = this.#underWay; next !== undefined && next.dueMs <= nowMs; [next] = this.#underWay) {
      this.#underWay.shift();
      if (this.#to.destroyed) return;
      if (next.octets === undefined) this.#to.end();
      else {
        this.#underWayBytes -= next.octets.length;
        const flows = this.#to.write(next.octets);
        onPassed?.(next.octets.length);
        if (!flows) return this.#waitForDrain();
      }
    }
    if (this.#underWayBytes < windowBytes) this.#from.resume();
    this.#time();
  }

  #waitForDrain(): void {
    this.#waits = true;
    this.#to.once("drain", () => this.#leave());
  }
}

const defaultWindowBytes = 16_777_216;
