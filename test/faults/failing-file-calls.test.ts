import { FailingScene } from "./failing-scene.ts";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const errnos = ["ENOSPC", "EIO", "EACCES", "EMFILE"] as const;

/** Every call in turn is for the full tier; these are spread over the scenario, each run with another error. */
const strideCount = 31;

describe("S-32 the n-th file call fails", { timeout: 120_000 }, () => {
  for (const calls of ["synchronous", "asynchronous"] as const) {
    it(`for each ${strideCount}st of the ${calls} calls of a login with all file commands`, async (context) => {
      await using scene = await FailingScene.open(calls);
      let runs = 0;
      for (let number = 1; ; number += strideCount) {
        const errno = errnos[runs++ % errnos.length] ?? "EIO";
        const { failed, complaints } = await scene.run(number, errno);
        assert.deepEqual(complaints, [], `call ${number} (${failed}) failed with ${errno}`);
        if (failed === undefined) break;
      }
      context.diagnostic(`${runs} runs`);
      assert.ok(runs > 10, "the scenario makes calls");
    });
  }
});
