import { startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway, type GatewayOptions } from "@sallyport/web";
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { startScriptedServer } from "../../client/test/scripted-server.ts";
import type { LoginJson } from "../src/api/api.ts";
import { bounds } from "../src/gateway/bounds.ts";
import { BrowserHalf } from "./browser-half.ts";
import { hostileRequest, listed, startHostileServer } from "./hostile-server.ts";

/** This machine, as it can be spelled in an address field. `@` is where the port goes. */
const spellings = [
  ...["127.0.0.1@", "127.0.0.2@", "127.1@", "127.0.1@", "2130706433@", "0x7f000001@", "0x7f.0.0.1@", "0x7F.1@"],
  ...["0177.0.0.1@", "017700000001@", "00000177.1@", "127.0.0.1.@", "127.255.255.254@", "127.127.127.127@"],
  ...["0.0.0.0@", "0@", "0.0@", "00.0.0.0@", "localhost@", "LOCALHOST@", "LocalHost@", "localhost.@"],
  ...["localhost.localdomain@", "ip6-localhost@", "ip6-loopback@", "user@localhost@", "localhost@ /x", "localhost%2e@"],
  ...["[::1]@", "[::0001]@", "[0:0:0:0:0:0:0:1]@", "[0000:0000:0000:0000:0000:0000:0000:0001]@", "[::]@", "[0::0]@"],
  ...[
    "[::ffff:127.0.0.1]@",
    "[::FFFF:127.0.0.1]@",
    "[::ffff:7f00:1]@",
    "[::ffff:7f00:0001]@",
    "[0:0:0:0:0:ffff:7f00:1]@",
  ],
  ...["[::127.0.0.1]@", "[::7f00:1]@", "[64:ff9b::127.0.0.1]@", "[64:ff9b::7f00:1]@", "[2002:7f00:1::]@", "[::1%lo]@"],
  ...["[fe80::1%lo]@", "[::ffff:0:127.0.0.1]@", "[fc00::1]@", "[fd00:ec2::254]@", "[ff02::1]@"],
  ...[
    "ftp://127.0.0.1@",
    "ftpes://127.0.0.1@",
    "ftps://127.0.0.1@",
    "FTP://127.1@",
    "ftp://a:b@127.0.0.1@",
    "ftp://[::1]@",
  ],
  ...["169.254.169.254@", "[::ffff:169.254.169.254]@", "10.0.0.1@", "192.168.0.1@", "172.16.0.1@", "100.64.0.1@"],
  ...["224.0.0.1@", "255.255.255.255@", "１２７.０.０.１@", "①②⑦.⓪.⓪.①@", "ⓛocalhost@", "127。0。0。1@"],
] as const;

