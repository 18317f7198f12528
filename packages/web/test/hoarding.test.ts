import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startScriptedServer } from "../../client/test/scripted-server.ts";
import type { LoginEvent, LoginJson } from "../src/api/api.ts";
import { bounds } from "../src/gateway/bounds.ts";
import { EventStream } from "../src/gateway/logins/event-stream.ts";
import { sharesOfTransfers } from "../src/gateway/logins/transfers.ts";
import { Visitors } from "../src/gateway/logins/visitors.ts";
import { GatewayRefusal } from "../src/gateway/problem.ts";
import { Shares } from "../src/gateway/shares.ts";
import { TargetPolicy } from "../src/gateway/targets/target-policy.ts";
import { BrowserHalf } from "./browser-half.ts";

suite("What one browser can make the gateway keep", () => {
  test("names for ZIP files that nobody fetches, as many as are bounded", async () => {
    await using server = await startScriptedServer();
    await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
    const browser = new BrowserHalf(gateway.port);
    const ask = async (id: string): Promise<number> => {
      const names = Array.from({ length: 1_000 }, (_, at) => `${at}`.padStart(1_000, "x"));
      return (await browser.post(`/api/logins/${id}/archives`, { directory: "/", names })).status;
    };
    const { id } = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
    let bytes = 0;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (; (await ask(id)) === 200; bytes += 2_000_000) assert.ok(bytes < bounds.ticketBytesPerLogin, `${bytes}`);
    assert.ok(bytes > bounds.ticketBytesPerLogin / 2);
    // What another login may have is its own.
    const other = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
    assert.equal(await ask(other.id), 200);
  });

  test("ends of transfers, which a page that does not read is told of, but not without end", async () => {
    const stream = new EventStream();
    const leaving = new AbortController();
    const events = stream.listen(leaving.signal);
    const first = events.next();
    const ended = { kind: "transfer", direction: "upload", path: "/x", bytes: 0, state: "failed" } as const;
    const toldCount = 20_000;
    for (let at = 0; at < toldCount; at++) stream.tell({ ...ended, id: `${at}` });
    stream.tell({ kind: "over", because: "idle" });
    const got: (LoginEvent | undefined)[] = [(await first).value as LoginEvent];
    for await (const event of events) got.push(event);
    assert.ok(got.length <= bounds.eventsWaiting + bounds.endsWaiting + 2, `${got.length} events`);
    assert.ok(got.some((event) => event?.kind === "over"));
  });

  test("no more transfers than one address may have, so that others go on", async () => {
    const never = new Promise<string>(() => {});
    await using server = await startScriptedServer({ MLST: () => never });
    const target = { address: `127.0.0.1:${server.port}`, security: "plain", user: "alice", password: "secret" };
    const reached = { isBehindProxy: true, allowTargets: ["127.0.0.1"] };
    await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", ...reached });
    const signIn = async (browser: BrowserHalf, address: string): Promise<string> => {
      const headers = { "X-Forwarded-For": address };
      const answer = await browser.send("POST", "/api/logins", { body: target, headers });
      return ((await answer.json()) as LoginJson).id;
    };
    const copy = async (browser: BrowserHalf, id: string): Promise<number> => {
      const request = { directory: "/", names: ["a"], toLogin: id, toDirectory: "/b" };
      return (await browser.post(`/api/logins/${id}/copies`, request)).status;
    };
    let begun = 0;
    for (let turn = 0; turn <= bounds.transfersPerHost / bounds.transfersPerLogin; turn++) {
      const browser = new BrowserHalf(gateway.port);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const id = await signIn(browser, "192.0.2.1");
      for (let each = 0; each < bounds.transfersPerLogin; each++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        if ((await copy(browser, id)) === 202) begun++;
      }
    }
    assert.equal(begun, bounds.transfersPerHost);
    const other = new BrowserHalf(gateway.port);
    assert.equal(await copy(other, await signIn(other, "192.0.2.2")), 202);
    server.cut();
  });

  test("no more logins than one address may have, those under way included, and one that fails counts no more", async () => {
    const answer = Promise.withResolvers<string>();
    await using server = await startScriptedServer({ PASS: () => answer.promise });
    const policy = new TargetPolicy({ allowsLoopback: true, allowsPrivate: false, allowed: [], onlyAllowed: false });
    const refusal = (): GatewayRefusal => new GatewayRefusal(503, "SALLYPORT_TOO_MANY_LOGINS", "too many");
    const ground = { policy, authorities: undefined, offer: { proxies: false }, transfers: sharesOfTransfers() };
    await using visitors = new Visitors({ ...ground, logins: new Shares({ perHost: 1, count: 10, refusal }) });
    const given = { address: `127.0.0.1:${server.port}`, user: "alice", password: "secret" };
    const signIn = (host: string): ReturnType<Visitors["signIn"]> =>
      visitors.signIn(undefined, { ...given, security: "plain" }, { host });
    const opening = signIn("192.0.2.1");
    await assert.rejects(signIn("192.0.2.1"), { code: "SALLYPORT_TOO_MANY_LOGINS" });
    answer.resolve("530 no");
    await assert.rejects(opening, { code: "SALLYPORT_LOGIN_REFUSED" });
    await assert.rejects(signIn("192.0.2.1"), { code: "SALLYPORT_LOGIN_REFUSED" });
  });
});
