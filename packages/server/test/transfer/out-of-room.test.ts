import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDirectory } from "@sallyport/server/storage";
import { startTestServer } from "@sallyport/testing";

test("an upload that exceeds the quota gives its room back", async () => {
  await using server = await startTestServer({ account: { quotaBytes: 100_000 } });
  await using client = await server.loggedIn();
  const failed = await client.store("STOR big.bin", Buffer.alloc(200_000)).catch(() => undefined);
  if (failed !== undefined) assert.equal(failed.completion?.code, 552);
  await client.expect("TYPE I", 200);
  await client.expect("SIZE big.bin", 550);
  assert.equal((await client.store("STOR other.bin", Buffer.alloc(100_000))).completion?.code, 226);
});

test("an upload that fills the storage gives its room back", async () => {
  await using server = await startTestServer({ storage: new MemoryDirectory({ limitBytes: 100_000 }) });
  await using client = await server.loggedIn();
  const failed = await client.store("STOR big.bin", Buffer.alloc(200_000)).catch(() => undefined);
  if (failed !== undefined) assert.equal(failed.completion?.code, 452);
  await client.expect("TYPE I", 200);
  await client.expect("SIZE big.bin", 550);
  assert.equal((await client.store("STOR other.bin", Buffer.alloc(100_000))).completion?.code, 226);
});
