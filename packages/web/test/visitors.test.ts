import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import type { LoginEvent, LoginRequest } from "../src/api/api.ts";
import type { Login } from "../src/gateway/logins/login.ts";
import { newVisitorKey, readVisitorKey, seal, unseal } from "../src/gateway/logins/seal.ts";
import { sharesOfTransfers } from "../src/gateway/logins/transfers.ts";
import { sharesOfLogins, Visitors } from "../src/gateway/logins/visitors.ts";
import { TargetPolicy } from "../src/gateway/targets/target-policy.ts";

const host = "192.0.2.1";
const minuteMs = 60_000;
const open = { logins: sharesOfLogins(), transfers: sharesOfTransfers(), offer: { proxies: false } };

suite("Logins that are kept for browsers", () => {
  test("neither half opens a secret alone, nor another one's", () => {
    const { id, key, cookie } = newVisitorKey();
    const sealed = seal("correct horse", key, "login one");
    assert.equal(unseal(sealed, key, "login one"), "correct horse");
    assert.equal(unseal(sealed, key, "login two"), undefined);
    assert.equal(unseal(sealed, randomBytes(32), "login one"), undefined);
    assert.equal(unseal(Buffer.from(sealed).fill(1, 20, 21), key, "login one"), undefined);
    assert.doesNotMatch(sealed.toString("latin1"), /horse/);
    assert.equal(readVisitorKey(cookie)?.id, id);
    assert.ok(!cookie.includes(id));
    for (const other of [undefined, "", "short", `${cookie}A`, cookie.replace(/^./, "="), "../../../etc"]) {
      assert.equal(readVisitorKey(other), undefined);
    }
  });

  test("a login is forgotten half an hour after its last use, and after twelve hours however busy", async (context) => {
    await using server = await startTestServer();
    // After the server: a certificate of the second that begins while it starts would not be valid yet.
    context.mock.timers.enable({ apis: ["setInterval", "Date"], now: Date.now() });
    const policy = new TargetPolicy({ allowsLoopback: true, allowsPrivate: false, allowed: [], onlyAllowed: false });
    await using visitors = new Visitors({ policy, authorities: [server.identity.ca], ...open });
    const request: LoginRequest = {
      address: `localhost:${server.explicitPort}`,
      security: "explicit",
      user: "alice",
      password: "secret",
    };
    const { cookie, login: idle } = await visitors.signIn(undefined, request, { host });
    const { cookie: second, login: busy } = await visitors.signIn(cookie, request, { host });
    assert.notEqual(second, cookie);
    assert.equal(visitors.find(cookie), undefined);
    const key = readVisitorKey(second)?.key ?? assert.fail();
    const ends = [idle, busy].map((login) => endOf(login));
    for (let passedMs = 0; passedMs < 12 * 60 * minuteMs; passedMs += 20 * minuteMs) {
      context.mock.timers.tick(20 * minuteMs);
      await busy.client(key);
      if (passedMs === 20 * minuteMs) assert.equal(await ends[0], "idle");
    }
    assert.deepEqual([...(visitors.find(second)?.logins.values() ?? [])], [busy]);
    context.mock.timers.tick(minuteMs);
    assert.equal(await ends[1], "expired");
    assert.equal(visitors.find(second), undefined);
  });
});

async function endOf({ events }: Login): Promise<string | undefined> {
  let last: LoginEvent | undefined;
  for await (const event of events.listen(new AbortController().signal)) last = event;
  return last?.kind === "over" ? last.because : undefined;
}
