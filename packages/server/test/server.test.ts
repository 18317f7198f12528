import { limitValues } from "@sallyport/protocol";
import { FtpServer, OwnLedger, type ServerLedger } from "@sallyport/server";
import { MemoryDirectory } from "@sallyport/server/storage";
import { FtpDriver, startTestServer, testAuthenticator } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, it } from "node:test";

describe("FtpServer", () => {
  it("refuses a listener that needs TLS without certificates", () => {
    const make = () =>
      new FtpServer({
        listeners: [{ tlsMode: "explicit", address: "127.0.0.1", port: 0 }],
        authenticator: testAuthenticator({}),
        storage: new MemoryDirectory(),
      });
    assert.throws(make, { code: "SALLYPORT_TLS_MISSING" });
  });

  it("serves plain FTP only where that was said", async () => {
    await using server = new FtpServer({
      listeners: [{ tlsMode: "explicit", address: "127.0.0.1", port: 0, requireTls: "none" }],
      authenticator: testAuthenticator({}),
      storage: new MemoryDirectory(),
    });
    const [listening] = await server.listen();
    await using driver = await FtpDriver.connect(listening?.port ?? 0);
    await driver.reply();
    await driver.expect("AUTH TLS", 431);
    await driver.expect("USER alice", 331);
    await driver.expect("PASS secret", 230);
    await driver.store("STOR file", Buffer.from("x"));
    assert.equal((await driver.retrieve("RETR file")).octets.toString(), "x");
  });

  it("binds all listeners or none", async () => {
    const occupied = createServer();
    await new Promise<void>((resolve) => occupied.listen(0, "127.0.0.1", resolve));
    const { port } = occupied.address() as { port: number };
    const server = new FtpServer({
      listeners: [0, port].map((wanted) => ({
        tlsMode: "explicit",
        address: "127.0.0.1",
        port: wanted,
        requireTls: "none",
      })),
      authenticator: testAuthenticator({}),
      storage: new MemoryDirectory(),
    });
    await assert.rejects(server.listen(), { code: "EADDRINUSE" });
    occupied.close();
  });

  it("stops at once for the idle and after their transfer for the others", async () => {
    await using server = await startTestServer();
    const content = randomBytes(24 * 1024 * 1024);
    await writeFile(join(server.directory, "big"), content);
    await using idle = await server.loggedIn();
    await using busy = await server.loggedIn();
    const raw = await busy.openPassive();
    assert.equal((await busy.command("RETR big")).code, 150);
    const data = await busy.secureData(raw);
    await pause(100);
    const closed = server.server.close({ graceMs: 10_000 });
    assert.equal((await idle.reply()).code, 421);
    assert.equal(
      (await data.toArray()).reduce((sum: number, chunk: Buffer) => sum + chunk.length, 0),
      content.length,
    );
    assert.equal((await busy.reply()).code, 226);
    assert.equal((await busy.reply()).code, 421);
    await closed;
    assert.equal(server.server.connectionsCount, 0);
  });

  it("S-15 refuses more connections than it may have, from one address and in all", async () => {
    await using server = await startTestServer({ limits: { connectionsPerHostCount: 2 } });
    await using first = await server.greeted();
    await using second = await server.greeted();
    await using third = await FtpDriver.connect(server.explicitPort);
    assert.equal((await third.reply()).code, 421);
    await using implicit = await FtpDriver.connect(server.implicitPort);
    assert.equal(await implicit.waitForEnd(2000), true);
    assert.equal(implicit.pendingText, "");
    await first.expect("QUIT", 221);
    await first.waitForEnd();
    await pause(50);
    await using again = await server.greeted();
    await again.expect("NOOP", 200);
    await second.expect("NOOP", 200);
  });

  it("an observer that throws harms nobody", async () => {
    await using server = await startTestServer({
      observer: {
        onEvent: () => {
          throw new Error("broken observer");
        },
      },
    });
    await using driver = await server.loggedIn();
    await driver.expect("NOOP", 200);
  });

  it("R-DATA-03 reply 227 names the masquerade address to peers from elsewhere, and its own to neighbours", async () => {
    await using server = await startTestServer({ passive: { masquerade: "192.0.2.1" } });
    await using driver = await server.loggedIn();
    assert.match((await driver.expect("PASV", 227)).text, /\(127,0,0,1,/);
  });

  it("S-15 the /64 of a host and all spellings of its address are one host", async () => {
    await using server = await startTestServer({
      listener: { proxyProtocolFrom: ["127.0.0.1"] },
      limits: { connectionsPerHostCount: 1 },
    });
    const addresses = ["2001:db8::1", "2001:DB8:0:0::2", "2001:db8:0:1::1"];
    const codes: number[] = [];
    await using connections = new AsyncDisposableStack();
    for (const address of addresses) {
      const driver = connections.use(await FtpDriver.connect(server.explicitPort));
      driver.send(`PROXY TCP6 ${address} 2001:db8::21 56324 21\r\n`);
      codes.push((await driver.reply()).code);
    }
    assert.deepEqual(codes, [220, 421, 220]);
  });

  it("S-15 a peer that goes while the ledger is asked about it leaves no connection behind", async () => {
    const own = new OwnLedger(limitValues());
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const closed: number[] = [];
    const ledger: ServerLedger = {
      identityKey: own.identityKey,
      admit: async (remoteAddress) => {
        asked.resolve();
        await answer.promise;
        return own.admit(remoteAddress);
      },
      closed: (connection) => {
        closed.push(connection);
        own.closed(connection);
      },
      judge: (attempt) => own.judge(attempt),
      failed: (attempt) => own.failed(attempt),
      succeeded: (attempt) => own.succeeded(attempt),
      claimLogin: (connection, account) => own.claimLogin(connection, account),
      releaseLogin: (connection) => own.releaseLogin(connection),
      quotaOf: (owner, limitBytes) => own.quotaOf(owner, limitBytes),
      beginTransfer: (account, direction) => own.beginTransfer(account, direction),
    };
    await using server = await startTestServer({ ledger, listener: { proxyProtocolFrom: ["127.0.0.1"] } });
    const peer = connect(server.explicitPort, "127.0.0.1");
    peer.write("PROXY TCP4 192.0.2.7 192.0.2.1 56324 21\r\n");
    await asked.promise;
    peer.resetAndDestroy();
    await pause(100);
    answer.resolve();
    await pause(100);
    assert.deepEqual([own.connectionsCount, server.server.connectionsCount, closed.length], [0, 0, 1]);
  });

  it("the address that a trusted proxy declares is the peer's", async () => {
    await using server = await startTestServer({ listener: { proxyProtocolFrom: ["127.0.0.1"] } });
    await using driver = await FtpDriver.connect(server.explicitPort);
    driver.send("PROXY TCP4 192.0.2.7 192.0.2.1 56324 21\r\nNOOP\r\n");
    assert.equal((await driver.reply()).code, 220);
    assert.equal((await driver.reply()).code, 200);
    assert.equal((await server.event("connection-opened")).remoteAddress, "192.0.2.7");
    await using without = await FtpDriver.connect(server.explicitPort);
    without.send("NOOP\r\n");
    assert.equal(await without.waitForEnd(2000), true);
  });
});
