import { createHmac } from "node:crypto";
import { limitValues, type LimitValues, type VirtualPath } from "@sallyport/protocol";
import { everyPathAction, type Account, type PathAction, type PathPermissions } from "./account.ts";
import { accountColumns, type ColumnValues, pathBlob } from "./account-columns.ts";
import { asConfigError, openAccountFile, type OpenOptions } from "./account-database-file.ts";
import { AccountError } from "./account-error.ts";
import {
  accountNameComplaint,
  type AccountValues,
  type CertificateMapping,
  comparableMapping,
  mappingComplaint,
  type NewAccount,
  type StoredAccount,
} from "./account-record.ts";
import { PasswordHasher } from "./password-hash.ts";
import { type Sqlite, sqliteCodeOf, sqliteCodes, type SqliteRow } from "./sqlite.ts";

/** What an account database is opened with. */
export interface AccountDatabaseOptions extends OpenOptions {
  /** Makes the hashes of new passwords and says which foreign ones can be kept. */
  readonly hasher?: PasswordHasher;
  readonly limits?: Partial<LimitValues>;
}

/** What becomes of an imported account whose name is taken. */
export type OnExisting = "refuse" | "skip" | "replace";

/** How many accounts an import wrote, and which were left out because their names are taken. */
export interface ImportResult {
  readonly importedCount: number;
  readonly skipped: readonly string[];
}

/**
 * Accounts in one SQLite file, which any number of processes read and change at the same time: a server sees at the
 * next login what a command changed. Every change is one transaction. Plain passwords are never stored.
 *
 * All methods raise {@link AccountError}: `exists`, `not-found`, `name-not-allowed`, `password-not-allowed`,
 * `hash-not-allowed`, `value-not-allowed`, or `busy` where another process kept the file locked; a file that turns out
 * damaged is a ConfigError.
 */
export class AccountDatabase implements AsyncDisposable {
  readonly #path: string;
  readonly #sqlite: Sqlite;
  readonly #hasher: PasswordHasher;
  readonly #limits: LimitValues;
  readonly #decoySecret: Uint8Array;

  private constructor(path: string, sqlite: Sqlite, options: AccountDatabaseOptions) {
    this.#path = path;
    this.#sqlite = sqlite;
    this.#limits = limitValues(options.limits);
    this.#hasher = options.hasher ?? new PasswordHasher({ limits: this.#limits });
    const secret = sqlite.first("SELECT value FROM secret WHERE name = 'decoy'")?.["value"];
    this.#decoySecret = secret instanceof Uint8Array ? secret : new Uint8Array(32);
  }

  /** Opens a database file; {@link OpenOptions} says what may happen to it and which ConfigErrors there are. */
  static async open(path: string, options: AccountDatabaseOptions = {}): Promise<AccountDatabase> {
    return new AccountDatabase(path, openAccountFile(path, options), options);
  }

  /** Adds an account; its home is `/` and everything is allowed unless the values say otherwise. */
  async add(account: NewAccount): Promise<void> {
    const row = await this.#prepared(account);
    this.#write(() => this.#insert(row));
  }

  async remove(name: string): Promise<void> {
    this.#write(() => this.#demand(this.#sqlite.change("DELETE FROM account WHERE name = ?", name), name));
  }

  /** All accounts in the order of their names. */
  async list(): Promise<readonly StoredAccount[]> {
    return this.#guarded(() => this.#sqlite.all(`${selectAccounts} ORDER BY name`).map(storedAccount));
  }

  /** The account of this very name, or undefined; names that could not exist have no account. */
  async find(name: string): Promise<StoredAccount | undefined> {
    const row = this.#guarded(() => this.#sqlite.first(`${selectAccounts} WHERE name = ?`, name));
    return row === undefined ? undefined : storedAccount(row);
  }

  /** The names of all accounts to which a certificate with one of these properties is mapped. */
  async namesOfCertificate(properties: readonly CertificateMapping[]): Promise<readonly string[]> {
    return this.#guarded(() => {
      const names = new Set<string>();
      for (const { kind, value } of properties.slice(0, this.#limits.accountCertificatesCount).map(comparableMapping)) {
        for (const { name } of this.#sqlite.all(selectCertificateNames, kind, value)) names.add(String(name));
      }
      return [...names];
    });
  }

