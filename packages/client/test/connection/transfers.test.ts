import { connect, type Client, type ClientOptions } from "@sallyport/client";
import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { assertSame, bytesOf } from "../every-operation.ts";
import { startScriptedServer } from "../scripted-server.ts";

const plain = { security: "plain", password: "secret", retry: { attempts: 0 } } as const;

function connectPlain(port: number, options: ClientOptions = {}): Promise<Client> {
  return connect(`alice@127.0.0.1:${port}`, { ...plain, ...options });
}

async function text(client: Client): Promise<string> {
  return (await bytesOf(await client.read("file"))).toString();
}

test("R-2428-04 where EPSV is refused, PASV is used and remembered, also by the next control connection", async () => {
  await using server = await startScriptedServer({ EPSV: () => "500 what" });
  await using client = await connectPlain(server.port, { pool: { max: 2 } });
  await Promise.all([text(client), text(client)]);
  await Promise.all([text(client), text(client)]);
  const asked = server.heard.filter((line) => line === "EPSV").length;
  assert.ok(asked >= 1 && asked <= 2, `EPSV was sent ${asked} times`);
  assert.equal(server.heard.filter((line) => line === "PASV").length, 4);
});

test("D-18 where the port of EPSV leads nowhere, PASV is tried before failing", async () => {
  await using server = await startScriptedServer({ EPSV: () => "229 Extended (|||1|)" });
  await using client = await connectPlain(server.port);
  assert.equal(await text(client), "content of a file\r\n");
  assert.ok(server.heard.includes("PASV"));
});

test("S-10 a foreign address in 227 is not followed", async () => {
  await using server = await startScriptedServer({
    EPSV: () => "500 what",
    PASV: async (login) => {
      const port = await login.listen();
      return `227 Passive (192,0,2,1,${port >> 8},${port & 255})`;
    },
  });
  await using client = await connectPlain(server.port);
  assert.equal(await text(client), "content of a file\r\n");
});

for (const mode of ["active", "passive"] as const) {
  test(`data connections that the ${mode === "active" ? "server" : "client"} opens`, async () => {
    await using server = await startTestServer();
    await using client = await connect(`ftpes://alice:secret@localhost:${server.explicitPort}`, {
      tls: { ca: server.identity.ca, resumption: "require" },
      data: { mode },
    });
    const content = randomBytes(700_000);
    await client.write("file", content);
    assertSame(await bytesOf(await client.read("file")), content);
    assert.deepEqual(
      (await Array.fromAsync(client.list())).map(({ name }) => name),
      ["file"],
    );
    const verb = /^(PORT|EPRT|EPSV|PASV)/;
    const said = client.transcript.map((line) => verb.exec(line.text)?.[1]).filter(Boolean);
    assert.deepEqual([...new Set(said)], mode === "active" ? ["PORT"] : ["EPSV"]);
  });
}

test("active data connections are listened for within the port range", async () => {
  await using server = await startScriptedServer();
  const first = 30_000 + Math.floor(Math.random() * 2_000);
  await using client = await connectPlain(server.port, {
    data: { mode: "active", ports: { first, last: first + 20 } },
  });
  assert.equal(await text(client), "content of a file\r\n");
  const [, , , , high = 0, low = 0] =
    server.heard
      .find((line) => line.startsWith("PORT"))
      ?.slice(5)
      .split(",")
      .map(Number) ?? [];
  const port = high * 256 + low;
  assert.ok(port >= first && port <= first + 20);
});

test("an active server that never connects costs the time for it and no more", async () => {
  await using server = await startScriptedServer({
    PORT: () => "200 ok",
    RETR: () => "425 cannot connect",
    STOR: () => "150 connecting",
  });
  await using client = await connectPlain(server.port, {
    data: { mode: "active" },
    limits: { dataConnectMs: 100, completionMs: 200 },
  });
  await assert.rejects(text(client), { code: "SALLYPORT_COMMAND_REFUSED" });
  await assert.rejects(client.write("file", "x"));
});

