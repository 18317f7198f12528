import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startScriptedServer } from "../../client/test/scripted-server.ts";
import type { UploadJson } from "../src/api/api.ts";
import { BrowserHalf } from "./browser-half.ts";

suite("Who leaves before the server has answered", () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
  });
  after(() => gateway[Symbol.asyncDispose]());

  for (const [sizeBytes, sentBytes] of [
    [1_000, 10],
    [1_000, 1_000],
    [8_000_000, 10],
  ] as const) {
    test(`with ${sentBytes} octets of ${sizeBytes} uploads none of them, and holds nothing`, async () => {
      const asked = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      let sizesCount = 0;
      await using server = await startScriptedServer({
        MLST: () => "550 none",
        SIZE: async () => {
          // The first is asked for the address, the second for the octets.
          if (++sizesCount !== 2) return "550 none";
          asked.resolve();
          await answered.promise;
          return "550 none";
        },
      });
      const browser = new BrowserHalf(gateway.port);
      const login = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
      const wanted = { path: "/a.bin", sizeBytes, modifiedMs: 1, onConflict: "overwrite" };
      const begun = await browser.post(`/api/logins/${login.id}/uploads`, wanted);
      const { url } = (await begun.json()) as Extract<UploadJson, { kind: "ready" }>;
      const asking = request({
        ...{ agent: false, host: "127.0.0.1", port: gateway.port, method: "PATCH", path: url },
        headers: { "X-Sallyport": "1", Cookie: browser.cookie, "Upload-Offset": "0", "Content-Length": sizeBytes },
      });
      asking.on("error", () => {}).write(Buffer.alloc(sentBytes));
      await asked.promise;
      const closed = new Promise((resolve) => asking.once("close", resolve));
      asking.destroy();
      await closed;
      await delay(100);
      answered.resolve();
      assert.equal((await browser.send("DELETE", url)).status, 204);
      assert.ok(!server.heard.some((line) => line.startsWith("STOR")));
    });
  }
});
