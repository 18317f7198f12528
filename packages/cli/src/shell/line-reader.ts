import { createInterface } from "node:readline";
import type { Completion } from "./completion.ts";

/** What a person gave in place of an answer to a prompt, or the line. */
export type ReadLine =
  | { readonly kind: "line"; readonly text: string }
  /** Ctrl-C; `wasEmpty` where there was nothing to take back. */
  | { readonly kind: "interrupted"; readonly wasEmpty: boolean }
  /** Ctrl-D, or the terminal is gone. */
  | { readonly kind: "end" };

export interface LineReaderOptions {
  /** The lines before, the oldest first. */
  history(): readonly string[];
  complete(beginning: string): Promise<Completion>;
}

/**
 * Reads lines from a terminal with editing, completion and history. Between two lines nothing reads, so that commands
 * and programs have the terminal to themselves; what is typed or pasted ahead is kept.
 */
export class LineReader {
  readonly #options: LineReaderOptions;
  readonly #ahead: string[] = [];
  #begun = "";

  constructor(options: LineReaderOptions) {
    this.#options = options;
  }

  async read(prompt: string): Promise<ReadLine> {
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) {
      process.stdout.write(`${prompt}${ahead}\n`);
      return { kind: "line", text: ahead };
    }
    return this.#ask(prompt);
  }

  #ask(prompt: string): Promise<ReadLine> {
    const { promise, resolve } = Promise.withResolvers<ReadLine>();
    const history = this.#options.history().toReversed();
    const reader = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      prompt,
      history: [...history],
      historySize: Math.max(1, history.length + 1),
      removeHistoryDuplicates: true,
      escapeCodeTimeout: 50,
      completer: (text: string, done: Completed) => void this.#complete(text, done),
    });
    let first: string | undefined;
    reader.on("line", (text) => {
      if (first !== undefined) {
        this.#ahead.push(text);
        return;
      }
      first = text;
      // Lines that were pasted with it are told of before this comes.
      setImmediate(() => {
        this.#begun = reader.line;
        resolve({ kind: "line", text });
        reader.close();
      });
    });
    reader.on("SIGINT", () => {
      resolve({ kind: "interrupted", wasEmpty: reader.line === "" });
      reader.close();
      process.stdout.write("^C\n");
    });
    reader.on("close", () => resolve({ kind: "end" }));
    reader.prompt();
    if (this.#begun !== "") reader.write(this.#begun);
    this.#begun = "";
    return promise;
  }

  async #complete(text: string, done: Completed): Promise<void> {
    const [candidates, typed] = await this.#options.complete(text).catch(() => [[], text] as const);
    done(null, [[...candidates], typed]);
  }
}

/** What Node's readline wants to be told. */
type Completed = (error: null, found: [candidates: string[], typed: string]) => void;
