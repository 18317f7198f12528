import type { Octets } from "@sallyport/protocol";
import type { ByteSink, ByteThrottle } from "@sallyport/transport";
import { ReadableStream, type ReadableStreamDefaultController } from "node:stream/web";
import type { ClientConnection } from "../connection/client-connection.ts";
import { sizeOf } from "../operations/stat.ts";
import { receiveInto, receiveWhole } from "./receive.ts";

export interface ReadRange {
  /** First octet, default 0. */
  readonly start?: number | undefined;
  /** Behind the last octet, default the end of the file. */
  readonly end?: number | undefined;
}

export interface ReadOptions extends ReadRange {
  readonly signal?: AbortSignal | undefined;
  /** Told once when the connection is free again; also where the promise rejects. */
  readonly onDone?: () => void;
  readonly onProgress?: (bytes: number) => void;
  /** Shared with other transfers. */
  readonly throttle?: ByteThrottle | undefined;
}

/**
 * Opens a file for reading as it comes: a WHATWG stream that is an async iterable too. Resolves when the first octets
 * are there, so that a refusal is thrown here. Cancelling the stream, or leaving its loop, aborts the transfer.
 */
export async function read(
  connection: ClientConnection,
  remote: Octets,
  { start = 0, end, signal, onDone, onProgress, throttle }: ReadOptions,
): Promise<ReadableStream<Uint8Array>> {
  // Asked ahead of the transfer, and answered before it ends.
  const size = end === undefined ? sizeOf(connection, remote, { signal }) : Promise.resolve(undefined);
  const expectedBytes = size.then(
    (found) => (found === undefined ? undefined : Math.max(0, Number(found) - start)),
    () => undefined,
  );
  const flow = new Flow((end ?? Number.POSITIVE_INFINITY) - start);
  const aborter = new AbortController();
  const begun = Promise.withResolvers<undefined>();
  const transfer = connection.transfer(
    { verb: "RETR", argument: remote, type: "I", restartOffset: BigInt(start) },
    receiveWhole(
      (chunk) => {
        begun.resolve(undefined);
        const wait = flow.take(chunk);
        if (flow.isFull) aborter.abort(enough);
        return wait;
      },
      { expectedBytes, throttle, ...(onProgress && { onProgress }) },
    ),
    {
      signal: signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]),
      sizeBytes: expectedBytes,
    },
  );
  const ended = transfer.then(
    () => undefined,
    (error: unknown) => (error === enough ? undefined : { error }),
  );
  void ended.then((failure) => {
    if (failure === undefined) flow.end();
    else flow.fail(failure.error);
    onDone?.();
  });
  const failure = await Promise.race([begun.promise, ended]);
  if (failure !== undefined) throw failure.error;
  return flow.stream(() => aborter.abort(enough));
}

export interface ReadIntoOptions extends Omit<ReadOptions, "onDone"> {
  /** Of the whole file, where it is known; otherwise the server is asked. */
  readonly sizeBytes?: number | undefined;
}

/**
 * Reads a file into a sink in large pieces, whose buffers are used again: positions count from the file's start. Resolves
 * with how many octets the sink got when the transfer is over; one that ends ahead of the file's end is aborted.
 */
export async function readInto(
  connection: ClientConnection,
  remote: Octets,
  sink: ByteSink,
  { start = 0, end, sizeBytes, signal, onProgress, throttle }: ReadIntoOptions,
): Promise<number> {
  const stop = end === undefined || (sizeBytes !== undefined && end >= sizeBytes) ? Number.POSITIVE_INFINITY : end;
  const aborter = new AbortController();
  let received = 0;
  const write = (buffer: Uint8Array, position: number): undefined | Promise<void> => {
    const piece = buffer.subarray(0, Math.max(0, Math.min(buffer.length, stop - position)));
    received += piece.length;
    const writing = piece.length === 0 ? undefined : sink.write(piece, position);
    if (position + buffer.length < stop) return writing;
    if (writing === undefined) return void aborter.abort(enough);
    return writing.finally(() => aborter.abort(enough));
  };
  const size = sizeBytes ?? sizeOf(connection, remote, { signal }).catch(() => undefined);
  const expectedBytes = Promise.resolve(size).then((found) =>
    found === undefined ? undefined : Math.max(0, Number(found) - start),
  );
  try {
    await connection.transfer(
      { verb: "RETR", argument: remote, type: "I", restartOffset: BigInt(start) },
      receiveInto({ write }, start, { expectedBytes, throttle, ...(onProgress && { onProgress }) }),
      {
        signal: signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]),
        sizeBytes: expectedBytes,
      },
    );
  } catch (error) {
    if (error !== enough) throw error;
  }
  return received;
}

/** Ends a transfer of which enough was received. */
const enough = new Error("Enough was read");

/** Octets on their way from the data connection to a reader, one chunk ahead at most. */
class Flow {
  #left: number;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #waiting: Uint8Array[] = [];
  #wake: () => void = () => {};
  #end: { readonly error: unknown } | "whole" | undefined;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get isFull(): boolean {
    return this.#left <= 0;
  }

  take(chunk: Uint8Array): undefined | Promise<void> {
    // The buffer is used again; a Buffer's own slice() would share it.
    const piece = new Uint8Array(chunk.subarray(0, Math.min(chunk.length, this.#left)));
    this.#left -= piece.length;
    if (piece.length > 0) this.#waiting.push(piece);
    const waited = new Promise<void>((resolve) => (this.#wake = resolve));
    this.#flush();
    return this.#waiting.length === 0 && (this.#controller?.desiredSize ?? 0) > 0 ? undefined : waited;
  }

  end(): void {
    this.#end ??= "whole";
    this.#flush();
  }

  fail(error: unknown): void {
    this.#end ??= { error };
    this.#flush();
  }

  stream(cancel: () => void): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        this.#flush();
      },
      pull: () => {
        this.#flush();
        this.#wake();
      },
      cancel: () => {
        this.#controller = undefined;
        this.#wake();
        cancel();
      },
    });
  }

  #flush(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    for (const chunk of this.#waiting.splice(0)) controller.enqueue(chunk);
    if (this.#end === undefined) return;
    this.#controller = undefined;
    if (this.#end === "whole") controller.close();
    else controller.error(this.#end.error);
  }
}
