import { randomBytes } from "node:crypto";
import type { Sqlite } from "./sqlite.ts";

/** SQLite's application_id of an account database: "Saly" in ASCII. */
export const accountApplicationId = 0x53616c79;

/** One step for each version of the schema; a database carries the number of steps done in its user_version. */
const migrations: readonly string[] = [
  `
  CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 64),
    password_hash TEXT,
    password_changed_ms INTEGER,
    created_ms INTEGER NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    expires_ms INTEGER,
    home BLOB NOT NULL CHECK (substr(home, 1, 1) = X'2F'),
    read_only INTEGER NOT NULL CHECK (read_only IN (0, 1)),
    quota_bytes INTEGER CHECK (quota_bytes >= 0),
    connections_max INTEGER CHECK (connections_max >= 1),
    upload_bytes_per_second INTEGER CHECK (upload_bytes_per_second >= 1),
    download_bytes_per_second INTEGER CHECK (download_bytes_per_second >= 1),
    require_tls TEXT CHECK (require_tls IN ('login,data', 'login', 'data', 'none')),
    data_resumption TEXT CHECK (data_resumption IN ('off', 'offer', 'adaptive', 'require')),
    unclean_data_close TEXT CHECK (unclean_data_close IN ('refuse', 'accept')),
    client_certificate TEXT CHECK (client_certificate IN ('off', 'login', 'required'))
  ) STRICT;
  CREATE TABLE permission (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    path BLOB NOT NULL CHECK (substr(path, 1, 1) = X'2F'),
    allow TEXT NOT NULL,
    PRIMARY KEY (account_id, path)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE certificate (
    kind TEXT NOT NULL CHECK (kind IN ('fingerprint', 'subject', 'name')),
    value TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, value, account_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX certificate_account ON certificate (account_id);
  CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE account ADD COLUMN gssapi TEXT CHECK (gssapi IN ('off', 'login', 'required'));
  `,
];

/** The version that this program writes. */
export const accountSchemaVersion = migrations.length;

/** Brings a database up to the present version, in one transaction; a database that is up to date is not written. */
export function migrate(sqlite: Sqlite): void {
  if (versionOf(sqlite) === accountSchemaVersion) return;
  sqlite.transaction(() => {
    // Asked again inside: another process may have been faster.
    const before = versionOf(sqlite);
    for (const migration of migrations.slice(before)) sqlite.execute(migration);
    if (before === 0) sqlite.change("INSERT INTO secret (name, value) VALUES ('decoy', ?)", randomBytes(32));
    sqlite.execute(`PRAGMA application_id = ${accountApplicationId}`);
    sqlite.execute(`PRAGMA user_version = ${accountSchemaVersion}`);
  });
}

export function versionOf(sqlite: Sqlite): number {
  return sqlite.integer("PRAGMA user_version");
}
