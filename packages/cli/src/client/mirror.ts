import { stat } from "node:fs/promises";
import {
  type Client,
  type FilterRule,
  type PlanSummary,
  type SyncOptions,
  type SyncStep,
  actionToJson,
  isUrlFailure,
  parseFtpUrl,
} from "@sallyport/client";
import { UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import { exitCodes } from "../exit-codes.ts";
import { ProgressDisplay } from "../terminal/progress-display.ts";
import { quotedName } from "../terminal/visible-text.ts";
import { ClientFailure, clientFailure } from "./client-failure.ts";
import { MirrorTally, reasonText, stepText } from "./mirror-text.ts";
import { journalsPath } from "./own-files.ts";
import { runOnServers, type ClientRun } from "./run.ts";
import type { ClientFlags } from "../client-flags.ts";

export type Compared = "size" | "time" | "hash";

export interface MirrorFlags extends ClientFlags {
  readonly dryRun?: boolean;
  readonly parallel: number;
  readonly delete?: boolean;
  readonly deleteBefore?: boolean;
  readonly maxDelete?: number;
  readonly emptySource?: boolean;
  readonly include?: readonly string[];
  readonly includeRegex?: readonly string[];
  readonly exclude?: readonly string[];
  readonly excludeRegex?: readonly string[];
  readonly ignoreCase?: boolean;
  readonly minSize?: number;
  readonly maxSize?: number;
  /** Milliseconds since 1970, as the next one. */
  readonly newerThan?: number;
  readonly olderThan?: number;
  readonly compare: readonly Compared[];
  readonly timeRule: "newer" | "differ";
  readonly timeWindow?: number;
  readonly keepNewer?: boolean;
  readonly preserveTimes: boolean;
  readonly links: "skip" | "recreate" | "follow";
  readonly replaceKind?: boolean;
  readonly emptyDirectories: boolean;
  readonly resume: boolean;
}

/** `sallyport mirror`. */
export async function mirror(context: CommandContext, flags: MirrorFlags, from: string, to: string): Promise<void> {
  const [isFromRemote, isToRemote] = [isRemote(from), isRemote(to)];
  if (isFromRemote === isToRemote) {
    const what = isFromRemote ? "Both are on a server" : "Neither is on a server";
    const message = `${what}: one of the two has to be a URL, as in ftpes://alice@ftp.example.org/pub, the other a local directory.`;
    throw new UsageError("SALLYPORT_USAGE_PLACES", message);
  }
  if (!isFromRemote) await demandDirectory(from);
  await runOnServers(context, flags, { connectionsMax: flags.parallel }, async (run) => {
    const { client, path: remote } = await run.servers.open(isFromRemote ? from : to);
    await carryOut(run, client, flags, (options) =>
      isFromRemote
        ? client.sync({ remote }, { local: to }, options)
        : client.sync({ local: from }, { remote }, options),
    );
    return undefined;
  });
}

/** Bare host names would be mistaken for directories. */
function isRemote(word: string): boolean {
  return word.startsWith("@") || (/^[a-z]+:\/\//i.test(word) && !isUrlFailure(parseFtpUrl(word)));
}

async function demandDirectory(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) return;
  } catch (error) {
    throw clientFailure(error, path);
  }
  throw new UsageError("SALLYPORT_USAGE_DIRECTORY", `${quotedName(path)} is no directory: put uploads single files.`);
}

async function carryOut(
  run: ClientRun,
  client: Client,
  flags: MirrorFlags,
  begin: (options: SyncOptions) => AsyncIterable<SyncStep>,
): Promise<void> {
  const isProtected = client.tls !== undefined;
  using display = new ProgressDisplay(run.surroundings.progress(flags));
  run.sayThrough((line) => display.say(line));
  const tally = new MirrorTally(flags.dryRun === true);
  const onPlan = (plan: PlanSummary): void => {
    display.expect({ filesCount: plan.transfers + plan.replacements, totalBytes: Number(plan.bytes) });
    tally.deletionsWithheld = plan.deletionsWithheld;
  };
  const onProgress: SyncOptions["onProgress"] = ({ file }) =>
    display.update(file.file, {
      name: file.file,
      doneBytes: file.bytes,
      totalBytes: file.total,
      resumedBytes: file.resumedFrom,
      isProtected,
      ...(file.phase === "confirm" && { note: "confirm" }),
    });
  for await (const step of begin({ ...syncOptions(flags), signal: run.servers.signal, onPlan, onProgress })) {
    display.finish(step.action.path, step.outcome === "done" ? "done" : "failed");
    tally.count(step);
    tell(run, step, flags);
  }
  display[Symbol.dispose]();
  const failure = tally.withheldFailure();
  if (failure !== undefined) run.failed(new ClientFailure({ ...failure, exitCode: exitCodes.failure }, undefined));
  if (flags.json === true) run.printJson({ summary: tally.summary() });
  else if (flags.quiet !== true) run.print(tally.text());
}

