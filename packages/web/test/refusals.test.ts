import { makeTestIdentity } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { startScriptedServer } from "../../client/test/scripted-server.ts";
import type { UploadJson } from "../src/api/api.ts";
import { bounds } from "../src/gateway/bounds.ts";
import { french } from "../src/ui/texts/french.ts";
import { german } from "../src/ui/texts/german.ts";
import { spanish } from "../src/ui/texts/spanish.ts";
import { BrowserHalf } from "./browser-half.ts";

suite("What a server refuses", () => {
  test("a long upload, and the connection it came on serves no other request", async () => {
    await using server = await startScriptedServer({
      STOR: async (peer) => {
        peer.reply("150 go");
        const data = await peer.data();
        data.resume();
        await Promise.race([once(data, "end"), once(data, "close")]);
        return "552 quota";
      },
      SIZE: () => "550 none",
      MLST: () => "550 none",
    });
    await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
    const browser = new BrowserHalf(gateway.port);
    const login = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (method: string, path: string, headers: object, body?: Uint8Array): Promise<number> => {
      const asking = request({
        ...{ agent, host: "127.0.0.1", port: gateway.port, method, path, timeout: 3_000 },
        headers: { "X-Sallyport": "1", Cookie: browser.cookie, ...headers },
      });
      asking.once("timeout", () => asking.destroy(new Error("the gateway does not answer"))).end(body);
      const [answer] = (await once(asking, "response")) as [IncomingMessage];
      await text(answer);
      return answer.statusCode ?? 0;
    };
    for (const sizeBytes of [100_000, 8_000_000]) {
      const wanted = { path: "/a.bin", sizeBytes, modifiedMs: 1_700_000_000_000, onConflict: "overwrite" };
      // oxlint-disable-next-line no-await-in-loop -- one upload after the other
      const begun = await browser.post(`/api/logins/${login.id}/uploads`, wanted);
      // oxlint-disable-next-line no-await-in-loop -- one upload after the other
      const { url } = (await begun.json()) as Extract<UploadJson, { kind: "ready" }>;
      const headers = { "Upload-Offset": "0", "Content-Length": sizeBytes };
      // oxlint-disable-next-line no-await-in-loop -- one upload after the other
      assert.ok((await ask("PATCH", url, headers, new Uint8Array(sizeBytes))) >= 400);
      // oxlint-disable-next-line no-await-in-loop -- one upload after the other
      assert.equal(await ask("GET", "/api/logins", {}), 200);
    }
    agent.destroy();
  });

  test("whoever comes a moment after a wrong password, and the page is told the cause by its name", async () => {
    const greeting = "421 A wrong password came from this address; try again in a moment.";
    await using server = await startScriptedServer({ GREETING: () => greeting });
    await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
    const browser = new BrowserHalf(gateway.port);
    const wanted = { address: `127.0.0.1:${server.port}`, security: "plain", user: "alice", password: "secret" };
    const { cause, advice } = await browser.refused(browser.post("/api/logins", wanted), 502);
    assert.equal(cause, "password-wrong-lately");
    assert.match(advice?.[0] ?? "", /^Wait some seconds/);
    for (const { problems } of [german, french, spanish]) assert.ok(cause in problems);
  });

  test("an address that is empty or endless, in words that name it", async () => {
    await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
    const browser = new BrowserHalf(gateway.port);
    for (const [address, said] of [
      ["   ", "The address is empty."],
      ["a".repeat(5_000), "The address is longer than 1024 characters."],
      ["a\nb", "The request is not understood: address has CR, LF or NUL."],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await browser.refused(browser.post("/api/logins", { address }), 400)).message, said);
    }
  });

  test("passwords by way of an explanation, also for whoever leaves before it has ended", async () => {
    let triedCount = 0;
    const farewell = Promise.withResolvers<string>();
    const { ca, certificate: cert, key } = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });
    const answers = {
      USER: () => "331 go",
      PASS: () => {
        triedCount++;
        return "530 no";
      },
      QUIT: () => farewell.promise,
    };
    await using explicit = await startScriptedServer(answers, { tls: { cert, key } });
    await using implicit = await startScriptedServer(answers, { tls: { cert, key }, implicit: true });
    await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", authorities: ca });
    const ports = { explicitPort: explicit.port, implicitPort: implicit.port };
    const browser = new BrowserHalf(gateway.port);
    let status = 200;
    for (let turn = 0; turn < bounds.refusalsPerQuarter + 2 && status === 200; turn++) {
      // oxlint-disable-next-line no-await-in-loop -- one guess after the other
      status = await guess(browser, { host: "localhost", ...ports, user: "alice", password: "wrong" });
    }
    farewell.resolve("221 bye");
    assert.equal(status, 429);
    assert.ok(triedCount <= bounds.refusalsPerQuarter + 2, `${triedCount} passwords`);
  });
});

/** Leaves as soon as the server's refusal is told. */
async function guess(browser: BrowserHalf, wanted: object): Promise<number> {
  const response = await browser.post("/api/explain", wanted);
  let told = "";
  for await (const chunk of response.body ?? []) {
    told += Buffer.from(chunk as Uint8Array).toString("latin1");
    if (told.includes('"line":"530')) break;
  }
  // What is counted is counted when the gateway has noticed.
  await new Promise((resolve) => setTimeout(resolve, 50));
  return response.status;
}
