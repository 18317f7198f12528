import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { startScriptedServer } from "../../client/test/scripted-server.ts";
import { bounds } from "../src/gateway/bounds.ts";
import { BrowserHalf } from "./browser-half.ts";

suite("Those who hold what they do not use", () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
  });
  after(() => gateway[Symbol.asyncDispose]());

  test("one address has a bounded number of connections, and the next ones when it lets go", async () => {
    const sockets: Socket[] = [];
    const isKept = async (): Promise<boolean> => {
      const socket = connect(gateway.port, "127.0.0.1").on("error", () => {});
      sockets.push(socket);
      socket.write(`GET /api/offer HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`);
      return Promise.race([once(socket, "data").then(() => true), once(socket, "close").then(() => false)]);
    };
    let kept = 0;
    // oxlint-disable-next-line no-await-in-loop -- counted one after the other
    for (let turn = 0; turn < bounds.httpConnectionsPerHost + 10; turn++) kept += Number(await isKept());
    assert.equal(kept, bounds.httpConnectionsPerHost);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(await isKept());
    sockets.at(-1)?.destroy();
  });

  test("HEAD begins no stream of events that nobody would end", async () => {
    await using server = await startScriptedServer();
    const browser = new BrowserHalf(gateway.port);
    const login = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
    const path = `/api/logins/${login.id}/events`;
    for (let turn = 0; turn <= bounds.listenersPerLogin; turn++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await browser.send("HEAD", path)).status, 405);
    }
    await browser.eventsUntil(login, ({ kind }) => kind === "transcript");
  });
});
