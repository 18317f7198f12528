import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, suite, test } from "node:test";
import { type Handler, startScriptedServer } from "../../client/test/scripted-server.ts";
import type { DownloadJson, LoginJson } from "../src/api/api.ts";
import { BrowserHalf } from "./browser-half.ts";

const smuggled = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nXSS";
/** `MLST` of a file, or of a directory. */
const is =
  (facts: string): Handler =>
  (_, path) =>
    `250-it\r\n ${facts}; ${path}\r\n250 end`;

suite("Servers that lie about what they send", () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
  });
  after(() => gateway[Symbol.asyncDispose]());

  async function signedIn(port: number): Promise<{ readonly browser: BrowserHalf; readonly login: LoginJson }> {
    const browser = new BrowserHalf(gateway.port);
    return { browser, login: await browser.signIn({ address: `127.0.0.1:${port}`, security: "plain" }) };
  }

  async function addressOf(answer: Promise<Response>): Promise<string> {
    return ((await (await answer).json()) as DownloadJson).url;
  }

  for (const pieces of [[`hello${smuggled}`], ["hello", smuggled], ["hel", `lo${smuggled}`, smuggled]]) {
    test(`what a server sends behind the length that it told is no answer of ours (${pieces.length} pieces)`, async () => {
      await using server = await startScriptedServer({
        MLST: is("type=file;size=5"),
        SIZE: () => "213 5",
        RETR: async (peer) => {
          peer.reply("150 coming");
          const data = await peer.data();
          for (const piece of pieces) {
            data.write(piece);
            // oxlint-disable-next-line no-await-in-loop -- each shall come alone
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          data.end();
          return "226 done";
        },
      });
      const { browser, login } = await signedIn(server.port);
      const url = await addressOf(browser.post(`/api/logins/${login.id}/downloads`, { path: "/x" }));
      const socket = connect(gateway.port, "127.0.0.1");
      const host = `Host: 127.0.0.1:${gateway.port}`;
      socket.write(`GET ${url} HTTP/1.1\r\n${host}\r\nCookie: ${browser.cookie}\r\n\r\n`);
      socket.write(`GET /api/offer HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`);
      let got = "";
      socket.on("data", (octets) => (got += octets.toString("latin1")));
      await once(socket, "close");
      assert.match(got, /\r\n\r\nhelloHTTP\/1\.1 200 OK\r\n(?:.+\r\n)+\r\n\{"proxies":/);
      assert.doesNotMatch(got, /XSS/);
    });
  }

  for (const [how, breakOff] of Object.entries({
    "resets its data": (peer) => void peer.dataTcp().then((data) => data.resetAndDestroy()),
    "says 426": (peer) => void peer.data().then((data) => data.end()),
    "goes away": (peer) => void peer.tcp.destroy(),
  } satisfies Record<string, (peer: Parameters<Handler>[0]) => void>)) {
    test(`a server that ${how} within a file of a ZIP file breaks that one off, and nothing else`, async () => {
      await using server = await startScriptedServer({
        MLST: is("type=dir"),
        RETR: async (peer) => {
          peer.reply("150 coming");
          (await peer.data()).write("some of it");
          await new Promise((resolve) => setTimeout(resolve, 50));
          breakOff(peer);
          return "426 broken";
        },
      });
      const { browser, login } = await signedIn(server.port);
      const url = await addressOf(
        browser.post(`/api/logins/${login.id}/archives`, { directory: "/", names: ["folder"] }),
      );
      await assert.rejects(browser.send("GET", url).then((answer) => answer.arrayBuffer()));
      assert.equal((await browser.send("GET", "/api/logins")).status, 200);
    });
  }

  test("a browser that breaks off a ZIP file breaks off nothing else", async () => {
    await using server = await startScriptedServer({
      MLST: is("type=file"),
      RETR: async (peer) => {
        peer.reply("150 coming");
        const data = await peer.data();
        data.on("error", () => {});
        for (let piece = 0; piece < 200 && !data.destroyed; piece++) {
          data.write(Buffer.alloc(100_000));
          // oxlint-disable-next-line no-await-in-loop -- as from a distance
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return "426 broken off";
      },
    });
    const { browser, login } = await signedIn(server.port);
    const url = await addressOf(browser.post(`/api/logins/${login.id}/archives`, { directory: "/", names: ["file"] }));
    const reading = (await browser.send("GET", url)).body?.getReader();
    await reading?.read();
    await reading?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal((await browser.send("GET", "/api/logins")).status, 200);
  });
});
