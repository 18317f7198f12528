import { DataBlockDecoder, dataBlockHeader, TransportError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import type { Taker } from "./taker.ts";
import { type ByteSource, endedEarly, endSending, type Extent, pauseFor, writeTogether } from "./data-send.ts";
import type { MessageSecurity, TransferOrder } from "./message-security.ts";
import { isSecurityMechanismError, type OpenedMessage } from "./security-mechanism.ts";
import { transferBuffers } from "./transfer-buffers.ts";
import type { TransferOptions, TransferWatch } from "./transfer-watch.ts";

/*
 * Protection levels S and P under a mechanism with messages of its own (RFC 2228 §8.2, RFC 2743): the octets of a
 * transfer travel in blocks, each a sealed message behind its length, and an empty message is the end.
 */

/** How the octets of one transfer become messages. */
export interface DataMessages {
  readonly security: MessageSecurity;
  /** Whether they are encrypted (P), not only sealed (S). */
  readonly confidential: boolean;
  /** The size that PBSZ settled: no token is longer. */
  readonly bufferBytes: number;
}

/**
 * Sends a part of a source in messages, and the empty one at the end; returns how many octets went. Several messages
 * are with the mechanism while others are read and written.
 */
export function sendMessagesFrom(
  socket: Socket,
  watch: TransferWatch,
  source: ByteSource,
  extent: Extent,
  messages: DataMessages,
  options: TransferOptions,
): Promise<number> {
  return sendPieces(socket, watch, messages, options, (pieceBytes) => piecesOf(source, extent, pieceBytes));
}

/** The same for chunks, each of which is its own again when the next one is asked for. */
export function sendMessages(
  socket: Socket,
  watch: TransferWatch,
  chunks: AsyncIterable<Uint8Array>,
  messages: DataMessages,
  options: TransferOptions,
): Promise<number> {
  return sendPieces(socket, watch, messages, options, (pieceBytes) => slicesOf(chunks, pieceBytes));
}

/** Opens the messages of a transfer and hands their octets on, in order. */
export class MessageIntake implements Taker {
  /** Called when reading may go on. */
  onRoom: () => void = () => {};
  readonly #messages: DataMessages;
  readonly #to: Taker;
  readonly #watch: TransferWatch;
  readonly #decoder: DataBlockDecoder;
  readonly #order: TransferOrder;
  /** Lent to the token that is coming in. */
  #memory: Buffer<ArrayBuffer> | undefined;
  /** Those that the mechanism has not been asked for yet. */
  #waiting: Waiting[] = [];
  #openingBytes = 0;
  /** With those that wait. */
  #openingCount = 0;
  #hasEnded = false;
  #onQuiet: () => void = () => {};

  constructor(messages: DataMessages, to: Taker, watch: TransferWatch) {
    this.#messages = messages;
    this.#to = to;
    this.#watch = watch;
    this.#decoder = new DataBlockDecoder(messages.bufferBytes, (tokenBytes) => this.#memoryOf(tokenBytes));
    this.#order = messages.security.transferOrder();
  }

  get hasRoom(): boolean {
    return this.#openingBytes < openingBytesMax && this.#waiting.length === 0 && this.#to.hasRoom;
  }

  take(octets: Buffer, length: number): void {
    for (const event of this.#decoder.push(octets.subarray(0, length))) {
      if (this.#watch.failed) return;
      if (event.kind === "token") this.#open(event.token);
      else this.#watch.fail(tooLarge(event.tokenBytes, this.#messages.bufferBytes));
    }
  }

  /** The stream is over: waits until all that came is opened, and fails the transfer where the end is missing. */
  async finish(): Promise<void> {
    giveBack(this.#memory);
    this.#memory = undefined;
    if (this.#openingCount > 0) await this.#watch.until((done) => (this.#onQuiet = done));
    if (this.#watch.failed) return;
    if (!this.#hasEnded || !this.#decoder.isBetweenBlocks) this.#watch.fail(noFinalBlock());
    else if (!(await this.#order.isWhole())) this.#watch.fail(outOfOrder());
  }

  #memoryOf(tokenBytes: number): Uint8Array<ArrayBuffer> {
    if (tokenBytes < lentBytesMin || tokenBytes > memoryBytes) return new Uint8Array(tokenBytes);
    const memory = transferBuffers.borrow(memoryBytes);
    if (memory.length >= tokenBytes) {
      this.#memory = memory;
      return memory.subarray(0, tokenBytes);
    }
    transferBuffers.giveBack(memory);
    return new Uint8Array(tokenBytes);
  }

  /** One read can bring thousands of blocks, and the mechanism is everybody's. */
  #open(token: Uint8Array): void {
    const asked = { token, memory: this.#memory };
    this.#memory = undefined;
    this.#openingBytes += token.length;
    this.#openingCount += 1;
    if (this.#openingCount - this.#waiting.length > openingCountMax) this.#waiting.push(asked);
    else this.#ask(asked);
  }

  #ask({ token, memory }: Waiting): void {
    const opened = (): void => {
      const wasFull = !this.hasRoom;
      this.#done({ token, memory });
      const given = this.#watch.failed ? this.#waiting.splice(0) : this.#waiting.splice(0, 1);
      for (const next of given) {
        if (this.#watch.failed) this.#done(next);
        else this.#ask(next);
      }
      if (this.#openingCount === 0) this.#onQuiet();
      if (wasFull && this.hasRoom) this.onRoom();
    };
    this.#messages.security
      .openData(token, memory)
      .then((message) => this.#deliver(message))
      .catch((error: unknown) => this.#watch.fail(rejected(error)))
      .then(opened, opened);
  }

  #done({ token, memory }: Waiting): void {
    giveBack(memory);
    this.#openingBytes -= token.length;
    this.#openingCount -= 1;
  }

  #deliver(message: OpenedMessage): void {
    if (this.#watch.failed) return;
    const { octets, confidential } = message;
    if (this.#messages.confidential && !confidential) throw notConfidential();
    if (this.#hasEnded || !this.#order.follows(message)) throw outOfOrder();
    if (octets.length === 0) this.#hasEnded = true;
    else this.#to.take(Buffer.from(octets.buffer, octets.byteOffset, octets.length), octets.length);
  }
}

/** A token, and the lent memory that it lies in. */
interface Waiting {
  readonly token: Uint8Array;
  readonly memory: Buffer<ArrayBuffer> | undefined;
}

/** Octets of a transfer, and the lent memory that holds them and has room for their token. */
interface Piece {
  readonly octets: Uint8Array;
  readonly memory: Buffer<ArrayBuffer> | undefined;
}

async function sendPieces(
  socket: Socket,
  watch: TransferWatch,
  { security, confidential, bufferBytes }: DataMessages,
  { onProgress, throttle }: TransferOptions,
  piecesOfSize: (pieceBytes: number) => AsyncIterable<Piece>,
): Promise<number> {
  const sealing: (Piece & { readonly token: Promise<Uint8Array> })[] = [];
  let sentBytes = 0;
  const seal = ({ octets, memory }: Piece): void => {
    const token = security.seal(octets, confidential, memory);
    token.catch(() => {});
    sealing.push({ token, octets, memory });
  };
  const writeNext = async (): Promise<void> => {
    const [next] = sealing;
    if (next === undefined) return;
    const token = await settled(next.token, watch);
    await writeTogether(socket, watch, [dataBlockHeader(token.length), token]);
    watch.throwIfFailed();
    sealing.shift();
    giveBack(next.memory);
    const { length } = next.octets;
    sentBytes += length;
    if (length > 0) onProgress?.(sentBytes);
    const waitMs = throttle?.take(length) ?? 0;
    if (waitMs > 0) await pauseFor(waitMs, watch);
  };
  try {
    const limitBytes = await settled(security.sizeLimit(bufferBytes, confidential), watch);
    if (limitBytes < 1) throw failed("SALLYPORT_DATA_BUFFER_TOO_SMALL", "A message does not fit the size of PBSZ");
    const pieceBytes = Math.min(limitBytes, throttle?.pieceBytes ?? pieceBytesMax, pieceBytesMax);
    for await (const piece of piecesOfSize(pieceBytes)) {
      seal(piece);
      watch.throwIfFailed();
      if (sealing.length === sealingCountMax) await writeNext();
    }
    seal({ octets: new Uint8Array(0), memory: undefined });
    // oxlint-disable-next-line no-await-in-loop -- blocks go one after the other
    while (sealing.length > 0) await writeNext();
    await endSending(socket, watch);
    return sentBytes;
  } catch (error) {
    const failure = rejected(error);
    watch.fail(failure);
    for (const { token, memory } of sealing) void giveBackAfter(token, memory);
    throw failure;
  }
}

async function giveBackAfter(token: Promise<unknown>, memory: Buffer<ArrayBuffer> | undefined): Promise<void> {
  await token.catch(() => undefined);
  giveBack(memory);
}

function giveBack(memory: Buffer<ArrayBuffer> | undefined): void {
  if (memory !== undefined) transferBuffers.giveBack(memory);
}

/** What the mechanism answers, or the failure of the transfer if that comes first. */
async function settled<T>(answer: Promise<T>, watch: TransferWatch): Promise<T> {
  const tell = async (done: () => void): Promise<void> => {
    await answer.catch(() => undefined);
    done();
  };
  await watch.until((done) => void tell(done));
  watch.throwIfFailed();
  return answer;
}

async function* piecesOf(
  source: ByteSource,
  { first, end = Number.POSITIVE_INFINITY }: Extent,
  pieceBytes: number,
): AsyncGenerator<Piece> {
  const stop = Math.min(end, source.sizeBytes ?? end);
  for (let position = first; position < stop;) {
    const memory = transferBuffers.borrow(memoryBytes);
    const wanted = memory.subarray(0, Math.min(pieceBytes, memory.length - tokenRoomBytes, stop - position));
    const length = await lengthRead(source, wanted, position).catch((error: unknown) => {
      giveBack(memory);
      throw error;
    });
    if (length === 0) {
      giveBack(memory);
      if (source.sizeBytes !== undefined) throw endedEarly();
      return;
    }
    position += length;
    yield { octets: wanted.subarray(0, length), memory };
  }
}

async function lengthRead(source: ByteSource, buffer: Uint8Array, position: number): Promise<number> {
  return source.read(buffer, position);
}

async function* slicesOf(chunks: AsyncIterable<Uint8Array>, pieceBytes: number): AsyncGenerator<Piece> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const memory = transferBuffers.borrow(memoryBytes);
      const octets = chunk.subarray(at, at + Math.min(pieceBytes, memory.length - tokenRoomBytes));
      memory.set(octets);
      at += octets.length;
      yield { octets: memory.subarray(0, octets.length), memory };
    }
  }
}

/** In-flight octets are bounded by this and the piece; more of either is not faster. */
const sealingCountMax = 4;
const memoryBytes = 262_144;
/** What a mechanism adds to the octets of a message. */
const tokenRoomBytes = 1_024;
/** Below it making memory is cheaper than lending it. */
const lentBytesMin = 16_384;
const pieceBytesMax = memoryBytes - tokenRoomBytes;
const openingBytesMax = 1_048_576;
const openingCountMax = 16;

function failed(code: string, message: string, options?: ErrorOptions): TransportError {
  return new TransportError(code, message, options);
}

function tooLarge(tokenBytes: number, bufferBytes: number): TransportError {
  const message = `A block of ${tokenBytes} octets came on the data connection, and PBSZ allows ${bufferBytes}`;
  return failed("SALLYPORT_DATA_BLOCK_SIZE", message);
}

function noFinalBlock(): TransportError {
  return failed("SALLYPORT_DATA_NO_FINAL_BLOCK", "The data connection ended before the empty block that ends the data");
}

function outOfOrder(): TransportError {
  const message = "A block of the data connection is out of order, or one was taken out";
  return failed("SALLYPORT_DATA_OUT_OF_ORDER", message);
}

function notConfidential(): TransportError {
  return failed(
    "SALLYPORT_DATA_NOT_CONFIDENTIAL",
    "A block of the data connection is not encrypted, as PROT P demands",
  );
}

/** What the mechanism says about a block, as the failure of the transfer. */
function rejected(cause: unknown): unknown {
  if (!isSecurityMechanismError(cause)) return cause;
  const isPeers = cause.fault === "message-rejected";
  const code = isPeers ? "SALLYPORT_DATA_MESSAGE_REJECTED" : "SALLYPORT_DATA_SECURITY_LOST";
  const message = isPeers
    ? "A block of the data connection is forged, damaged or a repetition"
    : `The security mechanism cannot go on with the data connection: ${cause.message}`;
  return failed(code, message, { cause });
}
