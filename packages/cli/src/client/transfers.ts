import type { OnProgress, Progress } from "@sallyport/client";
import { countText, rateText, sizeText, spanText } from "../terminal/quantities.ts";
import { ProgressDisplay } from "../terminal/progress-display.ts";
import { progressOptions } from "./drawing.ts";
import type { ClientRun } from "./run.ts";

/** One file that is to be moved. */
export interface TransferJob {
  /** What people call it: its path on the server. */
  readonly name: string;
  readonly local: string;
  readonly totalBytes?: number | undefined;
  /** Whether somebody on the wire could read it. */
  readonly isProtected: boolean;
  /** Moves it; resolves with its octets, or why nothing had to be moved. */
  move(
    onProgress: OnProgress,
  ): Promise<{ readonly bytes: number; readonly resumedFrom?: number } | { readonly skipped: string }>;
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
  using display = new ProgressDisplay(progressOptions(flags));
  run.sayThrough((line) => display.say(line));
  const isKnown = jobs.every(({ totalBytes }) => totalBytes !== undefined);
  display.expect({
    filesCount: jobs.length,
    ...(isKnown && { totalBytes: jobs.reduce((sum, { totalBytes = 0 }) => sum + totalBytes, 0) }),
  });
  const beganMs = performance.now();
  const totals = { files: 0, bytes: 0, skipped: 0, failed: 0 };
  const left = jobs.entries();
  const worker = async (): Promise<void> => {
    for (const [at, job] of left) {
      // oxlint-disable-next-line no-await-in-loop -- each worker moves one file at a time
      await moveOne(String(at), job);
    }
  };
  const moveOne = async (key: string, job: TransferJob): Promise<void> => {
    const { name, local, totalBytes, isProtected } = job;
    const jobBeganMs = performance.now();
    let resumedFrom = 0;
    try {
      display.update(key, { name, doneBytes: 0, totalBytes, isProtected });
      const outcome = await job.move((progress) => {
        resumedFrom = progress.resumedFrom;
        const note = phaseNotes[progress.phase];
        display.update(key, {
          name,
          doneBytes: progress.bytes,
          totalBytes: progress.total ?? totalBytes,
          resumedBytes: resumedFrom,
          isProtected,
          ...(note !== undefined && { note }),
        });
      });
      display.finish(key, "done");
      run.done();
      if ("skipped" in outcome) {
        totals.skipped++;
        if (flags.json === true) run.printJson({ path: name, local, outcome: "skipped", because: outcome.skipped });
        return;
      }
      totals.files++;
      totals.bytes += outcome.bytes;
      if (flags.json === true) {
        const durationMs = Math.round(performance.now() - jobBeganMs);
        run.printJson({ path: name, local, outcome: "done", bytes: outcome.bytes, resumedFrom, durationMs });
      }
    } catch (error) {
      display.finish(key, "failed");
      totals.failed++;
      run.failed(error, local === "-" ? name : local);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, jobs.length) }, worker));
  display[Symbol.dispose]();
  const durationMs = Math.round(performance.now() - beganMs);
  if (flags.json === true) run.printJson({ summary: { ...totals, durationMs } });
  else if (flags.quiet !== true && totals.files + totals.skipped > 0) {
    const text = summaryText(totals, durationMs);
    if (summary === "stdout") run.print(text);
    else run.say(text);
  }
}

function summaryText(
  {
    files,
    bytes,
    skipped,
    failed,
  }: { readonly files: number; readonly bytes: number; readonly skipped: number; readonly failed: number },
  durationMs: number,
): string {
  const rate = durationMs > 0 ? ` at ${rateText((bytes * 1000) / durationMs)}` : "";
  const moved = `${countText(files, "file")}, ${sizeText(bytes).trimEnd()} in ${spanText(durationMs)}${rate}`;
  const others = [
    ...(skipped > 0 ? [`${countText(skipped, "file")} left as ${skipped === 1 ? "it is" : "they are"}`] : []),
    ...(failed > 0 ? [`${countText(failed, "file")} failed: the same command again does the rest`] : []),
  ];
  return `${[moved, ...others].join("; ")}.`;
}
