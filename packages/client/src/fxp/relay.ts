import type { ByteThrottle } from "@sallyport/transport";
import type { Mover } from "../connection/data-task.ts";
import { read } from "../transfer/read.ts";
import type { FileEnds } from "./direct.ts";

export interface RelayOptions {
  /** Octets that the target has already. */
  readonly offset: number;
  readonly signal?: AbortSignal | undefined;
  readonly throttle?: ByteThrottle | undefined;
  readonly onProgress: (bytes: number) => void;
}

/**
 * Copies a file from one server to the other through here, as it comes: never more of it is here than one chunk that was
 * received and one that is being sent. Where either side fails, the other is broken off, so that nothing that is cut
 * looks whole.
 */
export async function relay(
  { from, to }: FileEnds,
  { offset, signal, throttle, onProgress }: RelayOptions,
): Promise<number> {
  // Resolves with the first octets, so that a file that cannot be read leaves nothing at the target.
  const stream = await read(from.connection, from.path, { start: offset, signal });
  const source = watched(stream);
  const mover: Mover = async (data, moving) => ({
    bytes: await data.sendChunks(source, { ...moving, onProgress, ...(throttle && { throttle }) }),
    isWhole: true,
  });
  const order = { verb: "STOR", argument: to.path, type: "I", restartOffset: BigInt(offset) } as const;
  try {
    const { bytes } = await to.connection.transfer(order, mover, { signal });
    return bytes;
  } catch (error) {
    throw source.failure === undefined ? error : source.failure.reason;
  } finally {
    await stream.cancel().catch(() => {});
  }
}

interface Watched extends AsyncIterable<Uint8Array> {
  /** What the source raised, which the target is not to blame for. */
  readonly failure: { readonly reason: unknown } | undefined;
}

function watched(chunks: AsyncIterable<Uint8Array>): Watched {
  let failure: Watched["failure"];
  return {
    get failure() {
      return failure;
    },
    async *[Symbol.asyncIterator]() {
      try {
        yield* chunks;
      } catch (reason) {
        failure = { reason };
        throw reason;
      }
    },
  };
}
