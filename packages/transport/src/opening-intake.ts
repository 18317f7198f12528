import { TransportError } from "@sallyport/protocol";
import type { Socket } from "node:net";

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
  let octets: Buffer = Buffer.alloc(0);

  const look = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk]);
    const found = decide(octets);
    if (found === undefined) return;
    stop();
    putBack(octets.subarray(consumes(found)));
    resolve(found);
  };
  const putBack = (rest: Buffer): void => {
    if (rest.length > 0) socket.unshift(rest);
  };
  const giveUp = (reason: unknown): void => {
    stop();
    if (!socket.readableEnded && !socket.destroyed) putBack(octets);
    reject(reason);
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => giveUp(openingTimeout(timeoutMs)), timeoutMs);
  const onAbort = () => giveUp(signal?.reason);
  const onEnd = () => giveUp(endedEarly());
  const onError = (error: Error) => giveUp(endedEarly(error));
  const stop = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    socket.off("readable", look).off("end", onEnd).off("close", onEnd).off("error", onError);
  };

  signal?.addEventListener("abort", onAbort, { once: true });
  socket.on("end", onEnd).on("close", onEnd).on("error", onError).on("readable", look);
  if (socket.destroyed || socket.readableEnded) onEnd();
  return promise;
}

function openingTimeout(timeoutMs: number): TransportError {
  return new TransportError("SALLYPORT_OPENING_TIMEOUT", `The peer sent no whole opening within ${timeoutMs} ms`);
}

function endedEarly(cause?: Error): TransportError {
  return new TransportError("SALLYPORT_DATA_CLOSED", "The peer closed before it said anything whole", { cause });
}
