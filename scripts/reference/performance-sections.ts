import { existsSync, readFileSync } from "node:fs";
import { describeConditions } from "../../bench/comparison/conditions.ts";
import { type Figure, figure, type Results, sign, summary } from "../../bench/comparison/report.ts";
import type { Comparison } from "../../bench/comparison/rounds.ts";
import { markdownTable, type Sections } from "./sections.ts";

/**
 * What runs of `npm run bench -- --json docs/reference/performance.json` and of `npm run bench -- client --json
 * docs/reference/performance-client.json` found.
 */
export function performanceSections(): Sections {
  const server = resultsIn("performance.json");
  const client = resultsIn("performance-client.json");
  return {
    conditions: server ? conditionList(server) : notMeasured,
    targets: server ? targetTable(server) : notMeasured,
    figures: figureTables(server?.figures.filter((one) => !isCost(one))),
    costs: figureTables(server?.figures.filter(isCost)),
    "client-conditions": client ? conditionList(client) : notMeasured,
    "client-targets": client ? targetTable(client) : notMeasured,
    "client-figures": figureTables(client?.figures),
  };
}

const notMeasured = "Not measured yet.";

function resultsIn(name: string): Results | undefined {
  const file = new URL(`../../docs/reference/${name}`, import.meta.url);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : undefined;
}

function conditionList({ conditions, notes }: Results): string {
  return [...describeConditions(conditions), ...notes].map((line) => `- ${line}`).join("\n");
}

function figureTables(figures: readonly Figure[] | undefined): string {
  return figures?.map(figureTable).join("\n\n") ?? notMeasured;
}

const metricNames = {
  rate: "throughput",
  processor: "processor time",
  seconds: "time",
  memory: "memory",
  "round-trips": "round trips",
} as const;
const verdicts = { ambition: "ambition", must: "must", missed: "**missed**", unknown: "not measured" } as const;

/** Compared with another of our own servers: what a safety costs. */
function isCost({ workload }: Figure): boolean {
  return workload.startsWith("cost-");
}

function targetTable({ figures }: Results): string {
  const rows = figures.flatMap(({ title, judgements }) =>
    judgements.map(({ target, value, verdict, better, opponent }) => [
      title,
      metricNames[target.metric],
      target.against === "nobody" ? "–" : (opponent ?? String(target.against)),
      value === undefined ? "–" : figure(value),
      `${sign(better)} ${target.must}`,
      `${sign(better)} ${target.ambition}`,
      verdicts[verdict],
    ]),
  );
  const table = markdownTable(["Figure", "Of", "Against", "Measured", "Must", "Ambition", "Met"], rows);
  return `${table}\n\n${summary(figures.flatMap(({ judgements }) => judgements))}`;
}

function figureTable({ title, subject, comparisons, failures }: Figure): string {
  const rows = comparisons.map((comparison) => [
    comparison.opponent,
    comparison.unit,
    figure(comparison.subjectMedian),
    figure(comparison.opponentMedian),
    ratioText(comparison),
    `${comparison.pairs}${comparison.disturbed > 0 ? `, ${comparison.disturbed} disturbed` : ""}`,
  ]);
  const head = ["Against", "Unit", "Ours", "Theirs", "Ratio", "Pairs"];
  const failed = Object.entries(failures).map(([name, reason]) => `\n${name} failed: ${reason}`);
  const heading = subject === "sallyport" ? title : `${title} (${subject})`;
  return [`### ${heading}\n`, markdownTable(head, rows), ...failed].join("\n");
}

function ratioText({ ratio, pairs }: Comparison): string {
  if (pairs === 1) return figure(ratio.median);
  return `${figure(ratio.median)} (${figure(ratio.low)}–${figure(ratio.high)})`;
}
