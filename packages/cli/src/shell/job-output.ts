import { Writable } from "node:stream";
import { OutputReader } from "../output-reader.ts";

/** What a job that nobody looks at may write before the rest is dropped. */
const keptBytesMax = 1_048_576;

/** What a job writes: to the terminal while it is in the foreground, else it is kept until somebody asks. */
export class JobOutput {
  readonly out: Writable;
  readonly err: Writable;
  #isShown: boolean;
  #kept: { readonly target: NodeJS.WriteStream; readonly chunk: Buffer }[] = [];
  #keptBytes = 0;
  #isCut = false;
  #isLineOpen = false;

  constructor(isShown: boolean) {
    this.#isShown = isShown;
    this.out = this.#writable(process.stdout);
    this.err = this.#writable(process.stderr);
  }

  get isShown(): boolean {
    return this.#isShown;
  }

  /** Whether what was written to the terminal last is no whole line, which a prompt would write over. */
  get isLineOpen(): boolean {
    return this.#isLineOpen;
  }

  /** Goes on on the terminal, after what was kept. */
  show(): void {
    this.#isShown = true;
    for (const { target, chunk } of this.takeKept()) target.write(chunk);
  }

  hide(): void {
    this.#isShown = false;
  }

  /** What was written while nobody looked; it is told once. */
  takeKept(): readonly { readonly target: NodeJS.WriteStream; readonly chunk: Buffer }[] {
    const kept = this.#kept;
    if (this.#isCut) kept.push({ target: process.stderr, chunk: Buffer.from("(more that it wrote was dropped)\n") });
    [this.#kept, this.#keptBytes, this.#isCut] = [[], 0, false];
    return kept;
  }

  /** Waits until all is written. */
  async flush(): Promise<void> {
    await Promise.all([this.out, this.err].map((stream) => ended(stream)));
  }

  #writable(target: NodeJS.WriteStream): Writable {
    const stream = new Writable({
      decodeStrings: true,
      write: (chunk: Buffer, _encoding, done) => {
        if (this.#isShown) void this.#pass(target, chunk, done);
        else {
          this.#keep(target, chunk);
          done();
        }
      },
    });
    // Whoever read there has gone: writers see it by `errored`.
    return stream.on("error", () => undefined);
  }

  async #pass(target: NodeJS.WriteStream, chunk: Buffer, done: (error: Error | null) => void): Promise<void> {
    const end = chunk.subarray(-3).toString("latin1");
    // Bars that are gone leave an empty line.
    this.#isLineOpen = !end.endsWith("\n") && end !== "\u001B[J";
    done(await passedOn(target, chunk));
  }

  #keep(target: NodeJS.WriteStream, chunk: Buffer): void {
    const fits = this.#keptBytes + chunk.length <= keptBytesMax;
    if (!fits) {
      this.#isCut = true;
      return;
    }
    this.#kept.push({ target, chunk: Buffer.from(chunk) });
    this.#keptBytes += chunk.length;
  }
}

/** Writes and waits until there is room for more; tells where nobody reads any more. */
async function passedOn(target: NodeJS.WriteStream, chunk: Buffer): Promise<Error | null> {
  using reader = new OutputReader(target);
  await reader.take(chunk);
  return reader.isGone ? new Error("nobody reads any more") : null;
}

/** Ends a stream and waits until it has written everything, or cannot. */
async function ended(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableFinished) return;
  await new Promise<void>((resolve) => {
    stream.once("close", resolve);
    stream.once("error", () => resolve());
    stream.end(resolve);
  });
}
