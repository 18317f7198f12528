import { readFileSync } from "node:fs";
import { describeConditions } from "../../bench/comparison/conditions.ts";
import { type Figure, figure, type Results, sign, summary } from "../../bench/comparison/report.ts";
import type { Comparison } from "../../bench/comparison/rounds.ts";
import { markdownTable, type Sections } from "./sections.ts";

/** What a run of `npm run bench -- --json docs/reference/performance.json` found. */
export function performanceSections(): Sections {
  const results = JSON.parse(
    readFileSync(new URL("../../docs/reference/performance.json", import.meta.url), "utf8"),
  ) as Results;
  const [costs, compared] = [results.figures.filter(isCost), results.figures.filter((one) => !isCost(one))];
  return {
    conditions: [...describeConditions(results.conditions), ...results.notes].map((line) => `- ${line}`).join("\n"),
    targets: `${targetTable(results.figures)}\n\n${summary(results.figures.flatMap(({ judgements }) => judgements))}`,
    figures: compared.map(figureTable).join("\n\n"),
    costs: costs.map(figureTable).join("\n\n"),
  };
}

const metricNames = { rate: "throughput", processor: "processor time", seconds: "time", memory: "memory" } as const;
const verdicts = { ambition: "ambition", must: "must", missed: "**missed**", unknown: "not measured" } as const;

/** Compared with another of our own servers: what a safety costs. */
function isCost({ workload }: Figure): boolean {
  return workload.startsWith("cost-");
}

function targetTable(figures: readonly Figure[]): string {
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
  return markdownTable(["Figure", "Of", "Against", "Measured", "Must", "Ambition", "Met"], rows);
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
