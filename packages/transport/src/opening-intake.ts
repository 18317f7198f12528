import { TransportError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { readIntoUserBuffer, sharedUserBuffer } from "./user-buffer-hook.ts";

/**
 * Reads the first octets of a connection, to be put back by {@link stop} for whoever takes the connection over (TLS, a
 * transfer). Who looks must be content with a bounded number of them.
 */
export class OpeningIntake {
  readonly #socket: Socket;
  readonly #userBuffer: boolean;
  #look: Look;
  #onGone: OnGone;
  #octets: Buffer | undefined;
  #stopped = false;

  /**
   * @param userBuffer whether the hook for a reused buffer works in this Node.
   * @param look sees all octets so far, each time that more have come, and says whether they are enough: then the intake
   *   stops.
   * @param onGone is told once that the connection ended before that.
   */
  constructor(socket: Socket, { userBuffer }: { readonly userBuffer: boolean }, look: Look, onGone: OnGone) {
    this.#socket = socket;
    this.#userBuffer = userBuffer;
    this.#look = look;
    this.#onGone = onGone;
  }

  start(): this {
    const socket = this.#socket;
    socket.on("end", this.#onEnd).on("close", this.#onEnd);
    if (socket.destroyed || socket.readableEnded) this.#onEnd();
    else if (!this.#userBuffer || !this.#readHooked()) socket.on("readable", this.#onReadable);
    return this;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Lets another look, first at what has come already. */
  handOver(look: Look, onGone: OnGone): void {
    this.#look = look;
    this.#onGone = onGone;
    if (this.#octets) this.#show(this.#octets);
  }

  /** Stops reading and puts all octets back, but for the first `consumedBytes`. Does nothing when it has stopped. */
  stop(consumedBytes = 0): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const socket = this.#socket;
    socket.off("end", this.#onEnd).off("close", this.#onEnd).off("readable", this.#onReadable);
    if (socket.destroyed || socket.readableEnded) return;
    socket.pause();
    const rest = this.#octets?.subarray(consumedBytes);
    if (rest && rest.length > 0) socket.unshift(rest);
  }

  #readHooked(): boolean {
    const buffer = sharedUserBuffer("wire");
    const hooked = readIntoUserBuffer(this.#socket, buffer, (length) => {
      // What comes after the stop is for nobody: whoever wants it sets a callback of its own.
      if (!this.#stopped) this.#take(Buffer.from(buffer.subarray(0, length)));
      return true;
    });
    if (!hooked) return false;
    this.#onReadable();
    if (!this.#stopped) this.#socket.resume();
    return true;
  }

  readonly #onReadable = (): void => {
    const chunk: Buffer | null = this.#stopped ? null : this.#socket.read();
    if (chunk !== null) this.#take(chunk);
  };

  readonly #onEnd = (): void => {
    if (this.#stopped) return;
    this.stop();
    this.#onGone(this.#socket.errored ?? undefined);
  };

  #take(chunk: Buffer): void {
    this.#octets = this.#octets ? Buffer.concat([this.#octets, chunk]) : chunk;
    this.#show(this.#octets);
  }

  #show(octets: Buffer): void {
    if (this.#look(octets)) this.stop();
  }
}

type Look = (octets: Buffer) => boolean;
type OnGone = (cause: Error | undefined) => void;

export interface OpeningOptions<Found> {
  /** How many of the octets the finding uses up; the rest is put back. Absent: none, all are put back. */
  readonly consumes?: (found: Found) => number;
  /** Absent: waits as long as the connection lasts. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Reads the first octets of a connection until `decide` finds something in them, then puts them back, so that whoever
 * takes the connection over next (TLS, a transfer) reads them again.
 *
 * `decide` sees all octets so far and must come to a finding within a bounded number of them. Rejects with
 * TransportError `SALLYPORT_DATA_CLOSED` when the connection ends first, `SALLYPORT_OPENING_TIMEOUT` after
 * `timeoutMs`, with the socket's error, and with the signal's reason.
 */
export async function readOpening<Found>(
  socket: Socket,
  decide: (octets: Buffer) => Found | undefined,
  options: OpeningOptions<Found> = {},
): Promise<Found> {
  const { consumes = () => 0, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Found>();
  const giveUp = (reason: unknown): void => {
    intake.stop();
    reject(reason);
  };
  const look = (octets: Buffer): boolean => {
    const found = decide(octets);
    if (found === undefined) return false;
    intake.stop(consumes(found));
    resolve(found);
    return true;
  };
  const intake = new OpeningIntake(socket, { userBuffer: false }, look, (cause) => reject(openingEnded(cause)));
  intake.start();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => giveUp(openingTimeout(timeoutMs)), timeoutMs);
  const onAbort = () => giveUp(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** The peer sent nothing whole in the time that it had. */
export function openingTimeout(timeoutMs: number): TransportError {
  return new TransportError("SALLYPORT_OPENING_TIMEOUT", `The peer sent no whole opening within ${timeoutMs} ms`);
}

/** The connection ended, or broke, before anything whole had come. */
export function openingEnded(cause?: Error): TransportError {
  return new TransportError("SALLYPORT_DATA_CLOSED", "The peer closed before it said anything whole", { cause });
}
