import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { AccountDatabase, everyPathAction, type NewAccount, PasswordHasher } from "@sallyport/server/accounts";
import type { VirtualPath } from "@sallyport/protocol";

/** Valid in form, cheap to store, never checked here. */
const someHash = `$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$${"A".repeat(43)}`;

const everything: NewAccount = {
  name: "alice",
  passwordHash: someHash,
  home: "/h\u00C3\u00A9\u00FFme" as VirtualPath,
  readOnly: true,
  permissions: [
    { path: "/" as VirtualPath, allow: new Set(["list", "read"]) },
    { path: "/in\u00FF" as VirtualPath, allow: new Set() },
  ],
  quotaBytes: 2 ** 50,
  connectionsMax: 3,
  uploadBytesPerSecond: 1000,
  downloadBytesPerSecond: 2000,
  requireTls: "login",
  dataResumption: "require",
  uncleanDataClose: "accept",
  clientCertificate: "required",
  enabled: false,
  expiresMs: 1_900_000_000_000,
  clientCertificates: [{ kind: "fingerprint", value: `SHA256:${"AB:".repeat(31)}CD` }],
};

test("every value of an account comes back as it was given", async (t) => {
  const path = databasePath(t);
  await using accounts = await AccountDatabase.open(path, { create: true });
  await accounts.add(everything);
  const { account, ...kept } = (await accounts.find("alice")) ?? assert.fail("not found");
  const { passwordHash, enabled, expiresMs, clientCertificates, ...values } = everything;
  assert.deepEqual(account, { ...values, anonymous: false });
  assert.equal(kept.passwordHash, passwordHash);
  assert.equal(kept.enabled, enabled);
  assert.equal(kept.expiresMs, expiresMs);
  assert.ok(Math.abs(kept.createdMs - Date.now()) < 60_000);
  assert.deepEqual(kept.clientCertificates, [{ kind: "fingerprint", value: `${"ab".repeat(31)}cd` }]);
  assert.equal(clientCertificates?.length, 1);
  assert.deepEqual(await accounts.list(), [{ account, ...kept }]);
});

test("an account of which only the name is given may do everything in the whole tree", async (t) => {
  await using accounts = await AccountDatabase.open(databasePath(t), { create: true });
  await accounts.add({ name: "bob" });
  const stored = await accounts.find("bob");
  assert.deepEqual(stored?.account, { name: "bob", home: "/", readOnly: false, anonymous: false, permissions: [] });
  assert.equal(stored.enabled, true);
  assert.equal("passwordHash" in stored, false);
});

test("names are compared by their octets", async (t) => {
  await using accounts = await AccountDatabase.open(databasePath(t), { create: true });
  for (const name of ["alice", "Alice", "älice", "a\u0308lice"]) await accounts.add({ name });
  await assert.rejects(accounts.add({ name: "alice" }), { code: "SALLYPORT_ACCOUNT_EXISTS" });
  assert.equal((await accounts.list()).length, 4);
  assert.equal(await accounts.find("ALICE"), undefined);
  assert.equal(await accounts.find("alice\0"), undefined);
  assert.equal(await accounts.find(""), undefined);
});

test("names that would confuse a log, a path or a terminal are refused", async (t) => {
  await using accounts = await AccountDatabase.open(databasePath(t), { create: true });
  const names = ["", "a/b", ".", "..", "a\0b", "a\nb", "a\x1b[31m", "\u202Etxt", " a", "a ", "é".repeat(33), "\uD800"];
  for (const name of names) {
    await assert.rejects(accounts.add({ name }), { code: "SALLYPORT_ACCOUNT_NAME_NOT_ALLOWED" }, JSON.stringify(name));
  }
  await accounts.add({ name: "é".repeat(32) });
  assert.equal((await accounts.list()).length, 1);
});

