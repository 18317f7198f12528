import type { SkipReason, SyncAction } from "./action.ts";
import type { Planning } from "./planning.ts";
import { type TreeEntry, ancestorsOf, compareTreePaths, parentOf } from "./tree.ts";

/**
 * Plans the deletion of what only the target has, deepest first. With a guard nothing is deleted: each deletion that
 * was due is skipped for that reason. A directory stays as long as anything in it does.
 */
export function planDeletions(planning: Planning, guard: SkipReason | undefined): readonly SyncAction[] {
  const { target, targetUnlisted, keyOf, sourceKeys, clashKeys } = planning;
  const kept = new Set<string>();
  const keep = (path: string): void => {
    for (let above = path; above !== "" && !kept.has(keyOf(above)); above = parentOf(above)) kept.add(keyOf(above));
  };
  for (const key of targetUnlisted) keep(key);
  const unlisted = new Set(kept);
  const extra: TreeEntry[] = [];
  for (const [key, entry] of target) {
    if (clashKeys.has(key)) continue;
    if (sourceKeys.has(key) || isKept(planning, entry)) keep(entry.path);
    else extra.push(entry);
  }
  const actions: SyncAction[] = [];
  for (const { path, kind } of extra.toSorted((one, other) => compareTreePaths(other.path, one.path))) {
    const key = keyOf(path);
    if (guard !== undefined) actions.push({ kind: "skip", path, reason: guard });
    else if (unlisted.has(key)) actions.push({ kind: "skip", path, reason: "target-unlisted" });
    else if (!kept.has(key)) actions.push({ kind: "delete", path, entry: kind, because: "extra" });
  }
  return actions;
}

/** What the filter leaves out, is protected, or lies where the source has no directory, or none that could be carried over. */
function isKept({ options, keyOf, untold }: Planning, { path, kind }: TreeEntry): boolean {
  return (
    options.protects(path) ||
    !options.filter.admitsPath(path, kind === "directory") ||
    (untold.size > 0 && ancestorsOf(path).some((above) => untold.has(keyOf(above))))
  );
}
