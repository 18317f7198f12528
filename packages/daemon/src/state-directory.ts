import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  lchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  type Stats,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConfigError } from "@sallyport/protocol";
import { errorCode, writeFileAtomically } from "./files.ts";

/** Where everything lies that a server has to remember: certificates, accounts, and who uses the directory. */
export interface StateDirectory {
  readonly path: string;
  readonly tls: string;
  readonly accounts: string;
  /** Notifications that wait for their receivers. */
  readonly events: string;
  /** Locked by the running server. */
  readonly lock: string;
  /** The process number of the running server, for people and `kill`. */
  readonly pid: string;
  /** Where the running server is asked by `sallyport who` and `kick`. */
  readonly socket: string;
  /** The demo account's password, which `start` prints again at each start. */
  readonly demoPassword: string;
  /** The files that `start` serves. */
  readonly demoFiles: string;
}

/** A user and group of this system. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export function stateDirectory(path: string): StateDirectory {
  const absolute = resolve(path);
  return {
    path: absolute,
    tls: join(absolute, "tls"),
    accounts: join(absolute, "accounts.db"),
    events: join(absolute, "events.db"),
    lock: join(absolute, "server.lock"),
    pid: join(absolute, "server.pid"),
    socket: join(absolute, "server.sock"),
    demoPassword: join(absolute, "demo-password"),
    demoFiles: join(absolute, "files"),
  };
}

/**
 * Where state lies when nobody says otherwise: `/var/lib/sallyport` for root, else `sallyport` in the XDG state
 * directory (XDG Base Directory Specification 0.8), which is `~/.local/state` by default.
 */
export function defaultStatePath(
  environment: Readonly<Partial<Record<string, string>>>,
  uid = process.getuid?.(),
): string {
  if (uid === 0) return "/var/lib/sallyport";
  const { XDG_STATE_HOME } = environment;
  const base =
    XDG_STATE_HOME !== undefined && isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : join(homedir(), ".local/state");
  return join(base, "sallyport");
}

/**
 * Creates the directory (mode 0700) where it is missing, and checks that it is safe to keep keys and accounts in it. A
 * directory that is empty is made private; one that is in use is only looked at.
 *
 * @throws {ConfigError} SALLYPORT_STATE_UNWRITABLE, SALLYPORT_STATE_NOT_A_DIRECTORY, SALLYPORT_STATE_WRONG_OWNER,
 *   SALLYPORT_STATE_EXPOSED.
 */
export function prepareStateDirectory(path: string): StateDirectory {
  const state = stateDirectory(path);
  try {
    // What root makes above it stays passable, for the user that the server becomes.
    mkdirSync(dirname(state.path), { recursive: true, mode: process.getuid?.() === 0 ? 0o755 : 0o700 });
    if (!existsSync(state.path)) mkdirSync(state.path, { mode: 0o700 });
  } catch (cause) {
    const code = errorCode(cause);
    if (code === "EEXIST" || code === "ENOTDIR") throw notADirectory(state, cause);
    const message = `The state directory ${state.path} cannot be created (${code}): create it for this user, or name another with --state.`;
    throw new ConfigError("SALLYPORT_STATE_UNWRITABLE", message, { cause });
  }
  checkStateDirectory(state);
  if (readdirSync(state.path).length === 0) chmodSync(state.path, 0o700);
  return state;
}

/**
 * Looks at a directory that must exist already; see {@link prepareStateDirectory}.
 *
 * @throws {ConfigError} in addition SALLYPORT_STATE_MISSING.
 */
export function requireStateDirectory(path: string): StateDirectory {
  const state = stateDirectory(path);
  if (!existsSync(state.path)) {
    const message = `There is no state directory ${state.path}: name the server's with --state, or add an account to make one.`;
    throw new ConfigError("SALLYPORT_STATE_MISSING", message);
  }
  checkStateDirectory(state);
  return state;
}

/**
 * Locks the directory for one server; the system gives the lock back when the process ends, however it ends. A file
 * lock held by SQLite serves, because Node has none of its own; unlike a process number it cannot be stale, not even
 * when a container starts again with the same number.
 *
 * @throws {ConfigError} SALLYPORT_STATE_IN_USE when another server runs on it, SALLYPORT_STATE_UNWRITABLE.
 */
