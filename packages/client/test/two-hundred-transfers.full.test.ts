import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { assertSame, bytesOf } from "./every-operation.ts";
import { realServers, tlsModes } from "./real-servers.ts";

/** On one control connection and without another attempt at anything. */
const once = { pool: { max: 1 }, retry: { attempts: 0 } } as const;

for (const { name, start, skip, resumption } of realServers) {
  test(`R-TLS-31 200 transfers in a row against ${name}`, { skip }, async (t) => {
    await using server = await start();
    for (const { security, maxVersion } of tlsModes) {
      const connecting = server.connect(security, { ...once, tls: { maxVersion, resumption } });
      if (connecting === undefined) continue;
      await t.test(`${security}, ${maxVersion}`, async () => {
        await using client = await connecting;
        for (let round = 0; round < 50; round++) {
          const content = randomBytes(1 + round * 5_000);
          await client.write("file", content, { atomic: round % 2 === 0 });
          assertSame(await bytesOf(await client.read("file")), content);
          assert.ok((await Array.fromAsync(client.list())).some(({ name: listed }) => listed === "file"));
          assertSame(await bytesOf(await client.read("file", { start: round })), content.subarray(round));
        }
      });
    }
  });
}
