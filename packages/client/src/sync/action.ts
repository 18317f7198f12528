import type { EntryTime, TreeEntry } from "./tree.ts";

/** Why nothing is done about an entry. */
export type SkipReason =
  /** A link, and links are left out; or the other side cannot hold links. */
  | "link"
  /** A device, a pipe, a socket. */
  | "special"
  /** The target was changed later and is to be kept. */
  | "target-newer"
  /** Its directory in the target could not be listed, so nobody knows what is there. */
  | "target-unlisted"
  /** Would be deleted, but the source was not listed wholly, or is empty, or too much would be deleted. */
  | "source-incomplete"
  | "source-empty"
  | "too-many-deletions"
  /** Would be deleted, but not everything could be brought over before. */
  | "transfers-failed"
  /** A directory, of either side, that could not be listed. */
  | "unlisted";

/** Why something cannot be done. */
export type ConflictReason =
  /** A directory here and a file there. */
  | "type-clash"
  /** The target folds case, and another entry of the source already has the name. */
  | "case-collision"
  /** The source named the same path twice. */
  | "duplicate"
  /** The path would lead out of the tree (S-20). */
  | "unsafe-name"
  /** The target cannot hold such a name. */
  | "name-refused"
  /** The link would lead out of the tree. */
  | "link-leaves-tree";

/** One step of a plan. All paths are tree paths; the facts of a file are those of the source. */
export type SyncAction =
  | { readonly kind: "make-directory"; readonly path: string }
  | { readonly kind: "transfer"; readonly path: string; readonly file: FileFacts }
  | {
      readonly kind: "replace";
      readonly path: string;
      readonly file: FileFacts;
      readonly because: "size" | "newer" | "time" | "hash" | "unknown" | "link";
    }
  /** Compare by hash, then go on as `resolveHash` says. */
  | { readonly kind: "compare-hash"; readonly path: string; readonly file: FileFacts; readonly setTimes: boolean }
  | { readonly kind: "set-times"; readonly path: string; readonly modified: EntryTime }
  | { readonly kind: "make-link"; readonly path: string; readonly linkTarget: string; readonly replaces: boolean }
  | {
      readonly kind: "delete";
      readonly path: string;
      readonly entry: TreeEntry["kind"];
      readonly because: "extra" | "clash";
    }
  | { readonly kind: "skip"; readonly path: string; readonly reason: SkipReason }
  | { readonly kind: "conflict"; readonly path: string; readonly reason: ConflictReason };

/** What the source says of a file. */
export type FileFacts = Pick<TreeEntry, "sizeBytes" | "modified">;

/** Whether an action changes the target; the others only say why nothing is done. */
export function changesTarget(action: SyncAction): boolean {
  return action.kind !== "skip" && action.kind !== "conflict" && action.kind !== "compare-hash";
}

/** What follows from comparing by hash: a replacement, new times, or nothing. */
export function resolveHash(
  action: Extract<SyncAction, { kind: "compare-hash" }>,
  isSame: boolean,
): SyncAction | undefined {
  const { path, file, setTimes } = action;
  if (!isSame) return { kind: "replace", path, file, because: "hash" };
  return setTimes && file.modified !== undefined ? { kind: "set-times", path, modified: file.modified } : undefined;
}

/**
 * The stable form of an action in JSON, for `--json` and dry runs. Fields that do not apply are absent. `size` is a
 * string of digits past 2^53 − 1; `modified` is in UTC, true to `precisionMs`. Octets of a path that were not UTF-8
 * appear as `\udc80`–`\udcff`.
 */
export interface ActionJson {
  readonly action: SyncAction["kind"];
  readonly path: string;
  readonly reason?: string;
  readonly size?: number | string;
  readonly modified?: string;
  readonly precisionMs?: number;
  readonly entry?: TreeEntry["kind"];
  readonly linkTarget?: string;
  readonly replaces?: boolean;
}

/** Writes an action in its JSON form. */
export function actionToJson(action: SyncAction): ActionJson {
  const { kind, path } = action;
  const file = "file" in action ? action.file : undefined;
  const modified = "modified" in action ? action.modified : file?.modified;
  const reason = "because" in action ? action.because : "reason" in action ? action.reason : undefined;
  return {
    action: kind,
    path,
    ...(reason !== undefined && { reason }),
    ...(file?.sizeBytes !== undefined && { size: sizeToJson(file.sizeBytes) }),
    ...timeToJson(modified),
    ...(action.kind === "delete" && { entry: action.entry }),
    ...(action.kind === "make-link" && { linkTarget: action.linkTarget, replaces: action.replaces }),
  };
}

function sizeToJson(sizeBytes: number | bigint): number | string {
  return sizeBytes <= Number.MAX_SAFE_INTEGER ? Number(sizeBytes) : String(sizeBytes);
}

function timeToJson(modified: EntryTime | undefined): Pick<ActionJson, "modified" | "precisionMs"> {
  const date = new Date(modified?.instantMs ?? Number.NaN);
  if (modified === undefined || Number.isNaN(date.getTime())) return {};
  return { modified: date.toISOString(), precisionMs: modified.precisionMs };
}
