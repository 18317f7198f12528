import type { Socket } from "node:net";
import type { ByteThrottle } from "./byte-throttle.ts";
import { type DataMessages, MessageIntake } from "./data-messages.ts";
import { PiecePace } from "./piece-pace.ts";
import { transferBuffers } from "./transfer-buffers.ts";
import type { TransferOptions, TransferWatch } from "./transfer-watch.ts";
import { readIntoUserBuffer, sharedUserBuffer } from "./user-buffer-hook.ts";
import type { Taker } from "./taker.ts";

/** Where received octets go: a file open for writing. */
export interface ByteSink {
  /**
   * Writes the whole buffer at a position. Undefined where that is done at once; otherwise the buffer belongs to the
   * sink until the promise settles.
   */
  write(buffer: Uint8Array, position: number): undefined | Promise<void>;
}

export interface ReceiveOptions extends TransferOptions {
  /** How many writes may be under way at once; 1 keeps them in order. Default 2. */
  readonly outstandingCountMax?: number;
  /** Whether the hook for a reused buffer works in this Node; without it octets come as `data` events. */
  readonly userBuffer: boolean;
  /** Opens the messages that carry the octets. */
  readonly messages?: DataMessages | undefined;
}

/**
 * Receives octets into a sink until the peer ends, and returns how many.
 *
 * They are gathered into pieces of 256 KiB, so that the sink sees few and large writes; see `keepsUp` and `isPrompt` for
 * less. When all the writes that may be under way are, reading stops until one is done. When the connection fails, what came before is
 * written all the same, since an interrupted upload may be continued; then the failure is thrown. Writing is over when the
 * promise settles.
 */
export async function receiveOctets(
  socket: Socket,
  watch: TransferWatch,
  sink: ByteSink,
  position: number,
  options: ReceiveOptions,
): Promise<number> {
  const staging = new Staging(sink, position, watch, options);
  const opening = options.messages && new MessageIntake(options.messages, staging, watch);
  const intake = new Intake(socket, watch, opening ?? staging, options);
  staging.onRoom = () => intake.proceed();
  if (opening) opening.onRoom = staging.onRoom;
  await watch.until((done) => intake.start(done));
  intake.stop();
  watch.ignoreConnection();
  await opening?.finish();
  await staging.flush();
  watch.throwIfFailed();
  return staging.receivedBytes;
}

/** Gathers octets and hands them to the sink, a few writes at a time and in order of position. */
class Staging implements Taker {
  /** Called when reading may go on. */
  onRoom: () => void = () => {};
  receivedBytes = 0;
  readonly #sink: ByteSink;
  readonly #watch: TransferWatch;
  readonly #onProgress: TransferOptions["onProgress"];
  readonly #outstandingCountMax: number;
  readonly #pace: PiecePace | undefined;
  readonly #isPrompt: boolean;
  #lull: NodeJS.Immediate | undefined;
  /** Received by the end of a turn of the event loop. */
  #turnedBytes = 0;
  readonly #full: Filled[] = [];
  #position: number;
  #buffer: Buffer<ArrayBuffer> | undefined;
  #filledBytes = 0;
  #outstandingCount = 0;
  /** Of the next piece. */
  #pieceBytes = stagingBytes;
  /** The piece that is being gathered is handed on when it is so long. */
  #fullBytes = stagingBytes;
  #onQuiet: () => void = () => {};
  #refused = false;

  constructor(sink: ByteSink, position: number, watch: TransferWatch, options: ReceiveOptions) {
    this.#sink = sink;
    this.#position = position;
    this.#watch = watch;
    this.#onProgress = options.onProgress;
    this.#outstandingCountMax = options.outstandingCountMax ?? 2;
    if (options.keepsUp && !options.throttle) this.#pace = new PiecePace();
    this.#isPrompt = options.isPrompt ?? false;
  }

  /** Whether another piece may be read; what was decrypted already is taken even so. */
  get hasRoom(): boolean {
    return this.#full.length === 0;
  }

