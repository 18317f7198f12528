import { TransportError } from "@sallyport/protocol";
import type { DialOptions } from "./dialer.ts";

/**
 * Runs one step of dialling under its timeout and signal.
 *
 * `start` begins it and returns how to give it up, which is done unless it resolves.
 */
export async function whileDialling<T>(
  { timeoutMs, signal }: DialOptions,
  where: string,
  start: (resolve: (value: T) => void, reject: (reason: unknown) => void) => () => void,
): Promise<T> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(dialTimeout(where, timeoutMs)), timeoutMs);
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const giveUp = start(resolve, reject);
  try {
    return await promise;
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** The same options with what is left of the time from a moment on (of `performance.now()`). */
export function remainingTime(options: DialOptions, sinceMs: number): DialOptions {
  return { ...options, timeoutMs: Math.max(1, options.timeoutMs - (performance.now() - sinceMs)) };
}

function dialTimeout(where: string, timeoutMs: number): TransportError {
  const message = `${where} did not answer within ${Math.round(timeoutMs)} ms`;
  return new TransportError("SALLYPORT_CONNECT_TIMEOUT", message);
}
