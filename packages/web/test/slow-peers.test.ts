import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { startScriptedServer } from "../../client/test/scripted-server.ts";
import type { DownloadJson } from "../src/api/api.ts";
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

  test("HEAD of a file says what GET would, and its connection serves the next request", async () => {
    await using server = await startScriptedServer({
      MLST: (_, path) => `250-it\r\n type=file;size=5; ${path}\r\n250 end`,
    });
    const browser = new BrowserHalf(gateway.port);
    const { id } = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
    const file = await browser.post(`/api/logins/${id}/downloads`, { path: "/a.txt" });
    const zip = await browser.post(`/api/logins/${id}/archives`, { directory: "/", names: ["a.txt"] });
    const urls = await Promise.all([file, zip].map(async (each) => ((await each.json()) as DownloadJson).url));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const head = async (path: string, range: Readonly<Record<string, string>>): Promise<ClientRequest> => {
      const to = { agent, host: "127.0.0.1", port: gateway.port, method: "HEAD", path };
      const asking = request({ ...to, headers: { Cookie: browser.cookie, ...range } }).end();
      const [answer] = (await once(asking, "response")) as [IncomingMessage];
      const { statusCode, headers } = answer.resume();
      await once(answer, "end");
      const isPart = range["Range"] !== undefined;
      assert.equal(statusCode, isPart ? 206 : 200);
      assert.equal(headers["content-length"], isPart ? "2" : path.includes("/zip/") ? undefined : "5");
      assert.match(String(headers["content-disposition"]), /^attachment/);
      assert.match(String(headers["content-security-policy"]), /^sandbox/);
      return asking;
    };
    const [ofFile = "", ofZip = ""] = urls;
    const first = await head(ofFile, {});
    const rest = [await head(ofFile, { Range: "bytes=1-2" }), await head(ofZip, {})];
    agent.destroy();
    assert.deepEqual(
      [first, ...rest].map(({ reusedSocket }) => reusedSocket),
      [false, true, true],
    );
  });
});
