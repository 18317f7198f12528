import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { ConfigError, type LimitValues } from "@sallyport/protocol";
import type { NotifiedKind } from "./notify-settings.ts";
import { outboxSchema, outboxVersion } from "./outbox-schema.ts";

/** A notification for one target, to be kept until it is delivered. */
export interface NewEntry {
  readonly target: string;
  readonly label: string;
  readonly id: string;
  readonly kind: NotifiedKind;
  readonly lane: string;
  readonly body: string;
  readonly createdMs: number;
  /** Later than `createdMs` where a digest is waited for. */
  readonly dueMs: number;
}

/** A notification that waits. */
export interface WaitingEntry {
  readonly sequence: number;
  readonly id: string;
  readonly kind: NotifiedKind;
  readonly lane: string;
  readonly body: string;
  readonly createdMs: number;
  /** Attempts that failed. */
  readonly attempts: number;
}

type OutboxLimits = Pick<LimitValues, "notifyOutboxCount" | "notifyOutboxBytes">;

/**
 * Notifications that no receiver has taken yet, in a SQLite file. What is added survives the end of the process, however
 * it comes; with `durable` a power cut as well. It is bounded: past the limits the oldest go, those of logins first, and
 * of the target that has the most.
 */
export class Outbox implements Disposable {
  /** Whether the file was damaged, moved away and begun anew. */
  readonly wasDamaged: boolean;
  readonly #database: DatabaseSync;
  readonly #limits: OutboxLimits;
  readonly #statements = new Map<string, StatementSync>();
  #count: number;
  #bytes: number;

  private constructor(database: DatabaseSync, limits: OutboxLimits, wasDamaged: boolean) {
    this.#database = database;
    this.#limits = limits;
    this.wasDamaged = wasDamaged;
    // Whoever computed a digest is gone.
    database.exec("UPDATE entry SET due_ms = created_ms, held = 0 WHERE held = 1");
    const { count = 0, bytes = 0 } = this.#row("SELECT count(*) AS count, total(bytes) AS bytes FROM entry") ?? {};
    this.#count = Number(count);
    this.#bytes = Number(bytes);
  }

  /**
   * Opens the file of an outbox or makes one, for this user alone.
   *
   * @throws {ConfigError} SALLYPORT_EVENTS_NEWER where a later version has written it, SALLYPORT_EVENTS_UNUSABLE.
   */
  static open(path: string, options: { readonly limits: OutboxLimits; readonly durable: boolean }): Outbox {
    const { limits, durable } = options;
    try {
      return new Outbox(openDatabase(path, durable), limits, false);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      if (!isDamage(error)) throw unusable(path, error);
      setAside(path);
      return new Outbox(openDatabase(path, durable), limits, true);
    }
  }

