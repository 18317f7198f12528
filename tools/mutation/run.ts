// npm run mutation -- [PATH…] [--sample N|N%] [--seed S] [--jobs N]: changes the sources below PATH one mutant at a time
// and tells which changes no test notices. Without PATH all of the rooms below, without --sample every mutant.
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type Mutant, mutantsOf, mutated } from "./mutants.ts";
import { type Reach, reachOf, reaches } from "./reach.ts";
import { trial } from "./trial.ts";

const conformance = { files: "test/conformance/*.test.ts" };

/** Which tests answer for which sources; a later suite is asked only about what the earlier ones let live. */
const rooms: readonly Room[] = [
  {
    sources: "packages/protocol/src/**/*.ts",
    suites: [
      { files: "packages/protocol/test/**/*.test.ts" },
      { files: "test/docs/reference.test.ts", names: "(limits|ftp-commands).md" },
      conformance,
    ],
  },
  { sources: "packages/server/src/commands/**/*.ts", suites: [conformance] },
];

interface Room {
  readonly sources: string;
  readonly suites: readonly { readonly files: string; readonly names?: string }[];
}

type Fate = "killed" | "timed out" | "survived" | "unreached";
type Suite = readonly Reach[];
type Tally = Record<Fate, number>;

interface Source {
  readonly path: string;
  readonly url: string;
  readonly text: string;
  readonly mutants: readonly Mutant[];
  readonly suites: readonly Suite[];
}

const repository = fileURLToPath(new URL("../../", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string", default: "100%" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: "1" },
  },
});
// Ends the trials that run, too.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
process.exitCode = await run();

async function run(): Promise<number> {
  if (!/^[1-9]\d*%?$/.test(values.sample) || !/^[1-9]\d*$/.test(values.jobs)) {
    print("--sample takes a count for each file or a share (12, 20%), --jobs a count");
    return 64;
  }
  const sources = await readSources();
  const [first] = sources;
  if (first === undefined) return 1;
  if (!(await canFail(first))) {
    print(`${first.path}: its tests pass even when it throws; no verdict here would mean anything`);
    return 1;
  }
  const total = newTally();
  for (const source of sources) {
    const { tally, survivors } = await judgeAll(source);
    print(rowText(source.path, tally, source.mutants.length));
    for (const line of survivors) print(`  ${line}`);
    for (const fate of Object.keys(total) as Fate[]) total[fate] += tally[fate];
  }
  print(
    rowText(
      "total",
      total,
      sources.map(({ mutants }) => mutants.length).reduce((sum, count) => sum + count, 0),
    ),
  );
  print(`sample ${values.sample}, seed ${values.seed}`);
  return 0;
}

/** Finds the sources asked for, and runs the tests of their rooms once, unchanged, to see what each reaches. */
async function readSources(): Promise<readonly Source[]> {
  const wanted = rooms.map(({ sources, suites }) => ({ suites, paths: files(sources).filter(isAskedFor) }));
  const reachByFile = new Map<string, Reach>();
  for (const { files: pattern, names } of new Set(wanted.flatMap(({ suites, paths }) => (paths[0] ? suites : [])))) {
    for (const testFile of files(pattern)) {
      const reach = await reachOf({ testFile, names }, (url) => /\/packages\/[^/]+\/src\//.test(url));
      if (reach === undefined) throw new Error(`${testFile} does not pass without a mutant`);
      reachByFile.set(testFile, reach);
    }
  }
  return wanted.flatMap(({ suites, paths }) => {
    const reaching = suites.map((suite) => files(suite.files).flatMap((file) => reachByFile.get(file) ?? []));
    return paths.map((path) => sourceAt(path, reaching));
  });
}

function sourceAt(path: string, suites: readonly Suite[]): Source {
  const text = readFileSync(join(repository, path), "utf8");
  const url = pathToFileURL(join(repository, path)).href;
  return { path, url, text, mutants: mutantsOf(path, text), suites };
}

function files(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: repository }).toSorted();
}

