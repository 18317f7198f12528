/** Version of the schema below, in `PRAGMA user_version`. */
export const outboxVersion = 1;

/** One row for each notification and target. Times are milliseconds since 1970. */
export const outboxSchema = `
  CREATE TABLE IF NOT EXISTS entry (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    label TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    body TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL,
    cause TEXT
  ) STRICT;
  DROP INDEX IF EXISTS entry_due;
  CREATE INDEX IF NOT EXISTS entry_next ON entry (target, due_ms, sequence, lane);
  CREATE INDEX IF NOT EXISTS entry_held ON entry (id) WHERE held = 1;
  PRAGMA user_version = ${outboxVersion};
`;
