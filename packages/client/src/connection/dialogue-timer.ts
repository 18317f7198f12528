import type { LimitValues, TimerName } from "@sallyport/protocol";

/** The one timer of a user-PI. */
export class DialogueTimer {
  readonly #limits: LimitValues;
  readonly #onTimeout: (sequence: number) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: LimitValues, onTimeout: (sequence: number) => void) {
    this.#limits = limits;
    this.#onTimeout = onTimeout;
  }

  arm(timer: TimerName, sequence: number): void {
    this.disarm();
    // TLS keeps its own time, and says more when it is over; who decides about trust may take longer.
    if (timer === "handshake") return;
    this.#timer = setTimeout(() => this.#onTimeout(sequence), this.#msOf(timer));
  }

  disarm(): void {
    clearTimeout(this.#timer);
  }

  #msOf(timer: Exclude<TimerName, "handshake">): number {
    const { replyMs, [timerLimits[timer]]: ms } = this.#limits;
    return timer === "abort" ? Math.min(replyMs, ms) : ms;
  }
}

const timerLimits = {
  greeting: "greetingMs",
  reply: "replyMs",
  "data-open": "dataOpenMs",
  preliminary: "preliminaryMs",
  completion: "completionMs",
  abort: "abortMs",
} as const satisfies Record<Exclude<TimerName, "handshake">, keyof LimitValues>;
