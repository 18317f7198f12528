import type { FileFacts } from "./action.ts";

/** What is known of a file at the moment when it was begun or done. */
export interface JournalFile {
  readonly sizeBytes: bigint | undefined;
  readonly modifiedMs: number | undefined;
}

/** One line of a journal. */
export type JournalLine =
  | { readonly kind: "header"; readonly key: string }
  /** A transfer into the temporary name `part` of the same directory. */
  | { readonly kind: "begun"; readonly path: string; readonly file: JournalFile; readonly part: string }
  | { readonly kind: "done"; readonly path: string; readonly file: JournalFile }
  /** What was known of the path holds no longer. */
  | { readonly kind: "undone"; readonly path: string };

/** What a journal keeps of the facts of a file. */
export function journalFile({ sizeBytes, modified }: FileFacts): JournalFile {
  return { sizeBytes: sizeBytes === undefined ? undefined : BigInt(sizeBytes), modifiedMs: modified?.instantMs };
}

/** Whether both are the same file, unchanged, as far as is known. */
export function isSameFile(one: JournalFile, other: JournalFile): boolean {
  return one.sizeBytes === other.sizeBytes && one.modifiedMs === other.modifiedMs;
}

/** Writes a line, with its line end. */
export function formatJournalLine(line: JournalLine): string {
  if (line.kind === "header") return `${JSON.stringify({ journal: journalVersion, key: line.key })}\n`;
  const file = line.kind === "undone" ? {} : { size: line.file.sizeBytes?.toString(), modified: line.file.modifiedMs };
  const part = line.kind === "begun" ? { part: line.part } : {};
  return `${JSON.stringify({ [line.kind]: line.path, ...file, ...part })}\n`;
}

/** Reads a line without its end; undefined where it is none, such as the torn last one of a journal. */
export function parseJournalLine(text: string): JournalLine | undefined {
  const value = objectOf(text);
  if (value === undefined) return undefined;
  if (value["journal"] !== undefined) {
    const key = value["key"];
    return value["journal"] === journalVersion && typeof key === "string" ? { kind: "header", key } : undefined;
  }
  const file = fileOf(value);
  const { begun, done, undone, part } = value;
  if (typeof undone === "string") return { kind: "undone", path: undone };
  if (typeof done === "string" && file !== undefined) return { kind: "done", path: done, file };
  if (typeof begun === "string" && file !== undefined && typeof part === "string") {
    return { kind: "begun", path: begun, file, part };
  }
  return undefined;
}

const journalVersion = 1;

function fileOf({ size, modified }: Readonly<Record<string, unknown>>): JournalFile | undefined {
  const isSize = size === undefined || (typeof size === "string" && /^\d{1,30}$/.test(size));
  const isTime = modified === undefined || typeof modified === "number";
  if (!isSize || !isTime) return undefined;
  return { sizeBytes: size === undefined ? undefined : BigInt(size), modifiedMs: modified };
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
