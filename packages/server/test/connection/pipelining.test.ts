import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

for (const protection of ["clear", "TLS"] as const) {
  test(`S-15 ${protection}: thirty thousand commands sent ahead are all answered, however slowly they are read`, async () => {
    await using server = await startTestServer({ listener: { requireTls: "none" } });
    await using driver = await server.greeted();
    if (protection === "TLS") await driver.logIn();
    const count = 30_000;
    driver.socket.removeAllListeners("data");
    let answers = 0;
    driver.socket.on("data", (octets: Buffer) => {
      for (let at = octets.indexOf(0x0a); at >= 0; at = octets.indexOf(0x0a, at + 1)) answers++;
    });
    driver.socket.pause();
    driver.send("FEAT\r\n".repeat(100) + "NOOP\r\n".repeat(count));
    await pause(300);
    driver.socket.resume();
    const areMissing = (): boolean => answers < count && !driver.ended;
    for (let waited = 0; areMissing() && waited < 20_000; waited += 50) await pause(50);
    assert.ok(answers >= count, `${answers} lines came`);
  });
}

test("S-15 who reads no reply at all is cut off", async () => {
  await using server = await startTestServer({ listener: { requireTls: "none" }, limits: { replyStallMs: 300 } });
  await using driver = await server.greeted();
  driver.socket.on("error", () => undefined).pause();
  const flood = "HELP\r\n".repeat(10_000);
  for (let count = 0; count < 40; count++) driver.send(flood);
  const { cause } = await server.event("connection-closed", 10_000);
  assert.equal(cause, "the peer does not read its replies");
});
