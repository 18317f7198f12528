import { type Conditions, describeConditions } from "./conditions.ts";
import type { Comparison } from "./rounds.ts";
import type { Judgement, Target } from "./targets.ts";

/** Everything that a run found. */
export interface Results {
  readonly conditions: Conditions;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

/** What one workload found. */
export interface Figure {
  readonly workload: string;
  readonly title: string;
  readonly subject: string;
  readonly comparisons: readonly Comparison[];
  readonly judgements: readonly Judgement[];
  /** Contenders that could not do it, with the reason. */
  readonly failures: Readonly<Record<string, string>>;
}

/** The results as text, in aligned columns. */
export function reportText({ conditions, figures, notes }: Results): string {
  const heading = ["", "ours", "theirs", "ratio", "pairs", "target"];
  const rows = figures.flatMap(({ title, subject, comparisons, judgements: some, failures }) => [
    [subject === "sallyport" ? title : `${title} (${subject})`],
    ...comparisons.map((comparison) => comparisonCells(comparison, some)),
    ...Object.entries(failures).map(([name, reason]) => [`  ${name}`, `failed: ${reason}`]),
  ]);
  const judgements = figures.flatMap(({ judgements: some }) => some);
  return [
    ...describeConditions(conditions),
    ...notes,
    "",
    ...aligned([heading, ...rows]),
    "",
    summary(judgements),
    ...judgements.filter(({ verdict }) => verdict === "missed" || verdict === "unknown").map(describeMiss),
    "",
  ].join("\n");
}

/** What one workload found, in a line: the median ratios. */
export function progressText({ workload, comparisons, failures }: Figure): string {
  const units = [...new Set(comparisons.map(({ unit }) => unit))];
  const ofUnit = (unit: string) =>
    comparisons
      .filter((comparison) => comparison.unit === unit)
      .map(({ opponent, ratio }) => `${opponent} ${figure(ratio.median)}`)
      .join(", ");
  const failed = Object.keys(failures).map((name) => `${name} failed`);
  return `${workload}: ${[...units.map((unit) => `${unit} to ${ofUnit(unit)}`), ...failed].join("; ")}`;
}

/** How many targets were reached. */
export function summary(judgements: readonly Judgement[]): string {
  const count = (...verdicts: readonly string[]) =>
    judgements.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const unknown = count("unknown");
  return (
    `Must: ${count("must", "ambition")} of ${judgements.length} met; ambition: ${count("ambition")} of ` +
    `${judgements.length} met${unknown > 0 ? `; not measured: ${unknown}` : ""}.`
  );
}

function describeMiss({ target, verdict, value, better, opponent }: Judgement): string {
  const where = `${target.workload}, ${target.metric}, against ${opponent ?? againstText(target)}`;
  if (verdict === "unknown" || value === undefined) return `  ? ${where}: not measured`;
  return `  - ${where}: ${figure(value)}, must be ${sign(better)} ${target.must}`;
}

/** A number with three significant digits, or all digits before the point. */
export function figure(value: number): string {
  const digits = Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return value.toFixed(digits);
}

export function sign(better: Comparison["better"] | undefined): string {
  return better === "more" ? "≥" : "≤";
}

function comparisonCells(comparison: Comparison, judgements: readonly Judgement[]): readonly string[] {
  const { opponent, unit, subjectMedian, opponentMedian, ratio, pairs, disturbed } = comparison;
  return [
    `  ${unit}, ${opponent}`,
    figure(subjectMedian),
    figure(opponentMedian),
    pairs === 1 ? figure(ratio.median) : `${figure(ratio.median)} (${figure(ratio.low)}–${figure(ratio.high)})`,
    `${pairs}${disturbed > 0 ? ` *${disturbed}` : ""}`,
    judgements
      .filter((judgement) => decides(judgement, comparison))
      .map(verdictText)
      .join("; "),
  ];
}

function decides({ target, opponent }: Judgement, comparison: Comparison): boolean {
  return target.metric === comparison.metric && opponent === comparison.opponent;
}

function verdictText({ target, verdict, better }: Judgement): string {
  const bounds = `${sign(better)} ${target.must} / ${target.ambition}`;
  const words = { ambition: "ambition met", must: "must met", missed: "MISSED", unknown: "not measured" } as const;
  return `${words[verdict]} (${bounds}${target.against === "nobody" ? ", ours alone" : ""})`;
}

function againstText({ against }: Target): string {
  return typeof against === "string" ? against : "the best peer";
}

/** Rows with a single cell run across the columns. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const full = rows.filter((row) => row.length > 2);
  const widths = [0, 1, 2, 3, 4, 5].map((at) => Math.max(0, ...full.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) =>
        row.length <= 2 || at === 0 || at > 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}