test("neither plain passwords nor useless hashes nor senseless values are stored", async (t) => {
  const path = databasePath(t);
  await using accounts = await AccountDatabase.open(path, { create: true });
  const hashes = ["", "plain", "$6$rounds=999999999$x$y", "abJnggxhB6yWI"];
  for (const passwordHash of hashes) {
    await assert.rejects(accounts.add({ name: "a", passwordHash }), { code: "SALLYPORT_ACCOUNT_HASH_NOT_ALLOWED" });
  }
  const senseless: Partial<NewAccount>[] = [
    { quotaBytes: -1 },
    { quotaBytes: 0.5 },
    { connectionsMax: 0 },
    { home: "relative" as VirtualPath },
    { home: "/a/../b" as VirtualPath },
    { requireTls: "sometimes" as "none" },
    { clientCertificates: [{ kind: "fingerprint", value: "ab" }] },
    { clientCertificates: [{ kind: "name", value: " " }] },
    { permissions: [{ path: "/" as VirtualPath, allow: new Set(["fly" as "read"]) }] },
  ];
  for (const values of senseless) {
    const code = "SALLYPORT_ACCOUNT_VALUE_NOT_ALLOWED";
    await assert.rejects(accounts.add({ name: "a", ...values }), { code }, JSON.stringify(values));
  }
  assert.deepEqual(await accounts.list(), [], "a refused account leaves nothing behind");
  await accounts.add({ name: "b", password: "hunter22 in clear" });
  assert.match((await accounts.find("b"))?.passwordHash ?? "", /^\$argon2id\$/);
  const directory = join(path, "..");
  for (const file of readdirSync(directory)) {
    assert.equal(readFileSync(join(directory, file)).includes("hunter22"), false, file);
  }
});

test("change, setPassword, permit and remove change what they name and nothing else", async (t) => {
  await using accounts = await AccountDatabase.open(databasePath(t), { create: true });
  await using hasher = new PasswordHasher();
  await accounts.add(everything);
  await accounts.add({ name: "bob", quotaBytes: 5 });
  const before = await accounts.find("bob");

  await accounts.change("alice", { quotaBytes: null, readOnly: false, enabled: true, clientCertificates: [] });
  await accounts.setPassword("alice", "new one");
  await accounts.permit("alice", "/in\u00FF" as VirtualPath, new Set(["create"]));
  await accounts.permit("alice", "/out" as VirtualPath, everyPathAction);
  await accounts.permit("alice", "/" as VirtualPath, undefined);
  const alice = await accounts.find("alice");
  assert.equal(alice?.account.quotaBytes, undefined);
  assert.equal(alice?.account.readOnly, false);
  assert.equal(alice?.account.connectionsMax, 3);
  assert.equal(alice?.enabled, true);
  assert.deepEqual(alice?.clientCertificates, []);
  assert.equal(await hasher.verify("new one", alice?.passwordHash ?? ""), "match");
  assert.deepEqual(alice?.account.permissions, [
    { path: "/in\u00FF", allow: new Set(["create"]) },
    { path: "/out", allow: everyPathAction },
  ]);
  assert.deepEqual(await accounts.find("bob"), before);

  await accounts.remove("alice");
  assert.equal(await accounts.find("alice"), undefined);
  const missing = { code: "SALLYPORT_ACCOUNT_NOT_FOUND" };
  await assert.rejects(accounts.remove("alice"), missing);
  await assert.rejects(accounts.setPassword("alice", "x"), missing);
  await assert.rejects(accounts.change("alice", { enabled: true }), missing);
  await assert.rejects(accounts.permit("alice", "/" as VirtualPath, new Set()), missing);
  await accounts.add({ name: "alice" });
  assert.deepEqual((await accounts.find("alice"))?.account.permissions, [], "a new account inherits no rules");
});

test("replacePasswordHash gives way to a password that was changed meanwhile", async (t) => {
  await using accounts = await AccountDatabase.open(databasePath(t), { create: true });
  const other = someHash.replace("AAA", "BBB");
  await accounts.add({ name: "a", passwordHash: someHash });
  assert.equal(await accounts.replacePasswordHash("a", other, "x"), false);
  assert.equal(await accounts.replacePasswordHash("a", someHash, other), true);
  assert.equal((await accounts.find("a"))?.passwordHash, other);
});

