import fs from "node:fs";
import { promisify } from "node:util";
import { isOnQuickFileSystem } from "./local-calls.ts";
import { Patience } from "./patience.ts";

/**
 * Writes to a local file: at once where its file system lies on this machine, which costs half of what a thread does
 * that has to be woken for each piece, and by such a thread elsewhere, or for a while after a write that took long.
 */
export class LocalWriter {
  readonly #descriptor: number;
  readonly #isQuick: boolean;
  readonly #patience = new Patience(slowMs);

  /** @param path of the file, whose descriptor the caller keeps open. */
  static async of(descriptor: number, path: string | Buffer): Promise<LocalWriter> {
    return new LocalWriter(descriptor, await isOnQuickFileSystem(path));
  }

  private constructor(descriptor: number, isQuick: boolean) {
    this.#descriptor = descriptor;
    this.#isQuick = isQuick;
  }

  /** Writes the whole buffer at a position, and tells how far it has come. Undefined where it is done at once. */
  write(buffer: Uint8Array, position: number, onWritten?: (end: number) => void): undefined | Promise<void> {
    if (!this.#isQuick || this.#patience.isAsked()) return this.#writeLater(buffer, position, onWritten);
    const beganMs = performance.now();
    for (let at = 0; at < buffer.length;) {
      at += fs.writeSync(this.#descriptor, buffer, at, buffer.length - at, position + at);
      onWritten?.(position + at);
    }
    this.#patience.took(performance.now() - beganMs);
    return undefined;
  }

  async #writeLater(buffer: Uint8Array, position: number, onWritten?: (end: number) => void): Promise<void> {
    for (let at = 0; at < buffer.length;) {
      at += (await write(this.#descriptor, buffer, at, buffer.length - at, position + at)).bytesWritten;
      onWritten?.(position + at);
    }
  }
}

const write = promisify(fs.write);
/** Longer than that, and other transfers would wait for the disk. */
const slowMs = 100;
