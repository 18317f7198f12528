import { UsageError, limits } from "@sallyport/protocol";
import type { SkipReason, SyncAction } from "./action.ts";
import { planDeletions } from "./plan-deletions.ts";
import { type PlanOptions, type SettledOptions, settleOptions } from "./plan-options.ts";
import { planSource } from "./plan-source.ts";
import { newPlanning } from "./planning.ts";
import type { TreeItem } from "./tree.ts";

/** What has to be done, in order, and what it comes to. */
export interface SyncPlan {
  /** Directories before what is in them; deletions from the deepest up; what is skipped or in conflict, too. */
  readonly actions: readonly SyncAction[];
  readonly summary: PlanSummary;
}

export interface PlanSummary {
  readonly transfers: number;
  readonly replacements: number;
  readonly deletions: number;
  readonly conflicts: number;
  readonly skipped: number;
  /** Of the files to transfer and replace, as far as sizes are known. */
  readonly bytes: bigint;
  /** Why what should be deleted is not. */
  readonly deletionsWithheld: SkipReason | undefined;
}

/** A tree while it is read. */
export type Tree = Iterable<TreeItem> | AsyncIterable<TreeItem>;

/**
 * Reads both trees and plans what makes the target like the source. Nothing is changed; entries may come in any order.
 *
 * @throws {UsageError} SALLYPORT_TREE_TOO_LARGE when a tree has more than `treeEntriesCount` entries.
 */
export async function planSync(source: Tree, target: Tree, options: PlanOptions): Promise<SyncPlan> {
  return planActions(await collect(source), await collect(target), options);
}

/**
 * Plans what makes the target like the source. Carrying the plan out and planning again gives no further action that
 * changes anything. Two guards protect the target: nothing is deleted when any directory of the source could not be
 * listed wholly, or named what cannot be placed, or when the source is empty; and nothing is deleted when more than
 * `deletionsMax` would be.
 */
export function planActions(source: readonly TreeItem[], target: readonly TreeItem[], options: PlanOptions): SyncPlan {
  const settled = settleOptions(options);
  const plan = planOnce(source, target, settled, undefined);
  const deletions = plan.actions.filter((action) => action.kind === "delete").length;
  if (deletions <= settled.deletionsMax) return summarise(plan);
  return summarise(planOnce(source, target, { ...settled, typeClash: "conflict" }, "too-many-deletions"));
}

interface RawPlan {
  readonly actions: readonly SyncAction[];
  readonly deletionsWithheld: SkipReason | undefined;
}

function planOnce(
  source: readonly TreeItem[],
  target: readonly TreeItem[],
  options: SettledOptions,
  withheld: SkipReason | undefined,
): RawPlan {
  const planning = newPlanning(target, options);
  const entries = source.filter((item) => item.kind !== "unlisted");
  const changes = planSource(planning, entries);
  if (!options.delete) return { actions: changes, deletionsWithheld: undefined };
  const untoldCount = source.length - entries.length + changes.filter(isUnplaced).length;
  const guard = withheld ?? guardOf(entries.length, untoldCount, options);
  const deletions = planDeletions(planning, guard);
  const actions = options.deleteOrder === "before" ? [...deletions, ...changes] : [...changes, ...deletions];
  return { actions, deletionsWithheld: deletions.length > 0 ? guard : undefined };
}

/** Some servers list whole paths, none of which can be taken: then nobody knows which names there are. */
function isUnplaced(action: SyncAction): boolean {
  return action.kind === "conflict" && action.reason === "unsafe-name";
}

function guardOf(entriesCount: number, untoldCount: number, options: SettledOptions): SkipReason | undefined {
  if (untoldCount > 0) return "source-incomplete";
  return entriesCount === 0 && !options.allowsEmptySource ? "source-empty" : undefined;
}

function summarise({ actions, deletionsWithheld }: RawPlan): SyncPlan {
  const count = (kind: SyncAction["kind"]): number => actions.filter((action) => action.kind === kind).length;
  let bytes = 0n;
  for (const action of actions) {
    if (action.kind === "transfer" || action.kind === "replace") bytes += BigInt(action.file.sizeBytes ?? 0);
  }
  return {
    actions,
    summary: {
      transfers: count("transfer"),
      replacements: count("replace"),
      deletions: count("delete"),
      conflicts: count("conflict"),
      skipped: count("skip"),
      bytes,
      deletionsWithheld,
    },
  };
}

async function collect(tree: Tree): Promise<readonly TreeItem[]> {
  const items: TreeItem[] = [];
  for await (const item of tree) {
    if (items.length >= limits.treeEntriesCount.value) {
      throw new UsageError(
        "SALLYPORT_TREE_TOO_LARGE",
        `A tree has more than ${limits.treeEntriesCount.value} entries.`,
      );
    }
    items.push(item);
  }
  return items;
}
