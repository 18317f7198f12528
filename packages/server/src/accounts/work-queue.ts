import { AccountError } from "./account-error.ts";
import { type Precedence, PrecedenceLines } from "./precedence-lines.ts";

/** Where in a queue somebody stands. */
export interface QueuePlace {
  /** Absent: `unknown`. */
  readonly precedence?: Precedence;
  /** Aborted when whoever asked has gone, so that their place is given to others. */
  readonly gone?: AbortSignal;
}

/** What a {@link WorkQueue} is held to. */
export interface WorkQueueOptions {
  /** Jobs at a time. */
  readonly concurrency: number;
  /** Jobs that may wait. */
  readonly waitingMax: number;
  /** A job that waited longer is not begun. */
  readonly waitMaxMs: number;
}

/**
 * Runs jobs by precedence and in the order of their arrival, at most `concurrency` at a time; at most `waitingMax`
 * wait, none longer than `waitMaxMs`. When it is full, the last of the lowest precedence gives way to one of a higher.
 * A password check costs tens of milliseconds of a core, so that an unbounded queue would be an unbounded delay, and one
 * without precedence would let whoever guesses passwords keep everybody out.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new PrecedenceLines<Waiting>();
  #running = 0;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /**
   * Runs one job when its turn has come.
   *
   * @throws {AccountError} kind `busy` at once when the queue is full, or later when the place is needed for a job of a
   * higher precedence, the turn comes too late, or whoever asked has gone.
   */
  async run<Result>(job: () => Promise<Result>, place: QueuePlace = {}): Promise<Result> {
    const askedMs = performance.now();
    if (this.#running >= this.#options.concurrency) await this.#turn(place);
    else this.#running += 1;
    try {
      if (performance.now() - askedMs > this.#options.waitMaxMs)
        throw new AccountError("busy", "password checks take too long");
      return await job();
    } finally {
      // The place is handed on, not freed, so that nobody who comes now can overtake those who wait.
      const next = this.#waiting.next();
      if (next === undefined) this.#running -= 1;
      else next.begin();
    }
  }

  #turn({ precedence = "unknown", gone }: QueuePlace): Promise<void> {
    if (this.#waiting.size >= this.#options.waitingMax) {
      const last = this.#waiting.giveWayTo(precedence);
      if (last === undefined) throw this.#full();
      last.refuse(this.#full());
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { begin: resolve, refuse: reject };
    const leave = (): void => {
      if (this.#waiting.delete(waiting, precedence)) reject(new AccountError("busy", "the peer has gone"));
    };
    this.#waiting.push(waiting, precedence);
    if (gone === undefined) return promise;
    gone.addEventListener("abort", leave);
    if (gone.aborted) leave();
    return promise.finally(() => gone.removeEventListener("abort", leave));
  }

  #full(): AccountError {
    return new AccountError("busy", `${this.#options.waitingMax} password checks are waiting already`);
  }
}

interface Waiting {
  begin(): void;
  refuse(error: AccountError): void;
}
