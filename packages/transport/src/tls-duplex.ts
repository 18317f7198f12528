import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { readIntoUserBuffer, sharedUserBuffer } from "./user-buffer-hook.ts";

/**
 * Stands between TLS and its TCP connection, so that TLS sees neither the FIN nor the end of its own stay.
 *
 * It withholds the FIN: the incoming half of TLS then ends with a close_notify and with nothing else, which Node cannot
 * tell otherwise (R-TLS-20). And it leaves the TCP connection open when TLS ends, with every octet behind the peer's
 * close_notify kept for whoever goes on in clear (CCC, REIN; R-TLS-22).
 *
 * The owner of the TCP connection reads it and hands octets to {@link deliver}, or lets {@link readFrom} do so. It also
 * closes it: destroying TLS or this leaves TCP as it is.
 */
export class TlsDuplex extends Duplex {
  readonly #tcp: Socket;
  #records: RecordWalk | undefined;
  #sent: Uint8Array[] | undefined = [];
  /** What was written since {@link cork}. */
  #flight: { readonly octets: Uint8Array[]; readonly done: Done[] } | undefined;

  constructor(tcp: Socket) {
    super({ readableHighWaterMark: 0 });
    this.#tcp = tcp;
  }

  /**
   * Hands received octets to TLS at once. The octets may be reused after the call.
   *
   * @param ended asks, once {@link watchRecords} was called, after each record whether TLS has ended.
   * @returns the octets behind the record that ended TLS; otherwise none.
   */
  deliver(octets: Uint8Array, ended?: () => boolean): Uint8Array {
    if (!ended || !this.#records) {
      this.#records?.pass(octets);
      this.emit("data", octets);
      return octets.subarray(octets.length);
    }
    let at = 0;
    while (at < octets.length && !ended()) {
      const length = this.#records.toRecordEnd(octets, at);
      this.emit("data", octets.subarray(at, at + length));
      at += length;
    }
    return octets.subarray(at);
  }

  /** Follows record boundaries from the first octet on, so that TLS can be left with TCP kept. */
  watchRecords(): this {
    this.#records = new RecordWalk();
    return this;
  }

  /** What was sent so far, for who wants to read the clear part of the handshake; nothing is kept after this. */
  takeSent(): readonly Uint8Array[] {
    const sent = this.#sent ?? [];
    this.#sent = undefined;
    return sent;
  }

  override pause(): this {
    super.pause();
    this.#tcp.pause();
    return this;
  }

  override resume(): this {
    this.#tcp.resume();
    return this;
  }

  /**
   * Node hands over each flight of TLS between cork and uncork. It goes straight to the TCP connection, which queues and
   * counts it; a queue of our own in front of that one would cost some microseconds for every reply.
   */
  override write(octets: Uint8Array, ...rest: unknown[]): boolean {
    const done = rest.find((one) => typeof one === "function") as Done | undefined;
    if (this.destroyed || this.writableEnded) return super.write(octets, done);
    this.#keepSent(octets);
    if (!this.#flight) return this.#tcp.write(octets, done);
    this.#flight.octets.push(octets);
    if (done) this.#flight.done.push(done);
    return true;
  }

  override cork(): void {
    this.#flight ??= { octets: [], done: [] };
  }

  override uncork(): void {
    const flight = this.#flight;
    this.#flight = undefined;
    const [first, ...further] = flight?.octets ?? [];
    if (!flight || !first) return;
    const octets = further.length === 0 ? first : Buffer.concat([first, ...further]);
    this.#tcp.write(octets, (error) => flight.done.forEach((done) => done(error)));
  }

  override _read(): void {}

  /** Nothing waits in a queue of ours; see {@link write}. */
  override _write(octets: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#tcp.write(octets, done);
  }

  /** TLS has sent its close_notify; the FIN is the owner's to send. */
  override _final(done: Done): void {
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    done(error);
  }

  #keepSent(octets: Uint8Array): void {
    if (this.#sent === undefined) return;
    if (this.#sent.length < keptWritesMax) this.#sent.push(octets);
    else this.#sent = undefined;
  }
}

type Done = (error?: Error | null) => void;

/**
 * Reads a TCP connection for TLS in pieces of up to 64 KiB through one buffer that all connections share, which TLS
 * copies at once; so the price of this layer is paid for each 64 KiB and not for each record. Where this Node lacks the
 * inside for that, its ordinary `data` events serve.
 *
 * @param onFin is called once when the FIN arrives, after all octets before it.
 */
export function readFrom(tcp: Socket, duplex: TlsDuplex, onFin: () => void): void {
  const buffer = sharedUserBuffer("wire");
  const hooked = readIntoUserBuffer(tcp, buffer, (length) => {
    duplex.deliver(buffer.subarray(0, length));
    return !tcp.isPaused();
  });
  if (!hooked) tcp.on("data", (octets: Buffer) => duplex.deliver(octets));
  tcp.once("end", onFin).once("close", () => duplex.destroy());
}

/** The server's clear flight is one or two writes; past these there is nothing to read any more. */
const keptWritesMax = 8;

/** Follows record headers through any cutting of the stream (RFC 8446 §5.1). */
class RecordWalk {
  #headerLeft = recordHeaderBytes;
  #bodyLeft = 0;

  pass(octets: Uint8Array): void {
    for (let at = 0; at < octets.length;) at += this.toRecordEnd(octets, at);
  }

  /** Octets from `at` to the end of the record they are in, or of the input. */
  toRecordEnd(octets: Uint8Array, start: number): number {
    let at = start;
    for (; this.#headerLeft > 0 && at < octets.length; at++) {
      this.#headerLeft--;
      // The last two octets of the header are the length.
      if (this.#headerLeft < 2) this.#bodyLeft = this.#bodyLeft * 256 + (octets[at] ?? 0);
    }
    if (this.#headerLeft > 0) return at - start;
    const length = Math.min(this.#bodyLeft, octets.length - at);
    this.#bodyLeft -= length;
    at += length;
    if (this.#bodyLeft === 0) this.#headerLeft = recordHeaderBytes;
    return at - start;
  }
}

const recordHeaderBytes = 5;
