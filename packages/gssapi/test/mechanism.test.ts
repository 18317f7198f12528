import { gssapiMechanism, gssapiProblem } from "@sallyport/gssapi";
import { type Kdc, startKdc } from "@sallyport/testing";
import { dataPathHooks, SecurityMechanismError } from "@sallyport/transport";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fault, mechanismIn, opened, pairOf, realmSkip } from "./realm.ts";

suite("Kerberos between two ends", { skip: realmSkip, timeout: 60_000 }, () => {
  let kdc: Kdc;
  let clients: ReturnType<typeof mechanismIn>;
  let servers: ReturnType<typeof mechanismIn>;

  before(async () => {
    // What is read into one buffer here is read from data events in the tests of many contexts.
    assert.equal((await dataPathHooks()).userBuffer, true);
    kdc = await startKdc();
    await kdc.tickets("alice");
    clients = mechanismIn(kdc);
    servers = mechanismIn(kdc);
  });
  after(async () => {
    await Promise.all([clients[Symbol.asyncDispose](), servers[Symbol.asyncDispose]()]);
    await kdc[Symbol.asyncDispose]();
  });

  test("R-GSS-03 two tokens complete both ends, and each knows the other", async () => {
    await using pair = await pairOf(clients, servers);
    const { expiresAtMs, ...facts } = pair.serverFacts;
    const both = { integrity: true, confidentiality: true, detectsReplays: true };
    assert.deepEqual(facts, { peerName: "alice@SALLYPORT.TEST", localName: "alice", ...both });
    assert.ok(expiresAtMs !== undefined && Math.abs(expiresAtMs - Date.now() - 3_600_000) < 600_000);
    const { expiresAtMs: clientsEnd, ...clientFacts } = pair.clientFacts;
    assert.deepEqual(clientFacts, { peerName: "ftp/localhost@SALLYPORT.TEST", localName: undefined, ...both });
    assert.ok(clientsEnd !== undefined);
  });

  test("R-GSS-02 the keytab serves host@ as well as ftp@, unless one service is named", async () => {
    await using pair = await pairOf(clients, servers, "host@localhost");
    assert.equal(pair.clientFacts.peerName, "host/localhost@SALLYPORT.TEST");
    await using only = mechanismIn(kdc, { service: "ftp@localhost" });
    await assert.rejects(pairOf(clients, only, "host@localhost"), fault("wrong-key"));
    await using served = await pairOf(clients, only);
    assert.equal(served.serverFacts.peerName, "alice@SALLYPORT.TEST");
  });

  test("R-GSS-05 messages are sealed or encrypted, both ways, of any size, and fit where their limit says", async () => {
    await using pair = await pairOf(clients, servers);
    const { client, server } = pair;
    assert.equal(await opened(client, await server.wrap(Buffer.from("232 ok"), true)), "232 ok in-order");
    for (const confidential of [false, true]) {
      for (const size of [0, 1, 1_000, 65_536, 1_048_576]) {
        const octets = Buffer.alloc(size, "sallyport");
        // oxlint-disable-next-line no-await-in-loop -- messages come in order
        const token = await client.wrap(octets, confidential);
        assert.equal(token.length, size + (confidential ? 60 : 28));
        assert.equal(Buffer.from(token).includes("sallyport"), size >= 1_000 && !confidential);
        // oxlint-disable-next-line no-await-in-loop -- likewise
        const message = await server.unwrap(token);
        assert.deepEqual([message.confidential, message.order], [confidential, "in-order"]);
        assert.ok(octets.equals(message.octets));
      }
      // oxlint-disable-next-line no-await-in-loop -- likewise
      const fits = await server.wrapSizeLimit(65_536, confidential);
      // oxlint-disable-next-line no-await-in-loop -- likewise
      assert.equal((await server.wrap(Buffer.alloc(fits), confidential)).length, 65_536);
      // oxlint-disable-next-line no-await-in-loop -- likewise
      assert.equal(await server.wrapSizeLimit(10, confidential), 0);
    }
  });

  test("answers lie in lent memory where there is enough, that of the question among them", async () => {
    await using pair = await pairOf(clients, servers);
    const lent = Buffer.from(new ArrayBuffer(70_000));
    const text = "x".repeat(65_000);
    lent.write(text);
    const token = await pair.client.wrap(lent.subarray(0, text.length), true, lent);
    assert.equal(token.buffer, lent.buffer);
    const message = await pair.server.unwrap(token, Buffer.from(token.buffer, token.byteOffset, token.length));
    assert.equal(message.octets.buffer, lent.buffer);
    assert.equal(Buffer.from(message.octets).toString(), text);
    const own = await pair.client.wrap(Buffer.from(text), true, lent.subarray(0, 65_000));
    assert.notEqual(own.buffer, lent.buffer);
    assert.equal(await opened(pair.server, own), `${text} in-order`);
  });

  test("R-GSS-06 a message that was opened before, came late or was left out shows in the order", async () => {
    await using pair = await pairOf(clients, servers);
    const { client, server } = pair;
    const texts = ["first", "second", "third", "fourth"];
    const tokens = await Promise.all(texts.map((text) => client.wrap(Buffer.from(text), true)));
    const [first, second, third, fourth] = tokens;
    assert.ok(first && second && third && fourth);
    assert.equal(await opened(server, first), "first in-order");
    assert.equal(await opened(server, third), "third gap");
    assert.equal(await opened(server, second), "second gap");
    assert.equal(await opened(server, second), "second duplicate");
    assert.equal(await opened(server, fourth), "fourth in-order");
    const { sequence: one } = await server.unwrap(await client.wrap(Buffer.from("x"), false));
    const { sequence: next } = await server.unwrap(await client.wrap(Buffer.from("x"), false));
    assert.ok(one !== undefined && next === one + 1n);
    for (let count = 0; count < 70; count++) {
      // oxlint-disable-next-line no-await-in-loop -- messages come in order
      await server.unwrap(await client.wrap(Buffer.from("x"), false));
    }
    assert.equal(await opened(server, first), "first old");
  });

  test("changed, reflected, foreign and empty messages are rejected, and the context goes on", async () => {
    await using pair = await pairOf(clients, servers);
    await using other = await pairOf(clients, servers);
    const token = await pair.client.wrap(Buffer.from("DELE a"), true);
    const bad = [token.with(30, (token[30] ?? 0) ^ 1), token.subarray(1), token.subarray(0, 20), new Uint8Array()];
    for (const given of [...bad, Buffer.from("junk"), await other.client.wrap(Buffer.from("DELE a"), true)]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await assert.rejects(pair.server.unwrap(given), fault("message-rejected"));
    }
    await assert.rejects(pair.client.unwrap(token), fault("message-rejected"));
    assert.equal(await opened(pair.server, token), "DELE a in-order");
  });

  test("R-GSS-06 a token that was used before, was changed or is junk is rejected", async () => {
    await using client = await clients.initiate("ftp@localhost");
    const { token } = await client.step(undefined);
    assert.ok(token !== undefined);
    const accept = async (given: Uint8Array): Promise<string | undefined> => {
      await using context = await servers.accept();
      return (await context.step(given)).facts?.peerName;
    };
    assert.equal(await accept(token), "alice@SALLYPORT.TEST");
    await assert.rejects(accept(token), fault("token-rejected"));
    const spnego = Buffer.from("604706062b0601050502a03d303ba00d300b06092a864886f712010202", "hex");
    for (const junk of [
      token.with(3, 0),
      token.subarray(0, 100),
      Buffer.alloc(131_072, 65),
      new Uint8Array(),
      spnego,
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await assert.rejects(accept(junk), fault("token-rejected"));
    }
  });

  test("contexts that are incomplete, complete or released answer what does not fit them with an error", async () => {
    const released = await servers.accept();
    await assert.rejects(released.wrap(Buffer.from("x"), true), fault("failed"));
    await assert.rejects(released.step(Buffer.from("junk")), fault("token-rejected"));
    await assert.rejects(released.step(Buffer.from("junk")), fault("failed"));
    await released[Symbol.asyncDispose]();
    await released[Symbol.asyncDispose]();
    await assert.rejects(released.step(undefined), fault("failed"));
    await using pair = await pairOf(clients, servers);
    await assert.rejects(pair.client.step(Buffer.from("x")), fault("failed"));
    await assert.rejects(pair.server.step(Buffer.from("x")), fault("failed"));
    await assert.rejects(pair.client.wrap(Buffer.alloc(5_000_000), true), fault("failed"));
    assert.equal(await opened(pair.server, await pair.client.wrap(Buffer.from("x"), true)), "x in-order");
  });

  test("a process that is killed takes its contexts along, and the next ones have another", async () => {
    await using killed = mechanismIn(kdc);
    await using pair = await pairOf(clients, killed);
    const open = pair.server.wrap(Buffer.alloc(1_000_000), true);
    const [processId] = killed.processIds;
    assert.ok(processId !== undefined);
    process.kill(processId, "SIGKILL");
    await assert.rejects(open, fault("unavailable"));
    await assert.rejects(pair.server.wrap(Buffer.from("x"), true), fault("unavailable"));
    await using next = await pairOf(clients, killed);
    assert.equal(await opened(next.server, await next.client.wrap(Buffer.from("x"), true)), "x in-order");
    await pair.server[Symbol.asyncDispose]();
  });

  test("an initiator that waits for the KDC holds nobody up", async () => {
    await using pair = await pairOf(clients, servers);
    await using waiting = await clients.initiate("nfs@localhost");
    const kdcId = Number(await readFile(`${kdc.directory}/kdc.pid`, "utf8"));
    process.kill(kdcId, "SIGSTOP");
    let isOver = false;
    const step = waiting.step(undefined).finally(() => (isOver = true));
    try {
      await pause(50);
      assert.equal(await opened(pair.client, await pair.server.wrap(Buffer.from("x"), true)), "x in-order");
      assert.equal(isOver, false);
    } finally {
      process.kill(kdcId, "SIGCONT");
    }
    await assert.rejects(step, fault("unknown-principal"));
  });

  test("a process that dies again and again is not started for a while", async () => {
    await using dying = gssapiMechanism({ environment: { NODE_OPTIONS: "--no-such-option" } });
    const reasons: string[] = [];
    for (let count = 0; count < 9; count++) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const reason: unknown = await dying.accept().catch((error: unknown) => error);
      assert.ok(reason instanceof SecurityMechanismError && reason.fault === "unavailable");
      reasons.push(reason.message);
    }
    assert.match(reasons[7] ?? "", /ended \(exit code 9\)/);
    assert.match(reasons[8] ?? "", /too often/);
  });

  test("a server needs a keytab, a client does not", async () => {
    const { configFile, keytab } = kdc;
    assert.equal(await gssapiProblem("server", { configFile, keytab }), undefined);
    const without = { configFile, keytab: `${kdc.directory}/none` };
    assert.match((await gssapiProblem("server", without))?.message ?? "", /keytab|key table/i);
    assert.equal(await gssapiProblem("client", without), undefined);
    await using mechanism = gssapiMechanism(without);
    await assert.rejects(mechanism.accept(), fault("unavailable"));
  });
});

test("the way in by koffi is refused in one sentence where koffi is not installed", async () => {
  await using mechanism = gssapiMechanism({ binding: "koffi" });
  assert.deepEqual(mechanism.processIds, [], "nothing starts before it is needed");
  const isThere = isInstalled("koffi") && realmSkip === false;
  const reason: unknown = await mechanism.initiate("ftp@localhost").catch((error: unknown) => error);
  if (isThere) return assert.ok(!(reason instanceof SecurityMechanismError));
  assert.ok(reason instanceof SecurityMechanismError && reason.fault === "unavailable");
  assert.match(reason.message, /^This Node has no koffi, and needs it for Kerberos$/);
});

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
