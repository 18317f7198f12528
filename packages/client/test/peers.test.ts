import assert from "node:assert/strict";
import test from "node:test";
import { everyOperation } from "./every-operation.ts";
import { realServers, tlsModes } from "./real-servers.ts";

for (const { name, start, skip, resumption } of realServers) {
  test(`every operation against ${name}, in both modes and both versions of TLS`, { skip }, async (t) => {
    await using server = await start();
    for (const { security, maxVersion } of tlsModes) {
      const connecting = server.connect(security, { tls: { maxVersion, resumption } });
      if (connecting === undefined) continue;
      await t.test(`${security}, ${maxVersion}`, async () => {
        await using client = await connecting;
        assert.equal(client.tls?.protocol, maxVersion);
        await everyOperation(client, server.served);
      });
    }
  });
}
