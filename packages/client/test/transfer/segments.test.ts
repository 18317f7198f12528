import { startDelayProxy, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { assertSame } from "../every-operation.ts";
import { startScriptedServer } from "../scripted-server.ts";
import { connectPlain, connectTo, localFolder } from "./scene.ts";

const content = randomBytes(24_000_000);

test("over a long wire, four segments of a file come faster than the whole in one", async (t) => {
  await using server = await startTestServer();
  await using proxy = startDelayProxy({ delayMs: 25, windowBytes: 262_144 });
  await using client = await connectTo(server, {}, proxy);
  const folder = await localFolder(t);
  await writeFile(join(server.directory, "big"), content);
  const took: number[] = [];
  for (const segments of [1, 4]) {
    const beganMs = performance.now();
    const local = join(folder, `big ${segments}`);
    const outcome = await client.download("big", local, { segments, verify: "size" });
    took.push(performance.now() - beganMs);
    assertSame(await readFile(local), content);
    assert.equal(outcome.bytes, content.length);
  }
  const [one = 0, four = 0] = took;
  assert.ok(four < one / 1.5, `${Math.round(one)} ms in one, ${Math.round(four)} ms in four`);
});

test("where the server allows fewer control connections, as many as there are fetch the file", async (t) => {
  await using server = await startTestServer({ limits: { connectionsPerHostCount: 2 } });
  await using client = await connectTo(server);
  const folder = await localFolder(t);
  await writeFile(join(server.directory, "big"), content);
  await client.download("big", join(folder, "big"), { segments: 4 });
  assertSame(await readFile(join(folder, "big")), content);
});

for (const [what, handlers] of [
  ["REST", { REST: (_: unknown, argument: string) => (argument === "0" ? "350 ok" : "502 no") }],
  ["SIZE", { SIZE: () => "550 no" }],
] as const) {
  test(`segments of a server without ${what} come in one`, async (t) => {
    const big = content.subarray(0, 9_000_000);
    await using server = await startScriptedServer({
      SIZE: () => `213 ${big.length}`,
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.data()).end(big);
        return "226 done";
      },
      ...handlers,
    });
    await using client = await connectPlain(server.port);
    const folder = await localFolder(t);
    await client.download("big", join(folder, "big"), { segments: 4 });
    assertSame(await readFile(join(folder, "big")), big);
  });
}
