/** How far a transfer is. */
export interface Progress {
  /** The remote path. */
  readonly file: string;
  /** Octets so far, those before a resumption included. */
  readonly bytes: number;
  readonly total: number | undefined;
  /** Octets in a second, over the last few seconds. */
  readonly rate: number;
  readonly etaMs: number | undefined;
  /** Where a resumed transfer began. */
  readonly resumedFrom: number;
  /** `confirm`: everything moved, the server has still to say that it is whole. */
  readonly phase: "open" | "data" | "confirm" | "verify" | "done";
}

export type OnProgress = (progress: Progress) => void;

/** Tells of a transfer's progress, at most ten times a second within a phase and once for each new phase. */
export class ProgressMeter {
  readonly #file: string;
  readonly #onProgress: OnProgress | undefined;
  #resumedFrom: number;
  #total: number | undefined;
  #phase: Progress["phase"] = "open";
  #bytes: number;
  #toldAtMs = 0;
  /** Where the rate is measured from. */
  #mark: { readonly atMs: number; readonly bytes: number };
  #rate = 0;

  constructor(
    file: string,
    onProgress: OnProgress | undefined,
    { total, resumedFrom = 0 }: { readonly total?: number | undefined; readonly resumedFrom?: number } = {},
  ) {
    this.#file = file;
    this.#onProgress = onProgress;
    this.#total = total;
    this.#resumedFrom = resumedFrom;
    this.#bytes = resumedFrom;
    this.#mark = { atMs: performance.now(), bytes: resumedFrom };
  }

  /** Octets that moved on this data connection. */
  readonly moved = (bytes: number): void => this.reach(this.#resumedFrom + bytes);

  /** So many octets are there from before; what moves is counted from here. */
  resumeFrom(bytes: number): void {
    this.#resumedFrom = bytes;
    this.#bytes = bytes;
    this.#mark = { atMs: performance.now(), bytes };
  }

  /** So many octets are there in all. */
  reach(bytes: number): void {
    this.#bytes = bytes;
    const nowMs = performance.now();
    const isAll = this.#total !== undefined && this.#bytes >= this.#total;
    if (isAll && this.#phase === "confirm") return;
    if (!isAll && this.#phase === "data" && nowMs - this.#toldAtMs < intervalMs) return;
    this.#measure(nowMs);
    this.#tell(isAll ? "confirm" : "data", nowMs);
  }

  enter(phase: Progress["phase"], facts: { readonly total?: number | undefined } = {}): void {
    if (facts.total !== undefined) this.#total = facts.total;
    if (phase !== this.#phase || phase === "open") this.#tell(phase, performance.now());
  }

  #measure(nowMs: number): void {
    const elapsedMs = nowMs - this.#mark.atMs;
    if (elapsedMs <= 0) return;
    this.#rate = ((this.#bytes - this.#mark.bytes) * 1000) / elapsedMs;
    if (elapsedMs > windowMs) this.#mark = { atMs: nowMs, bytes: this.#bytes };
  }

  #tell(phase: Progress["phase"], nowMs: number): void {
    this.#phase = phase;
    this.#toldAtMs = nowMs;
    const total = this.#total;
    const left = total === undefined ? undefined : Math.max(0, total - this.#bytes);
    const etaMs = left === undefined || this.#rate === 0 ? undefined : Math.round((left * 1000) / this.#rate);
    this.#onProgress?.({
      file: this.#file,
      bytes: this.#bytes,
      total,
      rate: Math.round(this.#rate),
      etaMs,
      resumedFrom: this.#resumedFrom,
      phase,
    });
  }
}

const intervalMs = 100;
const windowMs = 5_000;
