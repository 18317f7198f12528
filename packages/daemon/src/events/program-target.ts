import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { isAbsolute, join, sep } from "node:path";
import { ConfigError, type LimitValues } from "@sallyport/protocol";
import { errorCode } from "../files.ts";
import type { Document } from "./notification.ts";
import { programEnvironment } from "./program-environment.ts";
import { type Delivery, type Target, targetKey } from "./target.ts";

type ProgramLimits = Pick<LimitValues, "notifyProgramMs" | "notifyKillMs" | "notifyOutputBytes">;

/**
 * A program that is run for each notification: without a shell and without arguments, so that nothing a peer has named
 * can become a command or an option; the document is on its standard input and in its environment. Exit code 0 means
 * that it was told; after `notifyProgramMs` its process group gets SIGTERM, and SIGKILL after `notifyKillMs` more.
 */
export class ProgramTarget implements Target {
  readonly key: string;
  readonly label: string;
  readonly #directory: string;
  readonly #limits: ProgramLimits;

  constructor(path: string, options: { readonly directory: string; readonly limits: ProgramLimits }) {
    this.key = targetKey(path);
    this.label = path;
    this.#directory = options.directory;
    this.#limits = options.limits;
  }

  deliver({ body }: { readonly id: string; readonly body: string }, signal: AbortSignal): Promise<Delivery> {
    let child: ChildProcessWithoutNullStreams;
    try {
      // A process group of its own, so that what the program starts ends with it.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bodies are documents of ours
      const env = programEnvironment(JSON.parse(body) as Document);
      child = spawn(this.label, [], { cwd: this.#directory, env, detached: true, stdio: "pipe" });
    } catch (error) {
      return Promise.resolve(unstarted(error));
    }
    child.stdin.on("error", () => undefined);
    child.stdin.end(body);
    return this.#watch(child, signal);
  }

  reload(): void {}

  async [Symbol.asyncDispose](): Promise<void> {}

  #watch(child: ChildProcessWithoutNullStreams, signal: AbortSignal): Promise<Delivery> {
    const { notifyProgramMs, notifyKillMs, notifyOutputBytes } = this.#limits;
    const output = new OutputTail(notifyOutputBytes);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.add(chunk));
    return new Promise((resolve) => {
      let stopped: string | undefined;
      let killing: NodeJS.Timeout | undefined;
      const stop = (cause: string) => {
        stopped ??= cause;
        signalGroup(child, "SIGTERM");
        killing ??= setTimeout(() => signalGroup(child, "SIGKILL"), notifyKillMs);
      };
      const timer = setTimeout(() => stop(`it ran longer than ${notifyProgramMs / 1000} s`), notifyProgramMs);
      const abort = () => stop("the server is stopping");
      signal.addEventListener("abort", abort, { once: true });
      const end = (delivery: () => Delivery) => {
        clearTimeout(timer);
        clearTimeout(killing);
        signal.removeEventListener("abort", abort);
        // What it left running may hold the pipes open; a turn lets in what has been written.
        setImmediate(() => {
          if (stopped !== undefined) signalGroup(child, "SIGKILL");
          for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
          resolve(delivery());
        });
      };
      child.once("error", (error) => child.pid === undefined && end(() => unstarted(error)));
      child.once("exit", (code, exitSignal) => end(() => judge(code, exitSignal, stopped, output.text)));
    });
  }
}

/**
 * Checks, with the rights of the effective user, that a program can be run and that no peer can replace it.
 *
 * @throws {ConfigError} SALLYPORT_NOTIFY_PROGRAM.
 */
export function checkProgram(path: string, served: { readonly root: string; readonly readOnly: boolean }): void {
  const complain = (what: string, cause?: unknown) =>
    new ConfigError("SALLYPORT_NOTIFY_PROGRAM", `The program ${path} of --notify ${what}.`, { cause });
  if (!isAbsolute(path)) throw complain("is no absolute path: give the whole path, from / on");
  let real: string;
  try {
    real = realpathSync(path);
    const { mode } = statSync(real);
    if (!statSync(real).isFile()) throw complain("is not a file: name a program");
    if ((mode & 0o002) !== 0) throw complain('can be changed by everybody: close it with "chmod o-w"');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw complain(`cannot be reached (${errorCode(error)}): check the path, and that this user may enter it`, error);
  }
  if (!served.readOnly && real.startsWith(join(realpathSync(served.root), sep))) {
    throw complain("lies in the served directory, where an upload could replace it: keep it elsewhere");
  }
  // access(2) asks for the real user; test(1) for the effective one that the service becomes.
  if (spawnSync("test", ["-x", real], { stdio: "ignore" }).status === 1) {
    throw complain('cannot be run by this user: make it executable with "chmod +x"');
  }
}

function judge(code: number | null, signal: string | null, stopped: string | undefined, output: string): Delivery {
  if (code === 0 && stopped === undefined) return { kind: "delivered" };
  const how = stopped ?? (signal === null ? `exit code ${code}` : `ended by ${signal}`);
  return { kind: "failed", scope: "event", cause: output === "" ? how : `${how}: ${output}` };
}

function unstarted(error: unknown): Delivery {
  return { kind: "failed", scope: "target", cause: `it could not be started (${errorCode(error)})` };
}

function signalGroup({ pid }: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}

/** The end of what a program wrote. */
class OutputTail {
  readonly #bytesMax: number;
  #tail = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(chunk: Buffer): void {
    const joined = Buffer.concat([this.#tail, chunk.subarray(-this.#bytesMax)]);
    this.#tail = joined.subarray(-this.#bytesMax);
  }

  get text(): string {
    return this.#tail.toString("utf8").trim();
  }
}
