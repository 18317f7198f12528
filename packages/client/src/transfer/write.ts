import type { Octets } from "@sallyport/protocol";
import type { ByteSource, ByteThrottle, TransferOptions } from "@sallyport/transport";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { TransferOutcome } from "../connection/transfer-order.ts";
import type { Mover } from "../connection/data-task.ts";
import type { ProgressMeter } from "./progress.ts";
import { store, type StoreOptions } from "./store.ts";

/** What can be written: text goes as UTF-8. Streams of the web and of Node are iterables. */
export type Writable = string | Uint8Array | Blob | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface WriteParts extends StoreOptions {
  readonly meter: ProgressMeter;
  /** Shared with other transfers. */
  readonly throttle: ByteThrottle | undefined;
}

/** Stores content from memory or as it comes. Whatever the content raises fails the upload and is thrown. */
export async function write(
  connection: ClientConnection,
  remote: Octets,
  content: Writable,
  { meter, throttle, ...options }: WriteParts,
): Promise<TransferOutcome> {
  const sizeBytes = sizeOfContent(content);
  meter.enter("open", { total: sizeBytes });
  const outcome = await store(
    connection,
    remote,
    moverOf(content, { onProgress: meter.moved, ...(throttle && { throttle }) }),
    { ...options, sizeBytes },
  );
  meter.enter("done");
  return outcome;
}

/** Whether the same content can be sent a second time. */
export function isRepeatable(content: Writable): boolean {
  return (
    typeof content === "string" || content instanceof Uint8Array || content instanceof Blob || Array.isArray(content)
  );
}

function sizeOfContent(content: Writable): number | undefined {
  if (typeof content === "string") return Buffer.byteLength(content);
  if (content instanceof Uint8Array) return content.length;
  return content instanceof Blob ? content.size : undefined;
}

function moverOf(content: Writable, pace: Pick<TransferOptions, "onProgress" | "throttle">): Mover {
  if (typeof content === "string" || content instanceof Uint8Array) {
    const source = sourceOfBytes(typeof content === "string" ? Buffer.from(content) : content);
    return async (data, moving) => ({
      bytes: await data.sendFrom(source, 0, undefined, { ...moving, ...pace }),
      isWhole: true,
    });
  }
  const chunks = content instanceof Blob ? content.stream() : content;
  return async (data, moving) => ({
    bytes: await data.sendChunks(iterated(chunks), { ...moving, ...pace }),
    isWhole: true,
  });
}

function sourceOfBytes(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: (buffer, position) => {
      const piece = bytes.subarray(position, position + buffer.length);
      buffer.set(piece);
      return piece.length;
    },
  };
}

async function* iterated(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
