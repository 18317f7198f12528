import type { ClientFlags } from "../client-flags.ts";
import { exitCodes } from "../exit-codes.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { openConnection, type ShellConnection } from "./connection.ts";
import type { History } from "./history.ts";
import { Job, JobList, type NumberedJob } from "./jobs.ts";
import { isLineFailure, parseLine, type Statement, type Step } from "./line.ts";
import { ListingCache } from "./listing-cache.ts";
import { remotePath } from "./places.ts";
import { checkDirectory, groundOf, type Place } from "./place.ts";
import { Queue } from "./queue.ts";
import type { Settings } from "./settings.ts";
import { runSystemCommand, runSystemCommandBehind } from "./system-command.ts";

export interface ShellOptions {
  readonly flags: ClientFlags;
  /** Whether a person types; else the first failure ends it. */
  readonly isInteractive: boolean;
  readonly history: History;
  readonly settings: Settings;
  /** What the command line says to open. */
  readonly givenUrl: string | undefined;
  /** Control connections to one server. */
  readonly connectionsMax: number;
  readonly runCommand: CommandRunner;
}

/** Runs a command of the shell as a step of a job; returns its exit code. */
export type CommandRunner = (shell: Shell, job: Job, step: Step) => Promise<number>;

/** What waits in the queue. */
export interface QueuedStatement {
  readonly statement: Statement;
  readonly place: Place;
}

/** What runs lines: where it is, what runs, and what was set. It reads nothing itself. */
export class Shell implements AsyncDisposable {
  readonly flags: ClientFlags;
  readonly isInteractive: boolean;
  readonly settings: Settings;
  readonly history: History;
  readonly aliases = new Map<string, string>();
  readonly jobs = new JobList();
  readonly listings = new ListingCache();
  readonly queue: Queue<QueuedStatement>;
  place: Place = { connection: undefined, directory: "", previous: "", localDirectory: process.cwd() };
  /** With what exit code it is left; undefined while it goes on. */
  leavingCode: number | undefined;
  readonly #givenUrl: string | undefined;
  readonly #connectionsMax: number;
  readonly #runCommand: CommandRunner;
  readonly #connections = new Set<ShellConnection>();
  #foreground: Foreground | undefined;
  #firstFailureCode: number | undefined;

  constructor({ flags, isInteractive, settings, history, givenUrl, connectionsMax, runCommand }: ShellOptions) {
    this.flags = flags;
    this.isInteractive = isInteractive;
    this.settings = settings;
    this.history = history;
    this.#givenUrl = givenUrl;
    this.#connectionsMax = connectionsMax;
    this.#runCommand = runCommand;
    this.queue = new Queue(async ({ task }) => {
      await this.startInBackground(task.statement, task.place).job.ended;
    });
  }

  /** Flags that every command is given. */
  get commandFlags(): ClientFlags {
    return { ...this.flags, verbose: this.settings.verbose };
  }

  /** How the first statement ended that failed, be it in the background; undefined where none did. */
  get firstFailureCode(): number | undefined {
    return this.#firstFailureCode;
  }

