// Stands in for node:timers/promises, on the virtual clock.
import { clock } from "./virtual-clock.ts";

export function setTimeout<T>(ms: number, value?: T, options: { readonly signal?: AbortSignal } = {}): Promise<T> {
  return waited(options.signal, value as T, (done) => clock.schedule(ms, done));
}

export function setImmediate<T>(value?: T, options: { readonly signal?: AbortSignal } = {}): Promise<T> {
  return waited(options.signal, value as T, (done) => clock.soon(done));
}

function waited<T>(
  signal: AbortSignal | undefined,
  value: T,
  begin: (done: () => void) => { cancelled: boolean },
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const entry = begin(() => {
      signal?.removeEventListener("abort", give);
      resolve(value);
    });
    const give = (): void => {
      entry.cancelled = true;
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", give, { once: true });
  });
}