test("an import is whole or nothing, and taken names are refused, skipped or replaced", async (t) => {
  await using accounts = await AccountDatabase.open(databasePath(t), { create: true });
  await accounts.add({ name: "taken", quotaBytes: 1 });
  const rows: NewAccount[] = [
    { name: "one", passwordHash: someHash },
    { name: "taken", quotaBytes: 2 },
  ];
  await assert.rejects(accounts.import(rows), { code: "SALLYPORT_ACCOUNT_EXISTS" });
  await assert.rejects(accounts.import([{ name: "one" }, { name: "two", quotaBytes: -1 }]));
  assert.equal((await accounts.list()).length, 1);
  assert.deepEqual(await accounts.import(rows, { onExisting: "skip" }), { importedCount: 1, skipped: ["taken"] });
  assert.equal((await accounts.find("taken"))?.account.quotaBytes, 1);
  assert.deepEqual(await accounts.import(rows, { onExisting: "replace" }), { importedCount: 2, skipped: [] });
  assert.equal((await accounts.find("taken"))?.account.quotaBytes, 2);
});

test("the file and what SQLite puts beside it belong to the owner alone", async (t) => {
  const path = databasePath(t);
  await using accounts = await AccountDatabase.open(path, { create: true });
  await accounts.add({ name: "a" });
  for (const file of readdirSync(join(path, ".."))) {
    assert.equal(statSync(join(path, "..", file)).mode & 0o777, 0o600, file);
  }
  assert.ok(readdirSync(join(path, "..")).includes("accounts.db-wal"), "the database is in WAL mode");
});

test("a missing database is made only when that is asked for", async (t) => {
  const path = databasePath(t);
  await refuses(path, "MISSING", /does not exist/);
  assert.deepEqual(readdirSync(join(path, "..")), []);
  await (await AccountDatabase.open(path, { create: true })).close();
  await (await AccountDatabase.open(path)).close();
  assert.deepEqual(readdirSync(join(path, "..")), ["accounts.db"], "nothing is left beside it");
});

test("a file that is not an account database is refused in one sentence and left as it is", async (t) => {
  const path = databasePath(t);
  const good = databasePath(t);
  await using accounts = await AccountDatabase.open(good, { create: true });
  await accounts.import(Array.from({ length: 200 }, (_, index) => ({ name: `n${index}`, passwordHash: someHash })));
  await accounts.close();
  const foreign = databasePath(t);
  const database = new DatabaseSync(foreign);
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)");
  database.close();
  const goodBytes = readFileSync(good);
  const newer = Buffer.from(goodBytes);
  newer.writeInt32BE(99, 60);
  const damaged = Buffer.from(goodBytes);
  damaged.fill(0xff, 4096, 3 * 4096);
  const cases: [string, Uint8Array, RegExp][] = [
    ["MALFORMED", Buffer.alloc(0), /not a SQLite database/],
    ["MALFORMED", Buffer.from("alice:$1$x$y\n".repeat(50)), /not a SQLite database/],
    ["MALFORMED", goodBytes.subarray(0, 90), /not a SQLite database/],
    ["MALFORMED", goodBytes.subarray(0, 3 * 4096), /damaged/],
    ["MALFORMED", damaged, /damaged/],
    ["FOREIGN", readFileSync(foreign), /another program/],
    ["NEWER", newer, /newer version/],
  ];
  for (const [code, bytes, text] of cases) {
    writeFileSync(path, bytes, { mode: 0o600 });
    const beforeMs = statSync(path).mtimeMs;
    await refuses(path, code, text, { create: true });
    assert.deepEqual(readFileSync(path), Buffer.from(bytes), `${code} was written to`);
    assert.equal(statSync(path).mtimeMs, beforeMs);
    assert.deepEqual(readdirSync(join(path, "..")), ["accounts.db"], code);
  }
});

test("a file that others can read, a directory and an unwritable place are refused", async (t) => {
  const path = databasePath(t);
  await (await AccountDatabase.open(path, { create: true })).close();
  chmodSync(path, 0o644);
  await refuses(path, "EXPOSED", /chmod it to 600/);
  const directory = join(path, "..", "sub");
  mkdirSync(directory);
  await refuses(directory, "UNREADABLE", /EISDIR/, { create: true });
  await refuses(join(path, "..", "absent", "accounts.db"), "UNREADABLE", /ENOENT/, { create: true });
  await refuses(join(path, "accounts.db"), "UNREADABLE", /ENOTDIR/, { create: true });
});

