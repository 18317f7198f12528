import { open, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

/** How long to wait for whoever holds the lock; 0 to try once. */
export interface LockOptions {
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes the lock on a file, which is a file beside it that names process and machine; undefined where somebody else
 * still holds it after `waitMs`. A lock whose process has ended on this machine is cleared away; one of another machine
 * (on a shared disk) never is. Rejects with the file system's errors, and with the signal's reason.
 */
export async function lockFile(path: string, { waitMs, signal }: LockOptions): Promise<AsyncDisposable | undefined> {
  const lock = `${path}.lock`;
  const deadline = performance.now() + waitMs;
  for (;;) {
    if (await take(lock)) return { [Symbol.asyncDispose]: () => release(lock) };
    if (await isAbandoned(lock)) await rm(lock, { force: true });
    else if (performance.now() >= deadline) return undefined;
    else await delay(10 + 20 * Math.random(), undefined, { signal });
  }
}

/** Locks of this thread. */
const held = new Set<string>();

async function take(lock: string): Promise<boolean> {
  if (held.has(lock)) return false;
  held.add(lock);
  try {
    const file = await open(lock, "wx", 0o600);
    await file.writeFile(`${process.pid} ${hostname()}`);
    await file.close();
    return true;
  } catch (error) {
    held.delete(lock);
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function release(lock: string): Promise<void> {
  await rm(lock, { force: true });
  held.delete(lock);
}

async function isAbandoned(lock: string): Promise<boolean> {
  if (held.has(lock)) return false;
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(lock, "utf8"), stat(lock)]);
    const [pid = "", ...host] = text.split(" ");
    // Its process died between making the file and writing into it, or is just about to write.
    if (text === "") return Date.now() - mtimeMs > unsignedMs;
    return host.join(" ") === hostname() && !isRunning(Number(pid), mtimeMs);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return true;
    throw error;
  }
}

const unsignedMs = 2_000;

/** Whether the process that took the lock at that time still runs. */
function isRunning(pid: number, takenMs: number): boolean {
  // Numbers are used again, in a container nearly always: what is older than this process was another's.
  if (pid === process.pid) return takenMs > Date.now() - process.uptime() * 1000;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

/** The system's name for what went wrong, such as ENOENT; empty for other errors. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
