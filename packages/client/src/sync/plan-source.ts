import { normalisePath } from "../names/caller-path.ts";
import type { ConflictReason, FileFacts, SkipReason, SyncAction } from "./action.ts";
import { compareFiles, relateTimes } from "./compare.ts";
import { type Planning, subtreeOf } from "./planning.ts";
import { type TreeEntry, ancestorsOf, compareTreePaths, isTreePath, parentOf } from "./tree.ts";

/** Plans what is done for each entry of the source, in the order of their paths. */
export function planSource(planning: Planning, entries: readonly TreeEntry[]): readonly SyncAction[] {
  const walk: Walk = { planning, actions: [], paths: new Map(), directories: new Set(), made: new Set() };
  const all = [...entries, ...unnamedDirectories(entries)];
  for (const entry of all.toSorted((one, other) => compareTreePaths(one.path, other.path))) {
    planEntry(walk, entry);
    noteUntold(walk, entry);
  }
  return walk.actions;
}

/** A link, a file, or what the server does not say the kind of: what a directory of that name holds is not its matter. */
function noteUntold({ planning, directories }: Walk, { path }: TreeEntry): void {
  const { keyOf, target, sourceKeys, untold } = planning;
  const key = keyOf(path);
  const isInPlace = sourceKeys.has(key) && target.get(key)?.kind === "directory";
  if (isInPlace && !directories.has(path)) untold.add(key);
}

/** Directories that a flat list of files only implies. */
function unnamedDirectories(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  const known = new Set(entries.map(({ path }) => path));
  const unnamed: TreeEntry[] = [];
  for (const { path } of entries) {
    if (!isTreePath(path)) continue;
    for (let above = parentOf(path); above !== "" && !known.has(above); above = parentOf(above)) {
      known.add(above);
      unnamed.push({ path: above, kind: "directory" });
    }
  }
  return unnamed;
}

interface Walk {
  readonly planning: Planning;
  readonly actions: SyncAction[];
  /** The path of the source that has taken each key. */
  readonly paths: Map<string, string>;
  /** What of the source is a directory in the target, too, now or as soon as it is needed. */
  readonly directories: Set<string>;
  /** Those that are there already, or planned. */
  readonly made: Set<string>;
}

function planEntry(walk: Walk, entry: TreeEntry): void {
  const { options, keyOf, sourceKeys } = walk.planning;
  const { path } = entry;
  if (!isTreePath(path)) return conflict(walk, entry, "unsafe-name");
  const isDirectory = entry.kind === "directory";
  if (!options.filter.admitsPath(path, isDirectory)) return;
  const key = keyOf(path);
  const taken = walk.paths.get(key);
  if (taken !== undefined) {
    // The other one keeps the name: what is below this directory must not get mixed with what is below that.
    return taken === path ? conflict(walk, entry, "duplicate", false) : collision(walk, entry);
  }
  sourceKeys.add(key);
  if (isBlocked(walk, path)) return;
  walk.paths.set(key, path);
  if (!options.acceptsName(path.slice(path.lastIndexOf("/") + 1))) return conflict(walk, entry, "name-refused");
  if (isBelowUnlisted(walk, path)) return skip(walk, path, "target-unlisted");
  // A file or link in the way: nothing is ever written through it (S-20).
  if (path.includes("/") && !walk.directories.has(parentOf(path))) return conflict(walk, entry, "type-clash");
  if (isDirectory) planDirectory(walk, entry);
  else if (entry.kind === "file") planFile(walk, entry);
  else if (entry.kind === "link" && options.links === "recreate") planLink(walk, entry);
  else skip(walk, path, entry.kind === "link" ? "link" : "special");
}

function planDirectory(walk: Walk, entry: TreeEntry): void {
  const { options, target, keyOf } = walk.planning;
  const existing = target.get(keyOf(entry.path));
  const isThere = existing?.kind === "directory";
  if (existing !== undefined && !isThere && !makeRoom(walk, entry, existing))
    return conflict(walk, entry, "type-clash");
  walk.directories.add(entry.path);
  if (isThere) walk.made.add(entry.path);
  else if (options.emptyDirectories === "keep" || existing !== undefined) makeParents(walk, `${entry.path}/`);
}

function planFile(walk: Walk, entry: TreeEntry): void {
  const { options, target, keyOf } = walk.planning;
  if (!options.filter.admitsFacts(entry)) return;
  const { path } = entry;
  const existing = target.get(keyOf(path));
  const file = factsOf(entry);
  if (existing === undefined) put(walk, { kind: "transfer", path, file });
  else if (existing.kind === "link") put(walk, { kind: "replace", path, file, because: "link" });
  else if (existing.kind === "file") planCompared(walk, entry, existing);
  else if (makeRoom(walk, entry, existing)) put(walk, { kind: "transfer", path, file });
  else conflict(walk, entry, "type-clash");
}

