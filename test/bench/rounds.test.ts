import assert from "node:assert/strict";
import test from "node:test";
import type { ContenderName } from "../../bench/comparison/contenders.ts";
import { reportText } from "../../bench/comparison/report.ts";
import { compare, type Comparison, takeTurns } from "../../bench/comparison/rounds.ts";
import { judge, serverTargets } from "../../bench/comparison/targets.ts";
import type { Sample } from "../../bench/comparison/workloads.ts";

const rate = { name: "rate", unit: "MiB/s", better: "more" } as const;
const quiet = { pairs: 3, foreignCoresMost: 0.35, slowSeconds: 4, onFailure: assert.fail };

function sample(value: number, foreignCores = 0, seconds = 1): Sample {
  return { values: { rate: value }, foreignCores, seconds };
}

test("every opponent runs right before or right behind the subject, and both come first in turn", async () => {
  const runs: ContenderName[] = [];
  const found = await takeTurns(
    "sallyport",
    ["bound", "vsftpd", "proftpd"],
    async (name) => {
      runs.push(name);
      return sample(1);
    },
    { ...quiet, pairs: 2 },
  );
  assert.deepEqual(runs.slice(0, 4), ["sallyport", "bound", "vsftpd", "proftpd"], "one run of each does not count");
  assert.deepEqual(runs.slice(4, 9), ["bound", "sallyport", "vsftpd", "proftpd", "sallyport"]);
  assert.deepEqual(runs.slice(9), ["proftpd", "sallyport", "vsftpd", "sallyport", "bound"]);
  for (const pairs of found.values()) assert.equal(pairs.length, 2);
});

test("a ratio is taken in each pair, and the median is that of the ratios", async () => {
  const values = { sallyport: [0, 10, 20, 60], vsftpd: [0, 10, 10, 20] };
  const found = await takeTurns(
    "sallyport",
    ["vsftpd"],
    async (name) => sample(values[name].shift() ?? Number.NaN),
    quiet,
  );
  const comparison = compare("vsftpd", rate, found.get("vsftpd") ?? [], 0.35);
  assert.deepEqual(comparison?.ratio, { median: 2, low: 1, high: 3 });
  assert.equal(comparison?.subjectMedian, 20);
  assert.equal(comparison?.opponentMedian, 10);
});

test("a run beside which others had the processor is repeated once, the quieter counts and is marked", async () => {
  let runs = 0;
  const foreign = [0, 0, 2, 1, 0];
  const found = await takeTurns("sallyport", ["vsftpd"], async () => sample(++runs, foreign[runs - 1] ?? 0), {
    ...quiet,
    pairs: 2,
  });
  const [first, second] = found.get("vsftpd") ?? [];
  assert.equal(first?.opponent.values.rate, 4, "the second try was the quieter");
  assert.equal(second?.subject.foreignCores, 0);
  assert.equal(compare("vsftpd", rate, found.get("vsftpd") ?? [], 0.35)?.disturbed, 1);
});

test("an opponent that fails twice is named and left out, the others go on", async () => {
  const failed: string[] = [];
  const found = await takeTurns(
    "sallyport",
    ["vsftpd", "proftpd"],
    async (name) => {
      if (name === "vsftpd") throw new Error("refused");
      return sample(1);
    },
    { ...quiet, onFailure: (name) => failed.push(name) },
  );
  assert.deepEqual(failed, ["vsftpd"]);
  assert.equal(found.get("proftpd")?.length, 3);
  assert.equal(found.has("vsftpd"), false);
});

test("an opponent that is slow has fewer pairs", async () => {
  const found = await takeTurns(
    "sallyport",
    ["vsftpd", "proftpd"],
    async (name) => sample(1, 0, name === "vsftpd" ? 5 : 1),
    { ...quiet, pairs: 7 },
  );
  assert.equal(found.get("vsftpd")?.length, 3);
  assert.equal(found.get("proftpd")?.length, 7);
});

test("a target against the best peer is judged by whoever is hardest to beat", () => {
  const comparisons = [files("pure-ftpd", 1.4), files("pyftpdlib", 1.05), files("bound", 0.5)];
  const [judgement] = judge("small-retr-1", comparisons, serverTargets);
  assert.equal(judgement?.opponent, "pyftpdlib");
  assert.equal(judgement?.verdict, "missed");
  assert.equal(judge("small-retr-1", [files("vsftpd", 1.2)], serverTargets)[0]?.verdict, "must");
  assert.equal(judge("small-retr-1", [files("vsftpd", 1.3)], serverTargets)[0]?.verdict, "ambition");
  assert.equal(judge("small-retr-1", [], serverTargets)[0]?.verdict, "unknown");
});

test("the report names every figure, its target and what was missed", () => {
  const comparisons = [files("pure-ftpd", 1.05)];
  const text = reportText({
    conditions: {
      ...{ date: "2026-01-01 00:00", processor: "P", cores: 2, memoryGib: 4, kernel: "6", system: "S", node: "v26" },
      ...{
        openssl: "3.5",
        suite: "TLS_AES_128_GCM_SHA256",
        fileSystem: "tmpfs",
        processorTimeFrom: "here",
        workers: 1,
      },
      ...{
        pairs: 7,
        foreignCoresMost: 0.35,
        foreignCores: { median: 0, low: 0, high: 0.1 },
        versions: { "pure-ftpd": "1.0" },
      },
    },
    figures: [
      {
        ...{ workload: "small-retr-1", title: "Small files", subject: "sallyport", comparisons },
        judgements: judge("small-retr-1", comparisons, serverTargets),
        failures: { vsftpd: "refused" },
      },
    ],
    notes: [],
  });
  assert.match(text, /files\/s, pure-ftpd +105 +100 +1\.05 \(1\.05–1\.05\) +7 +MISSED \(≥ 1\.1 \/ 1\.3\)/);
  assert.match(text, /vsftpd +failed: refused/);
  assert.match(text, /^Must: 0 of 1 met; ambition: 0 of 1 met\.$/m);
  assert.match(text, /^ {2}- small-retr-1, rate, against pure-ftpd: 1\.05, must be ≥ 1\.1$/m);
});

function files(opponent: ContenderName, ratio: number): Comparison {
  return {
    ...{ opponent, metric: "rate", unit: "files/s", better: "more" },
    ...{ subjectMedian: 100 * ratio, opponentMedian: 100, pairs: 7, disturbed: 0 },
    ratio: { median: ratio, low: ratio, high: ratio },
  };
}
