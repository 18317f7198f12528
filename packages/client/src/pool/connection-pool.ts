import { isSallyportError, type LimitValues, type ReceivedReply, UsageError } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { KnownServer } from "../profile/known-server.ts";

export interface PoolOptions {
  readonly open: (signal: AbortSignal | undefined) => Promise<ClientConnection>;
  readonly limits: Pick<LimitValues, "poolConnectionsCount" | "poolIdleMs" | "keepAliveMs">;
  /** Where it is remembered how many the server allows. */
  readonly known?: KnownServer;
}

/** One control connection, for its holder alone until it is given back. */
export interface Lease extends Disposable {
  readonly connection: ClientConnection;
  /** Settles when somebody else waits for a connection and no more may be opened. */
  readonly contended: Promise<void>;
}

/**
 * The control connections to one server: opened when all are in use, up to a number that shrinks when the server says
 * that there are too many (421, or 530 where another login stands; R-CLI-07), and closed when they idle. Who comes while
 * none is free waits, in order.
 */
export class ConnectionPool implements AsyncDisposable {
  readonly #options: PoolOptions;
  readonly #idle: Idle[] = [];
  readonly #waiting: Waiter[] = [];
  readonly #held = new Map<ClientConnection, PromiseWithResolvers<void>>();
  #openingCount = 0;
  #countMax: number;
  #isOver = false;
  #latest: ClientConnection | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    const allowed = options.known?.fact("connectionsMax") ?? Number.POSITIVE_INFINITY;
    this.#countMax = Math.max(1, Math.min(options.limits.poolConnectionsCount, allowed));
  }

  /** How many control connections there may be by now. */
  get countMax(): number {
    return this.#countMax;
  }

  /** The connection that was lent last, also when it is over. */
  get latest(): ClientConnection | undefined {
    return this.#latest;
  }

  get count(): number {
    return this.#idle.length + this.#held.size + this.#openingCount;
  }

  /** Waits for a connection. Rejects as opening does, and with the signal's reason. */
  async lease({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Lease> {
    if (this.#isOver) throw poolIsOver();
    signal?.throwIfAborted();
    const connection = this.#takeIdle();
    if (connection !== undefined) return this.#hold(connection);
    return this.count < this.#countMax ? this.#open(signal) : this.#wait(signal);
  }

  /** Says good-bye on every connection; what others still do is cut off. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(poolIsOver());
    for (const connection of this.#held.keys()) connection.destroy();
    await Promise.all(
      this.#idle.splice(0).map(({ connection, stop }) => {
        stop();
        return connection.quit();
      }),
    );
  }

  #takeIdle(): ClientConnection | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      idle.stop();
      if (!idle.connection.isOver && !idle.connection.isRetired) return idle.connection;
      void idle.connection.quit();
    }
    return undefined;
  }

  async #open(signal: AbortSignal | undefined): Promise<Lease> {
    this.#openingCount++;
    let connection: ClientConnection;
    try {
      connection = await this.#options.open(signal);
    } catch (error) {
      this.#openingCount--;
      const others = this.count;
      if (others === 0 || !saysTooMany(error)) {
        this.#serveNext();
        throw error;
      }
      this.#countMax = Math.min(this.#countMax, others);
      this.#options.known?.learn("connectionsMax", this.#countMax, error instanceof Error ? error.message : "");
      return this.lease({ signal });
    }
    this.#openingCount--;
    if (this.#isOver) {
      connection.destroy();
      throw poolIsOver();
    }
    return this.#hold(connection);
  }

  #wait(signal: AbortSignal | undefined): Promise<Lease> {
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    const waiter = { resolve, reject, signal };
    const abort = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.push(waiter);
    for (const contended of this.#held.values()) contended.resolve();
    return promise.finally(() => signal?.removeEventListener("abort", abort));
  }

  #hold(connection: ClientConnection): Lease {
    const contended = Promise.withResolvers<void>();
    this.#held.set(connection, contended);
    this.#latest = connection;
    if (this.#waiting.length > 0) contended.resolve();
    return {
      connection,
      contended: contended.promise,
      [Symbol.dispose]: () => {
        if (this.#held.delete(connection)) this.#giveBack(connection);
      },
    };
  }

  #giveBack(connection: ClientConnection): void {
    if (this.#isOver) return connection.destroy();
    if (connection.isRetired && !connection.isOver) {
      void connection.quit().then(() => this.#serveNext());
    } else if (!connection.isOver) {
      const next = this.#waiting.shift();
      if (next === undefined) this.#rest(connection);
      else next.resolve(this.#hold(connection));
    } else this.#serveNext();
  }

  /** Whoever waits takes the place of a connection that is gone. */
  #serveNext(): void {
    if (this.count >= this.#countMax) return;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#open(next.signal).then(next.resolve, next.reject);
  }

  /** Keeps a connection alive, and closes it after a while if it is not the last. */
  #rest(connection: ClientConnection): void {
    const { poolIdleMs, keepAliveMs } = this.#options.limits;
    const closing = setTimeout(() => {
      if (this.count > 1) this.#leave(connection);
    }, poolIdleMs).unref();
    const beat = keepAliveMs > 0 ? setInterval(() => this.#beat(connection), keepAliveMs).unref() : undefined;
    const stop = (): void => {
      clearTimeout(closing);
      clearInterval(beat);
    };
    this.#idle.push({ connection, stop });
    void connection.closed.then(() => this.#forget(connection));
  }

  #beat(connection: ClientConnection): void {
    connection.command("NOOP").catch(() => {});
  }

  #leave(connection: ClientConnection): void {
    this.#forget(connection);
    void connection.quit();
  }

  #forget(connection: ClientConnection): void {
    const at = this.#idle.findIndex((idle) => idle.connection === connection);
    if (at >= 0) this.#idle.splice(at, 1)[0]?.stop();
  }
}

interface Idle {
  readonly connection: ClientConnection;
  readonly stop: () => void;
}

interface Waiter {
  readonly resolve: (lease: Lease) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

/** 421 says so by itself; 530 is a wrong password too, but not where the same one has just been right. */
function saysTooMany(error: unknown): boolean {
  if (!isSallyportError(error) || !("reply" in error)) return false;
  const { code } = error.reply as ReceivedReply;
  return code === 421 || code === 530 || code === 450;
}

function poolIsOver(): UsageError {
  return new UsageError("SALLYPORT_CONNECTION_OVER", "The client was closed");
}