test("damage that appears while the database is open is a ConfigError, not a wrong answer", async (t) => {
  const path = databasePath(t);
  await (await AccountDatabase.open(path, { create: true })).close();
  await using accounts = await AccountDatabase.open(path);
  truncateSync(path, 4096);
  await assert.rejects(accounts.find("a"), { code: "SALLYPORT_CONFIG_ACCOUNTS_MALFORMED" });
});

test("a database from before the first version is migrated once, by whoever comes first", async (t) => {
  const path = databasePath(t);
  await (await AccountDatabase.open(path, { create: true })).close();
  const empty = databasePath(t);
  const database = new DatabaseSync(empty);
  database.exec("PRAGMA application_id = 0x53616c79");
  database.close();
  chmodSync(empty, 0o600);
  await using first = await AccountDatabase.open(empty);
  await using second = await AccountDatabase.open(empty);
  await first.add({ name: "a" });
  assert.ok(await second.find("a"));
});

test("what one process changes, another sees at the next question", async (t) => {
  const path = databasePath(t);
  await using accounts = await AccountDatabase.open(path, { create: true });
  assert.equal(await accounts.find("from-outside"), undefined);
  await finished(script(path, 'await accounts.add({ name: "from-outside", quotaBytes: 7 });'));
  assert.equal((await accounts.find("from-outside"))?.account.quotaBytes, 7);
  await finished(script(path, 'await accounts.remove("from-outside");'));
  assert.equal(await accounts.find("from-outside"), undefined);
});

test("two processes that make the database and write to it at once lose nothing", async (t) => {
  const path = databasePath(t);
  const add = (prefix: string): string =>
    `for (let n = 0; n < 50; n++) await accounts.add({ name: "${prefix}" + n, connectionsMax: n + 1 });`;
  await Promise.all(["a", "b", "c"].map((prefix) => finished(script(path, add(prefix)))));
  await using accounts = await AccountDatabase.open(path);
  const list = await accounts.list();
  assert.equal(list.length, 150);
  assert.equal(new Set(list.map((stored) => stored.account.name)).size, 150);
  assert.deepEqual(
    readdirSync(join(path, "..")).filter((name) => name.endsWith(".new")),
    [],
  );
});

test("a write that another process keeps out fails as busy, and reading goes on", async (t) => {
  const path = databasePath(t);
  await using accounts = await AccountDatabase.open(path, { create: true, busyTimeoutMs: 50 });
  await accounts.add({ name: "a" });
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  await assert.rejects(accounts.add({ name: "b" }), { code: "SALLYPORT_ACCOUNT_BUSY" });
  assert.ok(await accounts.find("a"));
  await using patient = await AccountDatabase.open(path, { busyTimeoutMs: 10_000 });
  const startedMs = performance.now();
  await assert.rejects(patient.replacePasswordHash("a", "x", "y"), { code: "SALLYPORT_ACCOUNT_BUSY" });
  assert.ok(performance.now() - startedMs < 2000, "a server does not stand still for it");
  other.exec("ROLLBACK");
  other.close();
  await accounts.add({ name: "b" });
});

test("sqlite3, the program, reads the file", async (t) => {
  const path = databasePath(t);
  await (await AccountDatabase.open(path, { create: true })).close();
  let output: string;
  try {
    output = execFileSync("sqlite3", [path, "PRAGMA integrity_check; PRAGMA user_version"], { encoding: "utf8" });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return t.skip("sqlite3 is not installed");
    throw error;
  }
  assert.equal(output, "ok\n2\n");
});

function databasePath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-accounts-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "accounts.db");
}

async function refuses(path: string, code: string, text: RegExp, options = {}): Promise<void> {
  await assert.rejects(AccountDatabase.open(path, options), (error: Error & { code?: string }) => {
    assert.equal(error.code, `SALLYPORT_CONFIG_ACCOUNTS_${code}`);
    assert.match(error.message, text);
    assert.ok(error.message.includes(path) && !error.message.includes("\n"), error.message);
    return true;
  });
}

function script(path: string, body: string): string {
  return `import { AccountDatabase } from "@sallyport/server/accounts";
    const accounts = await AccountDatabase.open(${JSON.stringify(path)}, { create: true });
    ${body}
    await accounts.close();`;
}

async function finished(source: string): Promise<void> {
  const args = ["--conditions=source", "--input-type=module", "--eval", source];
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ["ignore", "inherit", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  assert.equal(code, 0);
}
