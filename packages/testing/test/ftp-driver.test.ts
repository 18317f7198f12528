import { FtpDriver, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { describe, it } from "node:test";

describe("the driver gives up what does not come", { timeout: 30_000 }, () => {
  it("TLS over a data connection that is closed already", async () => {
    await using server = await startTestServer();
    await using driver = await server.loggedIn();
    const raw = await driver.openPassive();
    raw.destroy();
    await once(raw, "close");
    await assert.rejects(driver.secureData(raw), /closed before secureConnect/);
  });

  it("TLS that is never answered, on control and data connection", async () => {
    const held: Socket[] = [];
    const silent = createServer((socket) => held.push(socket.on("error", () => undefined))).listen(0, "127.0.0.1");
    await once(silent, "listening");
    try {
      await using driver = await FtpDriver.connect(portOf(silent), { timeoutMs: 100 });
      await assert.rejects(driver.startTls(), /no secureConnect in 100 ms/);
      await using other = await FtpDriver.connect(portOf(silent), { timeoutMs: 100 });
      await assert.rejects(other.secureData(other.socket), /no secureConnect in 100 ms/);
    } finally {
      silent.close();
      for (const socket of held) socket.destroy();
    }
  });

  it("data that stops", async () => {
    const held: Socket[] = [];
    const data = createServer((socket) => held.push(socket.on("error", () => undefined)) && socket.write("some"));
    const control = createServer((socket) => {
      held.push(socket.on("error", () => undefined));
      socket.on("data", (line) => {
        socket.write(String(line).startsWith("EPSV") ? `229 (|||${portOf(data)}|)\r\n` : "150 Here it comes.\r\n");
      });
    });
    for (const server of [data, control]) await once(server.listen(0, "127.0.0.1"), "listening");
    try {
      await using driver = await FtpDriver.connect(portOf(control), { timeoutMs: 300 });
      await assert.rejects(driver.retrieve("RETR file"), /no data in 300 ms/);
    } finally {
      for (const server of [data, control]) server.close();
      for (const socket of held) socket.destroy();
    }
  });
});

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}
