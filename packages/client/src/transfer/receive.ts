import type { ByteSink, ByteThrottle, ReceiveResult } from "@sallyport/transport";
import type { Moved, Mover } from "../connection/data-task.ts";

/** Receives chunks until the server's end, as soon as they come. Each is the receiver's until its promise settles. */
export function receiveWhole(
  onChunk: (chunk: Uint8Array) => undefined | Promise<void>,
  { expectedBytes, onProgress, throttle }: ReceiveExpectation = {},
): Mover {
  return async (data, options) => {
    const moving = { ...options, isPrompt: true, ...(onProgress && { onProgress }), ...(throttle && { throttle }) };
    return movedOf(await data.receiveChunks(onChunk, moving), await expectedBytes);
  };
}

/** Receives into a file from a position on. */
export function receiveInto(
  sink: ByteSink,
  position: number,
  { expectedBytes, onProgress, throttle }: ReceiveExpectation = {},
): Mover {
  return async (data, options) => {
    const moving = { ...options, keepsUp: true, ...(onProgress && { onProgress }), ...(throttle && { throttle }) };
    return movedOf(await data.receiveInto(sink, position, moving), await expectedBytes);
  };
}

export interface ReceiveExpectation {
  /** What the server announced on the control connection; so many octets are whole without close_notify too. */
  readonly expectedBytes?: number | undefined | Promise<number | undefined>;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Shared with other transfers. */
  readonly throttle?: ByteThrottle | undefined;
}

function movedOf({ bytes, end }: ReceiveResult, expectedBytes: number | undefined): Moved {
  return { bytes, isWhole: end !== "fin-without-close-notify" || bytes === expectedBytes };
}
