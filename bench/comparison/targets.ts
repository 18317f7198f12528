import type { PeerName } from "./contenders.ts";
import { type Comparison, spread } from "./rounds.ts";
import type { MetricName } from "./workloads.ts";

/** What a figure shall be, as a ratio to someone, or as a figure of its own. */
export interface Target {
  readonly workload: string;
  readonly metric: MetricName;
  /** A contender; the one of some who is hardest to beat; or "nobody", then `must` and `ambition` are absolute. */
  readonly against: string | readonly string[];
  readonly must: number;
  readonly ambition: number;
}

export type Verdict = "ambition" | "must" | "missed" | "unknown";

export interface Judgement {
  readonly target: Target;
  readonly verdict: Verdict;
  /** What was compared with the target; absent where nothing was measured. */
  readonly value?: number;
  readonly better?: Comparison["better"];
  /** The opponent that decided. */
  readonly opponent?: Comparison["opponent"];
}

const everyPeer: readonly PeerName[] = ["pure-ftpd", "vsftpd", "proftpd", "pyftpdlib"];
const forkingPeers: readonly PeerName[] = ["pure-ftpd", "vsftpd", "proftpd"];

/** Of the server. */
export const serverTargets: readonly Target[] = [
  row("tls-retr-1", "rate", "bound", 0.9, 0.98),
  row("tls-retr-1", "processor", "bound", 1.35, 1.15),
  row("tls-retr-1", "processor", "pure-ftpd", 0.95, 0.8),
  row("tls-retr-1", "processor", "proftpd", 0.6, 0.5),
  row("tls-retr-1", "processor", "vsftpd", 0.5, 0.4),
  row("tls-stor-1", "rate", "bound", 0.8, 0.9),
  row("tls-stor-1", "processor", "bound", 1.3, 1.15),
  row("tls-stor-1", "processor", "pure-ftpd", 1, 0.85),
  row("tls-stor-1", "processor", "vsftpd", 0.4, 0.3),
  row("tls-retr-4", "rate", "pure-ftpd", 1, 1.2),
  row("tls-stor-4", "rate", "pure-ftpd", 1, 1.2),
  row("plain-retr-1", "processor", "vsftpd", 1.15, 1),
  row("plain-retr-4", "processor", "vsftpd", 3, 1.8),
  row("plain-retr-4", "processor", "pure-ftpd", 1.6, 1),
  row("small-retr-1", "rate", everyPeer, 1.1, 1.3),
  row("small-stor-1", "rate", everyPeer, 1.1, 1.3),
  row("small-retr-8", "rate", everyPeer, 1, 1.15),
  row("small-stor-8", "rate", everyPeer, 1, 1.15),
  row("logins", "rate", forkingPeers, 2.5, 4),
  row("mlsd-many", "seconds", "pure-ftpd", 2.5, 1.8),
  row("mlsd-memory", "memory", "nobody", 32, 16),
  row("idle-500", "memory", "nobody", 96, 45),
  row("idle-2000", "memory", "nobody", 96, 45),
];

/** Judges the comparisons of one workload by its targets. */
export function judge(
  workload: string,
  comparisons: readonly Comparison[],
  targets: readonly Target[],
): readonly Judgement[] {
  return targets.filter((target) => target.workload === workload).map((target) => judgeOne(target, comparisons));
}

function judgeOne(target: Target, comparisons: readonly Comparison[]): Judgement {
  const ofMetric = comparisons.filter(({ metric }) => metric === target.metric);
  const decisive = decisiveOf(target, ofMetric);
  if (decisive === undefined) return { target, verdict: "unknown" };
  const { better, opponent } = decisive;
  const alone = spread(ofMetric.map(({ subjectMedian }) => subjectMedian)).median;
  const value = target.against === "nobody" ? alone : decisive.ratio.median;
  const reaches = (bound: number) => (better === "more" ? value >= bound : value <= bound);
  const verdict = reaches(target.ambition) ? "ambition" : reaches(target.must) ? "must" : "missed";
  return { target, verdict, value, better, opponent };
}

function decisiveOf({ against }: Target, comparisons: readonly Comparison[]): Comparison | undefined {
  if (against === "nobody") return comparisons[0];
  const names: readonly string[] = typeof against === "string" ? [against] : against;
  const among = comparisons.filter(({ opponent }) => names.includes(opponent));
  const hardness = ({ better, ratio }: Comparison) => (better === "more" ? ratio.median : -ratio.median);
  return among.toSorted((one, other) => hardness(one) - hardness(other))[0];
}

export function row(
  workload: string,
  metric: MetricName,
  against: Target["against"],
  must: number,
  ambition: number,
): Target {
  return { workload, metric, against, must, ambition };
}
