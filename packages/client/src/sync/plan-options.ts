import type { CompareBy } from "./compare.ts";
import type { EntryFilter } from "./filter.ts";
import type { TreeEntry } from "./tree.ts";

/** What a plan is to do; everything has a default. */
export interface PlanOptions {
  readonly direction: "download" | "upload";
  /** Deletes what the source has not; default false. Never what the filter leaves out. */
  readonly delete?: boolean;
  /** With more deletions than this, nothing is deleted at all; default: no such bound. */
  readonly deletionsMax?: number;
  /** Lets an empty source empty the target; default false, because it is nearly always a mount that is missing. */
  readonly allowsEmptySource?: boolean;
  /** When deletions are done: `after` all else (default), or `before` it, where space is scarce. */
  readonly deleteOrder?: "before" | "after";
  /** Default size and time. */
  readonly compare?: readonly CompareBy[];
  /** Default `newer`. `differ` holds only where times are preserved; elsewhere every run would transfer all again. */
  readonly timeRule?: "newer" | "differ";
  readonly timeWindowMs?: number;
  /** Leaves alone what was certainly changed later in the target; default false. */
  readonly keepsNewer?: boolean;
  /** Whether the target keeps the times that it is given; default true. */
  readonly preservesTimes?: boolean;
  readonly filter?: EntryFilter;
  /** `skip` (default), or `recreate` as links, in downloads only: FTP has no command for it. */
  readonly links?: "skip" | "recreate";
  /** A directory here, a file there: `conflict` (default) leaves both, `replace` deletes what the target has. */
  readonly typeClash?: "conflict" | "replace";
  /** `omit` makes directories only for what is put into them; default `keep`. */
  readonly emptyDirectories?: "keep" | "omit";
  /** The target holds names that differ in case only to be the same. */
  readonly targetFoldsCase?: boolean;
  /** Whether the target can hold a name; see `localName`. */
  readonly acceptsName?: (name: string) => boolean;
  /** What must not be deleted though the source has not got it, such as parts of transfers that will go on. */
  readonly protects?: (path: string) => boolean;
  /** Whether a journal says that this very file has been transferred and nothing has changed since. */
  readonly isFinished?: (source: TreeEntry, target: TreeEntry) => boolean;
}

/** The same with nothing left open. */
export type SettledOptions = Required<PlanOptions>;

export function settleOptions(options: PlanOptions): SettledOptions {
  const preservesTimes = options.preservesTimes ?? true;
  return {
    delete: false,
    deletionsMax: Infinity,
    allowsEmptySource: false,
    deleteOrder: "after",
    compare: ["size", "time"],
    timeWindowMs: 0,
    keepsNewer: false,
    filter: { admitsPath: () => true, admitsFacts: () => true },
    typeClash: "conflict",
    emptyDirectories: "keep",
    targetFoldsCase: false,
    acceptsName: () => true,
    protects: () => false,
    isFinished: () => false,
    ...options,
    preservesTimes,
    timeRule: preservesTimes ? (options.timeRule ?? "newer") : "newer",
    links: options.direction === "download" ? (options.links ?? "skip") : "skip",
  };
}
