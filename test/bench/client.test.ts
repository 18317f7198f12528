import { needs, peerNeeds } from "@sallyport/testing";
import assert from "node:assert/strict";
import test from "node:test";
import { compareClients } from "../../bench/client/comparison.ts";
import { clientTargets } from "../../bench/client/targets.ts";
import { clientSizes, clientWorkloads } from "../../bench/client/workloads.ts";
import { reportText } from "../../bench/comparison/report.ts";

const isFull = process.env["SALLYPORT_TEST_TIER"] === "full";
const some = new Set(["get-pure-ftpd", "small-get", "far-first"]);
const chosen = isFull
  ? clientWorkloads
  : clientWorkloads
      .filter(({ name }) => some.has(name))
      .map((workload) => ({ ...workload, against: ["lftp" as const] }));

test(
  "npm run bench -- client measures our command and the clients of others, and prints their ratios",
  { skip: needs("curl", "lftp", "rclone", ...peerNeeds.pureFtpd, ...(isFull ? peerNeeds.vsftpd : [])) },
  async () => {
    const results = await compareClients({
      workloads: chosen,
      pairs: 1,
      sizes: clientSizes.smoke,
      foreignCoresMost: Number.POSITIVE_INFINITY,
      slowSeconds: 60,
      deadlineMs: 60_000,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    assert.deepEqual(
      results.figures.map(({ workload }) => workload),
      chosen.map(({ name }) => name),
    );
    for (const { workload, comparisons, failures } of results.figures) {
      assert.deepEqual(failures, {}, workload);
      assert.ok(comparisons.length > 0, workload);
      for (const { metric, opponent, subjectMedian, opponentMedian, ratio } of comparisons) {
        const what = `${workload}, ${metric}, ${opponent}: ${subjectMedian} and ${opponentMedian}`;
        assert.ok(Number.isFinite(ratio.median) && subjectMedian > 0 && opponentMedian > 0, what);
      }
    }
    assert.match(reportText(results), /round trips, lftp +\d/);
  },
);

test("every target of the client is of a workload that measures it", () => {
  for (const { workload, metric, against } of clientTargets) {
    const found = clientWorkloads.find(({ name }) => name === workload);
    assert.ok(found, workload);
    assert.ok(
      found.metrics.some(({ name }) => name === metric),
      `${workload}, ${metric}`,
    );
    const rivals = typeof against === "string" ? [against] : against;
    assert.ok(
      rivals.every((name) => (found.against as readonly string[]).includes(name)),
      `${workload}, ${rivals.join(", ")}`,
    );
  }
});
