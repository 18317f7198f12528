import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, linkSync, openSync, readSync, rmSync } from "node:fs";
import { ConfigError } from "@sallyport/protocol";
import { accountApplicationId, accountSchemaVersion, migrate, versionOf } from "./account-schema.ts";
import { Sqlite, sqliteCodeOf, sqliteCodes } from "./sqlite.ts";

/** How to open an account database. */
export interface OpenOptions {
  /** Makes the database where there is none; without it a missing file is an error. */
  readonly create?: boolean;
  /** How long a write waits for another process. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens the file of an account database, making or migrating it where that is asked for. The header is read before
 * SQLite sees the file, so that a file which is not ours stays as it is to the last octet, times included.
 *
 * @throws {ConfigError} SALLYPORT_CONFIG_ACCOUNTS_… `MISSING`, `UNREADABLE`, `FOREIGN` (another SQLite database),
 * `NEWER` (a later version's), `MALFORMED` or `EXPOSED` (readable by everybody on the machine).
 */
export function openAccountFile(path: string, options: OpenOptions): Sqlite {
  const busyTimeoutMs = options.busyTimeoutMs ?? 5000;
  try {
    if (!checkHeader(path)) {
      if (options.create !== true) throw complaint("MISSING", path, "does not exist; add an account to make it");
      createFile(path, busyTimeoutMs);
    }
    return openChecked(path, busyTimeoutMs);
  } catch (error) {
    throw asConfigError(path, error);
  }
}

/** Turns what SQLite or the file system raised about a database file into one sentence; other errors stay. */
export function asConfigError(path: string, error: unknown): unknown {
  const code = sqliteCodeOf(error);
  if (code === sqliteCodes.corrupt || code === sqliteCodes.notADatabase) {
    return complaint("MALFORMED", path, "is damaged; restore it from a backup or move it away", error);
  }
  if (code === sqliteCodes.cannotOpen || code === sqliteCodes.readOnly) {
    return complaint("UNREADABLE", path, "cannot be opened for writing; check who owns it and its directory", error);
  }
  if (error instanceof Error && "syscall" in error && "code" in error) {
    return complaint(
      "UNREADABLE",
      path,
      `cannot be opened (${String(error.code)}); check the path and its owner`,
      error,
    );
  }
  return error;
}

function complaint(code: string, path: string, text: string, cause?: unknown): ConfigError {
  return new ConfigError(`SALLYPORT_CONFIG_ACCOUNTS_${code}`, `the account database ${path} ${text}`, { cause });
}

/** Reads the header (https://www.sqlite.org/fileformat.html §1.3); false where there is no file. */
function checkHeader(path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
  try {
    const header = Buffer.alloc(100);
    const length = readSync(descriptor, header, 0, header.length, 0);
    if (length < header.length || header.toString("latin1", 0, 16) !== "SQLite format 3\0") {
      throw complaint("MALFORMED", path, "is not a SQLite database; move it away or choose another state directory");
    }
    if (header.readInt32BE(68) !== accountApplicationId) {
      throw complaint("FOREIGN", path, "belongs to another program; choose another state directory");
    }
    if (header.readInt32BE(60) > accountSchemaVersion) throw newer(path);
    if ((fstatSync(descriptor).mode & 0o007) !== 0) {
      throw complaint("EXPOSED", path, "holds password hashes and is open to every user here; chmod it to 600");
    }
    return true;
  } finally {
    closeSync(descriptor);
  }
}

function newer(path: string): ConfigError {
  return complaint("NEWER", path, "was written by a newer version of Sallyport; use that version");
}

/** Builds the whole database beside its place and links it in, so that nobody ever sees half of it. */
function createFile(path: string, busyTimeoutMs: number): void {
  const draft = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    closeSync(openSync(draft, "wx", 0o600));
    const sqlite = new Sqlite(draft, { busyTimeoutMs });
    try {
      migrate(sqlite);
      sqlite.execute("PRAGMA journal_mode = WAL");
    } finally {
      sqlite[Symbol.dispose]();
    }
    linkSync(draft, path);
  } catch (error) {
    // Another process made it first: theirs is as good.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function openChecked(path: string, busyTimeoutMs: number): Sqlite {
  const sqlite = new Sqlite(path, { busyTimeoutMs });
  try {
    if (versionOf(sqlite) > accountSchemaVersion) throw newer(path);
    sqlite.execute("PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL");
    const check = Object.values(sqlite.first("PRAGMA quick_check(1)") ?? {})[0];
    if (check !== "ok") throw complaint("MALFORMED", path, "is damaged; restore it from a backup or move it away");
    migrate(sqlite);
    return sqlite;
  } catch (error) {
    sqlite[Symbol.dispose]();
    throw error;
  }
}
