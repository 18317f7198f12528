import {
  type Application,
  type ApplicationContext,
  buildApplication,
  type PartialApplicationConfiguration,
  run,
  type StricliIntegration,
} from "@stricli/core";
import { exitCodeFor, exitCodes } from "../exit-codes.ts";
import { failureText, failureTexts } from "../failure.ts";
import { helpFlag } from "../help.ts";
import { firstMessageOnly, ownExitCode } from "../scanner.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { placeOfFlag } from "./connection-flags.ts";
import type { Job } from "./jobs.ts";
import { isLineFailure, parseLine, type Step } from "./line.ts";
import { localPath } from "./places.ts";
import type { ShellCommands, ShellContext, ShellTarget } from "./shell-context.ts";
import type { Shell } from "./shell.ts";
import { openSink } from "./sink.ts";
import { saidBy, surroundingsOfStep } from "./step-surroundings.ts";
import { commandNamed, shellTable } from "./table.ts";
import { plainText } from "./words.ts";

const commands: ShellCommands = { table: shellTable, named: commandNamed };

/** Runs a command of the table; the first word may be an alias. */
export async function runCommand(shell: Shell, job: Job, step: Step): Promise<number> {
  const tell = (text: string): void => void job.output.err.write(text);
  const { verbose } = shell.settings;
  const words = withoutAlias(step.words, shell.aliases);
  const called = plainText(words[0] ?? "");
  try {
    const found = commandNamed(called);
    if (found === undefined) {
      tell(`There is no command "${visibleText(called)}": help lists them.\n`);
      return exitCodes.usage;
    }
    const { name, command } = found;
    const pager =
      name === "more" && shell.isInteractive && step.sink === undefined ? shell.settings.pagerCommand : undefined;
    await using sink = await openSink(pager === undefined ? step.sink : { kind: "program", command: pager }, {
      localDirectory: job.place.localDirectory,
      localPathOf: (word) => localPath(word, job.place.localDirectory),
    });
    const surroundings = surroundingsOfStep({ job, command: called, sink });
    const process_: ApplicationContext["process"] = {
      stdout: { write: (text) => void surroundings.output.write(text) },
      stderr: firstMessageOnly({ write: surroundings.tell }),
      env: process.env,
    };
    const context: ShellContext & ApplicationContext = { process: process_, surroundings, shell, job, commands };
    const application = applicationOf(await command.load(), called, verbose);
    const given = words.slice(1);
    await run(application, command.isPlain === true ? given.map((word) => plainText(word)) : given, context);
    if (command.changes !== false) shell.listings.clear();
    return ownExitCode(Number(context.process.exitCode ?? 0));
  } catch (error) {
    tell(saidBy(called, `${failureText(error, verbose)}\n`));
    return exitCodeFor(error);
  }
}

/** The words with those in place of the first that it stands for; one alias does not lead to another. */
function withoutAlias(words: readonly string[], aliases: ReadonlyMap<string, string>): readonly string[] {
  const [first = "", ...rest] = words;
  const meant = aliases.get(first);
  const line = meant === undefined ? undefined : parseLine(meant);
  if (line === undefined || isLineFailure(line) || line.kind !== "commands") return words;
  return [...(line.statements[0]?.steps[0]?.words ?? []), ...rest];
}

/** A command as it is called by itself. */
function applicationOf(target: ShellTarget, name: string, verbose: boolean): Application<ShellContext> {
  const configuration: PartialApplicationConfiguration = {
    name,
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    localization: { text: failureTexts({ command: name, verbose, placeOfFlag }) },
    determineExitCode: exitCodeFor,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the help asks nothing of a context but where to write
  const flags = { help: helpFlag as unknown as StricliIntegration<ShellContext> };
  return "parameters" in target
    ? buildApplication(target, configuration, flags)
    : buildApplication(target, configuration, flags);
}
