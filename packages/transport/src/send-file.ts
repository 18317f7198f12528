import { readSync } from "node:fs";
import type { Socket } from "node:net";
import { isInPageCache, sendFromFile } from "./send-file-hook.ts";
import { transferBuffers } from "./transfer-buffers.ts";
import { dataFailure, type TransferWatch } from "./transfer-watch.ts";

/** A file whose octets the kernel may take by its descriptor. */
export interface FileSource {
  /**
   * Open for reading while it is told; it may be read at once, without fear of a mount that hangs, and nothing else
   * counts on its own position.
   */
  readonly descriptor?: number | undefined;
  read(buffer: Uint8Array, position: number): number | Promise<number>;
}

/**
 * Sends stretches of a file through the kernel, and leaves to the ordinary way what would have to wait for a disk.
 *
 * A full connection is waited for with one small ordinary write, whose callback tells that there is room again and which
 * tells an error as any write does. Up to 1 MiB goes in one turn of the event loop. Memory pages of the file go, not a
 * copy of them: what changes in the file within the moment that they wait to be sent may be seen by the peer.
 */
export class FileSending implements Disposable {
  /** From which position on {@link send} is to be asked again. */
  resumesAt = 0;
  readonly #socket: Socket;
  readonly #watch: TransferWatch;
  readonly #source: FileSource;
  #pieceBytes = firstPieceBytes;
  /** Octets for the ordinary way when the file turns out to be cold, more each time. */
  #detourBytes = detourBytesMin;
  /** Whether the file system tells what is in the page cache; without that only the clock tells. */
  #tellsCache: boolean | undefined;
  #buffer: Buffer<ArrayBuffer> | undefined;

  constructor(socket: Socket, watch: TransferWatch, source: FileSource) {
    this.#socket = socket;
    this.#watch = watch;
    this.#source = source;
  }

  /** Sends from `first` as far as it goes, at most to `stop`, with nothing being written; returns how far it came. */
  async send(first: number, stop: number, onPosition: (position: number) => void): Promise<number> {
    let position = first;
    let turnBytes = 0;
    let wasFull = false;
    if (this.resumesAt > 0) await this.#turn();
    while (position < stop) {
      const descriptor = this.#source.descriptor;
      if (descriptor === undefined) return this.#detour(position, Number.POSITIVE_INFINITY);
      const wanted = Math.min(this.#pieceBytes, stop - position);
      if (!(await this.#isWarm(descriptor, position, wanted))) return this.#detour(position);
      const startedAtMs = performance.now();
      const sent = sendFromFile(this.#socket, descriptor, position, wanted);
      const isSlow = performance.now() - startedAtMs > slowMs;
      position += sent;
      turnBytes += sent;
      this.#pieceBytes = pieceBytesMax;
      if (sent < wanted) {
        const written = sent > 0 || !wasFull ? await this.#waitForRoom(descriptor, position, stop) : 0;
        if (written === 0) return this.#detour(position);
        position += written;
        turnBytes += written;
      }
      wasFull = sent === 0;
      onPosition(position);
      if (isSlow) return this.#detour(position);
      if (sent > firstPieceBytes) this.#detourBytes = detourBytesMin;
      if (turnBytes < pieceBytesMax || position === stop) continue;
      turnBytes = 0;
      await this.#turn();
    }
    return position;
  }

  /** Nothing may be reading from the buffer any more. */
  [Symbol.dispose](): void {
    if (this.#buffer) transferBuffers.giveBack(this.#buffer);
    this.#buffer = undefined;
  }

  /** The ordinary way is to go on, for a stretch, longer each time, and tells what is the matter. */
  #detour(position: number, bytes = this.#detourBytes): number {
    this.resumesAt = position + bytes;
    this.#detourBytes *= 2;
    this.#pieceBytes = firstPieceBytes;
    return position;
  }

  async #turn(): Promise<void> {
    await this.#watch.until((done) => setImmediate(done));
    this.#watch.throwIfFailed();
  }

  /** Whether a piece is in the page cache, by its ends; true where that cannot be known. */
  async #isWarm(descriptor: number, position: number, length: number): Promise<boolean> {
    if (this.#tellsCache === false) return true;
    if (isInPageCache(descriptor, position + length - 1) && isInPageCache(descriptor, position)) {
      this.#tellsCache = true;
      return true;
    }
    if (this.#tellsCache === undefined) {
      // What was read just now is in the page cache, so that now only a file system that does not tell says no.
      await this.#source.read(new Uint8Array(1), position);
      this.#watch.throwIfFailed();
      this.#tellsCache = isInPageCache(descriptor, position);
    }
    return !this.#tellsCache;
  }

  /** Writes a little in the ordinary way, which is over when there is room; returns how much, 0 at the file's end. */
  async #waitForRoom(descriptor: number, position: number, stop: number): Promise<number> {
    const buffer = (this.#buffer ??= transferBuffers.borrow(waitBytes));
    const length = readQuietly(descriptor, buffer, Math.min(buffer.length, stop - position), position);
    if (length === 0) return 0;
    const watch = this.#watch;
    watch.awaitPeer(true);
    await watch.until((done) =>
      this.#socket.write(buffer.subarray(0, length), (error) => {
        if (error) watch.fail(dataFailure(error));
        done();
      }),
    );
    watch.awaitPeer(false);
    watch.throwIfFailed();
    return length;
  }
}

/** An error is 0 here; the ordinary way meets it again and tells it. */
function readQuietly(descriptor: number, buffer: Buffer, length: number, position: number): number {
  try {
    return readSync(descriptor, buffer, 0, length, position);
  } catch {
    return 0;
  }
}

const pieceBytesMax = 1_048_576;
/** Where only the clock tells, a cold file is to be found out with a small piece. */
const firstPieceBytes = 65_536;
const waitBytes = 16_384;
const detourBytesMin = 1_048_576;
/** A warm piece takes 0.1 to 0.4 ms; on a machine with much to do, a process may lose its turn meanwhile. */
const slowMs = 8;
