// npm test [-- PART…]: without PART the checks of checks.ts and then every test; with it only the test files whose
// path contains one of the parts.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runChecks } from "./checks.ts";
import { writeTestReport } from "./test-report.ts";

const tiers = {
  fast: { wholeRunMs: 20 * 60_000, oneTestMs: 3 * 60_000 },
  full: { wholeRunMs: 4 * 3_600_000, oneTestMs: 3_600_000 },
} as const;

/** Hundreds of processes load the same sources. */
const compileCache = {
  NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(process.cwd(), "node_modules/.compile-cache"),
};

/** Tests wait as well as compute: one file for each core left a third of two cores idle. */
const filesAtOnce = Math.max(2, Math.ceil(availableParallelism() * 1.5));

const tierName = process.env["SALLYPORT_TEST_TIER"] === "full" ? "full" : "fast";
const tier = tiers[tierName];
const parts = process.argv.slice(2);

const failedChecks = parts.length === 0 ? await runChecks() : [];
const testsPassed = await runTests(testFiles());
if (failedChecks.length > 0) process.stdout.write(`\nfailed before the tests: ${failedChecks.join(", ")}\n`);
process.exitCode = testsPassed && failedChecks.length === 0 ? 0 : 1;

function testFiles(): string[] {
  return globSync(["packages/*/test/**/*.test.ts", "test/**/*.test.ts"], { exclude: ["**/node_modules/**"] })
    .filter((file) => tierName === "full" || !file.endsWith(".full.test.ts"))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .toSorted();
}

/** Runs node's own test runner in a process group of its own, so that what outlives its bound ends with it. */
function runTests(files: readonly string[]): Promise<boolean> {
  if (files.length === 0) {
    process.stdout.write("no test file matches\n");
    return Promise.resolve(false);
  }
  const runner = spawn(
    process.execPath,
    [
      "--conditions=source",
      "--test",
      `--test-concurrency=${filesAtOnce}`,
      `--test-timeout=${tier.oneTestMs}`,
      "--import=./scripts/test-bound.ts",
      "--test-reporter=./scripts/test-reporter.ts",
      ...files,
    ],
    { stdio: ["ignore", "pipe", "inherit"], detached: true, env: { ...process.env, ...compileCache } },
  );
  let output = "";
  runner.stdout.setEncoding("utf8").on("data", (text: string) => {
    process.stdout.write(text);
    output += text;
  });
  const end = (): void => {
    if (runner.pid !== undefined) process.kill(-runner.pid, "SIGKILL");
  };
  const bound = setTimeout(() => {
    process.stdout.write(`the tests did not end within ${tier.wholeRunMs / 60_000} minutes\n`);
    end();
  }, tier.wholeRunMs);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  return new Promise((resolve, reject) => {
    runner.once("error", reject);
    runner.once("close", (code) => {
      clearTimeout(bound);
      if (tierName === "full" && parts.length === 0) writeTestReport(output, code === 0);
      resolve(code === 0);
    });
  });
}
