import { IntegrityError, type TranscriptLine } from "@sallyport/protocol";
import { startDelayProxy, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Socket } from "node:net";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assertSame } from "../every-operation.ts";
import { type ScriptedLogin, startScriptedServer } from "../scripted-server.ts";
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

test("parts of a file are compared where they meet, and nothing is read back", async (t) => {
  await using server = await startTestServer();
  await using proxy = startDelayProxy({ delayMs: 5, windowBytes: 262_144 });
  const commands: string[] = [];
  const onTranscript = ({ direction, text }: TranscriptLine): unknown => direction === "command" && commands.push(text);
  await using client = await connectTo(server, { onTranscript }, proxy);
  const folder = await localFolder(t);
  await writeFile(join(server.directory, "big"), content);
  const { verified } = await client.download("big", join(folder, "big"), { segments: 3 });
  assertSame(await readFile(join(folder, "big")), content);
  assert.equal(verified.method, "seams");
  assert.ok(verified.method === "seams" && verified.seams >= 1 && verified.bytes === content.length);
  // One RETR began at the beginning, each other at a seam.
  assert.equal(commands.filter((line) => line.startsWith("RETR")).length, verified.seams + 1);
});

for (const [what, sent] of [
  ["does not do what REST says", (_: number, whole: Buffer) => whole],
  [
    "has another file of the same size by then",
    (offset: number, whole: Buffer) => whole.map((octet) => ~octet).subarray(offset),
  ],
] as const) {
  test(`where the server ${what}, parts that do not fit are never published`, async (t) => {
    const big = content.subarray(0, 20_000_000);
    const offsets = new WeakMap<ScriptedLogin, number>();
    await using server = await startScriptedServer({
      SIZE: () => `213 ${big.length}`,
      REST: (login, argument) => {
        offsets.set(login, Number(argument));
        return "350 from there";
      },
      RETR: async (login) => {
        const offset = offsets.get(login) ?? 0;
        offsets.delete(login);
        const octets = offset === 0 ? big : sent(offset, big);
        login.reply("150 coming");
        await sendSlowly(await login.data(), octets);
        return "226 done";
      },
    });
    await using client = await connectPlain(server.port);
    const folder = await localFolder(t);
    const outcome = await client.download("big", join(folder, "big"), { segments: 2 }).then(
      () => "published",
      (error: unknown) => error instanceof IntegrityError && error.code,
    );
    assert.ok(server.heard.some((line) => /^REST [1-9]/.test(line)));
    // What did not fit was fetched once more, which may have come in one part.
    if (outcome === "published") assertSame(await readFile(join(folder, "big")), big);
    else {
      assert.equal(outcome, "SALLYPORT_INTEGRITY_CONTENT");
      assert.deepEqual(await readdir(folder), []);
    }
    assert.ok(server.heard.filter((line) => line.startsWith("RETR")).length > 2);
  });
}

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

/** Leaves a second control connection the time to join in. */
async function sendSlowly(socket: Socket, octets: Uint8Array): Promise<void> {
  socket.on("error", () => {});
  for (let at = 0; at < octets.length && !socket.destroyed; at += 400_000) {
    socket.write(octets.subarray(at, at + 400_000));
    // oxlint-disable-next-line no-await-in-loop -- it is to take its time
    await sleep(10);
  }
  socket.end();
}