  /** Changes what is given and keeps the rest; null takes a value away, so that the listener's applies again. */
  async change(name: string, changes: Nullable<AccountValues>): Promise<void> {
    this.#write(() => {
      const id = this.#idOf(name);
      for (const [key, value] of Object.entries(changes)) {
        const column = accountColumns[key as keyof ColumnValues];
        if (column === undefined || value === undefined) continue;
        const stored = value === null ? column.initial : column.write(value);
        this.#sqlite.change(`UPDATE account SET ${column.name} = ? WHERE id = ?`, stored, id);
      }
      if (changes.permissions !== undefined) this.#replacePermissions(id, changes.permissions ?? []);
      if (changes.clientCertificates !== undefined) this.#replaceCertificates(id, changes.clientCertificates ?? []);
    });
  }

  /** Gives an account a new password. */
  async setPassword(name: string, password: string): Promise<void> {
    const hash = await this.#hasher.hash(password);
    this.#write(() => this.#demand(this.#sqlite.change(updateHash, hash, Date.now(), name), name));
  }

  /**
   * Replaces a hash by another of the same password, unless the password was changed meanwhile; says whether it did. As
   * the only change that a server makes while it serves, it waits for no other process, and fails as `busy` instead.
   */
  async replacePasswordHash(name: string, from: string, to: string): Promise<boolean> {
    const sql = "UPDATE account SET password_hash = ? WHERE name = ? AND password_hash = ?";
    return this.#sqlite.withoutWaiting(() => this.#write(() => this.#sqlite.change(sql, to, name, from) === 1));
  }

  /** Sets what may be done at and below a path of the login; undefined takes the rule away. */
  async permit(name: string, path: VirtualPath, actions: ReadonlySet<PathAction> | undefined): Promise<void> {
    this.#write(() => {
      const id = this.#idOf(name);
      const others = storedAccount(this.#sqlite.first(`${selectAccounts} WHERE id = ?`, id) ?? {}).account.permissions;
      const rules = others.filter((rule) => rule.path !== path);
      this.#replacePermissions(id, actions === undefined ? rules : [...rules, { path, allow: actions }]);
    });
  }

  /** Adds many accounts, all or none; with `skip` and `replace` a taken name is no obstacle. */
  async import(
    accounts: readonly NewAccount[],
    options: { readonly onExisting?: OnExisting } = {},
  ): Promise<ImportResult> {
    const rows: PreparedAccount[] = [];
    for (const account of accounts) rows.push(await this.#prepared(account));
    return this.#write(() => {
      const skipped: string[] = [];
      for (const row of rows) {
        const taken = this.#sqlite.first("SELECT id FROM account WHERE name = ?", row.name) !== undefined;
        if (taken && options.onExisting === "skip") {
          skipped.push(row.name);
          continue;
        }
        if (taken && options.onExisting === "replace")
          this.#sqlite.change("DELETE FROM account WHERE name = ?", row.name);
        this.#insert(row);
      }
      return { importedCount: rows.length - skipped.length, skipped };
    });
  }

  /**
   * The hash of some account, always the same for one name: checking a password against it takes as long as for an
   * account, whatever mixture of schemes there is. Undefined where no account has a hash.
   */
  async decoyHash(name: string): Promise<string | undefined> {
    const draw = createHmac("sha256", this.#decoySecret).update(name, "utf8").digest().readUInt32BE(0);
    return this.#guarded(() => {
      const idMax = this.#sqlite.integer("SELECT max(id) FROM account");
      const row =
        idMax === 0 ? undefined : (this.#sqlite.first(selectDecoy, draw % idMax) ?? this.#sqlite.first(selectDecoy, 0));
      return typeof row?.["password_hash"] === "string" ? row["password_hash"] : undefined;
    });
  }

  async close(): Promise<void> {
    this.#sqlite[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Checks a new account before anything is locked, and hashes its password. */
  async #prepared(account: NewAccount): Promise<PreparedAccount> {
    const nameComplaint = accountNameComplaint(account.name, this.#limits);
    if (nameComplaint !== undefined) throw new AccountError("name-not-allowed", `the name ${nameComplaint}`);
    const { password, passwordHash } = account;
    const refusal = passwordHash === undefined ? undefined : this.#hasher.refusal(passwordHash);
    if (refusal !== undefined) throw new AccountError("hash-not-allowed", `the password hash is ${refusal}`);
    const hash = password === undefined ? passwordHash : await this.#hasher.hash(password);
    const { enabled = true, home = "/" as VirtualPath, readOnly = false } = account;
    const columns = { ...account, enabled, home, readOnly };
    const values = Object.entries(accountColumns).map(([key, column]) => {
      const value = columns[key as keyof ColumnValues];
      return value === undefined ? column.initial : column.write(value);
    });
    const { permissions = [], clientCertificates = [] } = account;
    return { name: account.name, hash, values, permissions, clientCertificates };
  }

  #insert(row: PreparedAccount): void {
    if (this.#sqlite.first("SELECT id FROM account WHERE name = ?", row.name) !== undefined) {
      throw new AccountError("exists", `there is an account ${row.name} already`);
    }
    const nowMs = Date.now();
    const hashTimeMs = row.hash === undefined ? null : nowMs;
    this.#sqlite.change(insertAccount, row.name, row.hash ?? null, hashTimeMs, nowMs, ...row.values);
    const id = this.#idOf(row.name);
    this.#replacePermissions(id, row.permissions);
    this.#replaceCertificates(id, row.clientCertificates);
  }

  #replacePermissions(id: number, rules: readonly PathPermissions[]): void {
    if (rules.length > this.#limits.accountRulesCount) {
      throw new AccountError(
        "value-not-allowed",
        `an account can have ${this.#limits.accountRulesCount} rules at most`,
      );
    }
    this.#sqlite.change("DELETE FROM permission WHERE account_id = ?", id);
    for (const { path, allow } of rules) {
      const unknown = [...allow].find((action) => !everyPathAction.has(action));
      if (unknown !== undefined) throw new AccountError("value-not-allowed", "a rule allows an unknown action");
      this.#sqlite.change("INSERT INTO permission VALUES (?, ?, ?)", id, pathBlob(path), [...allow].join(" "));
    }
  }

  #replaceCertificates(id: number, mappings: readonly CertificateMapping[]): void {
    if (mappings.length > this.#limits.accountCertificatesCount) {
      const most = this.#limits.accountCertificatesCount;
      throw new AccountError("value-not-allowed", `an account can have ${most} client certificates at most`);
    }
    this.#sqlite.change("DELETE FROM certificate WHERE account_id = ?", id);
    for (const mapping of mappings) {
      const { kind, value } = comparableMapping(mapping);
      const complaint = mappingComplaint({ kind, value });
      if (complaint !== undefined) throw new AccountError("value-not-allowed", complaint);
      this.#sqlite.change("INSERT OR IGNORE INTO certificate VALUES (?, ?, ?)", kind, value, id);
    }
  }

  #idOf(name: string): number {
    const row = this.#sqlite.first("SELECT id FROM account WHERE name = ?", name);
    this.#demand(row === undefined ? 0 : 1, name);
    return Number(row?.["id"]);
  }

  #demand(foundCount: number, name: string): void {
    if (foundCount === 0) throw new AccountError("not-found", `there is no account ${name}`);
  }

  #write<Result>(body: () => Result): Result {
    return this.#guarded(() => this.#sqlite.transaction(body));
  }

  #guarded<Result>(body: () => Result): Result {
    try {
      return body();
    } catch (error) {
      const asked = asConfigError(this.#path, error);
      const code = sqliteCodeOf(asked);
      if (code === undefined) throw asked;
      if (code === sqliteCodes.busy) {
        throw new AccountError("busy", "another process keeps the account database locked", { cause: error });
      }
      throw new AccountError("failed", "the account database could not be read or written", { cause: error });
    }
  }
}

