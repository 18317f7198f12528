/*
 * RFC 2228 §8.2 and R-2228-15: on a data connection that a security mechanism other than TLS protects, each token of the
 * mechanism stands behind its length, four octets with the most significant one first. A token that holds no octets is
 * the last one; only who opens the tokens can tell.
 */

export type DataBlockEvent =
  | {
      readonly kind: "token";
      /** The receiver's own. */
      readonly token: Uint8Array<ArrayBuffer>;
    }
  | {
      /** A length of 0, which no token has, or above the bound. No more can be made of the stream. */
      readonly kind: "refused-length";
      readonly tokenBytes: number;
    };

const lengthBytes = 4;

/** The four octets that go before a token of `tokenBytes` octets. */
export function dataBlockHeader(tokenBytes: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(lengthBytes);
  new DataView(header.buffer).setUint32(0, tokenBytes);
  return header;
}

/** A token with its length before it. */
export function encodeDataBlock(token: Uint8Array): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(lengthBytes + token.length);
  block.set(dataBlockHeader(token.length));
  block.set(token, lengthBytes);
  return block;
}

/**
 * Finds the tokens in the octets of a data connection, in whatever pieces they arrive. A length above `tokenBytesMax`
 * is refused before memory is taken for it; after that everything is ignored.
 */
export class DataBlockDecoder {
  readonly #tokenBytesMax: number;
  readonly #memoryOf: (tokenBytes: number) => Uint8Array<ArrayBuffer>;
  #lengthOctets: number[] = [];
  #token: Uint8Array<ArrayBuffer> | undefined;
  #filledBytes = 0;
  #hasRefused = false;

  /** @param memoryOf gives the memory for a token of this length; default: makes it. */
  constructor(tokenBytesMax: number, memoryOf = (tokenBytes: number) => new Uint8Array(tokenBytes)) {
    this.#tokenBytesMax = tokenBytesMax;
    this.#memoryOf = memoryOf;
  }

  /** Whether the stream could end here without a block being cut; that the last block was empty is for the caller to see. */
  get isBetweenBlocks(): boolean {
    return this.#lengthOctets.length === 0 && this.#token === undefined && !this.#hasRefused;
  }

  /** Yields what `input` completes; the octets of `input` may be used again once the generator is through. */
  *push(input: Uint8Array): Generator<DataBlockEvent, void, undefined> {
    let at = 0;
    while (at < input.length && !this.#hasRefused) {
      if (this.#token === undefined) {
        at = this.#readLength(input, at);
        if (this.#lengthOctets.length < lengthBytes) return;
        const refused = this.#begin();
        if (refused !== undefined) yield refused;
      } else {
        const taken = input.subarray(at, at + this.#token.length - this.#filledBytes);
        this.#token.set(taken, this.#filledBytes);
        this.#filledBytes += taken.length;
        at += taken.length;
        if (this.#filledBytes === this.#token.length) yield { kind: "token", token: this.#finish(this.#token) };
      }
    }
  }

  #readLength(input: Uint8Array, from: number): number {
    const taken = input.subarray(from, from + lengthBytes - this.#lengthOctets.length);
    this.#lengthOctets.push(...taken);
    return from + taken.length;
  }

  #begin(): DataBlockEvent | undefined {
    const tokenBytes = this.#lengthOctets.reduce((sum, octet) => sum * 256 + octet, 0);
    if (tokenBytes === 0 || tokenBytes > this.#tokenBytesMax) {
      this.#hasRefused = true;
      return { kind: "refused-length", tokenBytes };
    }
    this.#token = this.#memoryOf(tokenBytes);
    return undefined;
  }

  #finish(token: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#lengthOctets = [];
    this.#token = undefined;
    this.#filledBytes = 0;
    return token;
  }
}
