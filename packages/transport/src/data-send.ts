import { SallyportError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { FileSending } from "./send-file.ts";
import { transferBuffers } from "./transfer-buffers.ts";
import { dataFailure, type TransferOptions, type TransferWatch } from "./transfer-watch.ts";

/** Where octets to send come from: a file open for reading. */
export interface ByteSource {
  /** Length, where it is known; a source that ends before it fails the transfer. */
  readonly sizeBytes?: number;
  /** Reads up to `buffer.length` octets at a position; 0 is the end. */
  read(buffer: Uint8Array, position: number): number | Promise<number>;
  /** Of a file that the kernel may send from, see {@link FileSource}. */
  readonly descriptor?: number | undefined;
}

/** Octets to send: from `first` to `end`, exclusive; undefined means all there are. */
export interface Extent {
  readonly first: number;
  readonly end: number | undefined;
}

/**
 * Sends a part of a source, ends the outgoing half, and returns how many octets went.
 *
 * Two buffers take turns: one is being written while the next is being read, as cheap as reading synchronously and it
 * never blocks. A file up to 256 KiB is one read and one write. With `sendFile`, the kernel sends what it has in memory of
 * a source with a descriptor (see {@link FileSending}). Reading is over when the promise settles.
 */
export async function sendOctets(
  socket: Socket,
  watch: TransferWatch,
  source: ByteSource,
  { first, end = Number.POSITIVE_INFINITY }: Extent,
  { onProgress, throttle, sendFile }: TransferOptions & { readonly sendFile?: boolean },
): Promise<number> {
  const stop = Math.min(end, source.sizeBytes ?? end);
  const pace = new WritePace(throttle?.pieceBytes);
  const sizeBytes = stop - first <= smallFileBytes ? smallFileBytes : bufferBytes;
  const buffers: Buffer<ArrayBuffer>[] = [];
  const isLong = stop - first > readFileBytes;
  using kernel = sendFile && isLong && !throttle ? new FileSending(socket, watch, source) : undefined;
  let writing: Promise<void> = Promise.resolve();
  let position = first;
  sendingCount++;
  try {
    for (let turn = 0; position < stop; turn ^= 1) {
      if (kernel && position >= kernel.resumesAt) {
        await writing;
        watch.throwIfFailed();
        position = await kernel.send(position, stop, (reached) => onProgress?.(reached - first));
        if (position === stop) break;
      }
      const buffer = (buffers[turn] ??= transferBuffers.borrow(sizeBytes));
      const wanted = Math.min(pace.pieceBytes, buffer.length, stop - position);
      const reading = source.read(wanted === buffer.length ? buffer : buffer.subarray(0, wanted), position);
      const length = typeof reading === "number" ? reading : await reading;
      await writing;
      watch.throwIfFailed();
      if (position > first) onProgress?.(position - first);
      if (length === 0) break;
      position += length;
      const octets = length === buffer.length ? buffer : buffer.subarray(0, length);
      const isLast = position >= stop && length <= fairPieceBytes();
      if (isLast && endsInTurn && !throttle) writing = endWith(socket, watch, octets);
      else writing = writeFairly(socket, watch, octets, pace);
      const waitMs = throttle?.take(length) ?? 0;
      if (waitMs > 0) await pauseFor(waitMs, watch);
    }
    await writing;
    watch.throwIfFailed();
    if (source.sizeBytes !== undefined && position < stop) throw endedEarly();
    await endSending(socket, watch);
    onProgress?.(position - first);
    return position - first;
  } catch (error) {
    watch.fail(error);
    await writing;
    throw error;
  } finally {
    sendingCount--;
    for (const buffer of buffers) transferBuffers.giveBack(buffer);
  }
}

/** Transfers that send at the moment in this worker. */
let sendingCount = 0;

/** What each may encrypt in one go: a command waits for one piece of every transfer, about a millisecond for each MiB. */
function fairPieceBytes(): number {
  return sendingCount < crowdCount ? bufferBytes : firstPieceBytes;
}

/**
 * Sends chunks as they come, ends the outgoing half, and returns how many octets went. A chunk is done with when the
 * next one is asked for.
 */
export async function sendChunks(
  socket: Socket,
  watch: TransferWatch,
  chunks: AsyncIterable<Uint8Array>,
  { onProgress, throttle }: TransferOptions,
): Promise<number> {
  let sent = 0;
  try {
    for await (const chunk of chunks) {
      watch.throwIfFailed();
      if (chunk.length === 0) continue;
      await writeOctets(socket, watch, chunk);
      watch.throwIfFailed();
      sent += chunk.length;
      onProgress?.(sent);
      const waitMs = throttle?.take(chunk.length) ?? 0;
      if (waitMs > 0) await pauseFor(waitMs, watch);
    }
    watch.throwIfFailed();
    await endSending(socket, watch);
    return sent;
  } catch (error) {
    watch.fail(error);
    throw error;
  }
}

/** Ends the outgoing half, with close_notify under TLS, and waits until that was handed to the system. */
export async function endSending(socket: Socket, watch: TransferWatch): Promise<void> {
  if (socket.writableFinished) return;
  watch.awaitPeer(true);
  if (!endsInTurn) await watch.until((done) => setImmediate(done));
  watch.throwIfFailed();
  if (!socket.writableFinished) {
    await watch.until((done) =>
      socket.end((error?: Error | null) => {
        if (error) watch.fail(dataFailure(error));
        done();
      }),
    );
  }
  watch.awaitPeer(false);
  watch.throwIfFailed();
}

/** Writes what was read in pieces that leave others their turn. */
async function writeFairly(socket: Socket, watch: TransferWatch, octets: Uint8Array, pace: WritePace): Promise<void> {
  const startedAtMs = performance.now();
  for (let at = 0; at < octets.length && !watch.failed;) {
    const pieceBytes = fairPieceBytes();
    await writeOctets(socket, watch, octets.subarray(at, at + pieceBytes));
    at += pieceBytes;
  }
  pace.took(performance.now() - startedAtMs, octets.length);
}

async function writeOctets(socket: Socket, watch: TransferWatch, octets: Uint8Array): Promise<void> {
  watch.awaitPeer(true);
  await watch.until((done) =>
    socket.write(octets, (error) => {
      if (error) watch.fail(dataFailure(error));
      done();
    }),
  );
  watch.awaitPeer(false);
}

/** Sends the last octets and ends at once. */
async function endWith(socket: Socket, watch: TransferWatch, octets: Uint8Array): Promise<void> {
  watch.awaitPeer(true);
  await watch.until((done) => {
    socket.write(octets);
    socket.end((error?: Error | null) => {
      if (error) watch.fail(dataFailure(error));
      done();
    });
  });
  watch.awaitPeer(false);
}

/** Writes octets that belong together, such as a length and what it is the length of. */
export async function writeTogether(
  socket: Socket,
  watch: TransferWatch,
  parts: readonly [Uint8Array, Uint8Array],
): Promise<void> {
  socket.cork();
  socket.write(parts[0]);
  const written = writeOctets(socket, watch, parts[1]);
  socket.uncork();
  await written;
}

/** Waits for a throttle, or until the transfer fails. */
export async function pauseFor(waitMs: number, watch: TransferWatch): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await watch.until((done) => (timer = setTimeout(done, waitMs)));
  clearTimeout(timer);
}

