import type { ServerEvent } from "@sallyport/server";
import { MemoryDirectory, readOnly } from "@sallyport/server/storage";
import { FtpDriver, startTestServer, type TestServer } from "@sallyport/testing";
import type { VirtualPath } from "@sallyport/protocol";
import assert from "node:assert/strict";
import { describe, test } from "node:test";

type Refused = Extract<ServerEvent, { kind: "command-refused" }>;

function refusals(server: TestServer): (readonly [string, number, string | undefined])[] {
  return server.events
    .filter((event): event is Refused => event.kind === "command-refused")
    .map(({ verb, replyCode, path }) => [verb, replyCode, path]);
}

describe("a command that is refused", () => {
  test("R-4217-06 a login in the clear where TLS is required is told, without the password", async () => {
    await using server = await startTestServer();
    await using client = await server.greeted();
    await client.expect("USER alice", 530);
    assert.deepEqual(refusals(server), [["USER", 530, undefined]]);
    assert.match((await server.event("command-refused")).cause, /TLS is required for the login/);
  });

  test("R-4217-25 a transfer without PROT P is told with its verb", async () => {
    await using server = await startTestServer();
    await using client = await server.greeted();
    await client.expect("AUTH TLS", 234);
    await client.startTls({ rejectUnauthorized: false });
    await client.expect("USER alice", 331);
    await client.expect("PASS secret", 230);
    await client.expect("EPSV", 229);
    await client.expect("LIST", 521);
    await client.expect("CCC", 534);
    assert.deepEqual(refusals(server), [["LIST", 521, undefined]]);
    const { cause, account } = await server.event("command-refused");
    assert.deepEqual([cause, account], ["Data connections need protection here: send PROT P first.", "alice"]);
  });

  test("S-22 what the permissions, the quota or the storage forbid is told with its path; what is missing is not", async () => {
    const permissions = [
      { path: "/" as VirtualPath, allow: new Set(["list", "read", "create", "overwrite"] as const) },
      { path: "/locked" as VirtualPath, allow: new Set(["list"] as const) },
    ];
    await using server = await startTestServer({ account: { permissions, quotaBytes: 10 } });
    await using client = await server.loggedIn();
    await client.store("STOR small", Buffer.from("x"));
    await client.openPassive();
    await client.expect("STOR locked/a", 553);
    await client.expect("DELE small", 550);
    await client.expect("RNFR small", 350);
    await client.expect("RNTO other", 553);
    await client.expect("DELE missing", 550);
    await client.expect("SIZE missing", 550);
    const full = await client.store("STOR large", Buffer.alloc(100));
    assert.equal(full.completion?.code ?? full.opening.code, 552);
    assert.deepEqual(refusals(server).slice(0, 3), [
      ["STOR", 553, "/locked/a"],
      ["DELE", 550, "/small"],
      ["RNTO", 553, "/other"],
    ]);
    assert.equal((await server.event("command-refused")).cause, "/locked/a: the account may not create here");
    assert.ok(!JSON.stringify(server.events).includes("missing"));
  });

  test("a read-only storage is told", async () => {
    await using server = await startTestServer({ storage: () => readOnly(new MemoryDirectory().forOwner("alice")) });
    await using client = await server.loggedIn();
    await client.expect("MKD a", 550);
    assert.deepEqual(refusals(server), [["MKD", 550, "/a"]]);
  });
});

describe("a ban", () => {
  const limits = { loginDelayMs: 1, loginDelayMaxMs: 1, loginFailuresPerHostCount: 3, loginFailuresCount: 100 };

  test("S-13 its beginning is told once with its end, and the address is told in words", async () => {
    await using server = await startTestServer({ limits, listener: { requireTls: "none" } });
    await using client = await server.greeted();
    const startedMs = Date.now();
    for (let attempt = 0; attempt < 5; attempt++) {
      await client.expect("USER alice", 331);
      assert.equal((await client.expect("PASS wrong", 530)).text, "530 Wrong user name or password.");
    }
    const bans = server.events.filter(({ kind }) => kind === "address-banned");
    assert.equal(bans.length, 1);
    const { host, until, cause } = await server.event("address-banned");
    assert.deepEqual([host, cause], ["127.0.0.1", "too many wrong passwords"]);
    assert.ok(until.getTime() >= startedMs + 900_000 && until.getTime() < startedMs + 960_000);
    const causes = server.events.flatMap((event) => (event.kind === "login-failed" ? [event.cause] : []));
    assert.deepEqual(causes, [
      ...Array.from({ length: 3 }, () => "wrong user name or password"),
      ...Array.from({ length: 2 }, () => "too many wrong passwords from this address"),
    ]);
    await using banned = await FtpDriver.connect(server.explicitPort);
    assert.equal((await banned.reply()).text, "421 Too many wrong passwords from this address; try again later.");
    assert.equal((await server.event("connection-refused")).cause, "too many wrong passwords from this address");
    await using implicit = await FtpDriver.connect(server.implicitPort);
    assert.equal(await implicit.waitForEnd(2000), true);
    assert.equal(implicit.pendingText, "");
  });
});

test("S-12 the log is told why an account is closed, and the peer is not", async () => {
  const reasons = ["the account is disabled", undefined];
  const authenticate = async () => {
    const reason = reasons.shift();
    return { kind: "refused" as const, ...(reason === undefined ? {} : { reason }) };
  };
  await using server = await startTestServer({
    authenticator: { authenticate },
    listener: { requireTls: "none" },
    limits: { loginDelayMs: 1, loginDelayMaxMs: 1 },
  });
  await using client = await server.greeted();
  const texts: string[] = [];
  for (let attempt = 0; attempt < 2; attempt++) {
    await client.expect("USER alice", 331);
    texts.push((await client.expect("PASS x", 530)).text);
  }
  assert.equal(texts[0], texts[1]);
  assert.deepEqual(
    server.events.flatMap((event) => (event.kind === "login-failed" ? [event.cause] : [])),
    ["the account is disabled", "wrong user name or password"],
  );
});
