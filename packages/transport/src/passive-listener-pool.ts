import { type LimitValues, limitValues, TransportError, UsageError } from "@sallyport/protocol";
import { randomInt } from "node:crypto";
import { addressReach, canonicalAddress } from "./ip-address.ts";
import { PassiveListener } from "./passive-listener.ts";
import { PassiveReservation } from "./passive-reservation.ts";

export interface PassiveListenerPoolOptions {
  /** The ports that may be told to clients, both ends included. Absent: whatever the kernel picks. */
  readonly ports?: { readonly first: number; readonly last: number };
  readonly limits?: LimitValues;
  /** Whether connections from an address start with a PROXY protocol header, which is then believed. Absent: none. */
  readonly trustsProxy?: (address: string) => boolean;
}

export interface PassiveAcquireOptions {
  /** The local address of the control connection; a wildcard is refused (UsageError). */
  readonly localAddress: string;
  /** The remote address of the control connection, the only one that may connect (R-DATA-02). */
  readonly peerAddress: string;
  /** Lets other peers in as well, for transfers between two servers. */
  readonly admits?: (address: string) => boolean;
  /** Told of each connection that was dropped because it came from an address that is not let in (S-07). */
  readonly onForeign?: (address: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Keeps listening sockets for passive data connections, a set for each local address, and lends them out one
 * connection at a time.
 *
 * The port of each reservation is drawn at random from idle ones, so that neither the next nor a neighbour's port can
 * be guessed (RFC 2577 §8, S-07). The set grows while fewer than `limits.passiveSpareCount` ports have rested for
 * `limits.passiveRestMs`, up to the configured range and `limits.passiveListenersCount`. A connection that comes late
 * to a released port is closed and never handed to the next login, because every port is drained before it is lent.
 */
export class PassiveListenerPool implements AsyncDisposable {
  readonly #options: PassiveListenerPoolOptions;
  readonly #limits: LimitValues;
  readonly #idle = new Map<string, PassiveListener[]>();
  readonly #openPorts = new Map<string, Set<number>>();
  readonly #lent = new Set<PassiveReservation>();
  #listenersCount = 0;
  #closed = false;

  constructor(options: PassiveListenerPoolOptions = {}) {
    this.#options = options;
    this.#limits = options.limits ?? limitValues();
  }

  /** Listening sockets that are open at the moment, lent and idle. */
  get listenersCount(): number {
    return this.#listenersCount;
  }

  /**
   * Lends a port for one data connection.
   *
   * Raises TransportError `SALLYPORT_PASSIVE_PORTS_EXHAUSTED` where every port is lent (the caller answers 425, D-23)
   * and `SALLYPORT_PASSIVE_LISTEN_FAILED` where the address cannot be listened on.
   */
  async acquire(options: PassiveAcquireOptions): Promise<PassiveReservation> {
    options.signal?.throwIfAborted();
    const host = this.#host(options.localAddress);
    const listener = await this.#draw(host);
    await listener.drain();
    if (this.#closed || options.signal?.aborted) {
      this.#takeBack(host, listener);
      options.signal?.throwIfAborted();
      throw poolClosed();
    }
    const reservation = new PassiveReservation(listener, {
      isPeer: this.#peerRule(options),
      trustsProxy: this.#options.trustsProxy ?? (() => false),
      onForeign: options.onForeign ?? (() => {}),
      limits: this.#limits,
      onReleased: () => {
        this.#lent.delete(reservation);
        this.#takeBack(host, listener);
      },
    });
    this.#lent.add(reservation);
    return reservation;
  }

  /** Closes every listening socket and ends what waits for a connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const reservation of this.#lent) reservation.release();
    for (const host of this.#idle.keys()) while (this.#closeOneIdle(host));
  }

  #host(localAddress: string): string {
    const host = canonicalAddress(localAddress);
    if (host === undefined || addressReach(host) === "unspecified") {
      throw new UsageError("SALLYPORT_PASSIVE_ADDRESS", `"${localAddress}" is no address of a control connection`);
    }
    // A link-local address is only an address together with its zone.
    return addressReach(host) === "link-local" ? localAddress : host;
  }

  #peerRule({ peerAddress, admits }: PassiveAcquireOptions): (address: string) => boolean {
    const peer = canonicalAddress(peerAddress);
    if (peer === undefined) throw new UsageError("SALLYPORT_PASSIVE_ADDRESS", `"${peerAddress}" is no peer address`);
    return (address) => address === peer || (admits?.(address) ?? false);
  }

  async #draw(host: string): Promise<PassiveListener> {
    if (this.#closed) throw poolClosed();
    let failure: unknown;
    if (this.#restedCount(host) < this.#limits.passiveSpareCount && this.#makeRoom(host)) {
      const opened = await this.#open(host);
      if ("listener" in opened) return opened.listener;
      failure = opened.failure;
    }
    const idle = this.#idle.get(host) ?? [];
    // Short of rested ports, those that have rested longest must do; drawing among several keeps them unguessable.
    const candidatesCount = this.#restedCount(host) || Math.ceil(idle.length / 2);
    const [drawn] = candidatesCount > 0 ? idle.splice(randomInt(candidatesCount), 1) : [];
    if (drawn) return drawn;
    if (failure && !isPortTrouble(failure)) throw listenFailed(host, failure);
    throw new TransportError(
      "SALLYPORT_PASSIVE_PORTS_EXHAUSTED",
      "Every passive port is in use; widen the passive port range",
      failure ? { cause: failure } : {},
    );
  }

  /** Idle listeners stand in the order of their release, so that the rested ones come first. */
  #restedCount(host: string): number {
    const idle = this.#idle.get(host) ?? [];
    const restedBeforeMs = performance.now() - this.#limits.passiveRestMs;
    let [low, high] = [0, idle.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const isTired = (idle[middle]?.idleSinceMs ?? 0) > restedBeforeMs;
      if (isTired) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Whether one more listener may be opened, if need be in place of an idle one of another address. */
  #makeRoom(host: string): boolean {
    if (this.#listenersCount < this.#limits.passiveListenersCount) return true;
    if ((this.#idle.get(host)?.length ?? 0) > 0) return false;
    for (const other of this.#idle.keys()) if (this.#closeOneIdle(other)) return true;
    return false;
  }

  /** Opens a listener on a random free port; a range is tried at a few places, as other programs may hold some. */
  async #open(host: string): Promise<{ listener: PassiveListener } | { failure: unknown }> {
    const openPorts = this.#portsOf(host);
    const free = this.#freePorts(openPorts);
    let failure: unknown;
    for (let attempt = 0; attempt < openAttemptsCount && free.length > 0; attempt++) {
      const [port = 0] = free.splice(randomInt(free.length), 1);
      this.#listenersCount += 1;
      if (port > 0) openPorts.add(port);
      try {
        const listener = await PassiveListener.open(host, port);
        openPorts.add(listener.port);
        return { listener };
      } catch (error) {
        this.#listenersCount -= 1;
        openPorts.delete(port);
        failure = error;
        if (!isPortTrouble(error)) break;
      }
    }
    return { failure };
  }

  #freePorts(openPorts: ReadonlySet<number>): number[] {
    const { ports } = this.#options;
    if (!ports) return [0];
    const all = Array.from({ length: ports.last - ports.first + 1 }, (_, offset) => ports.first + offset);
    return all.filter((port) => !openPorts.has(port));
  }

  #portsOf(host: string): Set<number> {
    const open = this.#openPorts.get(host) ?? new Set();
    this.#openPorts.set(host, open);
    return open;
  }

  #takeBack(host: string, listener: PassiveListener): void {
    listener.unclaim();
    const idle = this.#idle.get(host) ?? [];
    this.#idle.set(host, idle);
    idle.push(listener);
    if (this.#closed) this.#closeOneIdle(host);
  }

  #closeOneIdle(host: string): boolean {
    const listener = this.#idle.get(host)?.shift();
    if (!listener) return false;
    listener.close();
    this.#openPorts.get(host)?.delete(listener.port);
    this.#listenersCount -= 1;
    return true;
  }
}

const openAttemptsCount = 64;

/** Whether another port might do where this one could not be listened on. */
function isPortTrouble(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["EADDRINUSE", "EACCES"].includes(String(error.code));
}

function poolClosed(): TransportError {
  return new TransportError("SALLYPORT_PASSIVE_RELEASED", "The passive ports were closed");
}

function listenFailed(host: string, cause: unknown): TransportError {
  return new TransportError("SALLYPORT_PASSIVE_LISTEN_FAILED", `No passive port can be opened on ${host}`, { cause });
}
