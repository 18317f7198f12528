import { once } from "node:events";
import type { Client, OnProgress } from "@sallyport/client";

/** Copies a file to standard output as fast as whoever reads there takes it; returns its octets. */
export async function copyToOutput(
  client: Client,
  path: string,
  {
    signal,
    onProgress,
    start,
    end,
  }: {
    readonly signal: AbortSignal;
    readonly onProgress?: OnProgress;
    readonly start?: number | undefined;
    readonly end?: number | undefined;
  },
): Promise<number> {
  const { stdout } = process;
  let bytes = 0;
  for await (const chunk of await client.read(path, { signal, start, end })) {
    bytes += chunk.length;
    // `sallyport cat … | head` ends the reader early; that is no failure.
    if (stdout.destroyed || stdout.writableEnded || stdout.errored !== null) break;
    if (!stdout.write(chunk)) await Promise.race([once(stdout, "drain"), once(stdout, "close")]).catch(() => undefined);
    onProgress?.({ file: path, bytes, total: undefined, rate: 0, etaMs: undefined, resumedFrom: 0, phase: "data" });
  }
  return bytes;
}
