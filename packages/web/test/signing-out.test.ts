import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, suite, test } from "node:test";
import { startScriptedServer } from "../../client/test/scripted-server.ts";
import type { DownloadJson } from "../src/api/api.ts";
import { BrowserHalf } from "./browser-half.ts";

suite("What is under way when a login ends", () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
  });
  after(() => gateway[Symbol.asyncDispose]());

  test("a listing that is still being read opens no connection again", async () => {
    const lines = `type=file;size=1; ${"x".repeat(200)}\r\n`.repeat(20_000);
    await using server = await startScriptedServer({
      MLSD: async (peer) => {
        peer.reply("150 coming");
        (await peer.data()).end(lines);
        return "226 done";
      },
    });
    const browser = new BrowserHalf(gateway.port);
    const login = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
    const listing = await browser.post(`/api/logins/${login.id}/list`, { path: "/" });
    assert.equal((await browser.send("DELETE", `/api/logins/${login.id}`)).status, 204);
    await listing.text().catch(() => {});
    await delay(100);
    assert.equal(server.loginsCount, 1);
  });

  test("a download ends, and so does its data connection", async () => {
    const ended = Promise.withResolvers<void>();
    await using server = await startScriptedServer({
      MLST: (_, path) => `250-it\r\n type=file;size=999999999; ${path}\r\n250 end`,
      SIZE: () => "213 999999999",
      RETR: async (peer) => {
        peer.reply("150 coming");
        const data = await peer.data();
        const sending = setInterval(() => data.write(Buffer.alloc(1_000)), 10);
        data
          .on("error", () => {})
          .once("close", () => {
            clearInterval(sending);
            ended.resolve();
          });
        await ended.promise;
      },
    });
    const browser = new BrowserHalf(gateway.port);
    const login = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
    const asked = await browser.post(`/api/logins/${login.id}/downloads`, { path: "/x" });
    const answer = await browser.send("GET", ((await asked.json()) as DownloadJson).url);
    assert.equal((await browser.send("DELETE", `/api/logins/${login.id}`)).status, 204);
    await assert.rejects(answer.arrayBuffer());
    await ended.promise;
    assert.equal(server.loginsCount, 1);
  });
});
