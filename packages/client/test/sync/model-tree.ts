import { type SyncAction, resolveHash } from "../../src/sync/action.ts";
import { type TreeEntry, parentOf } from "../../src/sync/tree.ts";

/** An entry of a modelled tree; `content` stands for the octets of a file. */
export interface ModelEntry {
  readonly kind: TreeEntry["kind"];
  readonly content?: string;
  readonly modifiedMs?: number;
  readonly linkTarget?: string;
}

export type ModelTree = ReadonlyMap<string, ModelEntry>;

/** How a tree shows itself in listings. */
export interface ListingManner {
  readonly precisionMs: number;
  readonly foldsCase?: boolean;
  readonly keepsTimes?: boolean;
}

export function listed(tree: ModelTree, { precisionMs }: ListingManner): readonly TreeEntry[] {
  return Array.from(tree, ([path, { kind, content, modifiedMs, linkTarget }]) => ({
    path,
    kind,
    ...(content !== undefined && { sizeBytes: content.length }),
    ...(modifiedMs !== undefined && {
      modified: { instantMs: Math.floor(modifiedMs / precisionMs) * precisionMs, precisionMs },
    }),
    ...(linkTarget !== undefined && { linkTarget }),
  }));
}

/** Carries a plan out; throws where a real file system would refuse. Deletions and writes are checked for order. */
export function carriedOut(
  actions: readonly SyncAction[],
  source: ModelTree,
  target: ModelTree,
  manner: ListingManner,
  nowMs: number,
): ModelTree {
  const tree = new Map(target);
  const nameOf = (path: string): string =>
    manner.foldsCase === true
      ? ([...tree.keys()].find((name) => name.toLowerCase() === path.toLowerCase()) ?? path)
      : path;
  const demandParent = (path: string): void => {
    const parent = parentOf(path);
    if (parent !== "" && tree.get(nameOf(parent))?.kind !== "directory") throw new Error(`${path}: no directory`);
  };
  const write = (path: string): void => {
    demandParent(path);
    const name = nameOf(path);
    if (tree.get(name)?.kind === "directory") throw new Error(`${path}: is a directory`);
    const { content = "", modifiedMs = nowMs } = source.get(path) ?? {};
    tree.set(name, { kind: "file", content, modifiedMs: manner.keepsTimes === false ? nowMs : modifiedMs });
  };
  const apply = (action: SyncAction | undefined): void => {
    if (action === undefined) return;
    const name = nameOf(action.path);
    if (action.kind === "make-directory") {
      demandParent(action.path);
      if (tree.has(name)) throw new Error(`${action.path}: exists`);
      tree.set(name, { kind: "directory" });
    } else if (action.kind === "transfer") {
      if (tree.has(name)) throw new Error(`${action.path}: exists`);
      write(action.path);
    } else if (action.kind === "replace") {
      if (!tree.has(name)) throw new Error(`${action.path}: is missing`);
      write(action.path);
    } else if (action.kind === "compare-hash") {
      apply(resolveHash(action, source.get(action.path)?.content === tree.get(name)?.content));
    } else if (action.kind === "set-times") {
      tree.set(name, { ...tree.get(name), kind: "file", modifiedMs: action.modified.instantMs });
    } else if (action.kind === "make-link") {
      demandParent(action.path);
      if (tree.has(name) !== action.replaces) throw new Error(`${action.path}: exists`);
      tree.set(name, { kind: "link", linkTarget: action.linkTarget });
    } else if (action.kind === "delete") {
      if (!tree.delete(name)) throw new Error(`${action.path}: is missing`);
      if ([...tree.keys()].some((path) => path.startsWith(`${name}/`))) throw new Error(`${action.path}: not empty`);
    }
  };
  for (const action of actions) apply(action);
  return tree;
}
