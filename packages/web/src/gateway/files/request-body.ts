import type { ByteSource } from "@sallyport/transport";
import type { IncomingMessage } from "node:http";
import { GatewayRefusal } from "../problem.ts";

/**
 * A request's body, read as fast as the server takes it, in pieces as large as what has come. One that breaks off ends
 * there: what came is worth keeping.
 */
export class RequestBody implements ByteSource {
  readonly #incoming: IncomingMessage;
  #left: number;
  readonly #waiting: Buffer[] = [];
  /** Of the first one that waits. */
  #taken = 0;
  #waitingBytes = 0;
  #isOver = false;
  #failure: GatewayRefusal | undefined;
  #wake: () => void = () => {};

  /** More than `bytesMax` is refused. */
  constructor(incoming: IncomingMessage, bytesMax: number) {
    this.#incoming = incoming;
    this.#left = bytesMax;
    const end = (): void => {
      this.#isOver = true;
      this.#wake();
    };
    incoming.on("data", (chunk: Buffer) => this.#take(chunk));
    incoming.once("end", end).once("close", end).once("error", end);
  }

  /** @throws {GatewayRefusal} SALLYPORT_UPLOAD_TOO_LONG */
  async read(buffer: Uint8Array): Promise<number> {
    // What one turn of the event loop brings goes on as one piece.
    while (this.#waitingBytes === 0 && !this.#isOver && !this.#failure) {
      // oxlint-disable-next-line no-await-in-loop -- until there is something
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure) throw this.#failure;
    let filled = 0;
    for (let chunk = this.#waiting[0]; chunk !== undefined && filled < buffer.length; chunk = this.#waiting[0]) {
      const taken = Math.min(chunk.length - this.#taken, buffer.length - filled);
      buffer.set(chunk.subarray(this.#taken, this.#taken + taken), filled);
      filled += taken;
      this.#taken += taken;
      if (this.#taken < chunk.length) break;
      this.#taken = 0;
      free(this.#waiting.shift());
    }
    this.#waitingBytes -= filled;
    if (this.#incoming.isPaused() && this.#waitingBytes < aheadBytes) this.#incoming.resume();
    return filled;
  }

  #take(chunk: Buffer): void {
    this.#left -= chunk.length;
    if (this.#left < 0) {
      this.#failure ??= new GatewayRefusal(
        413,
        "SALLYPORT_UPLOAD_TOO_LONG",
        "More came than the file was said to have",
      );
    } else {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes >= aheadBytes) this.#incoming.pause();
    }
    setImmediate(() => this.#wake());
  }
}

/**
 * Gives memory back at once: Node makes a buffer for each chunk, and left to the garbage collector they cost more than
 * everything else together (34 full collections for a GiB).
 */
function free(chunk: Buffer | undefined): void {
  // One that shares its memory with others, as small ones do, is left alone.
  if (chunk?.buffer instanceof ArrayBuffer && chunk.length === chunk.buffer.byteLength) chunk.buffer.transfer(0);
}

/** What is read ahead while the server takes the piece before. */
const aheadBytes = 2_097_152;