  /** Runs a line and returns the exit code of its last command. */
  async execute(text: string): Promise<number> {
    const line = parseLine(text);
    if (isLineFailure(line)) {
      this.say(line.failure);
      return this.#counted(exitCodes.usage);
    }
    if (line.kind === "system") return this.#counted(await runSystemCommand(line.command, this.place.localDirectory));
    let code: number = exitCodes.ok;
    for (const statement of line.statements) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as they stand there
      code = this.#counted(await this.#executeStatement(statement));
      const isFatal = code !== exitCodes.ok && !this.isInteractive && !this.settings.keepGoing;
      if (this.leavingCode !== undefined || code === exitCodes.interrupted || isFatal) break;
    }
    return code;
  }

  /** Begins a statement in the background. */
  startInBackground(statement: Statement, place: Place): NumberedJob {
    const { text } = statement;
    const job = new Job({ text, place, isShown: false }, (self) => this.#runSteps(self, statement.steps));
    void job.ended.then((code) => {
      this.#counted(code);
      this.#sweep();
    });
    return this.jobs.add(job);
  }

  /** Connects to a server, and goes there. Rejects as `connect` does, and where there is no such directory. */
  async open(text: string, job: Job): Promise<void> {
    const { flags, settings } = this;
    const connection = await openConnection(text, {
      flags,
      connectionsMax: this.#connectionsMax,
      signal: job.signal,
      isExposed: text === this.#givenUrl,
      limitRate: settings.limitRate,
      say: (line) => this.say(line),
      isVerbose: () => settings.verbose,
    });
    this.#connections.add(connection);
    const { client, home } = connection;
    const begun: Place = { ...job.place, connection, directory: home, previous: home };
    const directory = client.path === "" ? home : remotePath(client.path, groundOf(begun));
    if (directory !== home) await checkDirectory(client, directory, job.signal);
    job.place = { ...begun, directory };
  }

  /** Changes the limit of what is open and what will be. */
  limitRate(bytesPerSecond: number | undefined): void {
    for (const { client } of this.#connections) client.limitRate = bytesPerSecond;
  }

  /** Writes a line for a person; whoever reads what they type makes room for it. */
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`);

  /** Ctrl-C: gives up the command that runs; again, leaves it behind where it does not end. */
  interrupt(): void {
    const foreground = this.#foreground;
    if (foreground === undefined) return;
    const { job, behind } = foreground;
    if (job.signal.aborted) this.#divert(foreground);
    else if (behind === undefined) job.kill();
    else behind.interrupted();
  }

  /** Ctrl-Z: the command that runs goes on in the background. */
  suspend(): void {
    const foreground = this.#foreground;
    if (foreground === undefined) return;
    if (foreground.behind === undefined) this.#divert(foreground);
    else foreground.behind.suspended();
  }

  /** While a command of the foreground waits for another job, Ctrl-C and Ctrl-Z are about that one. */
  standBehind(behind: Behind | undefined): void {
    if (this.#foreground !== undefined) this.#foreground.behind = behind;
  }

  /** Tells of jobs that ended, and what they wrote. */
  announce(): void {
    for (const { number, job } of this.jobs.takeEnded()) {
      for (const { target, chunk } of job.output.takeKept()) target.write(chunk);
      const outcome = { running: "", done: "Done", failed: `Failed (${job.exitCode})`, killed: "Killed" }[job.state];
      if (this.flags.quiet !== true || job.state === "failed") {
        this.say(`[${number}] ${outcome}: ${visibleText(job.text)}`);
      }
    }
  }

  /** Waits until nothing runs any more and nothing is queued. */
  async settled(): Promise<void> {
    await this.queue.idle;
    while (this.jobs.running.length > 0) {
      // oxlint-disable-next-line no-await-in-loop -- a job that ends may leave others behind
      await Promise.all(this.jobs.running.map(({ job }) => job.ended));
    }
  }

  /** Ends all jobs, and begins nothing that is queued. */
  killAll(): void {
    this.queue.clear();
    for (const { job } of this.jobs.running) job.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    await Promise.all([...this.#connections].map(({ client }) => client.close()));
  }

  #counted(code: number): number {
    if (code !== exitCodes.ok) this.#firstFailureCode ??= code;
    return code;
  }

  async #executeStatement(statement: Statement): Promise<number> {
    if (statement.isBackground) {
      const { number, job } = this.startInBackground(statement, this.place);
      if (this.isInteractive) this.say(`[${number}] ${visibleText(job.text)}`);
      return exitCodes.ok;
    }
    const { text, steps } = statement;
    const job = new Job({ text, place: this.place, isShown: true }, (self) => this.#runSteps(self, steps));
    const diverted = Promise.withResolvers<undefined>();
    this.#foreground = { job, divert: () => diverted.resolve(undefined), behind: undefined };
    const code = await Promise.race([job.ended, diverted.promise]);
    this.#foreground = undefined;
    if (code === undefined) return exitCodes.ok;
    if (this.isInteractive && job.output.isLineOpen) this.say("");
    this.place = job.place;
    this.#sweep();
    return code;
  }

  #divert({ job, divert }: Foreground): void {
    job.output.hide();
    const { number } = this.jobs.add(job);
    this.say(`\n[${number}] goes on in the background: ${visibleText(job.text)}`);
    divert();
  }

  async #runSteps(job: Job, steps: readonly Step[]): Promise<number> {
    let code: number = exitCodes.ok;
    for (const step of steps) {
      if (step.when === "success" && code !== exitCodes.ok) continue;
      if (step.when === "failure" && code === exitCodes.ok) continue;
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as they stand there
      code = await (step.system === undefined
        ? this.#runCommand(this, job, step)
        : this.#runSystemStep(job, step.system));
      if (job.signal.aborted) return code === exitCodes.ok ? exitCodes.interrupted : code;
      if (this.leavingCode !== undefined) break;
    }
    return code;
  }

  /** A program that has the terminal has its keys, too. */
  async #runSystemStep(job: Job, command: string): Promise<number> {
    if (this.#foreground?.job !== job) return runSystemCommandBehind(command, job);
    this.standBehind({ interrupted: () => undefined, suspended: () => undefined });
    try {
      return await runSystemCommand(command, job.place.localDirectory);
    } finally {
      this.standBehind(undefined);
    }
  }

  /** Closes connections that nothing and nobody is at any more. */
  #sweep(): void {
    const places = [
      this.place,
      ...(this.#foreground === undefined ? [] : [this.#foreground.job.place]),
      ...this.jobs.running.map(({ job }) => job.place),
      ...this.queue.waiting.map(({ task }) => task.place),
    ];
    const used = new Set(places.map(({ connection }) => connection));
    for (const connection of this.#connections) {
      if (used.has(connection)) continue;
      this.#connections.delete(connection);
      connection.client.close().catch(() => undefined);
    }
  }
}

/** The command that a person waits for. */
interface Foreground {
  readonly job: Job;
  readonly divert: () => void;
  behind: Behind | undefined;
}

/** What Ctrl-C and Ctrl-Z do while a command stands for another job. */
export interface Behind {
  interrupted(): void;
  suspended(): void;
}
