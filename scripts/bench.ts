// npm run bench [-- OPTION…]: compares the server with those of others and with the bound, as ratios; see --help.
// npm run bench -- NAME [OPTION…]: runs bench/NAME.ts, which looks into one part, or compares clients, with its options.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { runComparison } from "../bench/comparison/comparison.ts";
import { type PeerName, peerNames } from "../bench/comparison/contenders.ts";
import { reportText } from "../bench/comparison/report.ts";
import { sizesOf, workloads } from "../bench/comparison/workloads.ts";

const exitUsage = 64;
const exitUnavailable = 69;
const parts = globSync("bench/*.ts")
  .map((file) => basename(file, ".ts"))
  .filter((name) => !/-(?:client|server)$/.test(name))
  .toSorted();

const usage = `npm run bench [-- OPTION…]   compares the server with others, as ratios
  --only NAME,…       workloads, by the start of their names: ${workloads.map(({ name }) => name).join(" ")}
  --peers NAME,…      of ${peerNames.join(" ")} (default: all that this machine has)
  --pairs N           runs of each pair (default 7, with --quick 3)
  --quick             less of everything, for a first look
  --suite NAME        of TLS 1.3, or of TLS 1.2 by its OpenSSL name (default TLS_AES_128_GCM_SHA256)
  --workers N         processes of our server (default 2)
  --foreign CORES     a run beside which other programs had more than that is repeated once (default 0.35)
  --json FILE         writes the results there, too
npm run bench -- PART [OPTION…]   looks into one part, or compares clients: ${parts.join(" ")}
`;

const [first] = process.argv.slice(2);
if (first !== undefined && !first.startsWith("-")) runPart(first);
else await compareServers();

function runPart(name: string): void {
  if (!existsSync(`bench/${name}.ts`)) {
    process.stderr.write(`there is no benchmark ${name}\n${usage}`);
    process.exitCode = exitUsage;
    return;
  }
  const options = ["--conditions=source", `bench/${name}.ts`, ...process.argv.slice(3)];
  process.exitCode = spawnSync(process.execPath, options, { stdio: "inherit" }).status ?? 1;
}

async function compareServers(): Promise<void> {
  const options = readOptions();
  if (options === undefined) {
    process.stderr.write(usage);
    process.exitCode = exitUsage;
    return;
  }
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(new Error(signal)));
  try {
    const results = await runComparison({ ...options, signal: stop.signal, onProgress: progress });
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 1)}\n`);
    process.stdout.write(reportText(results));
    const hasFailed = results.figures.some(({ subject, failures }) => subject in failures);
    if (hasFailed || stop.signal.aborted) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitUnavailable;
  }
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function readOptions() {
  const values = readFlags();
  if (values === undefined) return undefined;
  const only = values.only?.split(",");
  const peers = values.peers?.split(",").filter(Boolean) ?? peerNames;
  const chosen = workloads.filter(
    ({ name, slow }) => only?.some((start) => name.startsWith(start)) ?? !(slow && values.quick),
  );
  const pairs = Number(values.pairs ?? (values.quick ? 3 : 7));
  const workers = Number(values.workers);
  const foreignCoresMost = Number(values.foreign);
  if (chosen.length === 0 || !(pairs >= 1) || !(workers >= 1) || !(foreignCoresMost >= 0)) return undefined;
  if (!peers.every((name): name is PeerName => (peerNames as readonly string[]).includes(name))) return undefined;
  return {
    workloads: chosen,
    peers,
    pairs,
    workers,
    foreignCoresMost,
    sizes: values.quick ? sizesOf.quick : sizesOf.whole,
    suite: values.suite,
    slowSeconds: values.quick ? 2 : 4,
    deadlineMs: 60_000,
    json: values.json,
    help: values.help,
  };
}

function readFlags() {
  const options = {
    only: { type: "string" },
    peers: { type: "string" },
    pairs: { type: "string" },
    quick: { type: "boolean", default: false },
    suite: { type: "string", default: "TLS_AES_128_GCM_SHA256" },
    workers: { type: "string", default: "2" },
    foreign: { type: "string", default: "0.35" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  } as const satisfies ParseArgsConfig["options"];
  try {
    return parseArgs({ options }).values;
  } catch {
    return undefined;
  }
}
