import { connect, type Client, type ClientOptions } from "@sallyport/client";
import { octetsFromText } from "@sallyport/protocol";
import { makeTestIdentity, startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { deflateSync } from "node:zlib";
import { Compression } from "../../src/compression/compression.ts";
import { compressibility } from "../../src/compression/compressible-names.ts";
import { KnownServer } from "../../src/profile/known-server.ts";
import { assertSame, bytesOf } from "../every-operation.ts";
import { startScriptedServer } from "../scripted-server.ts";

const identity = makeTestIdentity({ names: ["127.0.0.1", "localhost"] });
const text = Buffer.from(
  Array.from({ length: 40_000 }, (_, at) => `line ${at}, of a log that shrinks ${at * at}\n`).join(""),
);
const noise = randomBytes(1_000_000);
let server: TestServer;
let folder: string;
before(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), "sallyport-compression-"));
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function clientOf(options: ClientOptions): Promise<{ readonly client: Client; readonly modes: () => string[] }> {
  const said: string[] = [];
  const client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
    pool: { max: 1 },
    onTranscript: ({ text: line }) => /^(?:MODE |STOR|RETR|MLSD|226)/.test(line) && said.push(line),
    ...options,
  });
  return { client, modes: () => said.splice(0).filter((line) => !line.startsWith("226")) };
}

test("R-MODZ-03 with `on` all but compressed files goes in MODE Z, there and back, and every octet is right", async () => {
  const { client, modes } = await clientOf({ compression: "on" });
  await using _ = client;
  await writeFile(join(folder, "a.log"), text);
  await writeFile(join(folder, "b.zip"), noise);
  let reached = 0;
  const up = await client.upload(join(folder, "a.log"), "a.log", { onProgress: ({ bytes }) => (reached = bytes) });
  assert.equal(up.bytes, text.length);
  assert.equal(reached, text.length, "progress counts octets of the file");
  assertSame(await readFile(join(server.directory, "a.log")), text);
  const down = await client.download("a.log", join(folder, "a.back"), { verify: "hash" });
  assert.equal(down.verified.method, "hash");
  assertSame(await readFile(join(folder, "a.back")), text);
  assertSame(await bytesOf(await client.read("a.log")), text);
  assert.equal((await Array.fromAsync(client.list())).length, 1);
  assert.deepEqual(modes(), ["MODE Z", "STOR a.log", "RETR a.log", "RETR a.log", "MLSD"]);
  await client.upload(join(folder, "b.zip"), "b.zip");
  await client.download("b.zip", join(folder, "b.back"));
  assertSame(await readFile(join(folder, "b.back")), noise);
  assert.deepEqual(modes(), ["MODE S", "STOR b.zip", "RETR b.zip"]);
});

test("mirrors and parts go compressed, what is gone on with does not", async () => {
  const { client, modes } = await clientOf({ compression: "on" });
  await using _ = client;
  const [from, to] = [join(folder, "from"), join(folder, "to")];
  await rm(from, { recursive: true, force: true });
  await (await import("node:fs/promises")).mkdir(from);
  await writeFile(join(from, "big.sql"), text);
  for await (const { outcome } of client.sync({ local: from }, { remote: "m" })) assert.equal(outcome, "done");
  for await (const { outcome } of client.sync({ remote: "m" }, { local: to })) assert.equal(outcome, "done");
  assertSame(await readFile(join(to, "big.sql")), text);
  assert.equal(
    modes()
      .filter((line) => line.startsWith("MODE"))
      .join(),
    "MODE Z",
  );
  await client.download("m/big.sql", join(folder, "ranges"), { segments: 3 });
  assertSame(await readFile(join(folder, "ranges")), text);
  await writeFile(join(folder, "whole"), text);
  assertSame(await bytesOf(await client.read("m/big.sql", { start: 100_000 })), text.subarray(100_000));
  assert.ok(modes().includes("MODE S"));
});

test("`auto` compresses what shrinks once the link has shown to be slow, and nothing before", async () => {
  const slow = 2_000_000;
  const { client, modes } = await clientOf({ compression: "auto", limitRate: slow });
  await using _ = client;
  await client.write("first.csv", text);
  assert.deepEqual(modes(), ["STOR first.csv"]);
  await client.write("second.csv", text);
  await client.write("third.bin", text);
  await client.write("small.csv", "x");
  assert.deepEqual(modes(), ["MODE Z", "STOR second.csv", "MODE S", "STOR third.bin", "STOR small.csv"]);
  assertSame(await readFile(join(server.directory, "second.csv")), text);
  assert.match(client.profile.facts.compression?.evidence ?? "", /octets went as/);
  const { client: quick, modes: quickly } = await clientOf({ compression: "auto" });
  await using __ = quick;
  for (const name of ["a.csv", "b.csv"]) await quick.write(name, Buffer.concat(Array.from({ length: 20 }, () => text)));
  assert.deepEqual(quickly(), ["STOR a.csv", "STOR b.csv"], "a link that is fast is left alone");
});

