/**
 * An abort signal that is made when it is first asked for, with a reason that is made when somebody hears it: most
 * commands and connections end while nobody listens, and an error costs as much as the rest of a command.
 */
export class LateAbort {
  #controller: AbortController | undefined;
  #reason: (() => unknown) | undefined;

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason());
    }
    return this.#controller.signal;
  }

  /** Aborts; the first reason counts. */
  abort(reason: () => unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason());
  }
}
