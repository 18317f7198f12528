import { once } from "node:events";
import type { Writable } from "node:stream";

/** Waits until there is room again, or never will be; leaves no listener behind. */
export async function drained(output: Writable): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(output, "drain", { signal }), once(output, "close", { signal })]).catch(() => undefined);
  over.abort();
}
