import { FtpDriver, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

test("S-15 a client that goes away while it waits for a place takes none", async () => {
  await using server = await startTestServer({ limits: { connectionsPerHostCount: 1 } });
  const first = await FtpDriver.connect(server.explicitPort);
  await first.reply();
  const waiting = await FtpDriver.connect(server.explicitPort);
  await sleep(50);
  waiting.socket.destroy();
  await sleep(50);
  first.socket.destroy();
  await sleep(200);
  await using next = await FtpDriver.connect(server.explicitPort);
  assert.equal((await next.reply()).code, 220);
});