  /** Keeps entries, all or none, and returns how many older ones had to go for them. */
  add(entries: readonly NewEntry[]): number {
    return this.#atOnce(() => {
      for (const { target, label, id, kind, lane, body, createdMs, dueMs } of entries) {
        const bytes = Buffer.byteLength(body);
        this.#run(
          "INSERT INTO entry (target, label, id, kind, lane, body, bytes, created_ms, due_ms, held) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          ...[target, label, id, kind, lane, body, bytes, createdMs, dueMs, dueMs > createdMs ? 1 : 0],
        );
        this.#count++;
        this.#bytes += bytes;
      }
      return this.#makeRoom();
    });
  }

  /** The entry of a target that is due next, but none of the lanes and none of the entries that are under way. */
  next(target: string, nowMs: number, busyLanes: readonly string[]): WaitingEntry | undefined {
    const lanes = busyLanes.map(() => "?").join(", ");
    // The index alone tells which one: where one lane has all that waits, every row of it is passed over.
    const row = this.#row(
      `SELECT sequence, id, kind, lane, body, created_ms AS createdMs, attempts FROM entry WHERE sequence = (
         SELECT sequence FROM entry INDEXED BY entry_next
         WHERE target = ? AND due_ms <= ? AND lane NOT IN (${lanes}) ORDER BY due_ms, sequence LIMIT 1)`,
      ...[target, nowMs, ...busyLanes],
    );
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns that were asked for
    return row as WaitingEntry | undefined;
  }

  /** When the next entry of a target is due; undefined where there is none. */
  nextDueMs(target: string): number | undefined {
    const row = this.#row("SELECT min(due_ms) AS due FROM entry WHERE target = ?", target);
    return row?.["due"] === null ? undefined : Number(row?.["due"]);
  }

  countOf(target: string): number {
    return Number(this.#row("SELECT count(*) AS count FROM entry WHERE target = ?", target)?.["count"]);
  }

  remove(sequence: number): void {
    this.#delete("sequence = ?", sequence);
  }

  /** Puts off an entry after a failed attempt; `expiresMs` counts from its first one. */
  postpone(
    sequence: number,
    put: { readonly dueMs: number; readonly expiresMs: number; readonly cause: string },
  ): void {
    this.#run(
      "UPDATE entry SET due_ms = ?, attempts = attempts + 1, expires_ms = coalesce(expires_ms, ?), cause = ? WHERE sequence = ?",
      ...[put.dueMs, put.expiresMs, put.cause, sequence],
    );
  }

  /**
   * Gives the entries of a notification, which waited for a digest, their final body, and lets them go; returns their
   * lane, if there are any.
   */
  complete(id: string, change: (body: string) => string): string | undefined {
    const row = this.#row("SELECT body, bytes, lane FROM entry WHERE held = 1 AND id = ?", id);
    if (row === undefined) return undefined;
    const body = change(String(row["body"]));
    const bytes = Buffer.byteLength(body);
    const changed = this.#run(
      "UPDATE entry SET body = ?, bytes = ?, due_ms = created_ms, held = 0 WHERE held = 1 AND id = ?",
      ...[body, bytes, id],
    );
    this.#bytes += changed * (bytes - Number(row["bytes"]));
    return String(row["lane"]);
  }

  /** Gives up what has been tried for long enough, and with `createdBeforeMs` everything older; returns how many. */
  expire(target: string, nowMs: number, createdBeforeMs = 0): number {
    return this.#delete("target = ? AND (expires_ms < ? OR created_ms < ?)", target, nowMs, createdBeforeMs);
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }

  #makeRoom(): number {
    const { notifyOutboxCount, notifyOutboxBytes } = this.#limits;
    let dropped = 0;
    while (this.#count > notifyOutboxCount || this.#bytes > notifyOutboxBytes) {
      // Some more than needed, so that the next ones find room.
      const share = Math.max(this.#count - notifyOutboxCount, Math.ceil(this.#count / 100));
      const gone = this.#delete(
        `sequence IN (
           SELECT sequence FROM entry
           WHERE target = (SELECT target FROM entry GROUP BY target ORDER BY count(*) DESC LIMIT 1)
           ORDER BY kind NOT IN ('login', 'login-failed'), sequence LIMIT ?)`,
        share,
      );
      if (gone === 0) break;
      dropped += gone;
    }
    return dropped;
  }

  #delete(condition: string, ...values: readonly (string | number)[]): number {
    const gone = this.#rows(`DELETE FROM entry WHERE ${condition} RETURNING bytes`, ...values);
    this.#count -= gone.length;
    this.#bytes -= gone.reduce((sum, { bytes }) => sum + Number(bytes), 0);
    return gone.length;
  }

  #atOnce<T>(action: () => T): T {
    const [count, bytes] = [this.#count, this.#bytes];
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = action();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      [this.#count, this.#bytes] = [count, bytes];
      throw error;
    }
  }

  #run(sql: string, ...values: readonly (string | number)[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  #row(sql: string, ...values: readonly (string | number)[]): Record<string, unknown> | undefined {
    return this.#prepared(sql).get(...values);
  }

  #rows(sql: string, ...values: readonly (string | number)[]): Record<string, unknown>[] {
    return this.#prepared(sql).all(...values);
  }

  #prepared(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function openDatabase(path: string, durable: boolean): DatabaseSync {
  closeSync(openSync(path, "a", 0o600));
  // Nobody else writes; whoever does all the same must not make the server wait.
  const database = new DatabaseSync(path, { timeout: 20 });
  try {
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
    database.exec(`PRAGMA synchronous = ${durable ? "FULL" : "OFF"}; PRAGMA journal_size_limit = 4194304`);
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > outboxVersion) {
      const message = `The events in ${path} were written by a newer version of Sallyport: use that version, or move the file away.`;
      throw new ConfigError("SALLYPORT_EVENTS_NEWER", message);
    }
    const check = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
    if (check !== "ok") throw new DamagedError();
    database.exec(outboxSchema);
    database.exec("PRAGMA incremental_vacuum");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class DamagedError extends Error {}

const [sqliteCorrupt, sqliteNotADatabase] = [11, 26];

function isDamage(error: unknown): boolean {
  if (error instanceof DamagedError) return true;
  return (
    error instanceof Error && "errcode" in error && [sqliteCorrupt, sqliteNotADatabase].includes(Number(error.errcode))
  );
}

function setAside(path: string): void {
  renameSync(path, `${path}.damaged`);
  for (const companion of ["-wal", "-shm"]) rmSync(path + companion, { force: true });
}

function unusable(path: string, cause: unknown): ConfigError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `The events in ${path} cannot be kept (${reason}): make room on the disk and let this user write there.`;
  return new ConfigError("SALLYPORT_EVENTS_UNUSABLE", message, { cause });
}
