import type { OnProgress } from "../transfer/progress.ts";
import type { FileFacts } from "./action.ts";
import type { EntryTime, TreeEntry } from "./tree.ts";

/** The side of a mirror that is changed, with the way that files come to it. All paths are tree paths. */
export interface SyncTarget {
  /** Makes the root, with what is above it. */
  makeRoot(): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  /** Transfers a file: the target has the whole one, or what it had before. */
  put(path: string, file: FileFacts, onProgress: OnProgress): Promise<PutOutcome>;
  /** Whether both sides hash alike; undefined where the server computes no hash. */
  isSame(path: string): Promise<boolean | undefined>;
  setTimes(path: string, modified: EntryTime): Promise<void>;
  makeLink(path: string, linkTarget: string): Promise<void>;
  /** What is gone already is no failure. */
  delete(path: string, kind: TreeEntry["kind"]): Promise<void>;
  /** Removes what an interrupted transfer of the file has left. */
  discardPart(path: string, part: string): Promise<void>;
}

export interface PutOutcome {
  /** Octets that moved now. */
  readonly bytes: number;
  /** Octets that were there before. */
  readonly resumedFrom: number;
}

/** The tree path of a name in the directory of another path. */
export function besideOf(path: string, name: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1) + name;
}
