import type { Progress } from "../transfer/progress.ts";
import type { SyncAction } from "./action.ts";
import type { FilterOptions } from "./filter.ts";
import type { PlanSummary } from "./plan.ts";
import type { PlanOptions } from "./plan-options.ts";

/** A directory of this machine. */
export interface LocalPlace {
  readonly local: string;
}

/** A directory of the server. */
export interface RemotePlace {
  readonly remote: string;
}

/** How a mirror is made; everything has a default. */
export interface SyncOptions extends Omit<
  PlanOptions,
  "direction" | "filter" | "acceptsName" | "protects" | "isFinished" | "preservesTimes" | "links"
> {
  readonly signal?: AbortSignal;
  /** Tells what would be done and does nothing. */
  readonly dryRun?: boolean;
  /** Files at a time, each on a control connection of its own, as far as the pool goes; default all of the pool. */
  readonly parallel?: number;
  readonly filter?: FilterOptions;
  /** Keeps the times of change; default true. */
  readonly preserveTimes?: boolean;
  /** `skip` (default); `recreate` links, in downloads only; `follow` those of this machine, in uploads only. */
  readonly links?: "skip" | "recreate" | "follow";
  /**
   * Directory of journals; with one, a mirror that was interrupted in whatever way goes on where it was. Each pair of
   * places has a journal of its own there, which is removed when all is done.
   */
  readonly journal?: string;
  /** Told once, before the first step. */
  readonly onPlan?: (summary: PlanSummary) => void;
  readonly onProgress?: (progress: SyncProgress) => void;
}

/** One action and what came of it. */
export type SyncStep =
  /** `planned`: by a dry run. `same`: the hashes are. `left`: nothing was to be done, as the action says why. */
  | { readonly outcome: "planned" | "same" | "left"; readonly action: SyncAction }
  | {
      readonly outcome: "done";
      readonly action: SyncAction;
      /** Octets of a file that moved now. */
      readonly bytes?: number;
      /** Octets of it that had moved in an earlier run. */
      readonly resumedFrom?: number;
      readonly durationMs: number;
    }
  | { readonly outcome: "failed"; readonly action: SyncAction; readonly error: unknown }
  /** Its directory could not be made, or what stood in its place not be deleted. */
  | { readonly outcome: "untried"; readonly action: SyncAction };

/** How far a mirror is. */
export interface SyncProgress {
  /** Of one file; its `file` is the path in the tree. */
  readonly file: Progress;
  /** Of all that the plan has. */
  readonly total: {
    readonly filesDone: number;
    readonly files: number;
    /** Octets so far, those of earlier runs and of files under way included. */
    readonly bytes: number;
    /** As far as sizes are known. */
    readonly bytesTotal: number;
  };
}
