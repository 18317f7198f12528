import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { bounds } from "../src/gateway/bounds.ts";
import { BrowserHalf } from "./browser-half.ts";

test("a body that is promised and does not come ends", async () => {
  await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
  const startedMs = performance.now();
  const socket = connect(gateway.port, "127.0.0.1").on("error", () => {});
  const headers = `Host: 127.0.0.1:${gateway.port}\r\nX-Sallyport: 1\r\nContent-Type: application/json`;
  socket.write(`POST /api/logins HTTP/1.1\r\n${headers}\r\nContent-Length: 100\r\n\r\n{`);
  await once(socket.resume(), "close");
  assert.ok(performance.now() - startedMs < bounds.requestBodyMs + 5_000);
});

test("addresses of files are asked for no more often than everything else", async () => {
  await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
  const browser = new BrowserHalf(gateway.port);
  const ask = async (): Promise<number> => (await browser.send("GET", "/files/x/y")).status;
  for (let turn = 0; turn < bounds.requestsPerMinute; turn += 100) {
    // oxlint-disable-next-line no-await-in-loop -- a hundred at a time
    await Promise.all(Array.from({ length: 100 }, ask));
  }
  assert.equal(await ask(), 429);
});
