import { buildCommand, type CommandContext } from "@stricli/core";
import { outputDrawing } from "../client/drawing.ts";
import { writePrivateFile } from "../explain-files.ts";
import { targetParameter, type ServerTarget } from "../explain-flags.ts";
import { checkExplanationLines } from "../inspect/explain-check.ts";
import type { InspectExitCode } from "../inspect/exit-code.ts";
import { inspectClient, refuseClientFlags } from "../inspect/client.ts";
import { inspectFlags, type InspectFlags } from "../inspect/flags.ts";
import { outputOf } from "../inspect/output.ts";
import { planOf } from "../inspect/plan.ts";
import { runInspections } from "../inspect/run.ts";
import { namedTargets } from "../inspect/targets.ts";

export const inspectCommand = buildCommand({
  docs: {
    brief: "Inspect servers in both modes of TLS, and grade them",
    fullDescription: [
      "Connects to each HOST in both modes, finds out what its TLS and its FTP allow, grades both, and says what to do",
      "about each fault. Sends no password but the one it is given, that inside TLS, and writes nothing. It makes at",
      "most 40 control connections to a server, two at a time; --deep lifts that.",
      "",
      "Checks of the data connection need a login: give --user. With --explain ID nothing is inspected. With --client it is",
      "an FTP client that is graded, by good and bad servers that it meets here; 3 means that it never logged in.",
      "",
      "Exit codes, of several servers the highest: 0 the grade is --min-grade or better and every --require passed, 1 it",
      "is not, 2 wrong command line, policy or file of targets, 3 no such host or nothing answers, 4 what answers is not",
      "FTP, 5 connections or time were used up before the end, 6 the policy does not permit the server, 73 cannot write",
      "a file.",
    ].join("\n"),
  },
  parameters: {
    positional: { kind: "array", parameter: targetParameter },
    flags: inspectFlags,
  },
  async func(this: CommandContext, flags: InspectFlags, ...words: readonly ServerTarget[]) {
    const { stdout } = this.process;
    const write = (lines: readonly string[]) => void stdout.write(lines.map((line) => `${line}\n`).join(""));
    // Stricli's standard error takes one message; each of several servers may have its own.
    const complain = (line: string) => void process.stderr.write(`sallyport: ${line}\n`);
    const drawing = outputDrawing();
    if (flags.explain !== undefined) return write(checkExplanationLines(flags.explain, flags.json === true, drawing));
    refuseClientFlags(flags, words.length);
    if (flags.client === true) {
      const { process: ending }: ContextWithExitCode = this;
      ending.exitCode = await inspectClient(flags, (text) => void stdout.write(text));
      return;
    }
    const targets = await namedTargets(words, flags.targets);
    const plan = await planOf(targets, flags);
    const output = outputOf({ flags, drawing, isOfSeveral: targets.length > 1, write, complain });
    const code = await runInspections(plan, output, { parallel: flags.parallel, watchSeconds: flags.watch });
    if (plan.capture && flags.capture !== undefined) {
      const includePasswords = flags.includeSecrets === true;
      if (includePasswords) complain(`${flags.capture} holds the password: whoever has the file reads it.`);
      await writePrivateFile(flags.capture, plan.capture.pcapng({ includePasswords }));
    }
    const { process: ending }: ContextWithExitCode = this;
    ending.exitCode = code;
  },
});

/** Stricli ends with the exit code that a command has set, which its type of a command's context does not say. */
interface ContextWithExitCode {
  readonly process: CommandContext["process"] & { exitCode?: InspectExitCode };
}
