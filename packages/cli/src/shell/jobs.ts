import { exitCodes } from "../exit-codes.ts";
import { interruption } from "../client/servers.ts";
import { shownLine } from "./history.ts";
import { JobOutput } from "./job-output.ts";
import type { Place } from "./place.ts";

/** How a job stands. */
export type JobState = "running" | "done" | "failed" | "killed";

/** One statement that runs, or ran. */
export class Job {
  /** What was typed, without passwords. */
  readonly text: string;
  readonly output: JobOutput;
  readonly beganMs = performance.now();
  /** With what exit code it ended; never rejects. */
  readonly ended: Promise<number>;
  /** Where it is; `cd` moves the job and not others. */
  place: Place;
  #exitCode: number | undefined;
  readonly #aborter = new AbortController();

  constructor(
    facts: { readonly text: string; readonly place: Place; readonly isShown: boolean },
    work: (job: Job) => Promise<number>,
  ) {
    this.text = shownLine(facts.text);
    this.place = facts.place;
    this.output = new JobOutput(facts.isShown);
    this.ended = this.#run(work);
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** Undefined while it runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  get state(): JobState {
    if (this.#exitCode === undefined) return "running";
    if (this.#exitCode === exitCodes.ok) return "done";
    return this.signal.aborted ? "killed" : "failed";
  }

  /** Gives up what it does. */
  kill(): void {
    this.#aborter.abort(interruption());
  }

  async #run(work: (job: Job) => Promise<number>): Promise<number> {
    // It begins when who made it knows it.
    await Promise.resolve();
    const code = await work(this);
    await this.output.flush();
    this.#exitCode = code;
    return code;
  }
}

/** A job that has a number, because it is or was in the background. */
export interface NumberedJob {
  readonly number: number;
  readonly job: Job;
}

/** The jobs in the background. Numbers are given again when all are through. */
export class JobList {
  #jobs: NumberedJob[] = [];

  add(job: Job): NumberedJob {
    const known = this.#jobs.find((one) => one.job === job);
    if (known !== undefined) return known;
    const numbered = { number: Math.max(0, ...this.#jobs.map(({ number }) => number)) + 1, job };
    this.#jobs.push(numbered);
    return numbered;
  }

  get all(): readonly NumberedJob[] {
    return this.#jobs;
  }

  get running(): readonly NumberedJob[] {
    return this.#jobs.filter(({ job }) => job.state === "running");
  }

  /** The job of a number, or the one that was added last. */
  find(number: number | undefined): NumberedJob | undefined {
    return number === undefined ? this.#jobs.at(-1) : this.#jobs.find((one) => one.number === number);
  }

  /** The jobs that ended since the last time; they are in the list no longer. */
  takeEnded(): readonly NumberedJob[] {
    const ended = this.#jobs.filter(({ job }) => job.state !== "running");
    this.#jobs = this.#jobs.filter(({ job }) => job.state === "running");
    return ended;
  }

  remove(job: Job): void {
    this.#jobs = this.#jobs.filter((one) => one.job !== job);
  }
}
