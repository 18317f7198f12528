import { type MessageOrder, type OpenedMessage, SecurityMechanismError } from "@sallyport/transport";
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";

export interface MessageKeys {
  readonly seal: Uint8Array;
  readonly encrypt: Uint8Array;
}

/*
 * A message: 05 04, flags, filler, the number in eight octets; what it holds; 12 octets of HMAC-SHA-256 over all that.
 * Where it is encrypted, 32 octets go before what it holds, as in Kerberos its confounder and second header.
 */
const tokenId = 0x0504;
const byAcceptor = 1;
const encrypted = 2;
const headerBytes = 16;
const sealBytes = 12;
const confounderBytes = 32;

/** As many messages behind the newest one are told apart from each other (Kerberos does the same). */
const windowCount = 64;

/** The messages of a mock's context: sealed or encrypted, numbered in each direction, and placed in their order. */
export class MockMessages {
  readonly #keys: MessageKeys;
  readonly #isAcceptor: boolean;
  readonly #opened = new Set<number>();
  #sentCount = 0;
  #expected = 0;

  constructor(keys: MessageKeys, isAcceptor: boolean) {
    this.#keys = keys;
    this.#isAcceptor = isAcceptor;
  }

  wrap(octets: Uint8Array, confidential: boolean): Uint8Array {
    const header = Buffer.alloc(headerBytes, 0xff);
    header.writeUInt16BE(tokenId);
    header[2] = (this.#isAcceptor ? byAcceptor : 0) | (confidential ? encrypted : 0);
    header.writeBigUInt64BE(BigInt(this.#sentCount++), 8);
    const cipher = createCipheriv("aes-256-ctr", this.#keys.encrypt, header);
    const held = confidential ? cipher.update(Buffer.concat([Buffer.alloc(confounderBytes), octets])) : octets;
    return Buffer.concat([header, held, this.#seal(header, held)]);
  }

  unwrap(token: Uint8Array): OpenedMessage {
    const header = Buffer.from(token.subarray(0, headerBytes));
    const flags = header[2] ?? 0;
    const confidential = (flags & encrypted) !== 0;
    const leastBytes = headerBytes + sealBytes + (confidential ? confounderBytes : 0);
    if (token.length < leastBytes) throw rejectedMessage();
    const held = token.subarray(headerBytes, token.length - sealBytes);
    const isTheirs = ((flags & byAcceptor) !== 0) !== this.#isAcceptor;
    const seal = token.subarray(token.length - sealBytes);
    if (!isTheirs || !timingSafeEqual(seal, this.#seal(header, held))) throw rejectedMessage();
    const decipher = createDecipheriv("aes-256-ctr", this.#keys.encrypt, header);
    const octets = confidential ? decipher.update(held).subarray(confounderBytes) : held;
    const sequence = header.readBigUInt64BE(8);
    return { octets, confidential, order: this.#place(Number(sequence)), sequence };
  }

  wrapSizeLimit(tokenBytesMax: number, confidential: boolean): number {
    return Math.max(0, tokenBytesMax - headerBytes - sealBytes - (confidential ? confounderBytes : 0));
  }

  #seal(header: Uint8Array, held: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#keys.seal).update(header).update(held).digest().subarray(0, sealBytes);
  }

  #place(number: number): MessageOrder {
    if (number < this.#expected - windowCount) return "old";
    if (this.#opened.has(number)) return "duplicate";
    const order = number === this.#expected ? "in-order" : "gap";
    this.#opened.add(number);
    this.#expected = Math.max(this.#expected, number + 1);
    this.#opened.delete(this.#expected - windowCount - 1);
    return order;
  }
}

function rejectedMessage(): SecurityMechanismError {
  return new SecurityMechanismError("message-rejected", "the message is forged or damaged");
}
