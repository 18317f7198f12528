import { FtpDriver, startTestServer, testAccount } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";

test("S-12 a right password in the clear is answered as late as a wrong one where the account needs TLS", async () => {
  await using server = await startTestServer({
    account: { requireTls: "login" },
    listener: { requireTls: "none" },
    limits: { loginDelayMs: 200 },
  });
  await using client = await server.greeted();
  for (const password of ["secret", "wrong"]) {
    await client.expect("USER alice", 331);
    const askedMs = performance.now();
    const { text } = await client.expect(`PASS ${password}`, 530);
    assert.equal(text, "530 Wrong user name or password.");
    assert.ok(performance.now() - askedMs >= 190, `${password} was answered too soon`);
  }
});

test("S-15 REIN gives the place of the account back", async () => {
  await using server = await startTestServer({ account: { connectionsMax: 1 }, listener: { requireTls: "none" } });
  await using first = await server.greeted();
  await first.expect("USER alice", 331);
  await first.expect("PASS secret", 230);
  await first.expect("REIN", 220);
  await using second = await server.greeted();
  await second.expect("USER alice", 331);
  await second.expect("PASS secret", 230);
  await first.expect("USER alice", 331);
  await first.expect("PASS secret", 421);
});

test("S-15 a client that leaves while its password is checked does not take a place of its account", async () => {
  const checks: (() => void)[] = [];
  let waits = true;
  const authenticate = async (user: string) => {
    if (waits) await new Promise<void>((resolve) => checks.push(resolve));
    return { kind: "accepted", account: { ...testAccount(user), connectionsMax: 1 } } as const;
  };
  await using server = await startTestServer({ authenticator: { authenticate }, listener: { requireTls: "none" } });
  const leaving = await server.greeted();
  await leaving.expect("USER alice", 331);
  leaving.send("PASS secret\r\n");
  while (checks.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  leaving.socket.destroy();
  await server.event("connection-closed");
  waits = false;
  for (const finish of checks) finish();
  await using client = await server.greeted();
  await client.expect("USER alice", 331);
  await client.expect("PASS secret", 230);
});

test("S-13 who leaves while its password waits has made an attempt, and nothing is checked for it", async () => {
  const checked: string[] = [];
  const authenticate = async (_: string, password: string) => {
    checked.push(password);
    return { kind: "refused" } as const;
  };
  await using server = await startTestServer({
    authenticator: { authenticate },
    limits: { loginDelayMs: 600 },
    listener: { requireTls: "none" },
  });
  const [first, leaving] = [await server.greeted(), await server.greeted()];
  await first.expect("USER alice", 331);
  await leaving.expect("USER bob", 331);
  first.send("PASS one\r\n");
  while (checked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  leaving.send("PASS two\r\n");
  await new Promise((resolve) => setTimeout(resolve, 50));
  leaving.socket.destroy();
  const { user, cause } = await server.event("login-failed");
  assert.deepEqual([user, cause], ["bob", "the peer left before the answer"]);
  assert.deepEqual(checked, ["one"]);
  await using next = await FtpDriver.connect(server.explicitPort);
  const { text } = await next.reply();
  assert.equal(text, "421 A wrong password came from this address; try again in a moment.");
});

test("S-13 a login with a password speaks for its address, one without a secret does not", async () => {
  const authenticate = async (user: string, password: string) =>
    password === "wrong"
      ? ({ kind: "refused" } as const)
      : ({ kind: "accepted", account: { ...testAccount(user), anonymous: user === "anonymous" } } as const);
  await using server = await startTestServer({
    authenticator: { authenticate },
    limits: { loginDelayMs: 1500 },
    listener: { requireTls: "none" },
  });
  const greeting = async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    return (await driver.reply()).code;
  };
  await using anonymous = await server.greeted();
  await anonymous.expect("USER anonymous", 331);
  await anonymous.expect("PASS me@example.net", 230);
  await using owner = await server.greeted();
  await owner.expect("USER alice", 331);
  await using guesser = await server.greeted();
  await guesser.expect("USER bob", 331);
  guesser.send("PASS wrong\r\n");
  for (let looks = 0; looks < 100 && (await greeting()) === 220; looks++) await new Promise(setImmediate);
  assert.equal(await greeting(), 421);
  await owner.expect("PASS secret", 230);
  assert.equal(await greeting(), 220);
});
