import { IntegrityError } from "@sallyport/protocol";
import type { ReadLocal } from "./file-digest.ts";

/**
 * Where the parts of a file meet that several RETR bring. Each goes on for a little after its part has ended, so that the
 * octets behind a seam come twice, from both sides; a server that does not do what REST says, or a file that is another
 * one by then, shows there, and nothing has to be asked for again.
 */
export class Seams {
  /** Octets behind each seam that come twice. */
  readonly overlapBytes: number;
  readonly #begun = new Set<number>();
  readonly #overlaps = new Map<number, Buffer[]>();

  constructor(overlapBytes: number) {
    this.overlapBytes = overlapBytes;
  }

  /** How many RETR began inside the file. */
  get count(): number {
    return this.#begun.size;
  }

  /** Notes that a RETR begins inside the file. */
  begin(position: number): void {
    if (position > 0) this.#begun.add(position);
  }

  /** Keeps what came behind the part that ends at `seam`; true as soon as that is enough. */
  keep(seam: number, octets: Uint8Array): boolean {
    const kept = this.#overlaps.get(seam) ?? [];
    this.#overlaps.set(seam, kept);
    const length = kept.reduce((sum, piece) => sum + piece.length, 0);
    const room = Math.min(octets.length, this.overlapBytes - length);
    kept.push(Buffer.from(octets.subarray(0, room)));
    return length + room >= this.overlapBytes;
  }

  /**
   * Compares what came twice, and returns the beginnings that nothing was kept of, because the part before broke off.
   *
   * @throws {IntegrityError} SALLYPORT_INTEGRITY_CONTENT
   */
  async compare(local: ReadLocal): Promise<{ readonly alike: number; readonly unseen: readonly number[] }> {
    const unseen = [...this.#begun].filter((position) => !this.#overlaps.has(position));
    for (const [seam, pieces] of this.#overlaps) {
      const overlap = Buffer.concat(pieces);
      // oxlint-disable-next-line no-await-in-loop -- a few, of a local file
      const ours = await local(seam, overlap.length);
      if (!overlap.equals(ours)) {
        const message = `Two parts of the file do not fit together at octet ${seam}`;
        throw new IntegrityError("SALLYPORT_INTEGRITY_CONTENT", message);
      }
    }
    return { alike: this.#begun.size - unseen.length, unseen };
  }
}
