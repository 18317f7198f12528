import type { Drawing } from "./table.ts";
import { progressLines, progressSummary, type FileProgress, type ProgressState } from "./progress.ts";

/** Where progress is shown, and how: bars that are drawn anew, a plain line every few seconds, or not at all. */
export interface DisplayOptions {
  readonly kind: "bars" | "lines" | "none";
  readonly drawing: Drawing;
  /** Whether somebody looks on; absent where always. What is said is written even so. */
  readonly isShown?: () => boolean;
  write(text: string): void;
}

const redrawMs = 100;
const plainLineMs = 5_000;
/** The rate is that of so long ago. */
const rateWindowMs = 5_000;

/** Shows how transfers get on. Owns a timer until it is disposed; then the bars are gone and nothing is left behind. */
export class ProgressDisplay implements Disposable {
  readonly #options: DisplayOptions;
  readonly #running = new Map<string, FileProgress>();
  readonly #timer: NodeJS.Timeout | undefined;
  #samples: { readonly atMs: number; readonly movedBytes: number }[] = [];
  #finishedCount = 0;
  #finishedBytes = 0;
  #resumedBytes = 0;
  #expected: { readonly filesCount?: number; readonly totalBytes?: number } = {};
  #drawnLines = 0;

  constructor(options: DisplayOptions) {
    this.#options = options;
    this.#samples.push({ atMs: performance.now(), movedBytes: 0 });
    if (options.kind === "none") return;
    this.#timer = setInterval(() => this.#show(), options.kind === "bars" ? redrawMs : plainLineMs);
    this.#timer.unref();
  }

  /** What is known of all that will come. */
  expect(expected: { readonly filesCount?: number; readonly totalBytes?: number }): void {
    this.#expected = expected;
  }

  update(key: string, progress: FileProgress): void {
    this.#running.set(key, progress);
  }

  /** A file is whole, or was given up. */
  finish(key: string, outcome: "done" | "failed"): void {
    const last = this.#running.get(key);
    this.#running.delete(key);
    this.#finishedBytes += last?.doneBytes ?? 0;
    this.#resumedBytes += last?.resumedBytes ?? 0;
    if (outcome === "done") this.#finishedCount++;
  }

  /** Writes a line above the bars. */
  say(line: string): void {
    this.#erase();
    this.#options.write(`${line}\n`);
    if (this.#options.kind === "bars" && this.#running.size > 0) this.#show();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #show(): void {
    if (this.#options.isShown?.() === false) {
      // Bars that were left standing are not drawn over.
      this.#drawnLines = 0;
      return;
    }
    if (this.#running.size === 0) return;
    const state = this.#state();
    if (this.#options.kind === "lines") {
      this.#options.write(`${progressSummary(state)}\n`);
      return;
    }
    const lines = progressLines(state, this.#options.drawing);
    const text = lines.map((line) => `${line}\u001B[K\n`).join("");
    this.#options.write(this.#upwards() + text + eraseBelow);
    this.#drawnLines = lines.length;
  }

  #erase(): void {
    if (this.#drawnLines > 0 && this.#options.isShown?.() !== false) {
      this.#options.write(this.#upwards() + eraseBelow);
    }
    this.#drawnLines = 0;
  }

  #upwards(): string {
    return this.#drawnLines > 0 ? `\u001B[${this.#drawnLines}A\r` : "";
  }

  #state(): ProgressState {
    const running = [...this.#running.values()];
    const doneBytes = this.#finishedBytes + running.reduce((sum, file) => sum + file.doneBytes, 0);
    const resumed = this.#resumedBytes + running.reduce((sum, file) => sum + (file.resumedBytes ?? 0), 0);
    const nowMs = performance.now();
    this.#samples.push({ atMs: nowMs, movedBytes: doneBytes - resumed });
    this.#samples = this.#samples.filter(
      ({ atMs }, at) => nowMs - atMs < rateWindowMs || at === this.#samples.length - 1,
    );
    const [oldest] = this.#samples;
    const elapsedMs = nowMs - (oldest?.atMs ?? nowMs);
    const moved = doneBytes - resumed - (oldest?.movedBytes ?? 0);
    const onlyTotal = this.#expected.filesCount === 1 ? running[0]?.totalBytes : undefined;
    return {
      running,
      finishedCount: this.#finishedCount,
      filesCount: this.#expected.filesCount,
      doneBytes,
      totalBytes: this.#expected.totalBytes ?? onlyTotal,
      bytesPerSecond: elapsedMs > 0 ? (moved * 1000) / elapsedMs : 0,
    };
  }
}

const eraseBelow = "\u001B[J";
