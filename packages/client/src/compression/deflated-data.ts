import { SallyportError } from "@sallyport/protocol";
import {
  type ByteSink,
  type ByteSource,
  type DataConnection,
  deflateChunks,
  type ReceiveResult,
  type TransferOptions,
} from "@sallyport/transport";

/** What a mover does with a data connection. */
export type DataMoves = Pick<DataConnection, "sendFrom" | "sendChunks" | "receiveInto" | "receiveChunks">;

/**
 * A data connection in MODE Z, to be used as if there were none: what is sent is compressed, what comes is decompressed,
 * and all counts are of the file's octets. A stream that is cut or damaged fails the transfer.
 */
export class DeflatedData implements DataMoves {
  readonly #data: DataMoves;
  /** Octets on the data connection. */
  wireBytes = 0;

  constructor(data: DataMoves) {
    this.#data = data;
  }

  sendFrom(source: ByteSource, first: number, end: number | undefined, options: TransferOptions = {}): Promise<number> {
    return this.sendChunks(chunksOf(source, first, end), options);
  }

  async sendChunks(
    chunks: AsyncIterable<Uint8Array>,
    { onProgress, ...options }: TransferOptions = {},
  ): Promise<number> {
    let bytes = 0;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        yield chunk;
        onProgress?.(bytes);
      }
    };
    this.wireBytes = await this.#data.sendChunks(deflateChunks(counted()), options);
    return bytes;
  }

  receiveInto(sink: ByteSink, position: number, options: TransferOptions = {}): Promise<ReceiveResult> {
    let at = position;
    const write = (chunk: Uint8Array): undefined | Promise<void> => {
      const from = at;
      at += chunk.length;
      return sink.write(chunk, from);
    };
    return this.receiveChunks(write, options);
  }

  async receiveChunks(
    onChunk: (chunk: Uint8Array) => undefined | Promise<void>,
    { onProgress, ...options }: TransferOptions = {},
  ): Promise<ReceiveResult> {
    let bytes = 0;
    const counting = (chunk: Uint8Array): undefined | Promise<void> => {
      bytes += chunk.length;
      const taken = onChunk(chunk);
      onProgress?.(bytes);
      return taken;
    };
    const result = await this.#data.receiveChunks(counting, { ...options, inflate: {} });
    this.wireBytes = result.bytes;
    return { ...result, bytes };
  }
}

async function* chunksOf(
  source: ByteSource,
  first: number,
  end = source.sizeBytes ?? Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let position = first;
  while (position < end) {
    const wanted = buffer.subarray(0, Math.min(buffer.length, end - position));
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    const length = await source.read(wanted, position);
    if (length === 0) break;
    position += length;
    yield wanted.subarray(0, length);
  }
  if (source.sizeBytes === undefined || position >= end) return;
  throw new SallyportError("SALLYPORT_SOURCE_ENDED_EARLY", "The file ended before its length, it was cut while sent");
}

const chunkBytes = 262_144;
