import fs from "node:fs";
import { promisify } from "node:util";
import { isQuickDescriptor } from "./local-calls.ts";
import { Patience } from "./patience.ts";

/**
 * Reads a local file: at once where its file system lies on this machine, and by a thread elsewhere, or for a while after a
 * read that took long.
 */
export class LocalReader {
  readonly #descriptor: number;
  #isQuick: boolean | undefined;
  readonly #patience = new Patience(slowMs);

  /**
   * @param descriptor which the caller keeps open.
   * @param isQuick whether its file system lies on this machine; found out where it is not said.
   */
  constructor(descriptor: number, isQuick?: boolean) {
    this.#descriptor = descriptor;
    this.#isQuick = isQuick;
  }

  /** Reads at most a buffer full at a position; 0 is the end. */
  read(buffer: Uint8Array, position: number): number | Promise<number> {
    if (this.#isQuick !== true || this.#patience.isAsked()) return this.#readLater(buffer, position);
    const beganMs = performance.now();
    const length = fs.readSync(this.#descriptor, buffer, 0, buffer.length, position);
    // A disk that has to turn first: the next pieces are fetched while this one goes out.
    this.#patience.took(performance.now() - beganMs);
    return length;
  }

  async #readLater(buffer: Uint8Array, position: number): Promise<number> {
    this.#isQuick ??= await isQuickDescriptor(this.#descriptor);
    return (await read(this.#descriptor, buffer, 0, buffer.length, position)).bytesRead;
  }
}

const read = promisify(fs.read);
const slowMs = 20;
