import { once } from "node:events";
import type { Writable } from "node:stream";

/**
 * Whoever reads an output. Notices when they have gone: of a standard stream only its error tells, since Node undoes its
 * destruction at once.
 */
export class OutputReader implements Disposable {
  readonly #output: Writable;
  #hasFailed = false;

  constructor(output: Writable) {
    this.#output = output.on("error", this.#onError);
  }

  get isGone(): boolean {
    const { destroyed, writableEnded, errored } = this.#output;
    return this.#hasFailed || destroyed || writableEnded || errored !== null;
  }

  /** Writes, and waits until there is room for more, or never will be. */
  async take(chunk: Uint8Array): Promise<void> {
    if (!this.isGone && !this.#output.write(chunk)) await drained(this.#output);
  }

  [Symbol.dispose](): void {
    this.#output.off("error", this.#onError);
  }

  readonly #onError = (): void => void (this.#hasFailed = true);
}

/** Leaves no listener behind. */
async function drained(output: Writable): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(output, "drain", { signal }), once(output, "close", { signal })]).catch(() => undefined);
  over.abort();
}
