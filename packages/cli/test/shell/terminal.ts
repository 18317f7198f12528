import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { launcher } from "../run-sallyport.ts";

/** Why there can be no terminal; false where there can. */
export const noTerminal: string | false =
  spawnSync("script", ["--version"]).error !== undefined && "script(1) is not installed";

const patienceMs = 20_000;

/** The command on a terminal of its own, which somebody types into. */
export class Typist implements AsyncDisposable {
  /** All that was shown, as it came. */
  shown = "";
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<number | null>;
  #seen = 0;
  #wake: () => void = () => undefined;

  constructor(words: readonly string[], environment: Readonly<Record<string, string>>) {
    const quoted = [launcher, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    this.#child = spawn("script", ["-qefc", `stty cols 120 rows 40; exec ${quoted}`, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NO_COLOR: "1", LC_ALL: "C.UTF-8", TERM: "xterm", ...environment },
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.shown += text;
      this.#wake();
    });
    this.#ended = once(this.#child, "close").then(([code]) => code as number | null);
    void this.#ended.then(() => this.#wake());
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Waits until it is shown, behind what was waited for last; escape sequences do not count. Returns what stood before. */
  async sees(pattern: RegExp | string): Promise<string> {
    const until = performance.now() + patienceMs;
    for (;;) {
      const fresh = stripVTControlCharacters(this.shown).slice(this.#seen);
      const found = typeof pattern === "string" ? fresh.indexOf(pattern) : fresh.search(pattern);
      if (found >= 0) {
        const length = typeof pattern === "string" ? pattern.length : (pattern.exec(fresh)?.[0].length ?? 0);
        this.#seen += found + length;
        return fresh.slice(0, found);
      }
      const leftMs = until - performance.now();
      if (leftMs <= 0) throw new Error(`${String(pattern)} was not shown, but: ${JSON.stringify(fresh)}`);
      // oxlint-disable-next-line no-await-in-loop -- each look waits for what comes next
      await this.#more(leftMs);
    }
  }

  /** Types a line at the prompt and waits for the next prompt; returns what was shown between. */
  async does(line: string): Promise<string> {
    this.type(`${line}\r`);
    await this.sees("\n");
    return this.sees("> ");
  }

  /** Waits for the end; returns the exit code. */
  async ends(): Promise<number | null> {
    const impatience = setTimeout(() => this.#child.kill(), patienceMs);
    const code = await this.#ended;
    clearTimeout(impatience);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }

  #more(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#wake = resolve;
    return promise.finally(() => clearTimeout(timer));
  }
}