/**
 * How much to write at once: as much as goes through in a fraction of a second, so that a slow line shows its progress
 * well within the stall time, and a fast one has few writes. The opening goes in small pieces: many who leave early, as
 * players that seek do, leave within it, and what the system has taken by then was read and encrypted for nothing (1.8
 * in place of 4.7 MB on the loopback).
 */
class WritePace {
  pieceBytes: number;
  #sentBytes = 0;
  readonly #pieceBytesMax: number;

  constructor(pieceBytesMax = bufferBytes) {
    this.#pieceBytesMax = pieceBytesMax;
    this.pieceBytes = Math.min(firstPieceBytes, pieceBytesMax);
  }

  took(elapsedMs: number, bytes: number): void {
    this.#sentBytes += bytes;
    if (elapsedMs > slowMs) this.pieceBytes = Math.max(pieceBytesMin, this.pieceBytes >> 2);
    else if (elapsedMs < fastMs && bytes >= this.pieceBytes && this.#sentBytes >= openingBytes) {
      this.pieceBytes = Math.min(this.#pieceBytesMax, this.pieceBytes << 1);
    }
  }
}

/**
 * Whether the end may come in the same turn of the event loop as a write or the handshake: Node 24 loses the
 * close_notify or the tickets then (24.21, TLS 1.3), 26.10 loses neither.
 */
const endsInTurn = Number.parseInt(process.versions.node, 10) >= 26;

const bufferBytes = 1_048_576;
const smallFileBytes = 262_144;
const crowdCount = 4;
/** Up to this length one read and one write are as cheap as the kernel's help. */
const readFileBytes = 65_536;
const firstPieceBytes = 262_144;
const openingBytes = 4_194_304;
const pieceBytesMin = 16_384;
const slowMs = 2_000;
const fastMs = 250;

/** The file has become shorter than it said. */
export function endedEarly(): SallyportError {
  return new SallyportError("SALLYPORT_SOURCE_ENDED_EARLY", "The file ended before its length, it was cut while sent");
}
