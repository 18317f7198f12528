import { existsSync } from "node:fs";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";

/** A notification that waits, as an administrator sees it. */
export interface ListedEntry {
  readonly id: string;
  readonly event: string;
  /** Program or origin of the webhook. */
  readonly target: string;
  readonly createdMs: number;
  readonly dueMs: number;
  readonly attempts: number;
  readonly cause: string | null;
  readonly document: Readonly<Record<string, unknown>>;
}

/**
 * Lists what waits in an outbox, in the order in which it came, also while a server uses it; nothing where there is none.
 * Read in pieces: as long as one is read, SQLite keeps everything that the server writes beside its file, so that
 * whoever pages through a whole reading would fill the disk.
 */
export function* listOutbox(path: string): Generator<ListedEntry> {
  if (!existsSync(path)) return;
  const database = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
  try {
    const piece = database.prepare(
      `SELECT sequence, id, kind, label, created_ms, due_ms, attempts, cause, body FROM entry
       WHERE sequence > ? ORDER BY sequence LIMIT ${pieceCount}`,
    );
    let rows = piece.all(0);
    while (rows.length > 0) {
      yield* rows.map(listed);
      rows = piece.all(Number(rows.at(-1)?.["sequence"]));
    }
  } finally {
    database.close();
  }
}

const pieceCount = 500;

function listed(row: Record<string, SQLOutputValue>): ListedEntry {
  return {
    id: String(row["id"]),
    event: String(row["kind"]),
    target: String(row["label"]),
    createdMs: Number(row["created_ms"]),
    dueMs: Number(row["due_ms"]),
    attempts: Number(row["attempts"]),
    cause: row["cause"] === null ? null : String(row["cause"]),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bodies are documents of ours
    document: JSON.parse(String(row["body"])) as Record<string, unknown>,
  };
}
