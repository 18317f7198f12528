import { isSallyportError, type LimitValues } from "@sallyport/protocol";
import { setTimeout as pause } from "node:timers/promises";

export interface RetryOptions {
  readonly limits: Pick<LimitValues, "retryCount" | "retryMs" | "retryMaxMs">;
  readonly signal?: AbortSignal | undefined;
  /** Whether what may have been carried out may be carried out again: the outcome is the same. */
  readonly repeatable?: boolean;
  /** Whether the last attempt brought something that the next need not do again; the count of attempts starts anew. */
  readonly hasProgressed?: () => boolean;
}

/**
 * Tries again while the failure says that it may be asked again, with doubling pauses. The work takes a connection of
 * its own each time, so a broken one does not come back.
 */
export async function withRetry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (options.hasProgressed?.() === true) attempt = 0;
      await beforeNextAttempt(attempt, error, options);
    }
  }
}

/** The same for what comes piece by piece; after the first piece there is no other attempt. */
export async function* iterateWithRetry<T>(work: () => AsyncGenerator<T>, options: RetryOptions): AsyncGenerator<T> {
  for (let attempt = 0; ; attempt++) {
    let hasBegun = false;
    try {
      for await (const piece of work()) {
        hasBegun = true;
        yield piece;
      }
      return;
    } catch (error) {
      if (hasBegun) throw error;
      await beforeNextAttempt(attempt, error, options);
    }
  }
}

/** Waits before the next attempt, or throws where there is none. */
async function beforeNextAttempt(
  attempt: number,
  error: unknown,
  { limits, signal, repeatable }: RetryOptions,
): Promise<void> {
  if (triesAnotherConnection(error) && !signal?.aborted) return;
  if (attempt >= limits.retryCount || !mayAskAgain(error, repeatable) || signal?.aborted) throw error;
  const delayMs = Math.min(limits.retryMaxMs, limits.retryMs * 2 ** attempt);
  // Clients that failed together come back apart.
  await pause(delayMs * (0.5 + Math.random() / 2), undefined, signal ? { signal } : {});
}

/** See `onAnotherConnection`. */
function triesAnotherConnection(error: unknown): boolean {
  return error instanceof Error && "triesAnotherConnection" in error;
}

function mayAskAgain(error: unknown, repeatable = false): boolean {
  if (!isSallyportError(error)) return false;
  const retry = "retry" in error ? error.retry : notReached.test(error.code) ? "again" : "never";
  return retry === "again" || (retry === "check" && repeatable);
}

/** Nothing was asked: no connection came about. */
const notReached = /^SALLYPORT_(?:CONNECT|HOST)_/;