suite("Attacks on and through the gateway", () => {
  let good: TestServer;
  let gateway: Gateway;
  let browser: BrowserHalf;
  let login: LoginJson;

  before(async () => {
    good = await startTestServer();
    gateway = await start({ authorities: good.identity.ca });
    browser = new BrowserHalf(gateway.port);
    login = await browser.signIn({ address: `localhost:${good.explicitPort}`, security: "explicit" });
    writeFileSync(join(good.directory, "mine.txt"), "mine");
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await good[Symbol.asyncDispose]();
  });

  test(`${spellings.length} spellings of forbidden addresses reach nobody, and all are answered alike`, async () => {
    const reached: string[] = [];
    const trap = createServer(
      (socket) => void (reached.push(socket.remoteAddress ?? ""), socket.end("220 trapped\r\n")),
    );
    trap.listen(0, "127.0.0.1");
    await once(trap, "listening");
    using _ = { [Symbol.dispose]: () => void trap.close() };
    const { port } = trap.address() as AddressInfo;
    await using strangers = await start({ isBehindProxy: true });
    const stranger = new BrowserHalf(strangers.port);
    const ask = async (spelling: string, at: number): Promise<readonly [string, string]> => {
      const address = spelling.replace(/@(?!.*@)/, `:${port}`);
      const headers = { "X-Forwarded-For": `198.51.100.${at}` };
      const response = await stranger.send("POST", "/api/logins", { body: { address, user: "alice" }, headers });
      const { code } = (await response.json()) as { readonly code: string };
      return [spelling, code];
    };
    const answers = await Promise.all(spellings.map((spelling, at) => ask(spelling, at)));
    assert.deepEqual(reached, []);
    const told = answers.filter(([, code]) => !/^SALLYPORT_(?:UNREACHABLE|URL_INVALID)$/.test(code));
    assert.deepEqual(told, []);
  });

  test("a cookie that somebody planted is not kept at sign-in, and opens nothing afterwards", async () => {
    const attacker = new BrowserHalf(gateway.port);
    await attacker.signIn({ address: `localhost:${good.implicitPort}`, security: "implicit" });
    const planted = attacker.cookie;
    const victim = new BrowserHalf(gateway.port);
    victim.cookie = planted;
    const theirs = await victim.signIn({ address: `localhost:${good.explicitPort}`, security: "explicit" });
    assert.notEqual(victim.cookie, planted);
    assert.deepEqual(await (await attacker.send("GET", "/api/logins")).json(), []);
    await attacker.refused(attacker.post(`/api/logins/${theirs.id}/list`, { path: "/" }), 401);
  });

  test("a stolen cookie is worth nothing without this gateway's half, nor once its logins ended", async () => {
    await using other = await start({});
    const thief = new BrowserHalf(other.port);
    thief.cookie = browser.cookie;
    await thief.refused(thief.post(`/api/logins/${login.id}/list`, { path: "/" }), 401);
    const leaving = new BrowserHalf(gateway.port);
    await leaving.signIn({ address: `localhost:${good.implicitPort}`, security: "implicit" });
    const stolen = leaving.cookie;
    assert.equal((await leaving.send("DELETE", "/api/logins")).status, 204);
    leaving.cookie = stolen;
    assert.deepEqual(await (await leaving.send("GET", "/api/logins")).json(), []);
  });

  test("a cookie with another key finds no logins, and signing in with it takes them out of nobody's sight", async () => {
    const owner = new BrowserHalf(gateway.port);
    const { id } = await owner.signIn({ address: `localhost:${good.implicitPort}`, security: "implicit" });
    const [name = "", value = ""] = owner.cookie.split("=");
    const other = Buffer.from(value, "base64url");
    other.writeUInt8(other.readUInt8(40) ^ 1, 40);
    const forger = new BrowserHalf(gateway.port);
    forger.cookie = `${name}=${other.toString("base64url")}`;
    assert.deepEqual(await (await forger.send("GET", "/api/logins")).json(), []);
    await forger.refused(forger.post(`/api/logins/${id}/list`, { path: "/" }), 401);
    await forger.signIn({ address: `localhost:${good.implicitPort}`, security: "implicit" });
    const left = (await (await owner.send("GET", "/api/logins")).json()) as readonly LoginJson[];
    assert.deepEqual(
      left.map((each) => each.id),
      [id],
    );
  });

  test("guessing passwords through the gateway ends after ten attempts, also for the right one", async () => {
    await using server = await startScriptedServer({
      PASS: ({ lastArgument }) => (lastArgument === "right" ? "230 in" : "530 no"),
    });
    await using own = await start({});
    const guesser = new BrowserHalf(own.port);
    const guess = async (password: string): Promise<number> => {
      const request = { address: `127.0.0.1:${server.port}`, security: "plain", user: "alice", password };
      return (await guesser.post("/api/logins", request)).status;
    };
    const statuses: number[] = [];
    for (let turn = 0; turn < 12; turn++) statuses.push(await guess(`wrong ${turn}`));
    assert.deepEqual(statuses, [...Array<number>(10).fill(403), 429, 429]);
    assert.equal(await guess("right"), 429);
    assert.equal(server.heard.filter((line) => line.startsWith("PASS")).length, 10);
  });

  test("a request that is too long, too deep or no JSON is refused", async () => {
    const path = `/api/logins/${login.id}/list`;
    await browser.refused(browser.post(path, { path: "x".repeat(bounds.requestBytes) }), 413);
    await browser.refused(browser.post(path, { path: ["/"] }), 400);
    const headers = { "Content-Type": "application/json" };
    for (const body of ["{", "[".repeat(50_000), '{"__proto__":{"path":"/"}}']) {
      const response = await browser.send("POST", path, { body: Buffer.from(body), headers });
      assert.equal(response.status, 400, body.slice(0, 20));
    }
  });

  test("a hostile server stalls and climbs: it is given up, leads nowhere, and others go on", async () => {
    await using server = await startHostileServer();
    const victim = new BrowserHalf(gateway.port);
    const hostile = await victim.signIn(hostileRequest(server.port));
    const stalling = victim.post(`/api/logins/${hostile.id}/list`, { path: "/stalled" }).then((it) => it.text());
    await server.stalled;
    const startedMs = performance.now();
    const { entries } = await listed(await browser.post(`/api/logins/${login.id}/list`, { path: "/" }));
    assert.ok(entries.some(({ name }) => name === "mine.txt"));
    assert.ok(performance.now() - startedMs < 5_000);
    assert.match(await stalling, /SALLYPORT_(?:DATA_STALLED|REPLY_TIMEOUT)/);
    const names = ["../x", "..", "a/b", ""];
    for (const name of names) {
      const asked = victim.post(`/api/logins/${hostile.id}/archives`, { directory: "/", names: [name] });
      await victim.refused(asked, 400);
    }
  });
});

function start(options: Partial<GatewayOptions>): Promise<Gateway> {
  return Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", ...options });
}
