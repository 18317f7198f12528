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

  #keep(whole: TranscriptLine): void {
    const line = whole.text.length > lineCharactersMax ? { ...whole, text: beginningOf(whole.text) } : whole;
    if (this.#lines.length >= 2 * this.#countMax) this.#lines = this.#lines.slice(-this.#countMax);
    this.#lines.push(line);
    this.#onLine?.(line);
  }
}

/** A server may send lines of a quarter MiB, and hundreds of them are kept. */
const lineCharactersMax = 4_096;

/** A copy, since a slice would keep the whole in memory. */
function beginningOf(text: string): string {
  return `${Buffer.from(text.slice(0, lineCharactersMax), "utf16le").toString("utf16le")}…`;
}
