import { refusalOf } from "../operations/refusal.ts";
import { isFatal } from "./fatal.ts";
import type { SyncAction } from "./action.ts";
import type { SyncTarget } from "./target.ts";
import { ancestorsOf, type EntryTime, isTreePath, parentOf, type TreeItem } from "./tree.ts";

/**
 * The times of directories, which change with what is put into them: those that a mirror has made or changed get the
 * source's when all is done. Others keep what they have.
 */
export class DirectoryTimes {
  readonly #times = new Map<string, EntryTime>();
  readonly #touched = new Set<string>();

  constructor(source: readonly TreeItem[]) {
    for (const item of source) {
      if (item.kind === "directory" && item.modified !== undefined && isTreePath(item.path)) {
        this.#times.set(item.path, item.modified);
      }
    }
  }

  /** Takes an action that was carried out. */
  take(action: SyncAction): void {
    if (action.kind === "make-directory") this.#touched.add(action.path);
    this.#touched.add(parentOf(action.path));
  }

  /** Gives the times, the deepest first. A server that does not take the first one is not asked again: no failure. */
  async apply(target: SyncTarget): Promise<void> {
    const paths = [...this.#touched].filter((path) => this.#times.has(path));
    for (const path of paths.toSorted((one, other) => ancestorsOf(other).length - ancestorsOf(one).length)) {
      const modified = this.#times.get(path);
      try {
        // oxlint-disable-next-line no-await-in-loop -- whether the server takes them shows with the first
        if (modified !== undefined) await target.setTimes(path, modified);
      } catch (error) {
        if (isFatal(error) && refusalOf(error) === undefined) throw error;
        return;
      }
    }
  }
}
