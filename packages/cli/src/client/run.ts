import type { CommandContext } from "@stricli/core";
import type { ClientFlags } from "../client-flags.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { failureText } from "../failure.ts";
import { jsonText } from "../terminal/visible-text.ts";
import { ClientFailure, clientFailure } from "./client-failure.ts";
import { endWith } from "./end-with.ts";
import { FailureExplainer } from "./explaining.ts";
import { Servers } from "./servers.ts";
import { type Surroundings, surroundingsOf } from "./surroundings.ts";

/** What a command that talks to servers is given. */
export interface ClientRun {
  readonly servers: Servers;
  readonly flags: ClientFlags;
  readonly surroundings: Surroundings;
  /** Writes a line of the result to standard output. */
  print(line: string): void;
  /** Writes one JSON value as a line to standard output. */
  printJson(value: unknown): void;
  /** Writes a line to standard error. */
  say(line: string): void;
  /** Tells of one thing of several that went wrong; the command goes on, and ends with a code that says so. */
  failed(error: unknown, place?: string): void;
  /** Counts one thing that was done, so that what went wrong beside it makes the whole partial. */
  done(): void;
  /** Writes where what {@link say} writes goes from now on; progress bars have to make room. */
  sayThrough(say: (line: string) => void): void;
}

/** Runs a command on servers and sets the exit code: of the failure, or `partial` where some of it was done. */
export async function runOnServers(
  context: CommandContext,
  flags: ClientFlags,
  options: { readonly connectionsMax?: number },
  work: (run: ClientRun) => Promise<ExitCode | undefined>,
): Promise<void> {
  const surroundings = surroundingsOf(context);
  const { signal, kept } = surroundings;
  const write = (line: string): void => surroundings.tell(`${line}\n`);
  let say = write;
  const failures: ClientFailure[] = [];
  const explainer = new FailureExplainer(flags);
  let doneCount = 0;
  await using servers = new Servers(flags, { ...options, signal, kept, say: (line) => say(line) });
  const print = (line: string): void => context.process.stdout.write(`${line}\n`);
  const run: ClientRun = {
    servers,
    flags,
    surroundings,
    print,
    printJson: (value) => print(jsonText(value)),
    say: (line) => say(line),
    failed(error, place) {
      const failure = clientFailure(error, place);
      if (!(failure instanceof ClientFailure) || isEnded(failure)) throw failure;
      failures.push(failure);
      if (flags.json === true) run.printJson({ error: errorJson(failure, explainer, place) });
      for (const line of [failureText(failure, flags.verbose === true), ...explainer.linesBehind(failure)]) say(line);
    },
    done: () => void doneCount++,
    sayThrough: (through) => (say = through),
  };
  let exitCode: ExitCode | undefined;
  try {
    exitCode = await work(run);
  } catch (error) {
    const failure = clientFailure(error);
    if (!(failure instanceof ClientFailure)) throw failure;
    if (flags.json === true) run.printJson({ error: errorJson(failure, explainer) });
    throw failure.withLines(explainer.linesBehind(failure));
  }
  endWith(context, exitCode ?? codeOfAll(failures, doneCount));
}

function codeOfAll(failures: readonly ClientFailure[], doneCount: number): ExitCode {
  const [first, ...others] = failures;
  if (first === undefined) return exitCodes.ok;
  const isUniform = others.every(({ exitCode }) => exitCode === first.exitCode);
  return doneCount === 0 && isUniform ? first.exitCode : exitCodes.partial;
}

function errorJson(failure: ClientFailure, explainer: FailureExplainer, place?: string): object {
  const { code, message, exitCode, reply } = failure;
  const explanation = explainer.explanationOf(failure);
  return {
    code,
    message,
    exitCode,
    ...(place !== undefined && { path: place }),
    ...(reply && { reply }),
    ...(explanation && { explanation }),
  };
}

/** Whether a signal gave up everything, and not one file failed. */
function isEnded({ exitCode }: ClientFailure): boolean {
  return exitCode === exitCodes.interrupted || exitCode === exitCodes.terminated;
}
