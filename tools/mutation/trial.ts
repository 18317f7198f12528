import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export type Verdict = "passed" | "failed" | "timed out";

/** The tests of a file, or those whose name matches a regular expression. */
export interface Tests {
  readonly testFile: string;
  readonly names: string | undefined;
}

/** A module whose text is replaced for the length of a trial. */
export interface Substitution {
  readonly url: string;
  readonly text: string;
}

export interface TrialOptions {
  readonly timeoutMs: number;
  readonly substitution?: Substitution;
  readonly coverageDirectory?: string;
}

/**
 * Runs tests of one suite in one process and ends at the first test that fails.
 *
 * A mutant may loop, allocate or write without end, so the trial has hard bounds: time for the process group, address
 * space and processor time for each process in it, and a temporary directory that is removed afterwards.
 * Linux only, by `ulimit` and coreutils' `timeout`.
 */
export async function trial(tests: readonly Tests[], options: TrialOptions): Promise<Verdict> {
  const directory = mkdtempSync(join(tmpdir(), "mutation-"));
  try {
    return await verdictOf(tests, options, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

// Address space in KiB: Node takes 1.2 GiB before it does anything, and tests with buffers of 64 MiB failed at 6,000,000.
const bounds = "ulimit -v 7000000; ulimit -t 60; ulimit -c 0";
const preload = new URL("./substitute.ts", import.meta.url).href;
const repository = fileURLToPath(new URL("../../", import.meta.url));

function verdictOf(tests: readonly Tests[], options: TrialOptions, directory: string): Promise<Verdict> {
  const seconds = String(Math.ceil(options.timeoutMs / 1000));
  const names = tests[0]?.names === undefined ? [] : [`--test-name-pattern=/${tests[0].names}/`];
  const nodeArguments = ["--conditions=source", "--test", "--test-isolation=none", "--test-reporter=tap", ...names];
  const testFiles = tests.map(({ testFile }) => testFile);
  const child = spawn(
    "/bin/sh",
    ["-c", `${bounds}; exec timeout -k 1 "$@"`, "sh", seconds, process.execPath, ...nodeArguments, ...testFiles],
    {
      cwd: repository,
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, ...environment(options, directory) },
    },
  );
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // The group has ended already.
    }
  };
  let failed = false;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!/^ *not ok \d+(?!.*# TODO)/.test(line)) return;
    failed = true;
    end();
  });
  const abandon = (): void => {
    end();
    rmSync(directory, { recursive: true, force: true });
  };
  process.once("exit", abandon);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", end);
    child.once("close", (code) => {
      process.removeListener("exit", abandon);
      const timedOut = code === 124 || code === 137;
      resolve(failed ? "failed" : timedOut ? "timed out" : code === 0 ? "passed" : "failed");
    });
  });
}

function environment({ substitution, coverageDirectory }: TrialOptions, directory: string): Record<string, string> {
  const variables: Record<string, string> = {
    TMPDIR: directory,
    NODE_OPTIONS: `--max-old-space-size=512 --import=${preload}`,
  };
  if (coverageDirectory !== undefined) variables["NODE_V8_COVERAGE"] = coverageDirectory;
  if (substitution !== undefined) {
    const file = join(directory, "mutant.ts");
    writeFileSync(file, substitution.text);
    variables["SALLYPORT_MUTANT_URL"] = substitution.url;
    variables["SALLYPORT_MUTANT_FILE"] = file;
  }
  return variables;
}
