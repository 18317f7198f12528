import type { Metric, MetricName, Sample } from "./workloads.ts";

/** One run of each of two contenders, one right after the other. */
export interface Pair {
  readonly subject: Sample;
  readonly opponent: Sample;
}

/** Middle, lowest and highest of some numbers. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** How the subject and one opponent compare in one metric. */
export interface Comparison {
  readonly opponent: string;
  readonly metric: MetricName;
  readonly unit: string;
  readonly better: Metric["better"];
  readonly subjectMedian: number;
  readonly opponentMedian: number;
  /** The subject's figure divided by the opponent's, of each pair. */
  readonly ratio: Spread;
  readonly pairs: number;
  /** Pairs in which something else had the processor for more than was allowed, twice. */
  readonly disturbed: number;
}

export interface RoundsOptions<Name extends string = string> {
  readonly pairs: number;
  readonly foreignCoresMost: number;
  /** An opponent whose fastest run takes longer than this has to do with less than half of the pairs. */
  readonly slowSeconds: number;
  /** Told of an opponent that fails; it takes no further part. */
  readonly onFailure: (name: Name, error: unknown) => void;
}

/**
 * Lets the subject and its opponents take turns and returns the pairs of each opponent. In a turn the subject stands
 * between two opponents and makes a pair with each of them, so that both sides of a pair meet the machine in the same
 * mood; who comes first changes from round to round. One run of each goes before and does not count.
 *
 * @throws {unknown} what `run` threw, when the subject fails twice in a row
 */
export async function takeTurns<Name extends string>(
  subject: Name,
  opponents: readonly Name[],
  run: (name: Name) => Promise<Sample>,
  { pairs, foreignCoresMost, slowSeconds, onFailure }: RoundsOptions<Name>,
): Promise<ReadonlyMap<Name, readonly Pair[]>> {
  const pairsOfTheSlow = Math.floor((pairs + 1) / 2.5);
  const found = new Map<Name, Pair[]>();
  const failed = new Set<Name>();
  const fastest = new Map<Name, number>();

  const quietRun = async (name: Name): Promise<Sample> => {
    const first = await run(name).catch(() => undefined);
    if (first !== undefined && first.foreignCores <= foreignCoresMost) return first;
    const second = await run(name);
    return first === undefined || second.foreignCores < first.foreignCores ? second : first;
  };

  const opponentRun = async (name: Name, how: typeof run): Promise<Sample | undefined> => {
    try {
      const sample = await how(name);
      fastest.set(name, Math.min(sample.seconds, fastest.get(name) ?? Number.POSITIVE_INFINITY));
      return sample;
    } catch (error) {
      failed.add(name);
      onFailure(name, error);
      return undefined;
    }
  };

  if (pairs > 1) {
    await quietRun(subject);
    for (const name of opponents) await opponentRun(name, run);
  }
  for (let round = 0; round < pairs; round++) {
    const taking = rotated(opponents, round).filter(
      (name) => !failed.has(name) && (round < pairsOfTheSlow || (fastest.get(name) ?? 0) <= slowSeconds),
    );
    for (let at = 0; at < taking.length; at += 2) {
      const [before, behind] = round % 2 === 0 ? [taking[at], taking[at + 1]] : [taking[at + 1], taking[at]];
      const beforeSample = before === undefined ? undefined : await opponentRun(before, quietRun);
      const subjectSample = await quietRun(subject);
      const behindSample = behind === undefined ? undefined : await opponentRun(behind, quietRun);
      note(before, subjectSample, beforeSample);
      note(behind, subjectSample, behindSample);
    }
  }
  return found;

  function note(name: Name | undefined, subjectSample: Sample, sample: Sample | undefined): void {
    if (name === undefined || sample === undefined) return;
    const list = found.get(name) ?? [];
    list.push({ subject: subjectSample, opponent: sample });
    found.set(name, list);
  }
}

/** Compares the pairs of one opponent in one metric. */
export function compare(
  opponent: string,
  metric: Metric,
  pairs: readonly Pair[],
  foreignCoresMost: number,
): Comparison | undefined {
  const numbers = pairs.flatMap(({ subject, opponent: other }) => {
    const [own, theirs] = [subject.values[metric.name], other.values[metric.name]];
    return own === undefined || theirs === undefined ? [] : [{ own, theirs }];
  });
  if (numbers.length === 0) return undefined;
  return {
    opponent,
    metric: metric.name,
    unit: metric.unit,
    better: metric.better,
    subjectMedian: spread(numbers.map(({ own }) => own)).median,
    opponentMedian: spread(numbers.map(({ theirs }) => theirs)).median,
    ratio: spread(numbers.map(({ own, theirs }) => own / theirs)),
    pairs: numbers.length,
    disturbed: pairs.filter(
      (pair) => Math.max(pair.subject.foreignCores, pair.opponent.foreignCores) > foreignCoresMost,
    ).length,
  };
}

/** Of an even count the median is the mean of the two in the middle. */
export function spread(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  return { median: (lower + upper) / 2, low: sorted[0] ?? Number.NaN, high: sorted.at(-1) ?? Number.NaN };
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
