import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fxpOptions } from "./scene.ts";
import { clientOf, showsHalf, slowSource } from "./slow-source.ts";

it("progress of a copy to a server of ours is what STAT tells, on the connection that there is", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using target = await startTestServer({ fxp: fxpOptions });
  await slowSource(promise, async (from) => {
    await using to = await clientOf(target.explicitPort, target.identity.ca, { pool: { max: 1 } });
    await showsHalf(from, to, resolve);
  });
});

it("a copy that stops growing is given up, and nothing stays", async () => {
  await using target = await startTestServer({ fxp: fxpOptions });
  await slowSource(pause(60_000, undefined, { ref: false }), async (from) => {
    const limits = { dataStallMs: 900, dataOpenMs: 900 };
    await using stalling = await clientOf(target.explicitPort, target.identity.ca, { limits });
    await assert.rejects(from.fxp("file", stalling, "copy", { mode: "direct" }), { code: "SALLYPORT_DATA_STALLED" });
    assert.equal(await stalling.exists("copy"), false);
  });
});
