import type { SurroundedContext } from "../client/surroundings.ts";
import type { Job } from "./jobs.ts";
import type { Shell } from "./shell.ts";

/** What a command of the shell is given. */
export interface ShellContext extends SurroundedContext {
  readonly shell: Shell;
  readonly job: Job;
}

/** Writes a line of a result. */
export function print(context: ShellContext, line: string): void {
  context.process.stdout.write(`${line}\n`);
}
