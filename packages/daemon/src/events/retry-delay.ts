import type { LimitValues } from "@sallyport/protocol";

/**
 * How long to wait after a failed attempt, the first being 1: twice as long each time up to a bound, and of that a
 * random part between half and all, so that receivers which come back are not called by everybody at once.
 */
export function retryDelayMs(
  attempts: number,
  { notifyRetryMs, notifyRetryMaxMs }: Pick<LimitValues, "notifyRetryMs" | "notifyRetryMaxMs">,
  random: () => number = Math.random,
): number {
  const wholeMs = Math.min(notifyRetryMs * 2 ** Math.min(attempts - 1, 30), notifyRetryMaxMs);
  return Math.round(wholeMs * (0.5 + random() / 2));
}
