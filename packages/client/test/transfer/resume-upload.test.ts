import { startDelayProxy, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { assertSame } from "../every-operation.ts";
import { type Handler, type ScriptedServer, startScriptedServer } from "../scripted-server.ts";
import { connectPlain, connectTo, localFolder } from "./scene.ts";

const content = randomBytes(6_000_000);

test("R-CLI-05 an upload whose data connections are cut goes on where the server is", async (t) => {
  for (const atomic of [true, false]) {
    await using server = await startTestServer();
    let cutsCount = 0;
    await using proxy = startDelayProxy({
      windowBytes: 200_000,
      delayMs: 1,
      cutToServerAfter: ({ port }) =>
        port === server.explicitPort || cutsCount++ > 4 ? undefined : randomInt(300_000, 1_200_000),
    });
    const said = new Set<string>();
    await using client = await connectTo(server, { onTranscript: ({ text }) => void said.add(text) }, proxy);
    const folder = await localFolder(t);
    await writeFile(join(folder, "big"), content);
    await client.upload(join(folder, "big"), "big", { atomic });
    assertSame(await readFile(join(server.directory, "big")), content);
    assert.ok(cutsCount > 2);
    assert.ok(
      client.transcript.some(({ text }) => /^REST [1-9]/.test(text)),
      "no upload was continued",
    );
    assert.deepEqual(
      (await Array.fromAsync(client.list())).map(({ name }) => name),
      ["big"],
    );
  }
});

test("what an earlier call has sent is gone on with, unless the local file has changed", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server, { limitRate: 20_000_000 });
  const folder = await localFolder(t);
  const local = join(folder, "big");
  await writeFile(local, content);
  const breakOff = async (): Promise<void> => {
    const aborter = new AbortController();
    const onProgress = ({ bytes }: { readonly bytes: number }): void => {
      if (bytes > 3_000_000) aborter.abort(new Error("enough"));
    };
    const uploading = client.upload(local, "big", { resume: true, signal: aborter.signal, onProgress });
    await assert.rejects(uploading, { message: "enough" });
  };
  await breakOff();
  assert.ok(!(await readdir(server.directory)).includes("big"));
  const outcome = await client.upload(local, "big", { resume: true });
  assertSame(await readFile(join(server.directory, "big")), content);
  assert.ok(outcome.resumedFrom > 1_000_000, `resumed from ${outcome.resumedFrom}`);
  assert.equal(outcome.bytes, content.length - outcome.resumedFrom);
  assert.equal(outcome.verified.method, "hash");
  await breakOff();
  const other = randomBytes(content.length);
  await writeFile(local, other);
  const anew = await client.upload(local, "big", { resume: true });
  assert.equal(anew.resumedFrom, 0);
  assertSame(await readFile(join(server.directory, "big")), other);
});

/** A server that keeps what it is sent, as its handlers let it. */
async function startKeeping(first: Buffer, handlers: Readonly<Record<string, Handler>>): Promise<KeepingServer> {
  let kept = first;
  let offset = 0;
  const receive = async (login: Parameters<Handler>[0], from: number): Promise<string> => {
    login.reply("150 send");
    const data = await login.data();
    const chunks: Buffer[] = [];
    data.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(data, "end");
    data.end();
    kept = Buffer.concat([kept.subarray(0, from), ...chunks]);
    return "226 stored";
  };
  const server = await startScriptedServer({
    SIZE: () => `213 ${kept.length}`,
    REST: (_, argument) => {
      offset = Number(argument);
      return "350 go on";
    },
    STOR: async (login) => {
      const from = offset;
      offset = 0;
      return receive(login, from);
    },
    APPE: (login) => receive(login, kept.length),
    MLST: () => "250-Listing\r\n type=file; file\r\n250 End",
    ...handlers,
  });
  return Object.assign(server, { kept: () => kept });
}

interface KeepingServer extends ScriptedServer {
  kept(): Buffer;
}

const whole = randomBytes(300_000);

for (const [name, handlers, expected] of [
  ["REST and STOR", {}, /REST 100000,STOR file$/],
  ["curl 235: APPE where REST is refused", { REST: () => "502 no" }, /REST 100000,APPE file$/],
  [
    "curl 236: all of it where APPE is refused, too",
    { REST: (_: unknown, argument: string) => (argument === "0" ? "350 ok" : "502 no"), APPE: () => "550 no" },
    /REST 100000,APPE file,STOR file$/,
  ],
  ["all of it where SIZE tells nothing", { SIZE: () => "550 no" }, /^STOR file$/],
] as const) {
  test(`an upload in place is continued by ${name}`, async (t) => {
    await using server = await startKeeping(whole.subarray(0, 100_000), handlers);
    await using client = await connectPlain(server.port);
    const local = join(await localFolder(t), "file");
    await writeFile(local, whole);
    await client.upload(local, "file", { resume: true, atomic: false, verify: "size" });
    assertSame(server.kept(), whole);
    const said = server.heard.filter((line) => /^(?:REST [1-9]|STOR|APPE)/.test(line)).join();
    assert.match(said, expected);
  });
}

test("a server that takes no notice of REST has all of it in the end", async (t) => {
  await using server = await startKeeping(whole.subarray(0, 100_000), { REST: () => "350 sure" });
  await using client = await connectPlain(server.port);
  const local = join(await localFolder(t), "file");
  await writeFile(local, whole);
  const outcome = await client.upload(local, "file", { resume: true, atomic: false, verify: "size" });
  assertSame(server.kept(), whole);
  assert.equal(outcome.resumedFrom, 0);
});

test("a completion that never comes is no reason to send again what is there", async (t) => {
  let isFirst = true;
  await using server = await startKeeping(Buffer.alloc(0), {
    STOR: async (login) => {
      login.reply("150 send");
      const data = await login.data();
      let bytes = 0;
      data.on("data", (chunk: Buffer) => (bytes += chunk.length));
      await once(data, "end");
      data.end();
      received = bytes;
      if (!isFirst) return "226 stored";
      isFirst = false;
      return undefined;
    },
    SIZE: () => `213 ${received}`,
    RNTO: () => "250 renamed",
  });
  let received = 0;
  await using client = await connectPlain(server.port, { timeouts: { completion: 100 } });
  const local = join(await localFolder(t), "file");
  await writeFile(local, whole);
  await client.upload(local, "file", { verify: "size" });
  assert.equal(server.heard.filter((line) => line.startsWith("STOR")).length, 1);
  assert.equal(server.heard.at(-1), "RNTO file");
});

test("an upload whose size is another on the server does not get its name", async (t) => {
  await using server = await startScriptedServer({ SIZE: () => "213 17" });
  await using client = await connectPlain(server.port);
  const local = join(await localFolder(t), "file");
  await writeFile(local, whole);
  await assert.rejects(client.upload(local, "file"), { name: "IntegrityError", code: "SALLYPORT_INTEGRITY_SIZE" });
  assert.ok(!server.heard.some((line) => line.startsWith("RNFR")));
  assert.ok(server.heard.some((line) => line.startsWith("DELE .file.sallyport-part-")));
});