function isAskedFor(path: string): boolean {
  if (path.endsWith(".d.ts")) return false;
  return positionals.length === 0 || positionals.some((part) => path.startsWith(part.replace(/^\.\//, "")));
}

/** The check of the checker: a source that throws must fail its tests, or the mutants never reach them. */
async function canFail(source: Source): Promise<boolean> {
  const tests = source.suites.flat().filter(({ functions }) => functions.has(source.url));
  const text = `throw new Error("mutant");\n${source.text}`;
  const verdict = await trial(tests, { timeoutMs: 60_000, substitution: { url: source.url, text } });
  return tests.length > 0 && verdict === "failed";
}

async function judgeAll(source: Source): Promise<{ readonly tally: Tally; readonly survivors: readonly string[] }> {
  const waiting = [...sampleOf(source)];
  const tally = newTally();
  const survivors: string[] = [];
  const worker = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const fate = await fateOf(source, mutant);
      tally[fate] += 1;
      if (fate === "survived" || fate === "unreached") survivors.push(survivorText(source, mutant, fate));
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  return { tally, survivors: survivors.toSorted((left, right) => left.localeCompare(right, "en", { numeric: true })) };
}

/** The mutants with the lowest digests under the seed: the same ones again as long as the source stays the same. */
function sampleOf({ path, mutants }: Source): readonly Mutant[] {
  const amount = Number.parseInt(values.sample, 10);
  const count = values.sample.endsWith("%") ? Math.round((mutants.length * amount) / 100) : amount;
  const digest = ({ start, replacement }: Mutant): string =>
    createHash("sha256").update(`${values.seed} ${path} ${start} ${replacement}`).digest("hex");
  return mutants
    .map((mutant) => ({ mutant, key: digest(mutant) }))
    .toSorted((left, right) => (left.key < right.key ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant)
    .toSorted((left, right) => left.start - right.start);
}

async function fateOf(source: Source, mutant: Mutant): Promise<Fate> {
  const substitution = { url: source.url, text: mutated(source.text, mutant) };
  let fate: Fate = "unreached";
  for (const tests of stagesOf(source, mutant)) {
    const baselineMs = tests.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const verdict = await trial(tests, { timeoutMs: 5_000 + 2 * baselineMs, substitution });
    if (verdict !== "passed") return verdict === "failed" ? "killed" : "timed out";
    fate = "survived";
  }
  return fate;
}

/** First the test file that bears the source's name, then the rest of each suite, quick ones first. */
function stagesOf(source: Source, mutant: Mutant): readonly Suite[] {
  const name = basename(source.path, ".ts");
  return source.suites
    .map((suite) => suite.filter((test) => reaches(test, source.url, mutant.start)))
    .flatMap((suite) => {
      const isNamesake = ({ testFile }: Reach): boolean => basename(testFile) === `${name}.test.ts`;
      const others = suite.filter((test) => !isNamesake(test));
      return [suite.filter(isNamesake), others.toSorted((left, right) => left.durationMs - right.durationMs)];
    })
    .filter((stage) => stage.length > 0);
}

function newTally(): Tally {
  return { killed: 0, "timed out": 0, survived: 0, unreached: 0 };
}

function rowText(name: string, tally: Tally, count: number): string {
  const tried = Object.values(tally).reduce((sum, each) => sum + each, 0);
  const dead = tally.killed + tally["timed out"];
  const share = tried === 0 ? "–" : `${Math.round((100 * dead) / tried)} %`;
  const fates = `killed ${tally.killed}, timed out ${tally["timed out"]}, survived ${tally.survived}, unreached ${tally.unreached}`;
  return `${name}: ${share} of ${tried} (of ${count}): ${fates}`;
}

function survivorText({ path }: Source, { line, original, replacement }: Mutant, fate: Fate): string {
  const change = `${original} → ${replacement}`.replaceAll(/\s+/g, " ");
  return `${path}:${line}: ${change}${fate === "unreached" ? " (no test gets there)" : ""}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
