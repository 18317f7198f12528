import { FailingScene } from "./failing-scene.ts";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

describe("S-32 the n-th file call fails, for every n until the run succeeds", { timeout: 3_000_000 }, () => {
  for (const calls of ["synchronous", "asynchronous"] as const) {
    for (const errno of ["ENOSPC", "EIO", "EACCES", "EMFILE"] as const) {
      it(`with ${errno}, ${calls} calls`, async (context) => {
        await using scene = await FailingScene.open(calls);
        for (let number = 1; ; number++) {
          const { failed, complaints } = await scene.run(number, errno);
          assert.deepEqual(complaints, [], `call ${number} (${failed}) failed with ${errno}`);
          if (failed !== undefined) continue;
          context.diagnostic(`each of ${number - 1} calls failed once`);
          assert.ok(number > 200, "the scenario makes calls");
          break;
        }
      });
    }
  }
});
