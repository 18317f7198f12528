import { ConfigError, UsageError } from "@sallyport/protocol";
import { buildCommand, buildRouteMap } from "@stricli/core";
import { endWith } from "../client/end-with.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { parseCount, parseText } from "../flags.ts";
import { spanText } from "../terminal/quantities.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { shownLine } from "./history.ts";
import type { Job, NumberedJob } from "./jobs.ts";
import { isLineFailure, parseLine, type Statement } from "./line.ts";
import { print, type ShellContext } from "./shell-context.ts";
import { plainText, typedText } from "./words.ts";

const numberParameter = {
  brief: "Number of the job, as jobs tells it",
  placeholder: "N",
  parse: parseJobNumber,
} as const;
const optionalNumber = {
  kind: "tuple",
  parameters: [{ ...numberParameter, optional: true }],
} as const;

export const jobsCommand = buildCommand({
  docs: { brief: "List what runs in the background" },
  parameters: {},
  func(this: ShellContext) {
    const { jobs, queue } = this.shell;
    for (const { number, job } of jobs.all) {
      const span = spanText(performance.now() - job.beganMs);
      print(this, `[${number}] ${job.state.padEnd(8)} ${span}  ${visibleText(job.text)}`);
    }
    for (const { number, text } of queue.waiting) print(this, `queue ${number}: ${visibleText(text)}`);
  },
});

export const waitCommand = buildCommand({
  docs: { brief: "Wait for a job of the background, or for all and the queue; Ctrl-C stops waiting" },
  parameters: { positional: optionalNumber },
  async func(this: ShellContext, _flags: object, number?: number) {
    const { shell, job } = this;
    const all = number === undefined ? shell.settled() : jobOf(this, number).job.ended;
    const aborted = new Promise<number>((resolve) => {
      job.signal.addEventListener("abort", () => resolve(exitCodes.interrupted), { once: true });
    });
    const code = await Promise.race([all, aborted]);
    shell.announce();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jobs end with exit codes
    if (typeof code === "number") endWith(this, code as ExitCode);
  },
});

export const fgCommand = buildCommand({
  docs: { brief: "Take a job to the foreground: Ctrl-C ends it, Ctrl-Z puts it back" },
  parameters: { positional: optionalNumber },
  async func(this: ShellContext, _flags: object, number?: number) {
    const { shell } = this;
    const { job } = jobOf(this, number);
    shell.say(visibleText(job.text));
    const code = await inForeground(this, job);
    if (code === undefined) return;
    shell.jobs.remove(job);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jobs end with exit codes
    endWith(this, code as ExitCode);
  },
});

/** Shows what a job writes until it ends; undefined where it is put back. */
async function inForeground({ shell }: ShellContext, job: Job): Promise<number | undefined> {
  const suspended = Promise.withResolvers<undefined>();
  shell.standBehind({ interrupted: () => job.kill(), suspended: () => suspended.resolve(undefined) });
  job.output.show();
  const code = await Promise.race([job.ended, suspended.promise]);
  shell.standBehind(undefined);
  if (code === undefined) job.output.hide();
  return code;
}

export const killCommand = buildCommand({
  docs: { brief: "End jobs, by their numbers, or all" },
  parameters: {
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { brief: "Numbers of jobs, or all", placeholder: "N", parse: parseText },
    },
  },
  func(this: ShellContext, _flags: object, ...words: string[]) {
    if (words.includes("all")) this.shell.killAll();
    else for (const number of words.map((word) => parseJobNumber(word))) jobOf(this, number).job.kill();
  },
});

const add = buildCommand({
  docs: { brief: "Do something when all is done that was added before; quote a whole line with ; && | > in it" },
  parameters: {
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { brief: "A command and its words", placeholder: "WORD", parse: parseText },
    },
  },
  func(this: ShellContext, _flags: object, ...words: string[]) {
    const { shell, job } = this;
    const statement = statementOf(words);
    const { number, text } = shell.queue.add(shownLine(statement.text), { statement, place: job.place });
    if (shell.isInteractive) shell.say(`queue ${number}: ${visibleText(text)}`);
  },
});

function statementOf(words: readonly string[]): Statement {
  const [first = ""] = words;
  if (words.length > 1 || !/\s/.test(first)) {
    const text = words.map((word) => typedText(plainText(word), "none") ?? "").join(" ");
    return { text, steps: [{ when: "always", words }], isBackground: false };
  }
  const line = parseLine(plainText(first));
  if (isLineFailure(line)) throw new UsageError("SALLYPORT_USAGE_LINE", line.failure);
  const [statement, ...others] = line.kind === "commands" ? line.statements : [];
  if (statement === undefined || others.length > 0) {
    throw new UsageError("SALLYPORT_USAGE_LINE", "One entry of the queue is one statement: part its commands with &&.");
  }
  return { ...statement, isBackground: false };
}

const list = buildCommand({
  docs: { brief: "List what waits" },
  parameters: {},
  func(this: ShellContext) {
    const { current, waiting, isStopped } = this.shell.queue;
    if (current !== undefined) print(this, `${current.number} running  ${visibleText(current.text)}`);
    for (const { number, text } of waiting) print(this, `${number} waiting  ${visibleText(text)}`);
    if (isStopped) print(this, "The queue is stopped: queue start goes on.");
  },
});

const start = buildCommand({
  docs: { brief: "Go on after queue stop" },
  parameters: {},
  func(this: ShellContext) {
    this.shell.queue.start();
  },
});

const stop = buildCommand({
  docs: { brief: "Begin nothing further; what runs goes on" },
  parameters: {},
  func(this: ShellContext) {
    this.shell.queue.stop();
  },
});

const remove = buildCommand({
  docs: { brief: "Take out what waits" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Number of the entry, as queue list tells it", placeholder: "N", parse: parseJobNumber }],
    },
  },
  func(this: ShellContext, _flags: object, number: number) {
    if (this.shell.queue.remove(number) !== undefined) return;
    throw new ConfigError("SALLYPORT_NOT_FOUND", `Nothing with the number ${number} waits in the queue`);
  },
});

export const queueCommands = buildRouteMap({
  routes: { add, list, start, stop, remove },
  docs: { brief: "Do one thing after the other in the background" },
});

function jobOf({ shell, job }: ShellContext, number: number | undefined): NumberedJob {
  const found = shell.jobs.find(number);
  if (found !== undefined && found.job !== job) return found;
  const which = number === undefined ? "job" : `job ${number}`;
  throw new ConfigError("SALLYPORT_NOT_FOUND", `There is no ${which} in the background`);
}

function parseJobNumber(text: string): number {
  return parseCount(text.replace(/^%/, ""));
}
