import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

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

/** Lists what waits in an outbox, oldest first, also while a server uses it; nothing where there is none. */
export function* listOutbox(path: string): Generator<ListedEntry> {
  if (!existsSync(path)) return;
  const database = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
  try {
    const rows = database
      .prepare(
        "SELECT id, kind, label, created_ms, due_ms, attempts, cause, body FROM entry ORDER BY created_ms, sequence",
      )
      .iterate();
    for (const row of rows) {
      yield {
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
  } finally {
    database.close();
  }
}
