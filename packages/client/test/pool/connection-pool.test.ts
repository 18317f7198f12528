import { connect } from "@sallyport/client";
import { TransportError } from "@sallyport/protocol";
import { type Dialer, directDialer } from "@sallyport/transport";
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startScriptedServer } from "../scripted-server.ts";

const plain = { security: "plain", password: "secret" } as const;

test("one control connection serves one operation after the other", async () => {
  await using server = await startScriptedServer();
  await using client = await connect(`alice@127.0.0.1:${server.port}`, plain);
  for (let at = 0; at < 5; at++) await Array.fromAsync(client.list());
  assert.equal(server.loginsCount, 1);
});

test("operations at the same time share the pool, and wait where it is small", async () => {
  await using server = await startScriptedServer();
  await using client = await connect(`alice@127.0.0.1:${server.port}`, { ...plain, pool: { max: 2 } });
  const sizes = await Promise.all(Array.from({ length: 8 }, () => client.read("file").then(bytesOf)));
  assert.ok(sizes.every((bytes) => bytes === 19));
  assert.equal(server.loginsCount, 2);
});

test("a listing lets an operation inside its loop have the only control connection", async () => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `type=file;size=1; file-${at}\r\n`).join("");
  await using server = await startScriptedServer({
    MLSD: async (login) => {
      login.reply("150 coming");
      (await login.data()).end(lines);
      return "226 done";
    },
    MLST: () => "250-Listing\r\n type=file;size=1; x\r\n250 End",
  });
  await using client = await connect(`alice@127.0.0.1:${server.port}`, { ...plain, pool: { max: 1 } });
  let count = 0;
  for await (const { path } of client.list()) {
    if (count++ % 5_000 === 0) assert.equal((await client.stat(path)).size, 1);
  }
  assert.equal(count, 20_000);
});

test("R-CLI-07 the pool shrinks to what the server takes", async () => {
  let standing = 0;
  await using server = await startScriptedServer({
    PASS: (login) => {
      if (standing >= 2) return "530 Too many connections from you";
      standing++;
      login.control.once("close", () => standing--);
      return "230 in";
    },
  });
  await using client = await connect(`alice@127.0.0.1:${server.port}`, { ...plain, pool: { max: 6 } });
  const sizes = await Promise.all(Array.from({ length: 12 }, () => client.read("file").then(bytesOf)));
  assert.equal(sizes.length, 12);
  assert.equal(standing, 2);
});

test("a control connection that idles is kept alive, and those beyond the first are closed", async () => {
  let standing = 0;
  await using server = await startScriptedServer({
    GREETING: (login) => {
      standing++;
      login.control.once("close", () => standing--);
      return "220 ready";
    },
  });
  const idle = { pool: { idleMs: 100 }, keepAlive: { noopMs: 30 } };
  await using client = await connect(`alice@127.0.0.1:${server.port}`, { ...plain, ...idle });
  await Promise.all(Array.from({ length: 3 }, () => client.read("file").then(bytesOf)));
  assert.equal(standing, 3);
  await pause(400);
  assert.equal(standing, 1);
  assert.ok(server.heard.filter((line) => line === "NOOP").length > 3);
  assert.equal(await bytesOf(await client.read("file")), 19);
});

test("an operation on a connection that was lost while idle goes to a fresh one", async () => {
  await using server = await startScriptedServer();
  await using client = await connect(`alice@127.0.0.1:${server.port}`, { ...plain, retry: { firstDelayMs: 5 } });
  server.cut();
  assert.equal(await bytesOf(await client.read("file")), 19);
  assert.equal(server.loginsCount, 2);
});

test("a server that is away for a moment is waited for, but not by the first connection", async () => {
  await using server = await startScriptedServer();
  let isAway = false;
  let attemptsCount = 0;
  const direct = directDialer();
  const proxy: Dialer = {
    dial: async (target, options) => {
      attemptsCount++;
      if (isAway && attemptsCount < 4) throw new TransportError("SALLYPORT_CONNECT_REFUSED", "nobody there");
      return direct.dial(target, options);
    },
  };
  const options = { ...plain, proxy, retry: { firstDelayMs: 5 } };
  await using client = await connect(`alice@127.0.0.1:${server.port}`, options);
  isAway = true;
  server.cut();
  assert.equal(await bytesOf(await client.read("file")), 19);
  attemptsCount = 0;
  await assert.rejects(connect(`alice@127.0.0.1:${server.port}`, options), { code: "SALLYPORT_CONNECT_REFUSED" });
  assert.equal(attemptsCount, 1);
});

test("a transfer that breaks is asked for again", async () => {
  let transfersCount = 0;
  await using server = await startScriptedServer({
    RETR: async (login) => {
      login.reply("150 coming");
      const data = await login.data();
      if (++transfersCount === 1) {
        login.control.destroy();
        data.destroy();
        return;
      }
      data.end("whole");
      return "226 done";
    },
  });
  await using client = await connect(`alice@127.0.0.1:${server.port}`, { ...plain, retry: { firstDelayMs: 5 } });
  assert.equal(await bytesOf(await client.read("file")), 5);
  assert.equal(server.loginsCount, 2);
});

test("closing the client ends what waits and what runs", async () => {
  await using server = await startScriptedServer({ NOOP: () => undefined });
  const client = await connect(`alice@127.0.0.1:${server.port}`, { ...plain, pool: { max: 1 } });
  const running = assert.rejects(client.raw("NOOP"), { code: "SALLYPORT_CONNECTION_LOST" });
  const waiting = assert.rejects(client.raw("NOOP"), { code: "SALLYPORT_CONNECTION_OVER" });
  await pause(20);
  await client.close();
  await Promise.all([running, waiting]);
  await assert.rejects(client.raw("NOOP"), { code: "SALLYPORT_CONNECTION_OVER" });
});

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let count = 0;
  for await (const chunk of chunks) count += chunk.length;
  return count;
}
