import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How many seeds `npm test` runs, from 1 on, and within how many each mutant has to be found. */
export const quickCount = 1_000;

export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs the simulation in a process of its own, whose clock is not ours. */
export function runSimulation(
  program: "hunt.ts" | "replay.ts",
  given: readonly (number | string)[],
  mutant?: string,
): Promise<Outcome> {
  const { SALLYPORT_SIMULATION_MUTANT: _, ...environment } = process.env;
  const file = fileURLToPath(new URL(program, import.meta.url));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--conditions=source", file, ...given.map(String)],
      {
        env: mutant === undefined ? environment : { ...environment, SALLYPORT_SIMULATION_MUTANT: mutant },
        maxBuffer: 64 << 20,
      },
      (error, stdout, stderr) => resolve({ ok: error === null, output: `${stdout}${stderr}` }),
    );
  });
}

/** The first seed that finds a mutant, if one below the bound does; the seed noted last time is tried first. */
export async function findMutant(name: string, noted: number, count = quickCount): Promise<Outcome & { seed: number }> {
  const near = await runSimulation("hunt.ts", [noted, 1], name);
  const outcome = isFound(near) ? near : await runSimulation("hunt.ts", [1, count], name);
  const seed = Number(/^seed (\d+) fails/m.exec(outcome.output)?.[1]);
  return { ...outcome, seed };
}

function isFound({ output }: Outcome): boolean {
  return /^seed \d+ fails/m.test(output);
}
