import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";

/** Octets of a local file, fewer at its end. */
export type ReadLocal = (position: number, length: number) => Promise<Uint8Array>;

/**
 * A digest that is computed while octets move. It follows as long as they come in order from the first on; where they do
 * not, {@link RunningDigest.hexOf} reads the file.
 */
export class RunningDigest {
  readonly algorithm: string;
  #state: Digest;
  #bytes = 0;

  /** @param algorithm as the IANA registry names it, or `CRC32` */
  constructor(algorithm: string) {
    this.algorithm = algorithm;
    this.#state = newDigest(algorithm);
  }

  readonly take = (octets: Uint8Array, position: number): void => {
    if (position !== this.#bytes) return;
    this.#state.update(octets);
    this.#bytes += octets.length;
  };

  /** The digest of the first `size` octets, in lower-case hex. */
  async hexOf(size: number, read: ReadLocal): Promise<string> {
    if (this.#bytes > size) {
      this.#state = newDigest(this.algorithm);
      this.#bytes = 0;
    }
    while (this.#bytes < size) {
      // oxlint-disable-next-line no-await-in-loop -- a digest is computed in order
      const octets = await read(this.#bytes, Math.min(pieceBytes, size - this.#bytes));
      if (octets.length === 0) break;
      this.take(octets, this.#bytes);
    }
    return this.#state.hex();
  }
}

const pieceBytes = 1_048_576;

interface Digest {
  update(octets: Uint8Array): void;
  hex(): string;
}

function newDigest(algorithm: string): Digest {
  if (algorithm !== "CRC32") {
    const hash: Hash = createHash(algorithm.toLowerCase().replace("-", ""));
    return { update: (octets) => void hash.update(octets), hex: () => hash.digest("hex") };
  }
  let crc = 0;
  return {
    update: (octets) => void (crc = crc32(octets, crc)),
    hex: () => crc.toString(16).padStart(8, "0"),
  };
}
