import { ConfigError, limits, TlsError } from "@sallyport/protocol";
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TrustStore } from "./client-trust.ts";

export interface FileTrustStore extends TrustStore {
  /** Forgets a server, whose next key is then a first one; returns whether it was known. */
  forget(hostAndPort: string): Promise<boolean>;
  /** All that is remembered, in the order in which it was. */
  entries(): Promise<readonly RememberedServer[]>;
}

export interface RememberedServer {
  /** `host:port`. */
  readonly server: string;
  /** `sha256/BASE64` of its public key. */
  readonly pin: string;
  /** When it was first met. */
  readonly since: Date;
}

/**
 * Keeps the keys of servers in a file with one JSON object a line, readable by its owner alone. It is made when there is
 * something to remember, replaced as a whole, and written by one process at a time.
 *
 * Methods reject with ConfigError `SALLYPORT_TRUST_STORE_UNREADABLE` where the file cannot be read or says something
 * else: what cannot be read must not look like a first use. Writing rejects with `SALLYPORT_TRUST_STORE_LOCKED` after
 * limits.trustLockMs, and with the file system's errors.
 */
export function fileTrustStore(path: string): FileTrustStore {
  return {
    find: async (server) => (await read(path)).find((entry) => entry.server === server)?.pin,
    entries: () => read(path),
    remember: (server, pin) =>
      changing(path, (entries) => {
        const known = entries.find((entry) => entry.server === server);
        if (known?.pin === pin) return undefined;
        if (known) throw rememberedOtherwise(server);
        return [...entries, { server, pin, since: new Date() }];
      }).then(() => {}),
    forget: (server) =>
      changing(path, (entries) => {
        const kept = entries.filter((entry) => entry.server !== server);
        return kept.length < entries.length ? kept : undefined;
      }),
  };
}

async function read(path: string): Promise<RememberedServer[]> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > limits.trustStoreBytes.value) throw new Error("it is too large");
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return [];
    throw unreadable(path, "cannot be read", cause);
  }
  const lines = text.split("\n").map((line) => line.trim());
  return lines.flatMap((line, at) => (line === "" ? [] : [parseLine(line, path, at + 1)]));
}

function parseLine(line: string, path: string, number: number): RememberedServer {
  try {
    const { server, pin, since } = JSON.parse(line) as Record<string, unknown>;
    const date = new Date(String(since));
    const isSound = typeof server === "string" && typeof pin === "string" && /^sha256\/.{43}=$/.test(pin);
    if (isSound && !Number.isNaN(date.getTime())) return { server, pin, since: date };
  } catch (cause) {
    throw unreadable(path, `says something else in line ${number}`, cause);
  }
  throw unreadable(path, `says something else in line ${number}`);
}

/** Replaces the file by what `change` makes of it; returns false where that is nothing. */
async function changing(
  given: string,
  change: (entries: readonly RememberedServer[]) => readonly RememberedServer[] | undefined,
): Promise<boolean> {
  await mkdir(dirname(given), { recursive: true, mode: 0o700 });
  // Where the path is a link, the file behind it is replaced and not the link.
  const path = await realpath(given).catch(() => given);
  await using _ = await locked(path);
  const changed = change(await read(path));
  if (!changed) return false;
  const temporary = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(changed.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
  return true;
}

/** Holds the file beside the store that says who writes it; one whose writer is gone is cleared away. */
async function locked(path: string): Promise<AsyncDisposable> {
  const lock = `${path}.lock`;
  const deadline = performance.now() + limits.trustLockMs.value;
  for (;;) {
    try {
      const file = await open(lock, "wx", 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return { [Symbol.asyncDispose]: () => rm(lock, { force: true }) };
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    if (await isAbandoned(lock)) await rm(lock, { force: true });
    else if (performance.now() > deadline) throw stillLocked(lock);
    else await delay(10 + 20 * Math.random());
  }
}

/** Whether its writer has ended, or died before it could say who it is. */
async function isAbandoned(lock: string): Promise<boolean> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(lock, "utf8"), stat(lock)]);
    if (text === "") return Date.now() - mtimeMs > limits.trustLockMs.value;
    process.kill(Number(text), 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

function rememberedOtherwise(server: string): TlsError {
  const message = `Another key of ${server} is remembered already; if its owner confirms the change, forget the old one`;
  return new TlsError("SALLYPORT_PIN_CHANGED", message);
}

function unreadable(path: string, what: string, cause?: unknown): ConfigError {
  const message = `The file of trusted servers, ${path}, ${what}; correct it or move it away`;
  return new ConfigError("SALLYPORT_TRUST_STORE_UNREADABLE", message, { cause });
}

function stillLocked(lock: string): ConfigError {
  const message = `Another process is writing the file of trusted servers; if none is, remove ${lock}`;
  return new ConfigError("SALLYPORT_TRUST_STORE_LOCKED", message);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