type Nullable<Values> = { readonly [Key in keyof Values]?: Values[Key] | null };

interface PreparedAccount {
  readonly name: string;
  readonly hash: string | undefined;
  readonly values: readonly ReturnType<(typeof accountColumns)["home"]["write"]>[];
  readonly permissions: readonly PathPermissions[];
  readonly clientCertificates: readonly CertificateMapping[];
}

const columnNames = Object.values(accountColumns).map((column) => column.name);

const insertAccount = `INSERT INTO account (name, password_hash, password_changed_ms, created_ms, ${columnNames.join(", ")})
  VALUES (?, ?, ?, ?, ${columnNames.map(() => "?").join(", ")})`;

const updateHash = "UPDATE account SET password_hash = ?, password_changed_ms = ? WHERE name = ?";

/** One statement, so that an account is read as it was at one moment. */
const selectAccounts = `SELECT *,
  (SELECT json_group_array(json_array(hex(path), allow)) FROM permission WHERE account_id = account.id) AS rules,
  (SELECT json_group_array(json_array(kind, value)) FROM certificate WHERE account_id = account.id) AS certificates
  FROM account`;

const selectCertificateNames =
  "SELECT name FROM certificate JOIN account ON account.id = account_id WHERE kind = ? AND value = ?";

const selectDecoy = "SELECT password_hash FROM account WHERE id > ? AND password_hash IS NOT NULL ORDER BY id LIMIT 1";

function storedAccount(row: SqliteRow): StoredAccount {
  const values: Record<string, unknown> = {};
  for (const [key, column] of Object.entries(accountColumns)) {
    const stored = row[column.name];
    if (stored !== null && stored !== undefined) values[key] = column.read(stored);
  }
  const { enabled, expiresMs, ...rest } = values as ColumnValues;
  const account = { ...rest, name: row["name"], anonymous: false, permissions: rulesOf(row["rules"]) } as Account;
  return {
    account,
    enabled: enabled === true,
    ...(expiresMs === undefined ? {} : { expiresMs }),
    ...(typeof row["password_hash"] === "string" ? { passwordHash: row["password_hash"] } : {}),
    ...(typeof row["password_changed_ms"] === "number" ? { passwordChangedMs: row["password_changed_ms"] } : {}),
    clientCertificates: certificatesOf(row["certificates"]),
    createdMs: Number(row["created_ms"]),
  };
}

function rulesOf(json: unknown): PathPermissions[] {
  return (JSON.parse(String(json)) as [pathHex: string, allow: string][]).map(([pathHex, allow]) => ({
    path: Buffer.from(pathHex, "hex").toString("latin1") as VirtualPath,
    allow: new Set(allow.split(" ").filter((action) => everyPathAction.has(action as PathAction))) as Set<PathAction>,
  }));
}

function certificatesOf(json: unknown): CertificateMapping[] {
  const pairs = JSON.parse(String(json)) as [kind: CertificateMapping["kind"], value: string][];
  return pairs.map(([kind, value]) => ({ kind, value }));
}