export function lockStateDirectory(state: StateDirectory): Disposable {
  let database: DatabaseSync | undefined;
  try {
    closeSync(openSync(state.lock, "a", 0o600));
    database = new DatabaseSync(state.lock);
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    writeFileAtomically(state.pid, `${process.pid}\n`, 0o644);
  } catch (cause) {
    database?.close();
    throw isBusy(cause) ? inUse(state, cause) : lockFailed(state, cause);
  }
  const held = database;
  return {
    [Symbol.dispose]() {
      rmSync(state.pid, { force: true });
      held.close();
    },
  };
}

/** The process number of the server that runs on a state directory, or undefined where none does. */
export function runningServer(state: StateDirectory): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(state.pid, "latin1"), 10);
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

/** Gives the directory and what we keep in it to another user, where root owns it now; other owners are kept. */
export function handOver(state: StateDirectory, owner: Owner): void {
  const give = (path: string) => {
    if (statSync(path, { throwIfNoEntry: false })?.uid === 0) lchownSync(path, owner.uid, owner.gid);
  };
  if (statSync(state.path).uid === 0) chownSync(state.path, owner.uid, owner.gid);
  for (const directory of [state.path, state.tls]) {
    for (const name of ownedNames(directory)) give(join(directory, name));
  }
}

/** The owner of the directory; root acts as this user on it, so that the server can use what root adds. */
export function stateOwner(state: StateDirectory): Owner {
  const { uid, gid } = statSync(state.path);
  return { uid, gid };
}

/** What may lie at the top of the directory or in `tls`, as regular expressions of names. */
const ownNames =
  /^(tls|(accounts|events)\.db(-wal|-shm|-journal)?|server\.(lock|pid|sock)|demo-password|files|(ca|cert|key)\.(pem|key))$/;

function ownedNames(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).filter((name) => ownNames.test(name)) : [];
}

function checkStateDirectory(state: StateDirectory): void {
  const stats = statSync(state.path);
  if (!stats.isDirectory()) throw notADirectory(state);
  requireOwner(state, stats);
  requirePrivate(state, stats);
  try {
    accessSync(state.path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const message = `The state directory ${state.path} cannot be written by this user: change its mode ("chmod u+rwx ${state.path}"), or name another with --state.`;
    throw new ConfigError("SALLYPORT_STATE_UNWRITABLE", message, { cause });
  }
}

function requireOwner(state: StateDirectory, stats: Stats): void {
  const uid = process.getuid?.();
  if (uid === undefined || uid === 0 || uid === stats.uid) return;
  const message = `The state directory ${state.path} belongs to user number ${stats.uid}, and this is number ${uid}: run as that user, or name another directory with --state.`;
  throw new ConfigError("SALLYPORT_STATE_WRONG_OWNER", message);
}

/** Whoever may write to the directory can swap the keys; whoever may read a secret file has the secret. */
function requirePrivate(state: StateDirectory, stats: Stats): void {
  if ((stats.mode & 0o022) !== 0 && readdirSync(state.path).length > 0) throw exposed(state.path, "changed", "go-w");
  for (const secret of [join(state.tls, "ca.key"), join(state.tls, "key.pem"), state.demoPassword]) {
    const mode = statSync(secret, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & 0o077) !== 0) throw exposed(secret, "read", "go-rwx");
  }
}

function exposed(path: string, verb: string, change: string): ConfigError {
  const message = `${path} can be ${verb} by other users of this machine: close it with "chmod ${change} ${path}", and replace what they may have seen.`;
  return new ConfigError("SALLYPORT_STATE_EXPOSED", message);
}

function notADirectory(state: StateDirectory, cause?: unknown): ConfigError {
  const message = `The state directory ${state.path} is a file, or lies below one: name a directory with --state.`;
  return new ConfigError("SALLYPORT_STATE_NOT_A_DIRECTORY", message, { cause });
}

const sqliteBusy = 5;

function isBusy(cause: unknown): boolean {
  return cause instanceof Error && "errcode" in cause && cause.errcode === sqliteBusy;
}

function inUse(state: StateDirectory, cause: unknown): ConfigError {
  const pid = runningServer(state);
  const holder = pid === undefined ? "another server" : `another server (process ${pid})`;
  const message = `The state directory ${state.path} is in use by ${holder}: stop that one, or give this one a directory of its own with --state.`;
  return new ConfigError("SALLYPORT_STATE_IN_USE", message, { cause });
}

function lockFailed(state: StateDirectory, cause: unknown): ConfigError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `The state directory ${state.path} cannot be locked (${reason}): make room on the disk and let this user write there, or remove ${state.lock}.`;
  return new ConfigError("SALLYPORT_STATE_UNWRITABLE", message, { cause });
}
