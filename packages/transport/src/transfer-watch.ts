import { TlsError, TransportError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import type { ByteThrottle } from "./byte-throttle.ts";

export interface TransferOptions {
  /** Aborting closes the data connection at once and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** A transfer in which the peer moves nothing for so long fails; 0 or absent waits for ever (R-DATA-06). */
  readonly stallMs?: number;
  /** Told how many octets have moved so far, after each larger piece. */
  readonly onProgress?: (bytes: number) => void;
  readonly throttle?: ByteThrottle;
  /** Receives a fast stream in smaller pieces while its sender is slower than the reader; see {@link PiecePace}. */
  readonly keepsUp?: boolean;
  /** Hands on what was received as soon as no more comes at once, in the place of full pieces: somebody waits for it. */
  readonly isPrompt?: boolean;
}

/**
 * Watches over one transfer: whatever ends it early (error, reset, close, stall, abort) becomes its one failure, closes
 * the connection and wakes who waits.
 *
 * Waits never reject: a transfer waits for storage and network at once, and storage must be quiet before it may end.
 */
export class TransferWatch implements Disposable {
  readonly #socket: Socket;
  readonly #close: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #waiting = new Set<() => void>();
  #failure: { readonly reason: unknown } | undefined;
  #awaitsPeer = false;
  #idleTicks = 0;

  /** `close` closes the connection at once. */
  constructor(socket: Socket, close: () => void, { signal, stallMs = 0 }: TransferOptions) {
    this.#socket = socket;
    this.#close = close;
    this.#signal = signal;
    socket.on("error", this.#onError).on("close", this.#onClose);
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (stallMs > 0) this.#timer = setInterval(() => this.#tick(stallMs), stallMs / ticksPerStall);
    if (signal?.aborted) this.#onAbort();
    else if (socket.errored) this.#onError(socket.errored);
    else if (socket.destroyed) this.#onClose();
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.reason;
  }

  /** Fails the transfer, unless it has failed already. */
  fail(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#stop();
    this.#close();
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when what `start` begins calls back, or when the transfer fails; never rejects. */
  until(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.failed) return resolve();
      const done = (): void => {
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
      start(done);
    });
  }

  /** Says whether it is the peer's turn to move octets; only then standing still is a stall. */
  awaitPeer(isPeersTurn: boolean): void {
    this.#awaitsPeer = isPeersTurn;
    this.#idleTicks = 0;
  }

  /** Octets moved: the stall starts anew. */
  moved(): void {
    this.#idleTicks = 0;
  }

  /** From now on only the signal can end the transfer: the connection has done its part. */
  ignoreConnection(): void {
    clearInterval(this.#timer);
    this.#socket.off("error", this.#onError).off("close", this.#onClose);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #stop(): void {
    this.ignoreConnection();
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  #tick(stallMs: number): void {
    if (!this.#awaitsPeer) return;
    this.#idleTicks += 1;
    if (this.#idleTicks > ticksPerStall) {
      this.fail(new TransportError("SALLYPORT_DATA_STALLED", `Nothing moved on the data connection for ${stallMs} ms`));
    }
  }

  readonly #onError = (error: Error): void => this.fail(dataFailure(error));
  readonly #onClose = (): void => this.fail(closedEarly());
  readonly #onAbort = (): void => this.fail(this.#signal?.reason);
}

/** A stall is noticed at most a quarter late. */
const ticksPerStall = 4;

/** Puts a socket's error into our families. */
export function dataFailure(cause: Error): TransportError | TlsError {
  const code = "code" in cause ? String(cause.code) : "";
  if (code === "ECONNRESET") {
    return new TransportError("SALLYPORT_DATA_RESET", "The peer reset the data connection", { cause });
  }
  if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED" || code === "ECANCELED") return closedEarly(cause);
  if (code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS") || code === "EPROTO") {
    return new TlsError("SALLYPORT_DATA_TLS_BROKEN", "TLS broke on the data connection", { cause });
  }
  return new TransportError("SALLYPORT_DATA_FAILED", "The data connection failed", { cause });
}

function closedEarly(cause?: Error): TransportError {
  return new TransportError("SALLYPORT_DATA_CLOSED", "The data connection was closed before the end", { cause });
}
