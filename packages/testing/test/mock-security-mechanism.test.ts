import { mockMechanism, type MockMechanism, type MockMechanismOptions } from "@sallyport/testing";
import { type SecurityContext, type SecurityMechanismFault } from "@sallyport/transport";
import assert from "node:assert/strict";
import { test } from "node:test";

const octets = (text: string): Uint8Array => Buffer.from(text);
const fault = (name: SecurityMechanismFault): { fault: SecurityMechanismFault } => ({ fault: name });

interface Pair {
  readonly mechanism: MockMechanism;
  readonly client: SecurityContext;
  readonly server: SecurityContext;
}

async function pair(options: MockMechanismOptions = {}): Promise<Pair> {
  const mechanism = mockMechanism(options);
  const [client, server] = await Promise.all([mechanism.initiate("ftp@localhost"), mechanism.accept()]);
  let { token } = await client.step(undefined);
  while (token !== undefined) {
    // oxlint-disable-next-line no-await-in-loop -- each token answers the one before
    const answer = (await server.step(token)).token;
    // oxlint-disable-next-line no-await-in-loop -- likewise
    token = answer === undefined ? undefined : (await client.step(answer)).token;
  }
  return { mechanism, client, server };
}

test("R-GSS-03 one, two and three tokens, and who is complete after which", async () => {
  const completeAfter = { 1: ["client", "server"], 2: ["server", "client"], 3: ["client", "server"] } as const;
  for (const legs of [1, 2, 3] as const) {
    const mechanism = mockMechanism({ legs });
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const ends = await Promise.all([mechanism.initiate("ftp@localhost"), mechanism.accept()]);
    const complete: string[] = [];
    let token: Uint8Array | undefined;
    let tokensCount = 0;
    for (let leg = 0; leg <= legs; leg++) {
      const isClient = leg % 2 === 0;
      // oxlint-disable-next-line no-await-in-loop -- each token answers the one before
      const step = await ends[isClient ? 0 : 1].step(token);
      if (step.facts !== undefined) complete.push(isClient ? "client" : "server");
      if (step.token !== undefined) tokensCount++;
      ({ token } = step);
    }
    assert.equal(tokensCount, legs);
    assert.deepEqual(complete, completeAfter[legs]);
  }
});

test("both ends open what the other wrapped, and are told where it stands", async () => {
  const { client, server } = await pair();
  const [first, second, third] = await Promise.all([
    client.wrap(octets("USER alice"), false),
    client.wrap(octets("PWD"), true),
    client.wrap(octets(""), true),
  ]);
  assert.equal(first.length, 10 + 28);
  assert.equal(second.length, 3 + 60);
  const opened = async (token: Uint8Array): Promise<unknown[]> => {
    const message = await server.unwrap(token);
    return [Buffer.from(message.octets).toString(), message.confidential, message.order];
  };
  assert.deepEqual(await opened(first), ["USER alice", false, "in-order"]);
  assert.deepEqual(await opened(third), ["", true, "gap"]);
  assert.deepEqual(await opened(second), ["PWD", true, "gap"]);
  assert.deepEqual(await opened(second), ["PWD", true, "duplicate"]);
  for (let count = 0; count < 70; count++) {
    // oxlint-disable-next-line no-await-in-loop -- in order
    assert.equal((await opened(await client.wrap(octets("x"), true)))[2], "in-order");
  }
  assert.equal((await opened(first))[2], "old");
  const answer = await server.wrap(octets("257"), true);
  assert.equal(Buffer.from((await client.unwrap(answer)).octets).toString(), "257");
  assert.equal(await server.wrapSizeLimit(65_536, true), 65_476);
  assert.equal(await server.wrapSizeLimit(10, false), 0);
});

test("changed, reflected and short messages are rejected, and so are changed and used tokens", async () => {
  const { mechanism, client, server } = await pair();
  const token = await client.wrap(octets("DELE a"), false);
  const changed = token.with(17, 0);
  for (const bad of [changed, token.subarray(0, 10), token.subarray(0, -1)]) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await assert.rejects(server.unwrap(bad), fault("message-rejected"));
  }
  await assert.rejects(client.unwrap(token), fault("message-rejected"));
  const opening = (await (await mechanism.initiate("host@localhost")).step(undefined)).token;
  assert.ok(opening !== undefined);
  await assert.rejects((await mechanism.accept()).step(opening.with(40, 0)), fault("token-rejected"));
  await (await mechanism.accept()).step(opening);
  await assert.rejects((await mechanism.accept()).step(opening), fault("token-rejected"));
  await assert.rejects((await mechanism.accept()).step(octets("junk")), fault("token-rejected"));
  const stranger = await mechanism.initiate("ftp@elsewhere");
  await assert.rejects(stranger.step(undefined), fault("unknown-principal"));
});

test("what a test can let happen: a failure, expiry, death, silence", async () => {
  const { mechanism, client, server } = await pair();
  assert.equal(mechanism.openContextsCount, 2);
  mechanism.failNext("wrap", "failed");
  await assert.rejects(client.wrap(octets("x"), true), fault("failed"));
  await client.wrap(octets("x"), true);
  mechanism.expire();
  await assert.rejects(client.wrap(octets("x"), true), fault("context-expired"));
  const release = mechanism.hold();
  const pending = assert.rejects(server.wrap(octets("x"), true), fault("unavailable"));
  mechanism.die();
  release();
  await pending;
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  assert.equal(mechanism.openContextsCount, 0);
  mechanism.failNext("accept", "unavailable");
  await assert.rejects(mechanism.accept(), fault("unavailable"));
  await mechanism.accept();
});