function planCompared(walk: Walk, entry: TreeEntry, existing: TreeEntry): void {
  const { options } = walk.planning;
  if (options.isFinished(entry, existing)) return;
  const { path } = entry;
  const file = factsOf(entry);
  const { timeRule, timeWindowMs, compare: by } = options;
  const comparison = compareFiles(entry, existing, { by, timeRule, timeWindowMs });
  const relation = relateTimes(entry.modified, existing.modified, timeWindowMs);
  const setsTimes = options.preservesTimes && (relation === "later" || relation === "earlier");
  if (comparison.outcome !== "same" && options.keepsNewer && relation === "earlier") skip(walk, path, "target-newer");
  else if (comparison.outcome === "different") put(walk, { kind: "replace", path, file, because: comparison.because });
  else if (comparison.outcome === "needs-hash") put(walk, { kind: "compare-hash", path, file, setTimes: setsTimes });
  else if (setsTimes && !by.includes("time") && entry.modified !== undefined) {
    put(walk, { kind: "set-times", path, modified: entry.modified });
  }
}

function planLink(walk: Walk, entry: TreeEntry): void {
  const { path, linkTarget = "" } = entry;
  const existing = walk.planning.target.get(walk.planning.keyOf(path));
  if (existing?.kind === "link" && existing.linkTarget === linkTarget) return;
  if (leavesTree(path, linkTarget)) return conflict(walk, entry, "link-leaves-tree");
  const replaces = existing?.kind === "link";
  if (existing !== undefined && !replaces && !makeRoom(walk, entry, existing))
    return conflict(walk, entry, "type-clash");
  put(walk, { kind: "make-link", path, linkTarget, replaces });
}

/**
 * Whether a link could lead whoever follows it out of the tree: a later entry might be written through it (S-20). `..`
 * behind a name may climb from wherever another link leads.
 */
function leavesTree(path: string, linkTarget: string): boolean {
  if (linkTarget === "" || linkTarget.startsWith("/") || /[\0\\]|^[a-z]:/i.test(linkTarget)) return true;
  if (/(?:^|\/)(?!\.{0,2}\/)[^/]+\/(?:.*\/)?\.\.(?:\/|$)/.test(linkTarget)) return true;
  return /^\.\.(?:\/|$)/.test(normalisePath(`${parentOf(path) || "."}/${linkTarget}`));
}

/** Deletes what stands where another kind of entry has to; false where it may not be deleted. */
function makeRoom(walk: Walk, entry: TreeEntry, existing: TreeEntry): boolean {
  const { options, targetUnlisted, keyOf, clashKeys } = walk.planning;
  if (options.typeClash !== "replace") return false;
  const doomed = subtreeOf(walk.planning, existing).toReversed();
  const isKept = ({ path, kind }: TreeEntry): boolean =>
    options.protects(path) || !options.filter.admitsPath(path, kind === "directory") || targetUnlisted.has(keyOf(path));
  if (doomed.some(isKept)) return false;
  makeParents(walk, entry.path);
  for (const { path, kind } of doomed) {
    clashKeys.add(keyOf(path));
    walk.actions.push({ kind: "delete", path, entry: kind, because: "clash" });
  }
  return true;
}

/** Adds an action that puts something into a directory, which must be there. */
function put(walk: Walk, action: SyncAction): void {
  makeParents(walk, action.path);
  walk.actions.push(action);
}

/** Makes the directories above a path that are not there yet; some were put off until something comes into them. */
function makeParents(walk: Walk, path: string): void {
  for (const above of ancestorsOf(path).toReversed()) {
    if (walk.made.has(above)) continue;
    walk.made.add(above);
    walk.actions.push({ kind: "make-directory", path: above });
  }
}

function isBlocked(walk: Walk, path: string): boolean {
  const { blocked } = walk.planning;
  return blocked.size > 0 && ancestorsOf(path).some((above) => blocked.has(above));
}

function isBelowUnlisted(walk: Walk, path: string): boolean {
  const { targetUnlisted, keyOf } = walk.planning;
  if (targetUnlisted.size === 0) return false;
  return targetUnlisted.has("") || ancestorsOf(path).some((above) => targetUnlisted.has(keyOf(above)));
}

function collision(walk: Walk, entry: TreeEntry): void {
  if (isBlocked(walk, entry.path)) return;
  conflict(walk, entry, "case-collision");
}

function conflict(walk: Walk, { path, kind }: TreeEntry, reason: ConflictReason, blocks = true): void {
  walk.actions.push({ kind: "conflict", path, reason });
  if (kind === "directory" && blocks) walk.planning.blocked.add(path);
}

function skip(walk: Walk, path: string, reason: SkipReason): void {
  walk.actions.push({ kind: "skip", path, reason });
}

function factsOf({ sizeBytes, modified }: TreeEntry): FileFacts {
  return { ...(sizeBytes !== undefined && { sizeBytes }), ...(modified !== undefined && { modified }) };
}
