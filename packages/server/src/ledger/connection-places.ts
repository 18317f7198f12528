import type { LimitValues } from "@sallyport/protocol";

type PlaceLimits = Pick<
  LimitValues,
  "connectionsCount" | "connectionsPerHostCount" | "connectionsAwaitingPlaceCount" | "connectionPlaceWaitMs"
>;

/**
 * The places for control connections, of the whole server and of each host.
 *
 * A client that closes one connection and opens the next is heard in any order: a process with forty handshakes in hand
 * learns of the end after the listener learned of the beginning. So who finds no place waits a moment for one that is
 * about to be free (measured: 32 logins at a time from one host met its limit of 50 without the wait).
 */
export class ConnectionPlaces {
  #limits: PlaceLimits;
  readonly #hosts = new Map<number, string>();
  readonly #perHost = new Map<string, number>();
  /** Oldest first. */
  readonly #waiting = new Set<{ readonly host: string; readonly wake: () => void }>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** Places that are taken. */
  get takenCount(): number {
    return this.#hosts.size;
  }

  limitsAre(limits: PlaceLimits): void {
    this.#limits = limits;
  }

  /** Why there is no place for another connection of the host. */
  lackOf(host: string): string | undefined {
    if (this.#hosts.size >= this.#limits.connectionsCount) return "the server has too many connections";
    const ofHost = this.#perHost.get(host) ?? 0;
    return ofHost >= this.#limits.connectionsPerHostCount ? "this address has too many connections" : undefined;
  }

  take(connection: number, host: string): void {
    this.#hosts.set(connection, host);
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
  }

  release(connection: number): void {
    const host = this.#hosts.get(connection);
    if (host === undefined) return;
    this.#hosts.delete(connection);
    const left = (this.#perHost.get(host) ?? 1) - 1;
    if (left === 0) this.#perHost.delete(host);
    else this.#perHost.set(host, left);
    for (const waiting of this.#waiting) {
      if (this.lackOf(waiting.host) !== undefined) continue;
      waiting.wake();
      return;
    }
  }

  /**
   * Resolves when a place for the host has become free, or after `connectionPlaceWaitMs` without; at once where the host
   * has as many waiting as it may have places, or `connectionsAwaitingPlaceCount` wait already.
   */
  async untilOneIsFree(host: string): Promise<void> {
    if (this.lackOf(host) === undefined || this.#waiting.size >= this.#limits.connectionsAwaitingPlaceCount) return;
    const ofHost = [...this.#waiting].filter((waiting) => waiting.host === host).length;
    if (ofHost >= this.#limits.connectionsPerHostCount) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        resolve();
      };
      const timer = setTimeout(wake, this.#limits.connectionPlaceWaitMs).unref();
      const waiting = { host, wake };
      this.#waiting.add(waiting);
    });
  }
}
