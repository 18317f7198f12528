// npm run bench -- client [OPTION…]: compares our command with clients of others, as ratios; see --help.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareClients } from "./client/comparison.ts";
import { clientSizes, clientWorkloads } from "./client/workloads.ts";
import { reportText } from "./comparison/report.ts";

const usage = `npm run bench -- client [OPTION…]   compares our command with clients of others, as ratios
  --only NAME,…       workloads, by the start of their names: ${clientWorkloads.map(({ name }) => name).join(" ")}
  --pairs N           runs of each pair (default 7, with --quick 3)
  --quick             less of everything, for a first look
  --foreign CORES     a run beside which other programs had more than that is repeated once (default 0.35)
  --json FILE         writes the results there, too
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    pairs: { type: "string" },
    quick: { type: "boolean", default: false },
    foreign: { type: "string", default: "0.35" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(usage);
else await compare();

async function compare(): Promise<void> {
  const { quick, json } = values;
  const only = values.only?.split(",");
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(new Error(signal)));
  const results = await compareClients({
    workloads: clientWorkloads.filter(({ name, slow }) => only?.some((start) => name.startsWith(start)) ?? !slow),
    pairs: Number(values.pairs ?? (quick ? 3 : 7)),
    sizes: quick ? clientSizes.quick : clientSizes.whole,
    foreignCoresMost: Number(values.foreign),
    slowSeconds: quick ? 2 : 4,
    deadlineMs: 120_000,
    signal: stop.signal,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, undefined, 1)}\n`);
  process.stdout.write(reportText(results));
  if (results.figures.some(({ subject, failures }) => subject in failures)) process.exitCode = 1;
}
