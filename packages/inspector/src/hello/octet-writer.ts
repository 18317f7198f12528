/** Writes big-endian fields and length-prefixed vectors (RFC 8446 §3). */
export class OctetWriter {
  readonly #octets: number[] = [];

  number(value: number, width: 1 | 2 | 3): this {
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) this.#octets.push((value >>> shift) & 0xff);
    return this;
  }

  numbers(values: readonly number[], width: 1 | 2): this {
    for (const value of values) this.number(value, width);
    return this;
  }

  octets(octets: Iterable<number>): this {
    this.#octets.push(...octets);
    return this;
  }

  /** A text of ASCII or of octets, one a code unit. */
  text(text: string): this {
    return this.octets(Array.from(text, (character) => character.charCodeAt(0) & 0xff));
  }

  /** Writes what `write` writes, behind its length. */
  vector(lengthWidth: 1 | 2 | 3, write: (content: OctetWriter) => void): this {
    const content = new OctetWriter();
    write(content);
    return this.number(content.#octets.length, lengthWidth).octets(content.#octets);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#octets);
  }
}
