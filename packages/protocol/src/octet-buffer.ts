/**
 * Collects octets in one growing array that is used again and again, so that a codec allocates nothing in the steady
 * state. What {@link cut} returns is a view: it holds until the buffer is cleared and written again.
 */
export class OctetBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #cutAt = 0;

  constructor(initialBytes = 4096) {
    this.#bytes = new Uint8Array(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** Forgets everything; earlier views may be overwritten from now on. */
  clear(): void {
    this.#length = 0;
    this.#cutAt = 0;
  }

  /** Returns what was added since the last cut, possibly nothing. */
  cut(): Uint8Array<ArrayBuffer> {
    const view = this.#bytes.subarray(this.#cutAt, this.#length);
    this.#cutAt = this.#length;
    return view;
  }

  octet(octet: number): void {
    this.reserve(1)[this.#length++] = octet;
  }

  append(source: Uint8Array, start = 0, end = source.length): void {
    const bytes = this.reserve(end - start);
    // A view and a call cost as much as copying some hundred octets one by one.
    if (end - start > 128) bytes.set(source.subarray(start, end), this.#length);
    else for (let at = start, to = this.#length; at < end; at++, to++) bytes[to] = source[at] as number;
    this.#length += end - start;
  }

  /** Moves what lies behind a position, to make room for a few octets that are written there. */
  insert(position: number, octets: readonly number[]): void {
    const bytes = this.reserve(octets.length);
    bytes.copyWithin(position + octets.length, position, this.#length);
    bytes.set(octets, position);
    this.#length += octets.length;
  }

  /** The array itself with room for `count` more octets behind {@link length}; {@link advance} says how many came. */
  reserve(count: number): Uint8Array<ArrayBuffer> {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  advance(to: number): void {
    this.#length = to;
  }
}