function tell(run: ClientRun, step: SyncStep, flags: MirrorFlags): void {
  const { action, outcome } = step;
  if (flags.json === true) {
    const { bytes, resumedFrom, durationMs } = step.outcome === "done" ? step : {};
    const numbers = {
      ...(bytes !== undefined && { bytes }),
      ...(resumedFrom !== undefined && { resumedFrom }),
      ...(durationMs !== undefined && { durationMs }),
    };
    run.printJson({ ...actionToJson(action), outcome, ...numbers });
  } else if (flags.dryRun === true && flags.quiet !== true) run.print(stepText(action));
  if (outcome === "done") run.done();
  if (outcome === "failed") run.failed(step.error, action.path);
  if (action.kind === "conflict") run.failed(conflictFailure(action), action.path);
}

function conflictFailure(action: Extract<SyncStep["action"], { kind: "conflict" }>): ClientFailure {
  const isUnsafe = action.reason === "unsafe-name" || action.reason === "link-leaves-tree";
  return new ClientFailure(
    {
      code: isUnsafe ? "SALLYPORT_NAME_UNSAFE" : "SALLYPORT_MIRROR_CONFLICT",
      message: `${quotedName(action.path)} stays as it is: ${reasonText(action.reason)}`,
      exitCode: isUnsafe ? exitCodes.protocol : exitCodes.cannotCreate,
    },
    undefined,
  );
}

function syncOptions(flags: MirrorFlags): SyncOptions {
  const { dryRun, parallel, maxDelete, timeWindow, minSize, maxSize, newerThan, olderThan } = flags;
  return {
    dryRun: dryRun === true,
    parallel,
    delete: flags.delete === true,
    deleteOrder: flags.deleteBefore === true ? "before" : "after",
    ...(maxDelete !== undefined && { deletionsMax: maxDelete }),
    allowsEmptySource: flags.emptySource === true,
    compare: flags.compare,
    timeRule: flags.timeRule,
    ...(timeWindow !== undefined && { timeWindowMs: timeWindow * 1000 }),
    keepsNewer: flags.keepNewer === true,
    preserveTimes: flags.preserveTimes,
    links: flags.links,
    typeClash: flags.replaceKind === true ? "replace" : "conflict",
    emptyDirectories: flags.emptyDirectories ? "keep" : "omit",
    filter: {
      rules: rulesOf(flags),
      matchCase: flags.ignoreCase !== true,
      ...(minSize !== undefined && { sizeMinBytes: minSize }),
      ...(maxSize !== undefined && { sizeMaxBytes: maxSize }),
      ...(newerThan !== undefined && { modifiedAfterMs: newerThan }),
      ...(olderThan !== undefined && { modifiedBeforeMs: olderThan }),
    },
    ...(flags.resume && { journal: journalsPath() }),
  };
}

/** What is excluded is out, whatever includes it; of what is left only files that are included come, where any are. */
function rulesOf({ include = [], includeRegex = [], exclude = [], excludeRegex = [] }: MirrorFlags): FilterRule[] {
  const excludes = [
    ...exclude.map((glob) => ({ action: "exclude", glob }) as const),
    ...excludeRegex.map((regex) => ({ action: "exclude", regex }) as const),
  ];
  const includes = [
    ...include.map((glob) => ({ action: "include", glob }) as const),
    ...includeRegex.map((regex) => ({ action: "include", regex }) as const),
  ];
  // All other files; directories, which end with a slash, are looked into.
  const others = includes.length === 0 ? [] : [{ action: "exclude", regex: "[^/]$" } as const];
  return [...excludes, ...includes, ...others];
}
