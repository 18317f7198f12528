import { FtpDriver, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

/** Far more than the gap in which the control connection follows, by the share of its time that an upload waits. */
const uploadMs = 500;

describe("uploads that end together with their control connection", () => {
  for (const protection of ["clear", "TLS"] as const) {
    it(`a ${protection} upload with a clean end is not published when the control connection ends behind it`, async () => {
      await using server = await startTestServer({ listener: { requireTls: "none" } });
      const driver = await greeted(server.explicitPort);
      await logIn(driver, protection);
      const raw = await driver.openPassive();
      assert.equal((await driver.command("STOR file")).code, 150);
      const data = protection === "TLS" ? await driver.secureData(raw) : raw;
      data.write(Buffer.alloc(100_000));
      await pause(uploadMs);
      data.end(Buffer.alloc(100_000), () => setTimeout(() => driver.socket.destroy(), 1));
      const { complete, bytes } = await server.event("transfer");
      assert.equal(complete, false);
      assert.equal(bytes, 200_000);
      await assert.rejects(access(join(server.directory, "file")), { code: "ENOENT" });
    });

    it(`a ${protection} upload is published when the control connection stays`, async () => {
      await using server = await startTestServer({ listener: { requireTls: "none" } });
      await using driver = await greeted(server.explicitPort);
      await logIn(driver, protection);
      const { completion } = await driver.store("STOR file", Buffer.from("content"), { clear: protection === "clear" });
      assert.equal(completion?.code, 226);
      assert.equal(await readFile(join(server.directory, "file"), "utf8"), "content");
    });
  }
});

async function greeted(port: number): Promise<FtpDriver> {
  const driver = await FtpDriver.connect(port);
  await driver.reply();
  return driver;
}

async function logIn(driver: FtpDriver, protection: "clear" | "TLS"): Promise<void> {
  if (protection === "TLS") return driver.logIn();
  await driver.expect("USER alice", 331);
  await driver.expect("PASS secret", 230);
}
