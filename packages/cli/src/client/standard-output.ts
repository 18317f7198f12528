import { type Client, type OnProgress, ProgressMeter } from "@sallyport/client";
import type { Writable } from "node:stream";
import { OutputReader } from "../output-reader.ts";

/**
 * Copies a file to `output` as fast as whoever reads there takes it; returns its octets. Who leaves early, as in
 * `sallyport cat … | head`, ends the transfer, and that is no failure.
 */
export async function copyToOutput(
  client: Client,
  path: string,
  {
    output,
    signal,
    onProgress,
    total,
    start,
    end,
  }: {
    readonly output: Writable;
    readonly signal: AbortSignal;
    readonly onProgress?: OnProgress;
    readonly total?: number | undefined;
    readonly start?: number | undefined;
    readonly end?: number | undefined;
  },
): Promise<number> {
  let bytes = 0;
  using reader = new OutputReader(output);
  const meter = new ProgressMeter(path, onProgress, { total });
  for await (const chunk of await client.read(path, { signal, start, end })) {
    await reader.take(chunk);
    bytes += chunk.length;
    meter.moved(bytes);
    if (reader.isGone) break;
  }
  return bytes;
}
