import { clearScreenDown, createInterface, cursorTo, type Interface } from "node:readline";
import type { Completion } from "./completion.ts";

export interface LineReaderOptions {
  /** The lines before, the oldest first. */
  history(): readonly string[];
  complete(beginning: string): Promise<Completion>;
  /** What is said when Ctrl-C is typed twice and there is nothing that it could take back. */
  readonly interruptHint: string;
}

/**
 * Reads lines from a terminal with editing, completion and history. Between two lines nothing reads, so that commands
 * and programs have the terminal to themselves; what is typed or pasted ahead is kept.
 */
export class LineReader {
  readonly #options: LineReaderOptions;
  readonly #ahead: string[] = [];
  #begun = "";
  #isOver = false;
  #reader: Interface | undefined;

  constructor(options: LineReaderOptions) {
    this.#options = options;
  }

  /** The next line; undefined behind Ctrl-D, or where the terminal is gone. */
  async read(prompt: string): Promise<string | undefined> {
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) {
      process.stdout.write(`${prompt}${ahead}\n`);
      return ahead;
    }
    return this.#isOver ? undefined : this.#ask(prompt);
  }

  /** Writes a line above the one that is being typed, if there is one. */
  interject(line: string): void {
    if (this.#reader !== undefined) {
      cursorTo(process.stdout, 0);
      clearScreenDown(process.stdout);
    }
    process.stderr.write(`${line}\n`);
    this.#reader?.prompt(true);
  }

  async #ask(prompt: string): Promise<string | undefined> {
    const reader = this.#open(prompt);
    this.#reader = reader;
    const { promise, resolve } = Promise.withResolvers<void>();
    reader.on("line", (line) => {
      this.#ahead.push(line);
      // Lines that were pasted with it are told of before this comes.
      setImmediate(() => {
        this.#begun = reader.line;
        resolve();
      });
    });
    reader.on("close", () => {
      this.#isOver = true;
      resolve();
    });
    reader.prompt();
    if (this.#begun !== "") reader.write(this.#begun);
    this.#begun = "";
    await promise;
    this.#reader = undefined;
    const isOver = this.#isOver;
    reader.close();
    this.#isOver = isOver;
    return this.#ahead.shift();
  }

  #open(prompt: string): Interface {
    const history = this.#options.history().toReversed();
    const reader = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      prompt,
      history,
      historySize: history.length + 1,
      removeHistoryDuplicates: true,
      escapeCodeTimeout: 50,
      completer: (text: string, done: Completed) => void this.#complete(reader, text, done),
    });
    let isHinted = false;
    reader.on("SIGINT", () => {
      const wasEmpty = reader.line === "";
      for (const name of ["e", "u"]) reader.write(null, { ctrl: true, name });
      process.stdout.write(wasEmpty && isHinted ? `^C\n${this.#options.interruptHint}\n` : "^C\n");
      isHinted = wasEmpty;
      reader.prompt();
    });
    return reader;
  }

  async #complete(reader: Interface, text: string, done: Completed): Promise<void> {
    const [candidates, typed] = await this.#options.complete(text).catch(() => [[], text] as const);
    // What came in one piece with Tab is read without waiting: the line may be entered already, and its reader closed.
    const isEntered = this.#reader !== reader || this.#isOver || this.#ahead.length > 0;
    if (isEntered) return;
    const isUnchanged = reader.line.slice(0, reader.cursor) === text;
    done(null, [isUnchanged ? [...candidates] : [], typed]);
  }
}

/** What Node's readline wants to be told. */
type Completed = (error: null, found: [candidates: string[], typed: string]) => void;
