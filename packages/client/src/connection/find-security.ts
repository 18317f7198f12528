import { TransportError } from "@sallyport/protocol";
import type { SecurityCandidate } from "./security-choice.ts";

/** What an attempt at one candidate tells, and asks. */
export interface SecurityAttempt {
  readonly signal: AbortSignal;
  /** The server has greeted. */
  greeted(): void;
  /** Protection stands, and no secret was sent yet: whether this attempt may go on. The first one that asks may. */
  claim(): boolean;
}

export interface FoundSecurity<T> {
  readonly candidate: SecurityCandidate;
  readonly opened: T;
}

/**
 * Tries candidates, each after its time or when all before it have failed, until one has its protection; from there on
 * it is alone, and its failure is the failure. So a secret goes to one of them at most. Rejects with the most telling
 * failure where none gets that far: the first that is not of the network.
 */
export async function findSecurity<T>(
  candidates: readonly SecurityCandidate[],
  open: (candidate: SecurityCandidate, attempt: SecurityAttempt) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<FoundSecurity<T>> {
  const race = new Race<T>(candidates, open);
  const abort = (): void => race.giveUp(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await race.run();
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

class Race<T> {
  readonly #candidates: readonly SecurityCandidate[];
  readonly #open: (candidate: SecurityCandidate, attempt: SecurityAttempt) => Promise<T>;
  readonly #aborters: AbortController[] = [];
  readonly #failures: unknown[] = [];
  readonly #result = Promise.withResolvers<FoundSecurity<T>>();
  #startedCount = 0;
  #winner: number | undefined;
  #hasGreeted = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    candidates: readonly SecurityCandidate[],
    open: (candidate: SecurityCandidate, attempt: SecurityAttempt) => Promise<T>,
  ) {
    this.#candidates = candidates;
    this.#open = open;
  }

  async run(): Promise<FoundSecurity<T>> {
    this.#startNext();
    try {
      return await this.#result.promise;
    } finally {
      clearTimeout(this.#timer);
    }
  }

  giveUp(reason: unknown): void {
    this.#isOver = true;
    for (const aborter of this.#aborters) aborter.abort(reason);
    this.#result.reject(reason);
  }

  #startNext(): void {
    clearTimeout(this.#timer);
    const at = this.#startedCount++;
    const candidate = this.#candidates[at];
    if (candidate === undefined) return;
    const aborter = new AbortController();
    this.#aborters.push(aborter);
    const attempt: SecurityAttempt = {
      signal: aborter.signal,
      greeted: () => (this.#hasGreeted = true),
      claim: () => this.#claim(at),
    };
    this.#open(candidate, attempt).then(
      (opened) => this.#opened(at, { candidate, opened }),
      (error: unknown) => this.#failed(at, error),
    );
    const next = this.#candidates[at + 1];
    if (next !== undefined) this.#timer = setTimeout(() => this.#inTime(next), next.afterMs);
  }

  #inTime({ onlyIfSilent }: SecurityCandidate): void {
    if (this.#winner === undefined && !(onlyIfSilent && this.#hasGreeted)) this.#startNext();
  }

  #claim(at: number): boolean {
    if (this.#winner !== undefined || this.#isOver) return this.#winner === at;
    this.#winner = at;
    clearTimeout(this.#timer);
    this.#aborters.forEach((aborter, other) => {
      if (other !== at) aborter.abort(overtaken());
    });
    return true;
  }

  /** Without protection nobody asks whether to go on. */
  #opened(at: number, found: FoundSecurity<T>): void {
    if (this.#claim(at)) this.#result.resolve(found);
  }

  #failed(at: number, error: unknown): void {
    if (this.#winner === at) return this.#result.reject(error);
    if (this.#winner !== undefined || this.#isOver) return;
    this.#failures.push(error);
    const next = this.#candidates[this.#startedCount];
    if (this.#failures.length < this.#startedCount) return;
    if (next === undefined || next.onlyIfSilent) this.#result.reject(mostTelling(this.#failures));
    else this.#startNext();
  }
}

function mostTelling(failures: readonly unknown[]): unknown {
  return failures.find((error) => !(error instanceof TransportError)) ?? failures[0];
}

function overtaken(): TransportError {
  return new TransportError("SALLYPORT_CONNECT_OVERTAKEN", "The other way to protect the connection was faster");
}
