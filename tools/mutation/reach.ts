import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trial } from "./trial.ts";

/** A test file, how long it runs without a mutant, and what it reaches in each module (by URL). */
export interface Reach {
  readonly testFile: string;
  readonly durationMs: number;
  readonly functions: ReadonlyMap<string, readonly FunctionCoverage[]>;
}

/** V8's block coverage; type stripping keeps offsets, so they are those of the TypeScript source. */
interface FunctionCoverage {
  readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
}

const baselineMs = 120_000;

/** Runs a test file on the unchanged tree; undefined when it does not pass. */
export async function reachOf(testFile: string, isWanted: (url: string) => boolean): Promise<Reach | undefined> {
  const coverageDirectory = mkdtempSync(join(tmpdir(), "reach-"));
  try {
    const startedAt = performance.now();
    if ((await trial([testFile], { timeoutMs: baselineMs, coverageDirectory })) !== "passed") return undefined;
    const durationMs = performance.now() - startedAt;
    return { testFile, durationMs, functions: functionsIn(coverageDirectory, isWanted) };
  } finally {
    rmSync(coverageDirectory, { recursive: true, force: true });
  }
}

/** Whether the code at an offset of a module ran: the innermost range around it, in any process, has a count. */
export function reaches({ functions }: Reach, url: string, offset: number): boolean {
  const around = (functions.get(url) ?? [])
    .flatMap(({ ranges }) => ranges)
    .filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset);
  const innermost = Math.min(...around.map(({ startOffset, endOffset }) => endOffset - startOffset));
  return around.some(({ startOffset, endOffset, count }) => endOffset - startOffset === innermost && count > 0);
}

function functionsIn(directory: string, isWanted: (url: string) => boolean): Map<string, FunctionCoverage[]> {
  const functions = new Map<string, FunctionCoverage[]>();
  for (const name of readdirSync(directory)) {
    const report = JSON.parse(readFileSync(join(directory, name), "utf8")) as {
      result: readonly { url: string; functions: readonly FunctionCoverage[] }[];
    };
    for (const module of report.result.filter(({ url }) => isWanted(url))) {
      functions.set(module.url, [...(functions.get(module.url) ?? []), ...module.functions]);
    }
  }
  return functions;
}
