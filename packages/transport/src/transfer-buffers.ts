import { limits } from "@sallyport/protocol";

/**
 * Lends the buffers through which octets move, and keeps a few for the next transfer.
 *
 * Past the budget borrowers get buffers of 64 KiB, so that many slow transfers at once slow down instead of filling
 * memory. Whoever borrows gives back, once nothing reads from or writes to the buffer any more.
 */
export class TransferBuffers {
  readonly #budgetBytes: number;
  readonly #kept = new Map<number, Buffer<ArrayBuffer>[]>();
  #lentBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** Octets out on loan. */
  get lentBytes(): number {
    return this.#lentBytes;
  }

  borrow(sizeBytes: number): Buffer<ArrayBuffer> {
    const isAffordable = this.#lentBytes + sizeBytes <= this.#budgetBytes;
    const grantedBytes = isAffordable ? sizeBytes : Math.min(sizeBytes, smallBytes);
    this.#lentBytes += grantedBytes;
    return this.#kept.get(grantedBytes)?.pop() ?? Buffer.allocUnsafeSlow(grantedBytes);
  }

  giveBack(buffer: Buffer<ArrayBuffer>): void {
    this.#lentBytes -= buffer.length;
    const kept = this.#kept.get(buffer.length) ?? [];
    this.#kept.set(buffer.length, kept);
    if (kept.length < keptCountMax) kept.push(buffer);
  }
}

/** Buffers of all transfers of this worker. */
export const transferBuffers = new TransferBuffers(limits.dataBufferBytes.value);

const smallBytes = 65_536;
const keptCountMax = 8;
