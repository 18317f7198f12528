/**
 * Lets one request at a time work on the part of an upload, whoever asks for it: two that saw the same offset would write
 * over each other.
 */
export class PartsInTurn {
  readonly #last = new Map<string, Promise<void>>();

  /** Waits for those that came before; the part is the caller's until what is returned is disposed of. */
  async take(part: string): Promise<Disposable> {
    const before = this.#last.get(part);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(part, promise);
    await before;
    return {
      [Symbol.dispose]: () => {
        if (this.#last.get(part) === promise) this.#last.delete(part);
        resolve();
      },
    };
  }
}
