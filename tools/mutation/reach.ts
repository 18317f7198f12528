import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trial, type Tests } from "./trial.ts";

/** Tests of one file, how long they run without a mutant, and what they reach in each module (by URL). */
export interface Reach extends Tests {
  readonly durationMs: number;
  readonly functions: ReadonlyMap<string, readonly FunctionCoverage[]>;
}

/** V8's block coverage; type stripping keeps offsets, so they are those of the TypeScript source. */
interface FunctionCoverage {
  readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
}

const baselineMs = 120_000;

/** Runs tests on the unchanged tree; undefined when they do not pass. */
export async function reachOf(tests: Tests, isWanted: (url: string) => boolean): Promise<Reach | undefined> {
  const coverageDirectory = mkdtempSync(join(tmpdir(), "reach-"));
  try {
    const startedAt = performance.now();
    if ((await trial([tests], { timeoutMs: baselineMs, coverageDirectory })) !== "passed") return undefined;
    const durationMs = performance.now() - startedAt;
    return { ...tests, durationMs, functions: functionsIn(coverageDirectory, isWanted) };
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
