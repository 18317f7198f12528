import { setTimeout as pause } from "node:timers/promises";

/** Looks again and again until the answer is yes; throws what was waited for when the time is over. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await pause(20);
  }
}

/** The promise's outcome, or an error that says what did not come in time. */
export async function within<T>(what: string, timeoutMs: number, promise: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = pause(timeoutMs, undefined, { signal: over.signal }).then(
    () => Promise.reject(new Error(`not within ${timeoutMs} ms: ${what}`)),
    () => promise,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
