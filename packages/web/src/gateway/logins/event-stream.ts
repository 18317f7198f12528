import type { LoginEvent } from "../../api/api.ts";
import { bounds } from "../bounds.ts";

type TransferEvent = Extract<LoginEvent, { kind: "transfer" }>;

/**
 * What happens behind a login, for every page that watches it. For one that comes later, or comes back, the latest dialogue
 * is kept, and how far each download and copy is or how it ended; uploads are the page's own.
 */
export class EventStream {
  readonly #kept: LoginEvent[] = [];
  readonly #transfers = new Map<string, TransferEvent>();
  readonly #listeners = new Set<Listener>();

  tell(event: LoginEvent): void {
    if (event.kind === "transcript") {
      this.#kept.push(event);
      if (this.#kept.length > bounds.eventsKept) this.#kept.shift();
    }
    if (event.kind === "transfer" && event.direction !== "upload") this.#keep(event);
    for (const listener of this.#listeners) listener.take(event);
  }

  #keep(event: TransferEvent): void {
    const { id, state } = event;
    // What ended stands behind all that ended before.
    if (state !== "running") this.#transfers.delete(id);
    this.#transfers.set(id, event);
    if (this.#transfers.size <= bounds.transfersKept) return;
    for (const [each, { state: found }] of this.#transfers) {
      if (found !== "running") return void this.#transfers.delete(each);
    }
  }

  get isFull(): boolean {
    return this.#listeners.size >= bounds.listenersPerLogin;
  }

  /** Events from now on, those that were kept first; ends with `signal` and after `over`. */
  async *listen(signal: AbortSignal): AsyncGenerator<LoginEvent> {
    const listener = new Listener([...this.#kept, ...this.#transfers.values()]);
    const wake = (): void => listener.wake();
    this.#listeners.add(listener);
    signal.addEventListener("abort", wake, { once: true });
    try {
      while (!signal.aborted) {
        const event = listener.next();
        if (event === undefined) await listener.more();
        else yield event;
        if (event?.kind === "over") return;
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#listeners.delete(listener);
    }
  }
}

/** What waits for one page; who is too slow is told how much it missed. */
class Listener {
  readonly #waiting: LoginEvent[];
  #missing = 0;
  #wake: () => void = () => {};

  constructor(kept: readonly LoginEvent[]) {
    this.#waiting = [...kept];
  }

  take(event: LoginEvent): void {
    const isEnd = event.kind === "transfer" && event.state !== "running";
    const most = isEnd ? bounds.eventsWaiting + bounds.endsWaiting : bounds.eventsWaiting;
    if (this.#waiting.length >= most && event.kind !== "over") this.#missing++;
    else this.#waiting.push(event);
    this.#wake();
  }

  next(): LoginEvent | undefined {
    const event = this.#waiting.shift();
    if (event !== undefined || this.#missing === 0) return event;
    const missing = this.#missing;
    this.#missing = 0;
    return { kind: "gap", missing };
  }

  more(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  wake(): void {
    this.#wake();
  }
}
