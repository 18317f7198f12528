import { limits, PeerViolation } from "@sallyport/protocol";
import { once } from "node:events";
import { createDeflate, createInflate, type Inflate } from "node:zlib";

/**
 * Compresses what is sent in MODE Z: one zlib stream (RFC 1950) for each transfer. Each chunk of the source is done
 * with when its next one is asked for.
 */
export async function* deflateChunks(
  chunks: AsyncIterable<Uint8Array>,
  { level = 6 }: { readonly level?: number } = {},
): AsyncGenerator<Uint8Array> {
  const deflate = createDeflate({ level, chunkSize: pieceBytes });
  const ready: Uint8Array[] = [];
  deflate.on("data", (piece: Uint8Array) => ready.push(piece));
  try {
    for await (const chunk of chunks) {
      await new Promise<void>((resolve) => deflate.write(chunk, () => resolve()));
      yield* ready.splice(0);
    }
    deflate.end();
    await once(deflate, "end");
    yield* ready.splice(0);
  } finally {
    deflate.close();
  }
}

export interface InflateOptions {
  /** Octets of output for each octet of input, past the first MiB. Default: limits.inflateRatio. */
  readonly ratioMax?: number;
}

/**
 * Decompresses what comes in MODE Z, piece by piece, so that no input makes more than 64 KiB of output wait.
 *
 * Raises PeerViolation: `SALLYPORT_DEFLATE_BROKEN` for what is no zlib stream, `SALLYPORT_DEFLATE_TRAILING` for octets
 * behind its end, `SALLYPORT_DEFLATE_TRUNCATED` where it has none, and `SALLYPORT_DEFLATE_RATIO` for output past the
 * first MiB that is more than `ratioMax` times the input (S-24).
 */
export class Inflater implements Disposable {
  readonly #inflate: Inflate = createInflate({ chunkSize: pieceBytes });
  readonly #ratioMax: number;
  #failure: Error | undefined;
  #wake: () => void = () => {};
  #inputBytes = 0;
  #outputBytes = 0;

  constructor({ ratioMax = limits.inflateRatio.value }: InflateOptions = {}) {
    this.#ratioMax = ratioMax;
    this.#inflate.on("readable", () => this.#wake()).on("error", (error) => this.#fail(error));
  }

  /** Takes input and yields what it becomes; to be drained before the next call. The input is done with then. */
  async *push(octets: Uint8Array): AsyncGenerator<Uint8Array> {
    this.#inputBytes += octets.length;
    yield* this.#pieces((done) => this.#inflate.write(octets, done));
    // zlib leaves alone what stands behind the end of its stream.
    if (this.#inflate.bytesWritten < this.#inputBytes) throw trailing();
  }

  /** Checks that the stream is whole, after the last push. */
  async finish(): Promise<void> {
    // Node lets some cut streams pass; but one that is whole leaves a further octet alone, and no other does.
    try {
      for await (const _ of this.#pieces((done) => this.#inflate.write(Buffer.alloc(1), done)));
    } catch (error) {
      throw truncated(error);
    }
    if (this.#inflate.bytesWritten > this.#inputBytes) throw truncated();
  }

  [Symbol.dispose](): void {
    this.#inflate.destroy();
  }

  async *#pieces(start: (done: () => void) => void): AsyncGenerator<Uint8Array> {
    let isDone = false;
    start(() => {
      isDone = true;
      this.#wake();
    });
    for (;;) {
      const piece: Buffer | null = this.#inflate.read();
      if (this.#failure) throw this.#failure;
      if (piece) {
        this.#count(piece.length);
        yield piece;
      } else if (isDone) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #count(bytes: number): void {
    this.#outputBytes += bytes;
    const allowedBytes = Math.max(freeBytes, this.#inputBytes * this.#ratioMax);
    if (this.#outputBytes > allowedBytes) throw bomb(this.#ratioMax);
  }

  #fail(error: Error): void {
    this.#failure ??= broken(error);
    this.#wake();
  }
}

/** Decompresses a whole sequence of chunks; raises what {@link Inflater} does. */
export async function* inflateChunks(
  chunks: AsyncIterable<Uint8Array>,
  options: InflateOptions = {},
): AsyncGenerator<Uint8Array> {
  using inflater = new Inflater(options);
  for await (const chunk of chunks) yield* inflater.push(chunk);
  await inflater.finish();
}

const pieceBytes = 65_536;
const freeBytes = 1_048_576;

function broken(cause: Error): PeerViolation {
  return new PeerViolation("SALLYPORT_DEFLATE_BROKEN", "The MODE Z data is no zlib stream", { cause });
}

function trailing(): PeerViolation {
  return new PeerViolation("SALLYPORT_DEFLATE_TRAILING", "Octets follow the end of the MODE Z data");
}

function truncated(cause?: unknown): PeerViolation {
  return new PeerViolation("SALLYPORT_DEFLATE_TRUNCATED", "The MODE Z data ends before its zlib stream does", {
    cause,
  });
}

function bomb(ratioMax: number): PeerViolation {
  return new PeerViolation("SALLYPORT_DEFLATE_RATIO", `The MODE Z data grows more than ${ratioMax} times`);
}