test("`off`, which is the default, never asks", async () => {
  const { client, modes } = await clientOf({});
  await using _ = client;
  await client.write("plain.csv", text);
  assert.deepEqual(modes(), ["STOR plain.csv"]);
});

/** A server that says it knows MODE Z and sends what a test wants. */
async function zServer(payload: Buffer, mode = "200 ok") {
  return startScriptedServer(
    {
      FEAT: () => "211-Features\r\n MODE Z\r\n SIZE\r\n MLST type*;size*;\r\n211 End",
      SIZE: () => `213 ${text.length}`,
      MODE: (_, argument) => (argument === "Z" ? mode : "200 ok"),
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.data()).end(payload);
        return "226 done";
      },
    },
    { tls: { cert: identity.certificate, key: identity.key } },
  );
}

const whole = deflateSync(text);
for (const [what, payload] of [
  ["cut", whole.subarray(0, whole.length - 5)],
  ["damaged", Buffer.from(whole).fill(0, 5_000, 6_000)],
  ["longer than its end says", Buffer.concat([whole, Buffer.from("x")])],
  ["growing a thousandfold (S-24)", deflateSync(Buffer.alloc(50_000_000))],
] as const) {
  test(`R-MODZ-03 a stream that is ${what} fails the download, and MODE S is used from then on`, async () => {
    await using odd = await zServer(payload);
    const url = `alice:secret@127.0.0.1:${odd.port}`;
    const options: ClientOptions = {
      security: "explicit",
      tls: { ca: identity.ca },
      compression: "on",
      retry: { attempts: 0 },
    };
    await using client = await connect(url, options);
    await assert.rejects(client.download("odd.txt", join(folder, "odd.txt")));
    await assert.rejects(readFile(join(folder, "odd.txt")), { code: "ENOENT" });
    assert.equal(client.profile.facts.compression?.value, "refused");
    await client.download("odd.txt", join(folder, "odd.txt"), { verify: "off" }).catch(() => {});
    await rm(join(folder, "odd.txt"), { force: true });
    assert.equal(
      odd.heard.findLast((line) => line.startsWith("MODE")),
      "MODE S",
    );
  });
}

test("R-MODZ-03 MODE Z that is refused is no failure", async () => {
  await using odd = await zServer(text, "504 not that");
  const url = `alice:secret@127.0.0.1:${odd.port}`;
  await using client = await connect(url, { security: "explicit", tls: { ca: identity.ca }, compression: "on" });
  await client.download("odd.txt", join(folder, "y.txt"));
  assertSame(await readFile(join(folder, "y.txt")), text);
  assert.equal(odd.heard.filter((line) => line === "MODE Z").length, 1);
});

test("files of a kind that did not shrink are sent as they are from then on", async () => {
  const compression = new Compression("on", new KnownServer());
  const features = new Map([["MODE", octetsFromText("B;C;Z")]]);
  const order = { verb: "STOR", argument: octetsFromText("a.dat"), type: "I" } as const;
  const found = { features, isDeflating: true, sizeBytes: 1_000_000 };
  assert.equal(compression.wants(order, found), true);
  await compression.transfer(
    order,
    async (data) => ({ bytes: await data.sendFrom({ read: () => 0 }, 0, 0), isWhole: true }),
    found,
    async (_, mover) => {
      const data = { sendChunks: async () => 999_999 } as never;
      await mover(data, {});
      return { bytes: 1_000_000, resumed: undefined, reply: { code: 226, lines: [] } };
    },
  );
  assert.equal(compression.wants(order, found), false);
  assert.equal(compression.wants({ ...order, argument: octetsFromText("b.txt") }, found), true);
  assert.equal(compression.wants({ ...order, restartOffset: 5n }, found), false);
  assert.equal(compression.wants({ ...order, type: "A" }, found), false);
  assert.equal(compression.wants(order, { ...found, features: new Map() }), false);
});

test("names tell what shrinks", () => {
  for (const [name, ending, shrinks] of [
    ["dir/A.CSV", "csv", true],
    [".report.csv.sallyport-part-0011aabb", "csv", true],
    ["movie.mp4", "mp4", false],
    ["no-ending", "", undefined],
    ["dir.zip/x.bin", "bin", undefined],
  ] as const) {
    assert.deepEqual(compressibility(octetsFromText(name)), { ending, shrinks });
  }
});
