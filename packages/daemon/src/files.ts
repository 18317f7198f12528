import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";

/**
 * Writes a whole file under its name at once: readers see the old content or the new, also after a crash. The mode is
 * set before the first octet is written, so that a key is at no time readable by others. System errors are thrown as
 * they are.
 */
export function writeFileAtomically(path: string, content: string, mode: number): void {
  const staged = `${path}.${randomBytes(6).toString("hex")}.new`;
  const descriptor = openSync(staged, "wx", mode);
  try {
    writeSync(descriptor, content);
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(staged, path);
  } catch (error) {
    rmSync(staged, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The system's name for what went wrong, such as ENOENT. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
