import { FtpDriver, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";

const anyCertificate = { rejectUnauthorized: false };
const telnetDo = "\xff\xfd\x01";

test("S-33 Telnet options right behind REIN end neither the connection nor the process", async () => {
  await using server = await startTestServer();
  await using client = await server.greeted();
  await client.expect("AUTH TLS", 234);
  await client.startTls(anyCertificate);
  await client.expect("NOOP", 200);
  client.send(`REIN\r\n${telnetDo}`);
  assert.equal((await client.reply()).code, 220);
  await using implicit = await FtpDriver.connect(server.implicitPort, { tls: anyCertificate });
  assert.equal((await implicit.reply()).code, 220);
  await implicit.expect("NOOP", 200);
  implicit.send(`REIN\r\n${telnetDo}`);
  assert.equal((await implicit.reply()).code, 220);
});

test("S-33 Telnet options right behind CCC end neither the connection nor the process", async () => {
  await using server = await startTestServer({ capabilities: ["ccc"], listener: { requireTls: "none" } });
  await using client = await server.loggedIn();
  await client.expect("NOOP", 200);
  client.send(`CCC\r\n${telnetDo}`);
  assert.equal((await client.reply()).code, 200);
});
