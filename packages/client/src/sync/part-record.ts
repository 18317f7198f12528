import { partSuffix } from "../transfer/local-file.ts";
import type { FileFacts } from "./action.ts";
import type { SyncJournal } from "./journal.ts";
import { isSameFile, journalFile } from "./journal-lines.ts";

/** What is kept of transfers on their way: a journal, or for the time of one run the memory. */
export type PartRecord = Pick<SyncJournal, "begunTransfer" | "parts" | "begin" | "done" | "forget">;

/** Keeps parts in memory, so that a second attempt of the same run goes on where the first was. */
export function memoryRecord(): PartRecord {
  const begun = new Map<string, { readonly file: ReturnType<typeof journalFile>; readonly part: string }>();
  return {
    begunTransfer(path, file) {
      const known = begun.get(path);
      return known !== undefined && isSameFile(known.file, journalFile(file)) ? { part: known.part } : undefined;
    },
    parts: () => Array.from(begun, ([path, { part }]) => [path, part]),
    begin: async (path, facts, part) => void begun.set(path, { file: journalFile(facts), part }),
    done: async (path) => void begun.delete(path),
    forget: async (path) => void begun.delete(path),
  };
}

/**
 * Finds the part with which a transfer goes on, or notes a new one. A part of another version of the file goes first.
 * Parts are named apart from their files, so that no name becomes too long.
 */
export async function beginPart(
  record: PartRecord,
  path: string,
  file: FileFacts,
  discard: (part: string) => Promise<void>,
): Promise<{ readonly part: string; readonly isNew: boolean }> {
  const begun = record.begunTransfer(path, file);
  if (begun !== undefined) return { part: begun.part, isNew: false };
  const stale = record.parts().find(([known]) => known === path)?.[1];
  if (stale !== undefined) await discard(stale);
  const part = partSuffix();
  await record.begin(path, file, part);
  return { part, isNew: true };
}

/** Whether a name is one of ours for a file in the making; such files are half, so nobody mirrors them. */
export function isPartName(path: string): boolean {
  return /\.sallyport-part-[0-9a-f]{8}$/.test(path);
}
