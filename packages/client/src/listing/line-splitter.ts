import { type Octets, octetsFromBytes } from "@sallyport/protocol";

/** Splits what comes into lines; CR before LF is not part of them. A line beyond the limit is cut there. */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #rest = "";

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  push(octets: Uint8Array): Octets[] {
    const lines = (this.#rest + octetsFromBytes(octets)).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, this.#lineBytesMax + 1);
    return lines.map((line) => this.#trimmed(line));
  }

  /** What stands behind the last LF, if anything. */
  end(): Octets[] {
    return this.#rest === "" ? [] : [this.#trimmed(this.#rest)];
  }

  #trimmed(line: string): Octets {
    return (line.endsWith("\r") ? line.slice(0, -1) : line).slice(0, this.#lineBytesMax) as Octets;
  }
}
