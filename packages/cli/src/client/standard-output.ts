import type { Writable } from "node:stream";
import type { Client, OnProgress } from "@sallyport/client";
import { drained } from "../drained.ts";

/** Copies a file to `output` as fast as whoever reads there takes it; returns its octets. */
export async function copyToOutput(
  client: Client,
  path: string,
  {
    output,
    signal,
    onProgress,
    start,
    end,
  }: {
    readonly output: Writable;
    readonly signal: AbortSignal;
    readonly onProgress?: OnProgress;
    readonly start?: number | undefined;
    readonly end?: number | undefined;
  },
): Promise<number> {
  let bytes = 0;
  for await (const chunk of await client.read(path, { signal, start, end })) {
    bytes += chunk.length;
    // `sallyport cat … | head` ends the reader early; that is no failure.
    if (output.destroyed || output.writableEnded || output.errored !== null) break;
    if (!output.write(chunk)) await drained(output);
    onProgress?.({ file: path, bytes, total: undefined, rate: 0, etaMs: undefined, resumedFrom: 0, phase: "data" });
  }
  return bytes;
}
