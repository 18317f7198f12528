import { FtpServer, type FtpServerOptions } from "@sallyport/server";
import { type Account, type Authenticator, type LoginReview } from "@sallyport/server/accounts";
import { MemoryDirectory } from "@sallyport/server/storage";
import { FtpDriver, mockMechanism, SealedDriver, testAccount, testAuthenticator } from "@sallyport/testing";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const listener = { tlsMode: "explicit", address: "127.0.0.1", port: 0, requireTls: "none" } as const;

async function start(options: Partial<FtpServerOptions> = {}) {
  const authenticator = testAuthenticator({});
  const server = new FtpServer({ listeners: [listener], authenticator, storage: new MemoryDirectory(), ...options });
  const [listening] = await server.listen();
  return { server, port: listening?.port ?? 0, authenticator };
}

async function logIn(port: number): Promise<FtpDriver> {
  const driver = await FtpDriver.connect(port);
  await driver.reply();
  await driver.expect("USER alice", 331);
  await driver.expect("PASS secret", 230);
  return driver;
}

/** An authenticator that answers reviews as it is told. */
function reviewing(review: (account: Account) => LoginReview | undefined): Authenticator {
  return { ...testAuthenticator({}), review: async ({ account }) => review(account) };
}

describe("reconfigure", () => {
  it("new connections get the new greeting, limits and capabilities; the others keep theirs", async () => {
    const { server, port, authenticator } = await start();
    await using _server = server;
    await using old = await logIn(port);
    server.reconfigure({
      listeners: [listener],
      authenticator,
      greeting: "Other.",
      active: { enabled: false },
      limits: { connectionsPerHostCount: 2, idleMs: 1500 },
    });
    await using fresh = await FtpDriver.connect(port);
    assert.equal((await fresh.reply()).text, "220 Other.");
    await using third = await FtpDriver.connect(port);
    assert.equal((await third.reply()).code, 421);
    await fresh.expect("USER alice", 331);
    await fresh.expect("PASS secret", 230);
    await fresh.expect("PORT 127,0,0,1,200,1", 502);
    await old.expect("PORT 127,0,0,1,200,1", 200);
    assert.equal((await fresh.reply()).code, 421);
    await old.expect("NOOP", 200);
  });

  it("refuses other listeners, and listeners without certificates; nothing has changed then", async () => {
    const { server, port, authenticator } = await start();
    await using _server = server;
    const others = [{ ...listener, port: 1 }];
    assert.throws(() => server.reconfigure({ listeners: others, authenticator, greeting: "x" }), {
      code: "SALLYPORT_LISTENERS_DIFFER",
    });
    const { requireTls: _, ...demanding } = listener;
    assert.throws(() => server.reconfigure({ listeners: [demanding], authenticator, greeting: "x" }), {
      code: "SALLYPORT_TLS_MISSING",
    });
    await using driver = await FtpDriver.connect(port);
    assert.equal((await driver.reply()).text, "220 FTP server ready.");
  });
});

describe("reviewLogins", () => {
  it("ends a login with 421, a running upload included, which is not published", async () => {
    const authenticator = reviewing(() => ({ kind: "ended", reason: "the account is disabled" }));
    const { server, port } = await start({ authenticator });
    await using _server = server;
    await using driver = await logIn(port);
    const data = await driver.openPassive();
    assert.equal((await driver.command("STOR file")).code, 150);
    await new Promise((resolve) => data.write("half", resolve));
    assert.deepEqual(await server.reviewLogins(), { endedCount: 1, refreshedCount: 0 });
    assert.match((await driver.reply()).text, /^421 The account was changed/);
    data.destroy();
  });

  it("gives a login other rights from the next command on, and leaves it its directory", async () => {
    const authenticator = reviewing((account) => ({ kind: "stays", account: { ...account, readOnly: true } }));
    const { server, port } = await start({ authenticator });
    await using _server = server;
    await using driver = await logIn(port);
    await driver.expect("MKD one", 257);
    await driver.expect("CWD one", 250);
    assert.deepEqual(await server.reviewLogins(), { endedCount: 0, refreshedCount: 1 });
    await driver.expect("MKD two", 550);
    assert.match((await driver.expect("PWD", 257)).text, /"\/one"/);
    assert.deepEqual(await server.reviewLogins(), { endedCount: 0, refreshedCount: 0 });
  });

  it("leaves alone who is not logged in, whom nothing speaks against, and all where nobody can say", async () => {
    const { server, port } = await start({ authenticator: reviewing(() => undefined) });
    await using _server = server;
    await using driver = await logIn(port);
    await using stranger = await FtpDriver.connect(port);
    await stranger.reply();
    assert.deepEqual(await server.reviewLogins(), { endedCount: 0, refreshedCount: 0 });
    server.reconfigure({ listeners: [listener], authenticator: testAuthenticator({}) });
    assert.deepEqual(await server.reviewLogins(), { endedCount: 0, refreshedCount: 0 });
    await driver.expect("NOOP", 200);
    await stranger.expect("NOOP", 200);
  });

  it("ends a login whose home was moved, and one that needs TLS by now", async () => {
    for (const change of [{ home: "/elsewhere" as Account["home"] }, { requireTls: "login" as const }]) {
      const authenticator = reviewing((account) => ({ kind: "stays", account: { ...account, ...change } }));
      const { server, port } = await start({ authenticator });
      await using _server = server;
      await using driver = await logIn(port);
      assert.deepEqual(await server.reviewLogins(), { endedCount: 1, refreshedCount: 0 });
      assert.equal((await driver.reply()).code, 421);
    }
  });
});

describe("reviewLogins under Kerberos", () => {
  it("a principal that the map gives the account no longer is sent away, and others stay", async () => {
    const mechanism = mockMechanism();
    const mapTo = (account: string) => ({ mechanism, principals: new Map([["alice@MOCK.TEST", [account]]]) });
    const identify: NonNullable<Authenticator["identify"]> = async (user, { principal }) =>
      principal?.accountNames.includes(user) === true ? testAccount(user) : undefined;
    const authenticator: Authenticator = {
      ...testAuthenticator({}),
      identify,
      review: async ({ user, account, facts }) =>
        (await identify(user, facts)) === undefined ? { kind: "ended", reason: "" } : { kind: "stays", account },
    };
    const { server, port } = await start({ authenticator, gssapi: mapTo("bob") });
    await using _server = server;
    const driver = await FtpDriver.connect(port);
    await driver.reply();
    await using client = await SealedDriver.logIn(driver, mechanism, { user: "bob" });
    server.reconfigure({ listeners: [listener], authenticator, gssapi: mapTo("bob") });
    assert.deepEqual(await server.reviewLogins(), { endedCount: 0, refreshedCount: 0 });
    server.reconfigure({ listeners: [listener], authenticator, gssapi: mapTo("carol") });
    assert.deepEqual(await server.reviewLogins(), { endedCount: 1, refreshedCount: 0 });
    assert.deepEqual(await client.reply().then(({ outer, code }) => [outer, code]), [631, 421]);
  });
});
