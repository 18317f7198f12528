import { type LimitValues, TransportError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { canonicalAddress } from "./ip-address.ts";
import type { PassiveListener } from "./passive-listener.ts";
import { receiveProxyHeader } from "./proxy-header-intake.ts";

export interface ReservationRules {
  readonly isPeer: (address: string) => boolean;
  readonly trustsProxy: (address: string) => boolean;
  readonly onForeign: (address: string) => void;
  readonly onReleased: () => void;
  readonly limits: LimitValues;
}

/**
 * A passive port lent for one data connection.
 *
 * The first connection from the right peer is kept, also when it comes before {@link accept}; connections from other
 * addresses are dropped while the wait goes on (R-DATA-02). The port goes back to the pool as soon as the right peer
 * has come, or by {@link release}.
 */
export class PassiveReservation implements Disposable {
  readonly port: number;
  readonly #rules: ReservationRules;
  #state: ReservationState = { is: "waiting" };
  /** Connections through a trusted proxy whose header is on its way. */
  readonly #undeclared = new Set<Socket>();
  #wake: () => void = () => {};

  constructor(listener: PassiveListener, rules: ReservationRules) {
    this.port = listener.port;
    this.#rules = rules;
    listener.claim((socket) => this.#receive(socket));
  }

  /**
   * Waits for the peer's connection and returns it paused, with nothing read from it; to be called once.
   *
   * Rejects with TransportError `SALLYPORT_DATA_CONNECT_TIMEOUT` after `timeoutMs` (default:
   * `limits.dataConnectMs`), `SALLYPORT_PASSIVE_RELEASED` when the reservation is released meanwhile, and with the
   * signal's reason when aborted; the reservation is over in each case.
   */
  async accept(options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}): Promise<Socket> {
    const { timeoutMs = this.#rules.limits.dataConnectMs, signal } = options;
    const abort = () => this.#end(signal?.reason);
    if (signal?.aborted) abort();
    if (this.#state.is === "waiting") {
      const timer = setTimeout(() => this.#end(connectTimeout(timeoutMs)), timeoutMs);
      signal?.addEventListener("abort", abort, { once: true });
      await new Promise<void>((resolve) => (this.#wake = resolve));
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
    const state = this.#state;
    if (state.is !== "kept") throw state.is === "over" ? state.reason : released();
    this.#state = { is: "accepted" };
    return state.socket;
  }

  /** Gives the port back and closes a connection that nobody accepted. */
  release(): void {
    // An error costs more than the rest of this, and most reservations are released when they are over.
    if (this.#state.is === "waiting" || this.#state.is === "kept") this.#end(released());
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #receive(socket: Socket): void {
    const address = canonicalAddress(socket.remoteAddress ?? "");
    if (address === undefined || !this.#rules.trustsProxy(address)) return this.#judge(socket, address);
    if (this.#undeclared.size >= undeclaredCountMax) return void socket.destroy();
    this.#undeclared.add(socket);
    receiveProxyHeader(socket, { limits: this.#rules.limits }).then(
      ({ addresses }) => {
        this.#undeclared.delete(socket);
        this.#judge(socket, addresses ? canonicalAddress(addresses.source.address) : address);
      },
      () => {
        this.#undeclared.delete(socket);
        socket.destroy();
      },
    );
  }

  #judge(socket: Socket, address: string | undefined): void {
    if (this.#state.is !== "waiting" || address === undefined) return void socket.destroy();
    if (!this.#rules.isPeer(address)) {
      socket.destroy();
      this.#rules.onForeign(address);
      return;
    }
    this.#leave({ is: "kept", socket });
  }

  #end(reason: unknown): void {
    if (this.#state.is === "waiting") this.#leave({ is: "over", reason });
    else if (this.#state.is === "kept") {
      this.#state.socket.destroy();
      this.#state = { is: "over", reason };
    }
  }

  /** Leaves the waiting state: the port goes back, whoever waits in accept() goes on. */
  #leave(state: ReservationState): void {
    this.#state = state;
    for (const socket of this.#undeclared) socket.destroy();
    this.#rules.onReleased();
    this.#wake();
  }
}

type ReservationState =
  | { readonly is: "waiting" }
  | { readonly is: "kept"; readonly socket: Socket }
  | { readonly is: "accepted" }
  | { readonly is: "over"; readonly reason: unknown };

const undeclaredCountMax = 8;

function connectTimeout(timeoutMs: number): TransportError {
  return new TransportError("SALLYPORT_DATA_CONNECT_TIMEOUT", `No data connection came within ${timeoutMs} ms`);
}

function released(): TransportError {
  return new TransportError("SALLYPORT_PASSIVE_RELEASED", "The passive port was released");
}