  take(octets: Buffer, length: number): void {
    this.receivedBytes += length;
    for (let at = 0; at < length;) {
      const buffer = (this.#buffer ??= transferBuffers.borrow(stagingBytes));
      if (this.#filledBytes === 0) this.#fullBytes = Math.min(this.#pieceBytes, buffer.length);
      const taken = Math.min(length - at, this.#fullBytes - this.#filledBytes);
      octets.copy(buffer, this.#filledBytes, at, at + taken);
      this.#filledBytes += taken;
      at += taken;
      if (this.#filledBytes === this.#fullBytes) this.#push();
    }
    this.#awaitLull();
  }

  /** Hands on what is left and resolves when the sink has written everything, or refused something. */
  async flush(): Promise<void> {
    clearImmediate(this.#lull);
    this.#push();
    if (this.#outstandingCount > 0) await new Promise<void>((resolve) => (this.#onQuiet = resolve));
    if (this.#buffer) transferBuffers.giveBack(this.#buffer);
    this.#buffer = undefined;
  }

  /** Where it is to be prompt, hands on what is there once a whole turn of the event loop has brought no more. */
  #awaitLull(): void {
    if (this.#isPrompt && this.#filledBytes > 0) this.#lull ??= setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#lull = undefined;
    // Who is at a piece yet gets the next one in full, or when it is done.
    if (this.#outstandingCount > 0) return;
    if (this.receivedBytes === this.#turnedBytes) return this.#push();
    this.#turnedBytes = this.receivedBytes;
    this.#awaitLull();
  };

  #push(): void {
    const buffer = this.#buffer;
    const length = this.#filledBytes;
    if (!buffer || length === 0) return;
    this.#buffer = undefined;
    this.#filledBytes = 0;
    if (this.#outstandingCount < this.#outstandingCountMax) this.#write(buffer, length);
    else this.#full.push({ buffer, length });
  }

  #write(buffer: Buffer<ArrayBuffer>, length: number): void {
    const writing = this.#refused ? undefined : this.#begin(buffer, length);
    if (!writing) return this.#release(buffer);
    this.#outstandingCount += 1;
    const written = (): void => {
      this.#outstandingCount -= 1;
      this.#release(buffer);
      while (this.#outstandingCount < this.#outstandingCountMax) {
        const next = this.#full.shift();
        if (!next) break;
        this.#write(next.buffer, next.length);
      }
      if (this.#outstandingCount === 0) this.#onQuiet();
      this.#awaitLull();
      if (this.hasRoom) this.onRoom();
    };
    writing.then(written, (error: unknown) => {
      this.#refuse(error);
      written();
    });
  }

  #begin(buffer: Buffer<ArrayBuffer>, length: number): undefined | Promise<void> {
    const position = this.#position;
    this.#position += length;
    try {
      const writing = this.#sink.write(length === buffer.length ? buffer : buffer.subarray(0, length), position);
      this.#onProgress?.(this.receivedBytes);
      // A thread that has to be woken for each piece is worth large ones.
      this.#pieceBytes = writing ? stagingBytes : (this.#pace?.pieceBytesAt(this.receivedBytes) ?? stagingBytes);
      return writing;
    } catch (error) {
      this.#refuse(error);
      return undefined;
    }
  }

  /** After a refusal nothing more is written: the file would have a hole. */
  #refuse(error: unknown): void {
    this.#refused = true;
    this.#watch.fail(error);
  }

  /** Keeps one buffer for the next octets, which spares the pool on synchronous sinks. */
  #release(buffer: Buffer<ArrayBuffer>): void {
    if (this.#buffer) transferBuffers.giveBack(buffer);
    else this.#buffer = buffer;
  }
}

interface Filled {
  readonly buffer: Buffer<ArrayBuffer>;
  readonly length: number;
}

/** Reads the socket into its taker, and stops where there is no room or the throttle says so. */
class Intake {
  readonly #socket: Socket;
  readonly #watch: TransferWatch;
  readonly #taker: Taker;
  readonly #throttle: ByteThrottle | undefined;
  readonly #userBuffer: boolean;
  #waitsForThrottle = false;
  #throttleTimer: NodeJS.Timeout | undefined;
  #onPaid: () => void = () => {};

  constructor(socket: Socket, watch: TransferWatch, taker: Taker, { throttle, userBuffer }: ReceiveOptions) {
    this.#socket = socket;
    this.#watch = watch;
    this.#taker = taker;
    this.#throttle = throttle;
    this.#userBuffer = userBuffer;
  }

  start(onEnd: () => void): void {
    const socket = this.#socket;
    if (socket.readableEnded) return onEnd();
    // What came faster than the rate allows is paid for before the end.
    socket.once("end", () => (this.#waitsForThrottle ? (this.#onPaid = onEnd) : onEnd()));
    this.#takeBuffered();
    const buffer = sharedUserBuffer("payload");
    const hooked = this.#userBuffer && readIntoUserBuffer(socket, buffer, (length) => this.#take(buffer, length));
    if (!hooked) {
      socket.on("data", (chunk: Buffer) => {
        if (!this.#take(chunk, chunk.length)) socket.pause();
      });
    }
    this.proceed();
  }

  /** Goes on reading, unless something still stands against it. */
  proceed(): void {
    if (!this.#taker.hasRoom || this.#waitsForThrottle || this.#watch.failed) return;
    this.#watch.awaitPeer(true);
    this.#socket.resume();
  }

  stop(): void {
    clearTimeout(this.#throttleTimer);
  }

  /** What Node read before the transfer began, such as a small upload that came right behind its handshake. */
  #takeBuffered(): void {
    for (let chunk = this.#read(); chunk !== null; chunk = this.#read()) this.#take(chunk, chunk.length);
  }

  #read(): Buffer | null {
    return this.#socket.readableLength > 0 ? this.#socket.read() : null;
  }

  /** Returns whether reading may go on. */
  #take(octets: Buffer, length: number): boolean {
    this.#watch.moved();
    if (!this.#watch.failed) this.#taker.take(octets, length);
    const waitMs = this.#throttle?.take(length) ?? 0;
    if (waitMs > 0) this.#waitForThrottle(waitMs);
    const goesOn = this.#taker.hasRoom && !this.#waitsForThrottle;
    if (!goesOn) this.#watch.awaitPeer(false);
    return goesOn;
  }

  /** Each piece that still comes meanwhile has its own wait, and the last one counts. */
  #waitForThrottle(waitMs: number): void {
    clearTimeout(this.#throttleTimer);
    this.#waitsForThrottle = true;
    this.#throttleTimer = setTimeout(() => {
      this.#waitsForThrottle = false;
      this.#onPaid();
      this.proceed();
    }, waitMs);
  }
}

const stagingBytes = 262_144;
