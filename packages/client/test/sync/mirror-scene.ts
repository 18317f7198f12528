import type { SyncStep } from "@sallyport/client";
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

/** What a directory holds: directories end with `/`. */
export type Content = Readonly<Record<string, string | Uint8Array>>;

export function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-sync-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files that were last changed an hour ago. */
export function fill(folder: string, content: Content, modified: Date = hourAgo()): void {
  for (const [name, bytes] of Object.entries(content)) {
    const path = join(folder, name);
    mkdirSync(name.endsWith("/") ? path : dirname(path), { recursive: true });
    if (name.endsWith("/")) continue;
    writeFileSync(path, bytes);
    utimesSync(path, modified, modified);
  }
}

export function hourAgo(): Date {
  return new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000);
}

/** Every file and directory below, with what it holds. */
function contentOf(folder: string): Record<string, Buffer | undefined> {
  const found: Record<string, Buffer | undefined> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length + 1)] = entry.isFile() ? readFileSync(path) : undefined;
  }
  return found;
}

/** Compares two directories octet by octet, without printing megabytes where they differ. */
export function assertAlike(actual: string, expected: string): void {
  const [one, other] = [contentOf(actual), contentOf(expected)];
  assert.deepEqual(Object.keys(one).toSorted(), Object.keys(other).toSorted());
  const different = Object.keys(other).filter((name) => {
    const [left, right] = [one[name], other[name]];
    return left === undefined || right === undefined ? left !== right : !left.equals(right);
  });
  assert.deepEqual(different, []);
}

export function assertSameTimes(actual: string, expected: string): void {
  const times = (folder: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(contentOf(folder))
        .filter(([, bytes]) => bytes !== undefined)
        .map(([name]) => [name, Math.floor(statSync(join(folder, name)).mtimeMs / 1000)]),
    );
  assert.deepEqual(times(actual), times(expected));
}

/** Steps as words: `transfer a done`. */
export function told(steps: readonly SyncStep[]): string[] {
  return steps.map(({ action, outcome }) => `${action.kind} ${action.path} ${outcome}`).toSorted();
}

/** Fails with the first error of a step. */
export function assertAllDone(steps: readonly SyncStep[]): void {
  for (const step of steps) if (step.outcome === "failed") throw step.error;
  assert.deepEqual(
    steps.filter(({ outcome }) => outcome !== "done").map((step) => step.action),
    [],
  );
}
