import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { after } from "node:test";
import { reachableCommand } from "@sallyport/testing";

/** The launcher of this checkout. */
export const launcher = join(import.meta.dirname, "../../../sallyport");

export type Sallyport = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts the real launcher, where other users reach it. */
export function spawnSallyport(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Sallyport {
  const { HOME: _home, XDG_STATE_HOME: _state, ...rest } = process.env;
  const [file, spoken] = reachableCommand([launcher, ...words]);
  return spawn(file, spoken, { stdio: "pipe", env: { ...rest, NO_COLOR: "1", ...environment } });
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a failure writes: one sentence, and at most that there is more to be told. */
export const oneSentence = /^sallyport: [^\n]+[.?)]\n(?:sallyport: The same command with --explain says why[^\n]*\n)?$/;

/** Runs the real launcher to its end. */
export async function runSallyport(
  words: readonly string[],
  options: { readonly input?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
  const child = spawnSallyport(words, options.environment);
  // A command that fails early does not read its input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** A directory for one test file, removed at its end. */
export function scratchDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "sallyport-cli-"));
  after(() => rmSync(path, { recursive: true }));
  return path;
}

/**
 * Every name below a directory with its mode and owner, and for files time and content: equal before and after where
 * nothing changed. Directories have no time, since SQLite makes and removes its companions while it only reads.
 */
export function snapshot(path: string): string[] {
  const stats = lstatSync(path);
  const facts = `${path} ${stats.mode.toString(8)} ${stats.uid}`;
  if (!stats.isDirectory())
    return [`${facts} ${stats.mtimeMs} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`];
  const names = readdirSync(path).toSorted();
  return [facts, ...names.flatMap((name) => snapshot(join(path, name)))];
}

/** What `serve` needs in a test: root has to say that it means it. */
export const serveAsIs: readonly string[] = process.getuid?.() === 0 ? ["--allow-root"] : [];
