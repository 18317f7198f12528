import type { LimitValues, ProtectionLevel, VirtualPath } from "@sallyport/protocol";
import type { TransferFacts } from "../observer.ts";

/** How far the running transfer is; whoever moves it writes on, so that no record costs an object. */
export interface TransferProgress {
  readonly verb: string;
  readonly direction: TransferFacts["direction"];
  readonly path: VirtualPath;
  readonly protectionLevel: ProtectionLevel;
  bytes: number;
  readonly sinceMs: number;
  /** TLS of the data connection, once established. */
  tls?: NonNullable<TransferFacts["dataTls"]>;
}

/**
 * The clocks of one control connection, on one timer: a login must be finished, a line must be finished, and a
 * connection that does nothing is closed. A running command, and so a transfer, is not idle (R-1123-09).
 */
export class Deadlines {
  readonly #limits: LimitValues;
  readonly #expire: (cause: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #loggedIn = false;
  #running = false;
  #idleMs: number;
  #loggedOutSinceMs = 0;
  #activeAtMs = 0;
  #lineBeganAtMs: number | undefined;
  progress: TransferProgress | undefined;

  constructor(limits: LimitValues, expire: (cause: string) => void) {
    this.#limits = limits;
    this.#idleMs = limits.idleMs;
    this.#expire = expire;
  }

  /** Since when nothing came in, by the monotonic clock; 0 before {@link begin}. */
  get activeAtMs(): number {
    return this.#activeAtMs;
  }

  begin(): void {
    this.#loggedOutSinceMs = this.#activeAtMs = performance.now();
    this.#arm();
  }

  /** Tells that octets came in, and whether they left a line unfinished. */
  noteInput(midLine: boolean): void {
    const now = performance.now();
    const begins = midLine && this.#lineBeganAtMs === undefined;
    this.#activeAtMs = now;
    this.#lineBeganAtMs = midLine ? (this.#lineBeganAtMs ?? now) : undefined;
    if (begins) this.#arm();
  }

  noteState(running: boolean, loggedIn: boolean, idleSeconds: number | undefined): void {
    const ends = this.#running && !running;
    if (ends) {
      this.#activeAtMs = performance.now();
      this.progress = undefined;
    }
    if (this.#loggedIn && !loggedIn && this.#loggedOutSinceMs !== 0) this.#loggedOutSinceMs = performance.now();
    this.#running = running;
    this.#loggedIn = loggedIn;
    // The time for the login may have run out, or nearly so, behind the command.
    if (ends && !loggedIn) this.#arm();
    const idleMs = idleSeconds === undefined ? this.#limits.idleMs : idleSeconds * 1000;
    if (idleMs < this.#idleMs) {
      this.#idleMs = idleMs;
      this.#arm();
    }
    this.#idleMs = idleMs;
  }

  noteProgress(progress: TransferProgress): void {
    this.progress = progress;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#loggedOutSinceMs = 0;
  }

  #arm(): void {
    if (this.#loggedOutSinceMs === 0) return;
    clearTimeout(this.#timer);
    const now = performance.now();
    const { atMs } = this.#next(now);
    this.#timer = setTimeout(() => this.#check(), Math.max(10, atMs - now));
    this.#timer.unref();
  }

  #check(): void {
    const now = performance.now();
    const { atMs, cause } = this.#next(now);
    if (now >= atMs) this.#expire(cause);
    else this.#arm();
  }

  /** What ends first. */
  #next(now: number): { atMs: number; cause: string } {
    const { preLoginMs, commandLineMs } = this.#limits;
    const candidates = [
      { atMs: this.#running ? now + this.#idleMs : this.#activeAtMs + this.#idleMs, cause: "idle for too long" },
    ];
    if (!this.#loggedIn && !this.#running) {
      candidates.push({ atMs: this.#loggedOutSinceMs + preLoginMs, cause: "no login in time" });
    }
    if (this.#lineBeganAtMs !== undefined) {
      candidates.push({ atMs: this.#lineBeganAtMs + commandLineMs, cause: "a command line took too long" });
    }
    return candidates.reduce((first, other) => (other.atMs < first.atMs ? other : first));
  }
}