test("R-959-61 an aborted download ends at once, and the connection goes on", async () => {
  await using server = await startTestServer();
  await using client = await connect(`ftpes://alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
    pool: { max: 1 },
  });
  const folder = await mkdtemp(join(tmpdir(), "sallyport-client-"));
  try {
    await writeFile(join(server.directory, "big"), randomBytes(30_000_000));
    for (let round = 0; round < 5; round++) {
      const aborter = new AbortController();
      const onProgress = ({ bytes }: { readonly bytes: number }): void => {
        if (bytes > 1_000_000 * round) aborter.abort(new Error("enough"));
      };
      const download = client.download("big", join(folder, "big"), { signal: aborter.signal, onProgress });
      await assert.rejects(download, { message: "enough" });
      assert.deepEqual(await readdir(folder), []);
      assert.equal((await client.stat("big")).size, 30_000_000);
    }
    assert.equal(client.transcript.filter(({ text: line }) => line === "USER alice").length, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("an aborted upload leaves nothing behind, and the connection goes on", async () => {
  await using server = await startTestServer();
  await using client = await connect(`ftpes://alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
    pool: { max: 1 },
  });
  for (const atomic of [true, false]) {
    const aborter = new AbortController();
    const endless = (async function* () {
      for (let count = 0; ; count++) {
        if (count === 50) aborter.abort(new Error("enough"));
        yield randomBytes(65_536);
      }
    })();
    await assert.rejects(client.write("file", endless, { signal: aborter.signal, atomic }), { message: "enough" });
    assert.deepEqual(await Array.fromAsync(client.list()), []);
  }
});

test("a signal that has fired already sends nothing; one that fires while waiting takes the place in the queue away", async () => {
  await using server = await startScriptedServer({
    SITE: async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return "200 ok";
    },
  });
  await using client = await connectPlain(server.port, { pool: { max: 1 } });
  const before = server.heard.length;
  await assert.rejects(client.raw("NOOP", { signal: AbortSignal.abort(new Error("no")) }), { message: "no" });
  assert.equal(server.heard.length, before);
  const running = client.raw("SITE one");
  const aborter = new AbortController();
  const waiting = client.raw("SITE two", { signal: aborter.signal });
  aborter.abort(new Error("no more"));
  await assert.rejects(waiting, { message: "no more" });
  await running;
  await client.raw("SITE three");
  assert.deepEqual(
    server.heard.filter((line) => line.startsWith("SITE")),
    ["SITE one", "SITE three"],
  );
});

test("a download in clear whose length nobody told ends with FIN", async () => {
  await using server = await startScriptedServer({ SIZE: () => "550 no" });
  await using client = await connectPlain(server.port);
  assert.equal(await text(client), "content of a file\r\n");
});

test("R-CLI-09 no 150, a completion before the data ends, and LF alone are all understood", async () => {
  await using server = await startScriptedServer({
    RETR: async (login) => {
      const data = await login.data();
      login.control.write("226 done\n");
      setTimeout(() => data.end("late"), 30);
    },
  });
  await using client = await connectPlain(server.port);
  assert.equal(await text(client), "late");
});

test("a reply that does not come closes the connection in time, and says which command waited", async () => {
  await using server = await startScriptedServer({ SITE: () => undefined });
  await using client = await connectPlain(server.port, { timeouts: { command: 60 } });
  await assert.rejects(client.raw("SITE x"), { code: "SALLYPORT_REPLY_TIMEOUT", command: "SITE x" });
  assert.equal((await client.raw("NOOP")).code, 200);
  assert.equal(server.loginsCount, 2);
});

test("data that stalls is given up in time", async () => {
  await using server = await startScriptedServer({
    RETR: async (login) => {
      login.reply("150 coming");
      (await login.data()).write("part");
      await new Promise((resolve) => setTimeout(resolve, 300));
      return "226 done";
    },
  });
  await using client = await connectPlain(server.port, { timeouts: { dataIdle: 80 } });
  await assert.rejects(text(client), { code: "SALLYPORT_DATA_FAILED" });
});

test("signs of life during a transfer, also where they are answered behind it", async () => {
  await using server = await startScriptedServer({
    RETR: async (login) => {
      login.reply("150 coming");
      const data = await login.data();
      await new Promise((resolve) => setTimeout(resolve, 200));
      data.end("late");
      return "226 done";
    },
    STAT: () => "211 all is well",
  });
  await using client = await connectPlain(server.port, { keepAlive: { noopMs: 30, duringTransfer: true } });
  assert.equal(await text(client), "late");
  assert.equal(await text(client), "late");
  assert.ok(server.heard.filter((line) => line === "STAT").length >= 2);
  assert.equal(server.loginsCount, 1);
});

test("whoever decides about trust may take longer than a handshake", async () => {
  await using server = await startTestServer();
  await using client = await connect(`ftpes://alice:secret@localhost:${server.explicitPort}`, {
    timeouts: { handshake: 500 },
    tls: {
      verify: async () => {
        await new Promise((resolve) => setTimeout(resolve, 700));
        return true;
      },
    },
  });
  assert.equal(client.tls?.trustedBy, "verify");
});
