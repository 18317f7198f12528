import { findProgram } from "@sallyport/testing";
import { type ChildProcess, spawn } from "node:child_process";

/** How a program ended and what it wrote. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** Its working directory and HOME: what it remembers from one run to the next stays here. */
  readonly directory: string;
  /** Written to its standard input, which then ends; absent, the input stays open for {@link RunningProgram.send}. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** From start to end, default 30 s. */
  readonly deadlineMs?: number;
}

/**
 * Runs a program to its end, in an environment without the proxies, languages and settings of whoever tests.
 *
 * @throws {Error} with everything that it wrote, when it is not there or does not end within the deadline
 */
export async function runProgram(name: string, words: readonly string[], options: ProgramOptions): Promise<Outcome> {
  await using program = startProgram(name, words, { input: "", ...options });
  return await program.ended;
}

/** Starts a program, for dialogues and for what is to be cut. It is killed with its children when disposed. */
export function startProgram(name: string, words: readonly string[], options: ProgramOptions): RunningProgram {
  return new RunningProgram(name, words, options);
}

/** A program that can be talked to while it runs. */
export class RunningProgram implements AsyncDisposable {
  /** How it ended; rejects when the deadline came first. */
  readonly ended: Promise<Outcome>;
  readonly #child: ChildProcess;
  readonly #description: string;
  #stdout = "";
  #stderr = "";
  #isOver = false;
  #seen = 0;
  #wake: () => void = () => undefined;

  constructor(name: string, words: readonly string[], options: ProgramOptions) {
    const { directory, input, environment, deadlineMs = 30_000 } = options;
    this.#description = [name, ...words].join(" ");
    this.#child = spawn(findProgram(name) ?? name, words, {
      cwd: directory,
      env: { ...plainEnvironment(directory), ...environment },
      stdio: "pipe",
      detached: true,
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#hear((this.#stdout += chunk.toString())));
    this.#child.stderr?.on("data", (chunk: Buffer) => this.#hear((this.#stderr += chunk.toString())));
    // A program that ends early does not read its input.
    this.#child.stdin?.on("error", () => undefined);
    if (input !== undefined) this.#child.stdin?.end(input);
    this.ended = this.#end(deadlineMs);
    this.ended.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it wrote so far, both streams one after the other. */
  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** Writes to its standard input. */
  send(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends its standard input. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  /**
   * Waits until standard output matches, behind what the last call matched.
   *
   * @throws {Error} when the program ends without it or the time is over
   */
  async waitFor(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = pattern.exec(this.#stdout.slice(this.#seen));
      if (found !== null) {
        this.#seen += found.index + found[0].length;
        return found;
      }
      if (this.#isOver || Date.now() > deadline) throw this.#failure(`did not write ${String(pattern)}`);
      await this.#change(deadline - Date.now());
    }
  }

  /** Signals it and all that it started. */
  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    if (this.#child.pid === undefined || this.#isOver) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // It ended between the question and the signal.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.ended.catch(() => undefined);
  }

  #end(deadlineMs: number): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        reject(this.#failure(`did not end within ${deadlineMs} ms`));
        this.kill();
      }, deadlineMs);
      this.#child.once("error", (error) => {
        clearTimeout(deadline);
        this.#hear((this.#isOver = true));
        reject(error);
      });
      this.#child.once("close", (code, signal) => {
        clearTimeout(deadline);
        this.#hear((this.#isOver = true));
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  #failure(what: string): Error {
    return new Error(`${this.#description} ${what}; it wrote:\n${this.#stdout}\n${this.#stderr}`);
  }

  #hear(_what: unknown): void {
    this.#wake();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, timeoutMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function plainEnvironment(home: string): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: home, LANG: "C.UTF-8", LC_ALL: "C.UTF-8", TERM: "dumb" };
}
