import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

test("S-15 the time for a login ends also where a command ran when it did", async () => {
  await using server = await startTestServer({
    listener: { requireTls: "none" },
    limits: { preLoginMs: 200, loginDelayMs: 400, idleMs: 20_000 },
  });
  await using client = await server.greeted();
  await client.expect("USER alice", 331);
  await client.expect("PASS wrong", 530);
  assert.equal((await client.reply()).code, 421);
  assert.equal((await server.event("connection-closed")).cause, "no login in time");
});

test("S-15 after REIN there is time for another login", async () => {
  await using server = await startTestServer({ listener: { requireTls: "none" }, limits: { preLoginMs: 500 } });
  await using client = await server.greeted();
  await client.expect("USER alice", 331);
  await client.expect("PASS secret", 230);
  await new Promise((resolve) => setTimeout(resolve, 600));
  await client.expect("REIN", 220);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await client.expect("USER alice", 331);
});

test("R-1123-09 a transfer that a full queue gave way to is not idle", async () => {
  await using server = await startTestServer({
    listener: { requireTls: "none" },
    account: { downloadBytesPerSecond: 20_000 },
    limits: { idleMs: 400 },
  });
  await writeFile(join(server.directory, "file"), randomBytes(24_000));
  await using client = await server.greeted();
  await client.expect("USER alice", 331);
  await client.expect("PASS secret", 230);
  await client.expect("TYPE I", 200);
  const { text } = await client.expect("EPSV", 229);
  const data = connect(Number(/\|(\d+)\|/.exec(text)?.[1]), "127.0.0.1").resume();
  await once(data, "connect");
  client.send(`HASH file\r\n${"TYPE Q\r\n".repeat(64)}RETR file\r\n`);
  for (let reply = await client.reply(); reply.code !== 150; reply = await client.reply());
  assert.equal((await client.reply()).code, 226);
});
