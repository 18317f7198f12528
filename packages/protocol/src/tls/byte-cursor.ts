/**
 * Reads big-endian fields and length-prefixed vectors (RFC 8446 §3) from bytes that a peer sent.
 *
 * A read past the end never throws: it marks the cursor as `failed`, which stays so, and gives zeros or nothing. A
 * parser reads straight through and asks once at the end.
 */
export class ByteCursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
  failed = false;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Octets that are left to read. */
  get left(): number {
    return this.end - this.at;
  }

  /** Whether octets are left; false after a failure, so that a loop over elements ends. */
  get more(): boolean {
    return !this.failed && this.at < this.end;
  }

  /** Reads an unsigned number of 1 to 4 octets. */
  number(width: 1 | 2 | 3 | 4): number {
    if (!this.#take(width)) return 0;
    let value = 0;
    for (let at = this.at - width; at < this.at; at++) value = value * 256 + (this.bytes[at] ?? 0);
    return value;
  }

  /** Reads so many octets as a view on the same memory. */
  octets(count: number): Uint8Array {
    return this.#take(count) ? this.bytes.subarray(this.at - count, this.at) : this.bytes.subarray(0, 0);
  }

  /** Reads a vector whose length stands before it in 1 to 3 octets, and returns a cursor over its content. */
  vector(lengthWidth: 1 | 2 | 3): ByteCursor {
    const length = this.number(lengthWidth);
    const start = this.at;
    return this.#take(length) ? new ByteCursor(this.bytes, start, this.at) : new ByteCursor(this.bytes, start, start);
  }

  /** Reads what is left as a list of numbers; a remainder that is no whole number is a failure. */
  numbers(width: 1 | 2): number[] {
    const list: number[] = [];
    while (this.more) list.push(this.number(width));
    return list;
  }

  #take(count: number): boolean {
    if (this.failed || count > this.left) {
      this.failed = true;
      return false;
    }
    this.at += count;
    return true;
  }
}
