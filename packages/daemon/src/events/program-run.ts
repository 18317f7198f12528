import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { errorCode } from "../files.ts";
import type { Document } from "./notification.ts";
import { programEnvironment } from "./program-environment.ts";
import type { Delivery } from "./target.ts";

/** One run of a program; plain data, so that a thread can be asked for it. */
export interface ProgramRun {
  readonly path: string;
  readonly directory: string;
  /** The document as JSON. */
  readonly body: string;
  readonly limits: {
    readonly notifyProgramMs: number;
    readonly notifyKillMs: number;
    readonly notifyOutputBytes: number;
  };
}

/** Runs a program to its end, or until it took too long or the signal ends it. Never rejects. */
export function runProgram({ path, directory, body, limits }: ProgramRun, signal: AbortSignal): Promise<Delivery> {
  let child: ChildProcessWithoutNullStreams;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bodies are documents of ours
    const env = programEnvironment(JSON.parse(body) as Document);
    // A process group of its own, so that what the program starts ends with it.
    child = spawn(path, [], { cwd: directory, env, detached: true, stdio: "pipe" });
  } catch (error) {
    return Promise.resolve(unstarted(error));
  }
  child.stdin.on("error", () => undefined);
  child.stdin.end(body);
  return watch(child, limits, signal);
}

function watch(
  child: ChildProcessWithoutNullStreams,
  { notifyProgramMs, notifyKillMs, notifyOutputBytes }: ProgramRun["limits"],
  signal: AbortSignal,
): Promise<Delivery> {
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

function judge(code: number | null, signal: string | null, stopped: string | undefined, output: string): Delivery {
  if (code === 0 && stopped === undefined) return { kind: "delivered" };
  const how = stopped ?? (signal === null ? `exit code ${code}` : `ended by ${signal}`);
  return { kind: "failed", scope: "event", cause: output === "" ? how : `${how}: ${output}` };
}

/** What no environment has room for is that event's own fault, such as a client certificate with an endless name. */
function unstarted(error: unknown): Delivery {
  const code = errorCode(error);
  return { kind: "failed", scope: code === "E2BIG" ? "event" : "target", cause: `it could not be started (${code})` };
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
