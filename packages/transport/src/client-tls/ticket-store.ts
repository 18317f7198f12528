import { limits } from "@sallyport/protocol";

/**
 * The TLS tickets of one control connection, for its data connections: the newest unused one first, and the last one
 * again when all are used, which stateless servers take (R-TLS-31, R-TLS-32). Servers give them with the control
 * connection and renew them with data connections.
 */
export class TicketStore {
  readonly #unused: Buffer[] = [];
  #last: Buffer | undefined;
  readonly #first = Promise.withResolvers<void>();
  #hasWaited = false;

  add(ticket: Buffer): void {
    this.#unused.push(ticket);
    if (this.#unused.length > limits.ticketsCount.value) this.#unused.shift();
    this.#last = ticket;
    this.#first.resolve();
  }

  /** The ticket for the next data connection; the very first is waited for, once: Pure-FTPd sends none (TLS 1.3). */
  async take(waitMs: number): Promise<Buffer | undefined> {
    if (this.#last === undefined && !this.#hasWaited) await this.#firstWithin(waitMs);
    this.#hasWaited = true;
    return this.#unused.pop() ?? this.#last;
  }

  async #firstWithin(waitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, waitMs)));
    await Promise.race([this.#first.promise, tooLate]);
    clearTimeout(timer);
  }
}
