import { AccountError } from "./account-error.ts";

/**
 * Who goes first when password checks have to wait: those who have logged in from where they are, then those of whom
 * nothing is known, then those who have just given a wrong password.
 */
export const precedences = ["trusted", "unknown", "failing"] as const;

export type Precedence = (typeof precedences)[number];

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
 * without precedence would let whoever guesses passwords keep everybody out. One turn in four is left to those behind,
 * or whoever has an account and logs in again and again would keep out all who come for the first time.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting: Readonly<Record<Precedence, Waiting[]>> = { trusted: [], unknown: [], failing: [] };
  readonly #turnsInARow: Record<Precedence, number> = { trusted: 0, unknown: 0, failing: 0 };
  #waitingCount = 0;
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
      const next = this.#next();
      if (next === undefined) this.#running -= 1;
      else next.begin();
    }
  }

  #turn({ precedence = "unknown", gone }: QueuePlace): Promise<void> {
    if (this.#waitingCount >= this.#options.waitingMax && !this.#makeRoomFor(precedence)) throw this.#full();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { begin: resolve, refuse: reject };
    const leave = (): void => {
      const line = this.#waiting[precedence];
      const at = line.indexOf(waiting);
      if (at === -1) return;
      line.splice(at, 1);
      this.#waitingCount -= 1;
      reject(new AccountError("busy", "the peer has gone"));
    };
    this.#waiting[precedence].push(waiting);
    this.#waitingCount += 1;
    if (gone === undefined) return promise;
    gone.addEventListener("abort", leave);
    if (gone.aborted) leave();
    return promise.finally(() => gone.removeEventListener("abort", leave));
  }

  #next(): Waiting | undefined {
    const lines = precedences.filter((one) => this.#waiting[one].length > 0);
    const precedence = lines.find((one) => this.#turnsInARow[one] < turnsInARowMax) ?? lines.at(-1);
    if (precedence === undefined) return undefined;
    for (const before of lines.slice(0, lines.indexOf(precedence))) this.#turnsInARow[before] = 0;
    this.#turnsInARow[precedence] += 1;
    this.#waitingCount -= 1;
    return this.#waiting[precedence].shift();
  }

  /** Sends away the last of the lowest precedence, if it is lower than the given one. */
  #makeRoomFor(precedence: Precedence): boolean {
    const lower = precedences.slice(precedences.indexOf(precedence) + 1).toReversed();
    const lowest = lower.find((one) => this.#waiting[one].length > 0);
    if (lowest === undefined) return false;
    this.#waiting[lowest].pop()?.refuse(this.#full());
    this.#waitingCount -= 1;
    return true;
  }

  #full(): AccountError {
    return new AccountError("busy", `${this.#options.waitingMax} password checks are waiting already`);
  }
}

/** Then those behind have one. */
const turnsInARowMax = 3;

interface Waiting {
  begin(): void;
  refuse(error: AccountError): void;
}
