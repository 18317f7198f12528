import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";

/** One row, by column name. */
export type SqliteRow = Record<string, SQLOutputValue>;

/** Primary result codes of SQLite that callers tell apart (https://www.sqlite.org/rescode.html). */
export const sqliteCodes = { busy: 5, readOnly: 8, corrupt: 11, cannotOpen: 14, notADatabase: 26 } as const;

/**
 * The little that is needed of SQLite, so that node:sqlite, whose interface is not settled, is named in one place.
 * Statements are prepared once. Calls are synchronous; reads in WAL mode wait for nobody.
 */
export class Sqlite implements Disposable {
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, options: { readonly busyTimeoutMs: number }) {
    this.#busyTimeoutMs = options.busyTimeoutMs;
    this.#database = new DatabaseSync(path, { timeout: options.busyTimeoutMs });
  }

  /** Runs statements that take no values and give no rows. */
  execute(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs one statement and returns how many rows it changed. */
  change(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  first(sql: string, ...values: SQLInputValue[]): SqliteRow | undefined {
    return this.#prepare(sql).get(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): SqliteRow[] {
    return this.#prepare(sql).all(...values);
  }

  /** The integer that a pragma or an aggregate gives; 0 where there is none. */
  integer(sql: string): number {
    return Number(Object.values(this.first(sql) ?? {})[0] ?? 0);
  }

  /** Runs a function without waiting for other processes: where one holds the file, it fails as busy at once. */
  withoutWaiting<Result>(body: () => Result): Result {
    this.execute("PRAGMA busy_timeout = 0");
    try {
      return body();
    } finally {
      this.execute(`PRAGMA busy_timeout = ${this.#busyTimeoutMs}`);
    }
  }

  /** Runs a function in one write transaction: all of it happens, or nothing. */
  transaction<Result>(body: () => Result): Result {
    this.execute("BEGIN IMMEDIATE");
    try {
      const result = body();
      this.execute("COMMIT");
      return result;
    } catch (error) {
      // A failed COMMIT has already ended the transaction, and a second error would hide the first.
      if (this.#database.isTransaction) this.execute("ROLLBACK");
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** The primary result code of an error that SQLite raised, or undefined for any other error. */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}
