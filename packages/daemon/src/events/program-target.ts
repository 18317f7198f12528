import { spawnSync } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { isAbsolute, join, sep } from "node:path";
import { ConfigError } from "@sallyport/protocol";
import { errorCode } from "../files.ts";
import type { ProgramRun } from "./program-run.ts";
import { ProgramRunner } from "./program-runner.ts";
import { type Delivery, type Target, targetKey } from "./target.ts";

/**
 * A program that is run for each notification: without a shell and without arguments, so that nothing a peer has named
 * can become a command or an option; the document is on its standard input and in its environment. Exit code 0 means
 * that it was told; after `notifyProgramMs` its process group gets SIGTERM, and SIGKILL after `notifyKillMs` more.
 */
export class ProgramTarget implements Target {
  readonly key: string;
  readonly label: string;
  readonly #common: Omit<ProgramRun, "body">;
  readonly #runner = new ProgramRunner();

  constructor(path: string, { directory, limits }: Pick<ProgramRun, "directory" | "limits">) {
    this.key = targetKey(path);
    this.label = path;
    const { notifyProgramMs, notifyKillMs, notifyOutputBytes } = limits;
    this.#common = { path, directory, limits: { notifyProgramMs, notifyKillMs, notifyOutputBytes } };
  }

  deliver({ body }: { readonly id: string; readonly body: string }, signal: AbortSignal): Promise<Delivery> {
    return this.#runner.run({ ...this.#common, body }, signal);
  }

  reread(): () => void {
    return () => undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#runner[Symbol.asyncDispose]();
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
