import { type ByteSource, provedDataPathHooks, readIntoUserBuffer, sharedUserBuffer } from "@sallyport/transport";
import type { IncomingMessage } from "node:http";
import { bounds } from "../bounds.ts";
import { GatewayRefusal } from "../problem.ts";

/**
 * A request's body, read as fast as the server takes it, in pieces as large as what has come. One that breaks off ends
 * there: what came is worth keeping.
 *
 * A long body of known length is read from its connection past the parser, into one buffer, where Node allows that: the
 * parser copies each 64 KiB into memory of its own. The connection can serve no other request then. Whoever disposes of a
 * body reads no more of it; what still comes is dropped.
 */
export class RequestBody implements ByteSource, Disposable {
  readonly #incoming: IncomingMessage;
  /** How much may still come. */
  #left: number;
  readonly #waiting: Buffer[] = [];
  /** Of the first one that waits. */
  #taken = 0;
  #waitingBytes = 0;
  #isOver: boolean;
  #isDropped = false;
  #failure: GatewayRefusal | undefined;
  #wake: () => void = () => {};
  /** What is being filled past the parser. */
  #wanted: { readonly buffer: Uint8Array; filled: number } | undefined;
  /** Whether the connection is read past the parser; undefined until the first read has found that out. */
  #isDirect: boolean | undefined;

  /** More than `bytesMax` is refused. */
  constructor(incoming: IncomingMessage, bytesMax: number) {
    this.#incoming = incoming;
    this.#left = bytesMax;
    // One that is destroyed tells of nothing any more.
    this.#isOver = incoming.destroyed;
    const end = (): void => {
      this.#isOver = true;
      this.#wake();
    };
    incoming.once("end", end).once("close", end).once("error", end);
  }

  /** Whether the connection has to be closed behind the answer. */
  get endsConnection(): boolean {
    return this.#isDirect === true;
  }

  /** @throws {GatewayRefusal} SALLYPORT_UPLOAD_TOO_LONG */
  async read(buffer: Uint8Array): Promise<number> {
    if (this.#isDirect === undefined && !this.#isOver) {
      // The parser is through with what it has.
      await new Promise((resolve) => setImmediate(resolve));
      this.#isDirect = this.#begin();
    }
    // What one turn of the event loop brings goes on as one piece.
    while (this.#waitingBytes === 0 && !this.#isOver && !this.#failure) {
      if (this.#isDirect) {
        // oxlint-disable-next-line no-await-in-loop -- until there is something
        const filled = await this.#fill(buffer);
        if (filled > 0) return filled;
      } else {
        // oxlint-disable-next-line no-await-in-loop -- until there is something
        await this.#more();
      }
    }
    if (this.#failure) throw this.#failure;
    return this.#takeWaiting(buffer);
  }

  [Symbol.dispose](): void {
    this.#isDropped = true;
    this.#waiting.length = 0;
  }

  /** Takes what came with the headers, and says whether the rest is read past the parser. */
  #begin(): boolean {
    const { socket, headers } = this.#incoming;
    const lengthBytes = Number(headers["content-length"]);
    const isLong = lengthBytes >= directBytesMin && lengthBytes <= this.#left && !this.#incoming.complete;
    const shared = sharedUserBuffer("encrypted" in socket ? "payload" : "wire");
    const isDirect =
      isLong &&
      provedDataPathHooks().userBuffer &&
      readIntoUserBuffer(socket, shared, (length) => this.#takeDirectly(shared, length));
    if (!isDirect) {
      this.#incoming.on("data", (chunk: Buffer) => this.#take(chunk));
      return false;
    }
    this.#left = lengthBytes;
    for (let chunk = this.#next(); chunk !== null; chunk = this.#next()) this.#keep(chunk);
    return true;
  }

  #next(): Buffer | null {
    return this.#incoming.read() as Buffer | null;
  }

  /** Lets the connection fill a buffer, for one turn; returns how much came. */
  async #fill(buffer: Uint8Array): Promise<number> {
    const wanted = (this.#wanted = { buffer, filled: 0 });
    const more = this.#more();
    this.#incoming.socket.resume();
    await more;
    this.#wanted = undefined;
    return wanted.filled;
  }

  /** Waits for octets or the end. One that stalls holds the server's connection, so that it is broken off. */
  async #more(): Promise<void> {
    const stalled = setTimeout(() => this.#incoming.destroy(), bounds.uploadStallMs);
    await new Promise<void>((resolve) => (this.#wake = resolve));
    clearTimeout(stalled);
  }

  /** Returns whether to read on. */
  #takeDirectly(shared: Buffer, length: number): boolean {
    const octets = shared.subarray(0, Math.min(length, this.#left));
    if (this.#isDropped) this.#count(octets.length);
    const wanted = this.#wanted;
    if (this.#isDropped || octets.length === 0) return true;
    const room = wanted === undefined ? 0 : Math.min(wanted.buffer.length - wanted.filled, octets.length);
    if (wanted !== undefined && room > 0) {
      if (wanted.filled === 0) setImmediate(() => this.#wake());
      wanted.buffer.set(octets.subarray(0, room), wanted.filled);
      wanted.filled += room;
      this.#count(room);
    }
    // Node reads ahead once more than it was asked for.
    if (room < octets.length) this.#keep(Buffer.from(octets.subarray(room)));
    return wanted !== undefined && wanted.buffer.length - wanted.filled >= shared.length;
  }

  #keep(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    this.#count(chunk.length);
  }

  /** The last octet past the parser ends the request. */
  #count(bytes: number): void {
    this.#left -= bytes;
    if (this.#left > 0) return;
    this.#incoming.complete = true;
    this.#incoming.push(null);
    this.#incoming.resume();
  }

  #take(chunk: Buffer): void {
    if (this.#isDropped) return;
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

  #takeWaiting(buffer: Uint8Array): number {
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
    if (!this.#isDirect && this.#incoming.isPaused() && this.#waitingBytes < aheadBytes) this.#incoming.resume();
    return filled;
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
/** From this length on a connection of its own costs less than the parser. */
const directBytesMin = 4_194_304;
