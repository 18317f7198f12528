import {
  type Octets,
  type ReplyEvent,
  transcriptCommand,
  transcriptReply,
  type TranscriptLine,
} from "@sallyport/protocol";

/** Keeps the last lines of a dialogue, masked, and passes each on. */
export class TranscriptTail {
  readonly #countMax: number;
  readonly #onLine: ((line: TranscriptLine) => void) | undefined;
  readonly #startedAtMs = performance.now();
  #lines: TranscriptLine[] = [];

  constructor(countMax: number, onLine: ((line: TranscriptLine) => void) | undefined) {
    this.#countMax = countMax;
    this.#onLine = onLine;
  }

  get lines(): readonly TranscriptLine[] {
    return this.#lines.slice(-this.#countMax);
  }

  command(line: Octets): void {
    this.#keep(transcriptCommand(this.#atMs(), line));
  }

  reply({ code, lines }: Extract<ReplyEvent, { kind: "reply" }>): void {
    lines.forEach((text, at) => {
      const isLast = at === lines.length - 1;
      const line = isLast ? `${code} ${text}` : at === 0 ? `${code}-${text}` : text;
      this.#keep(transcriptReply(this.#atMs(), line as Octets));
    });
  }

  #atMs(): number {
    return Math.round(performance.now() - this.#startedAtMs);
  }

  #keep(line: TranscriptLine): void {
    if (this.#lines.length >= 2 * this.#countMax) this.#lines = this.#lines.slice(-this.#countMax);
    this.#lines.push(line);
    this.#onLine?.(line);
  }
}
