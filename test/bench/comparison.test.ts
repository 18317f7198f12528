import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { runComparison } from "../../bench/comparison/comparison.ts";
import { peerNames } from "../../bench/comparison/contenders.ts";
import type { Results } from "../../bench/comparison/report.ts";
import { sizesOf, type Workload, workloads } from "../../bench/comparison/workloads.ts";

const isFull = process.env["SALLYPORT_TEST_TIER"] === "full";
const some = new Set(["tls-retr-1", "tls-stor-4", "small-stor-8", "logins", "mlsd-some"]);
const chosen = isFull
  ? workloads
  : workloads.filter(({ name }) => some.has(name)).map((workload) => ({ ...workload, against: ["bound" as const] }));

test(
  "every measurement of npm run bench comes to an end with figures of every contender",
  {
    skip: needs("linux", "cc", "openssl"),
  },
  async () => {
    const results = await run(chosen);
    assert.deepEqual(
      results.figures.map(({ workload }) => workload),
      chosen.map(({ name }) => name),
    );
    for (const { workload, comparisons, failures } of results.figures) {
      assert.deepEqual(failures, {}, workload);
      assert.ok(comparisons.length > 0, workload);
      for (const { metric, opponent, subjectMedian, opponentMedian, ratio } of comparisons) {
        const what = `${workload}, ${metric}, ${opponent}: ${subjectMedian} and ${opponentMedian}`;
        assert.ok(
          Number.isFinite(subjectMedian) && Number.isFinite(opponentMedian) && Number.isFinite(ratio.median),
          what,
        );
        if (metric !== "memory") assert.ok(subjectMedian > 0 && opponentMedian > 0, what);
      }
    }
    assert.notEqual(results.conditions.processorTimeFrom, "nothing measured");
  },
);

test(
  "a run that is told to stop ends everything that it started",
  { skip: needs("linux", "cc", "openssl") },
  async () => {
    const stop = new AbortController();
    const [bulk] = workloads;
    assert.ok(bulk);
    let started: readonly number[] = [];
    const stopping: Workload = {
      ...bulk,
      against: ["bound"],
      measure: async (contender) => {
        started = contender.meter.processes();
        stop.abort(new Error("stopped"));
        throw new Error("the run was cut");
      },
    };
    await assert.rejects(run([stopping], stop.signal), /stopped/);
    assert.ok(started.length > 0);
    assert.deepEqual(
      started.filter((id) => existsSync(`/proc/${id}`)),
      [],
    );
  },
);

function run(these: readonly Workload[], signal = new AbortController().signal): Promise<Results> {
  return runComparison({
    workloads: these,
    peers: isFull ? peerNames : [],
    pairs: 1,
    sizes: sizesOf.smoke,
    suite: "TLS_AES_128_GCM_SHA256",
    workers: 1,
    foreignCoresMost: Number.POSITIVE_INFINITY,
    slowSeconds: 60,
    deadlineMs: 60_000,
    signal,
    onProgress: () => {},
  });
}
