import type { ByteSink, ReceiveResult } from "@sallyport/transport";
import type { Moved, Mover } from "../connection/data-task.ts";

/** Receives chunks until the server's end. Each is the receiver's until its promise settles. */
export function receiveWhole(
  onChunk: (chunk: Uint8Array) => undefined | Promise<void>,
  { expectedBytes, onProgress }: ReceiveExpectation = {},
): Mover {
  return async (data, options) =>
    movedOf(await data.receiveChunks(onChunk, { ...options, ...(onProgress && { onProgress }) }), expectedBytes);
}

/** Receives into a file from a position on. */
export function receiveInto(
  sink: ByteSink,
  position: number,
  { expectedBytes, onProgress }: ReceiveExpectation = {},
): Mover {
  return async (data, options) =>
    movedOf(await data.receiveInto(sink, position, { ...options, ...(onProgress && { onProgress }) }), expectedBytes);
}

export interface ReceiveExpectation {
  /** What the server announced on the control connection; so many octets are whole without close_notify too. */
  readonly expectedBytes?: number | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

function movedOf({ bytes, end }: ReceiveResult, expectedBytes: number | undefined): Moved {
  return { bytes, isWhole: end !== "fin-without-close-notify" || bytes === expectedBytes };
}
