import type { FxpRoute, OnProgress, Progress, Verification } from "@sallyport/client";
import { exitCodes } from "../exit-codes.ts";
import { countText, rateText, sizeText, spanText } from "../terminal/quantities.ts";
import { ProgressDisplay } from "../terminal/progress-display.ts";
import { ClientFailure, clientFailure } from "./client-failure.ts";
import { standardStream } from "./local-places.ts";
import { failedText, isLasting } from "./failed-text.ts";
import type { ClientRun } from "./run.ts";

/** What came of moving one file. */
export type JobOutcome =
  | {
      readonly bytes: number;
      readonly resumedFrom: number;
      readonly verified?: Verification;
      /** The name that it got. */
      readonly written?: string;
      /** How it went from one server to another. */
      readonly route?: FxpRoute;
    }
  | { readonly skipped: string };

/** One file that is to be moved. */
export interface TransferJob {
  /** What people call it: its path on the server. */
  readonly name: string;
  /** The place here; on another server where `isFxp`. */
  readonly local: string;
  /** Whether both places are on servers. */
  readonly isFxp?: boolean;
  readonly totalBytes?: number | undefined;
  /** Whether somebody on the wire could read it. */
  readonly isProtected: boolean;
  /** Whether what has moved is kept where it breaks off. */
  readonly keepsPart: boolean;
  move(onProgress: OnProgress): Promise<JobOutcome>;
}

export interface TransfersOptions {
  readonly parallel: number;
  /** Where the summary goes. */
  readonly summary: "stdout" | "stderr";
}

const phaseNotes: Readonly<Partial<Record<Progress["phase"], string>>> = { confirm: "confirm", verify: "verify" };

/**
 * Moves files, some at a time, and shows how it gets on. One that fails is told of and does not keep the others from
 * being moved.
 */
export async function runTransfers(
  run: ClientRun,
  jobs: readonly TransferJob[],
  { parallel, summary }: TransfersOptions,
): Promise<void> {
  const { flags } = run;
  using display = new ProgressDisplay(run.surroundings.progress(flags));
  run.sayThrough((line) => display.say(line));
  const isKnown = jobs.every(({ totalBytes }) => totalBytes !== undefined);
  display.expect({
    filesCount: jobs.length,
    ...(isKnown && { totalBytes: jobs.reduce((sum, { totalBytes = 0 }) => sum + totalBytes, 0) }),
  });
  const beganMs = performance.now();
  const totals = { files: 0, bytes: 0, skipped: 0, failed: 0 };
  let lasting = 0;
  const left = jobs.entries();
  const worker = async (): Promise<void> => {
    for (const [at, job] of left) {
      // oxlint-disable-next-line no-await-in-loop -- each worker moves one file at a time
      await moveOne(String(at), job);
    }
  };
  const moveOne = async (key: string, job: TransferJob): Promise<void> => {
    const { name, local, totalBytes, isProtected, isFxp = false } = job;
    const places = isFxp ? { from: name, to: local } : { path: name, local };
    const jobBeganMs = performance.now();
    let doneBytes = 0;
    try {
      display.update(key, { name, doneBytes: 0, totalBytes, isProtected });
      const outcome = await job.move((progress) => {
        doneBytes = progress.bytes;
        const note = phaseNotes[progress.phase];
        display.update(key, {
          name,
          doneBytes: progress.bytes,
          totalBytes: progress.total ?? totalBytes,
          resumedBytes: progress.resumedFrom,
          isProtected,
          ...(note !== undefined && { note }),
        });
      });
      display.finish(key, "done");
      run.done();
      if ("skipped" in outcome) {
        totals.skipped++;
        if (flags.json === true) run.printJson({ ...places, outcome: "skipped", because: outcome.skipped });
        return;
      }
      totals.files++;
      totals.bytes += outcome.bytes;
      if (flags.json === true) {
        const durationMs = Math.round(performance.now() - jobBeganMs);
        run.printJson({ ...places, outcome: "done", ...outcome, durationMs });
      }
    } catch (error) {
      display.finish(key, "failed");
      totals.failed++;
      if (isLasting(error)) lasting++;
      const failure = clientFailure(error, local === standardStream ? name : local);
      run.failed(job.keepsPart && doneBytes > 0 ? keptPart(failure) : failure, name);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, jobs.length) }, worker));
  display[Symbol.dispose]();
  tellSummary(run, { ...totals, lasting }, { durationMs: Math.round(performance.now() - beganMs), summary });
}

type Totals = Readonly<Record<"files" | "bytes" | "skipped" | "failed" | "lasting", number>>;

function tellSummary(
  run: ClientRun,
  { lasting, ...totals }: Totals,
  { durationMs, summary }: Pick<TransfersOptions, "summary"> & { readonly durationMs: number },
): void {
  const { flags } = run;
  if (flags.json === true) run.printJson({ summary: { ...totals, durationMs } });
  else if (flags.quiet !== true && totals.files + totals.skipped > 0) {
    const text = summaryText({ ...totals, lasting }, durationMs);
    if (summary === "stdout") run.print(text);
    else run.say(text);
  }
}

/** What a lost connection left is not lost. */
function keptPart(failure: unknown): unknown {
  if (!(failure instanceof ClientFailure) || failure.exitCode !== exitCodes.unavailable) return failure;
  const message = `${failure.message.replace(/\.$/, "")}; what was moved is kept: the same command again goes on`;
  return new ClientFailure({ code: failure.code, message, exitCode: exitCodes.partial }, failure);
}

function summaryText({ files, bytes, skipped, failed, lasting }: Totals, durationMs: number): string {
  const rate = durationMs > 0 ? ` at ${rateText((bytes * 1000) / durationMs)}` : "";
  const moved = `${countText(files, "file")}, ${sizeText(bytes).trimEnd()} in ${spanText(durationMs)}${rate}`;
  const others = [
    ...(skipped > 0 ? [`${countText(skipped, "file")} left as ${skipped === 1 ? "it is" : "they are"}`] : []),
    ...(failed > 0 ? [failedText(countText(failed, "file"), { count: failed, lasting })] : []),
  ];
  return `${[...(files > 0 || others.length === 0 ? [moved] : []), ...others].join("; ")}.`;
}
