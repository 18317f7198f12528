import type { OpenedMessage } from "@sallyport/transport";
import type { NativeMessage } from "./native/gss.ts";

/** As many messages behind the newest one are known to MIT's library as opened or not. */
const windowCount = 64n;

const headerBytes = 16;
const numberOffset = 8;

/**
 * Finishes what the library says about the order of messages: a late one whose number shows that the library has lost
 * track of it is old, and so is one that hides its number.
 */
export class ReceivedSequence {
  #highest: bigint | undefined;

  /** Takes the messages in the order in which they were opened, with what {@link sequenceOf} tells of their tokens. */
  place(sequence: bigint | undefined, { order, ...message }: NativeMessage): OpenedMessage {
    if (sequence === undefined) return { ...message, order: order === "late" ? "old" : order };
    const isKnown = this.#highest !== undefined && this.#highest - sequence < windowCount;
    if (this.#highest === undefined || sequence > this.#highest) this.#highest = sequence;
    const settled = order === "late" ? (isKnown ? "gap" : "old") : order;
    return { ...message, order: settled, sequence };
  }
}

/**
 * The number of a message that was opened, as its token shows it: in the last eight of its sixteen first octets, which the
 * seal covers (RFC 4121 §4.2.6.2). Tokens of the older kinds hide theirs (RFC 1964).
 */
export function sequenceOf(token: Uint8Array): bigint | undefined {
  const isMessage = token.length >= headerBytes && token[0] === 0x05 && token[1] === 0x04;
  if (!isMessage) return undefined;
  return new DataView(token.buffer, token.byteOffset, headerBytes).getBigUint64(numberOffset);
}
