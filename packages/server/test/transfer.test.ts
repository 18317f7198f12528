import { isVirtualPath, resolvePath, rootPath } from "@sallyport/protocol";
import type { PathAction } from "@sallyport/server/accounts";
import { type FtpDriver, startTestServer, wireName } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

test("S-28 a listing that fails at its first step ends the transfer and not the process", async () => {
  const path = resolvePath(rootPath, wireName("drop"));
  assert.ok(isVirtualPath(path));
  const allow: ReadonlySet<PathAction> = new Set(["create"]);
  await using server = await startTestServer({ account: { permissions: [{ path, allow }] } });
  await mkdir(join(server.directory, "drop"));
  await using client = await server.loggedIn();
  // From the second time on the data connection resumes and is sent a new ticket in the same step.
  for (let turn = 0; turn < 5; turn++) assert.equal(await listedOverTls(client, "LIST drop"), 550);
});

async function listedOverTls(client: FtpDriver, line: string): Promise<number> {
  const socket = await client.openPassive();
  await client.expect(line, 150);
  const data = await client.secureData(socket, { rejectUnauthorized: false }).catch(() => undefined);
  data?.on("error", () => undefined);
  return (await client.reply()).code;
}
