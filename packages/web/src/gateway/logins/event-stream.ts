import type { LoginEvent } from "../../api/api.ts";
import { bounds } from "../bounds.ts";

/** What happens behind a login, for every page that watches it; the latest dialogue is kept for one that comes later. */
export class EventStream {
  readonly #kept: LoginEvent[] = [];
  readonly #listeners = new Set<Listener>();

  tell(event: LoginEvent): void {
    if (event.kind === "transcript") {
      this.#kept.push(event);
      if (this.#kept.length > bounds.eventsKept) this.#kept.shift();
    }
    for (const listener of this.#listeners) listener.take(event);
  }

  get isFull(): boolean {
    return this.#listeners.size >= bounds.listenersPerLogin;
  }

  /** Events from now on, those that were kept first; ends with `signal` and after `over`. */
  async *listen(signal: AbortSignal): AsyncGenerator<LoginEvent> {
    const listener = new Listener(this.#kept);
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
    const isLast = event.kind === "over" || (event.kind === "transfer" && event.state !== "running");
    if (this.#waiting.length >= bounds.eventsWaiting && !isLast) this.#missing++;
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
