import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { until, within } from "./waiting.ts";

const program = fileURLToPath(new URL("./hanging-file-system.ts", import.meta.url));

/** A mount of a file system that can stop answering. */
export class HungMount implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
  }

  static async at(directory: string): Promise<HungMount> {
    const child = spawn(process.execPath, [program, directory], { stdio: ["pipe", "pipe", "inherit"] });
    const mounted = new Promise((resolve, reject) => {
      child.stdout.once("data", resolve);
      child.once("exit", () => reject(new Error("the file system was not mounted")));
    });
    await within("the file system is mounted", 10_000, mounted);
    return new HungMount(child, directory);
  }

  /** Returns when every thread of the file system stands still. */
  async hang(): Promise<void> {
    this.#child.kill("SIGSTOP");
    const { pid } = this.#child;
    const stops = (task: string): boolean => /\) T /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, "latin1"));
    await until("the file system stands still", () => readdirSync(`/proc/${pid}/task`).every(stops));
  }

  answer(): void {
    this.#child.kill("SIGCONT");
  }

  /** Lets all that waits fail, and takes the mount away. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
    spawnSync("umount", ["-l", this.#directory]);
  }
}
