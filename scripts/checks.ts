import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

interface Check {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
}

/**
 * What must hold before a test is worth running. On a build machine types are checked from nothing: after a change to
 * the shared tsconfig an incremental build keeps what it found before.
 */
const checks: readonly Check[] = [
  { name: "types", command: "tsc", arguments: ["-b", ...(process.env["CI"] ? ["--force"] : [])] },
  { name: "lint", command: "oxlint", arguments: ["--deny-warnings", "--format=unix"] },
  { name: "format", command: "oxfmt", arguments: ["--check"] },
  { name: "dead code", command: "knip", arguments: ["--no-progress", "--no-config-hints"] },
];

/** Runs all checks, one line for each that passes and the whole output of each that does not; returns who failed. */
export async function runChecks(): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const check of checks) {
    const started = performance.now();
    const { code, output } = await run(check);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${code === 0 ? "✔" : "✖"} ${check.name} (${seconds} s)\n`);
    if (code === 0) continue;
    process.stdout.write(`${output}\n`);
    failed.push(check.name);
  }
  return failed;
}

async function run(check: Check): Promise<{ code: number | null; output: string }> {
  const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: "1" };
  const child = spawn(check.command, check.arguments, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output: output + errors };
}
