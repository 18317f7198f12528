import { initialServerPiState, type ServerPiPolicy, verbs, verbsNotImplemented } from "@sallyport/protocol";
import { FtpDriver, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, it } from "node:test";
import { deflateSync } from "node:zlib";

const anyCertificate = { rejectUnauthorized: false } as const;

describe("order and time of replies", () => {
  it("R-959-10 R-2228-04 every verb is answered at least once, and by a code of the right kind", async () => {
    await using server = await startTestServer();
    await writeFile(join(server.directory, "file"), "content");
    for (const verb of [...Object.keys(verbs), ...verbsNotImplemented, "NONSENSE"]) {
      if (["QUIT", "REIN", "AUTH", "USER", "PASS"].includes(verb)) continue;
      await using driver = await server.loggedIn();
      for (const argument of ["", " x", " 1 2 3", " ()!"]) {
        const { code } = await driver.command(`${verb}${argument}`);
        assert.ok(code >= 200 && code < 600, `${verb}${argument} was answered ${code}`);
        // Only commands that open a data connection may begin with 1yz (RFC 959 §6), and here none is prepared.
        const [first] = String(code);
        if (["1", "3"].includes(first ?? "")) assert.ok(["REST", "RANG", "RNFR"].includes(verb), `${verb} ${code}`);
      }
      await driver.expect("NOOP", 200);
      assert.equal(driver.pendingText, "", `${verb} was answered twice`);
    }
  });

  it("R-1123-09 R-959-10 an idle connection is told 421 and closed; a running transfer is not idle", async () => {
    await using server = await startTestServer({ limits: { idleMs: 400 } });
    await writeFile(join(server.directory, "slow"), randomBytes(4 * 1024 * 1024));
    await using driver = await server.loggedIn();
    const raw = await driver.openPassive();
    assert.equal((await driver.command("RETR slow")).code, 150);
    const data = await driver.secureData(raw);
    await pause(1000);
    let bytes = 0;
    for await (const chunk of data) bytes += (chunk as Buffer).length;
    assert.equal(bytes, 4 * 1024 * 1024);
    assert.equal((await driver.reply()).code, 226);
    assert.equal((await driver.reply()).code, 421);
    assert.equal(await driver.waitForEnd(), true);
  });

  it("S-15 a connection that never logs in is closed", async () => {
    await using server = await startTestServer({ limits: { preLoginMs: 300 } });
    await using driver = await server.greeted();
    assert.equal((await driver.reply()).code, 421);
    assert.equal(await driver.waitForEnd(), true);
  });

  it("S-14 a line that is dripped is given up", async () => {
    await using server = await startTestServer({ limits: { commandLineMs: 300, idleMs: 600 } });
    await using driver = await server.loggedIn();
    for (let count = 0; count < 20 && !driver.ended; count++) {
      driver.send("A");
      await pause(100);
    }
    assert.equal(driver.ended, true);
  });

  it("R-TLS-38 a handshake that never comes closes the connection, on both ports", async () => {
    await using server = await startTestServer({ limits: { handshakeMs: 300 } });
    await using implicit = await FtpDriver.connect(server.implicitPort);
    await using explicit = await server.greeted();
    await explicit.expect("AUTH TLS", 234);
    assert.equal(await implicit.waitForEnd(3000), true);
    assert.equal(await explicit.waitForEnd(3000), true);
    assert.equal(implicit.pendingText, "");
  });

  it("R-DATA-06 a transfer in which nothing moves is 426", async () => {
    await using server = await startTestServer({ limits: { dataStallMs: 300 } });
    await writeFile(join(server.directory, "big"), randomBytes(64 * 1024 * 1024));
    await using driver = await server.loggedIn();
    const raw = await driver.openPassive();
    assert.equal((await driver.command("RETR big")).code, 150);
    const data = await driver.secureData(raw);
    data.pause();
    assert.equal((await driver.reply()).code, 426);
    await driver.expect("NOOP", 200);
  });

  for (const order of ["before", "after"] as const) {
    it(`R-DATA-04 the ClientHello ${order} the transfer command`, async () => {
      await using server = await startTestServer();
      await writeFile(join(server.directory, "file"), "content");
      await using driver = await server.loggedIn();
      const raw = await driver.openPassive();
      const early = order === "before" ? await driver.secureData(raw) : undefined;
      assert.equal((await driver.command("RETR file")).code, 150);
      const data = early ?? (await driver.secureData(raw));
      assert.equal((await data.toArray()).map(String).join(""), "content");
      assert.equal((await driver.reply()).code, 226);
    });
  }

  it("R-DATA-04 the data connection may come after the transfer command", async () => {
    await using server = await startTestServer();
    await writeFile(join(server.directory, "file"), "content");
    await using driver = await server.loggedIn();
    const { text } = await driver.expect("EPSV", 229);
    assert.equal((await driver.command("RETR file")).code, 150);
    await pause(100);
    const { connect } = await import("node:net");
    const raw = connect({ host: "127.0.0.1", port: Number(/\|\|\|(\d+)/.exec(text)?.[1]) });
    await new Promise((resolve) => raw.once("connect", resolve));
    const data = await driver.secureData(raw);
    assert.equal((await data.toArray()).map(String).join(""), "content");
    assert.equal((await driver.reply()).code, 226);
  });

  it("R-DATA-05 at 226 the file is there with its whole size, for everybody", async () => {
    await using server = await startTestServer();
    await using driver = await server.loggedIn();
    await using other = await server.loggedIn();
    for (let round = 0; round < 10; round++) {
      const octets = randomBytes(100_000 + round);
      assert.equal((await driver.store(`STOR visible-${round}`, octets)).completion?.code, 226);
      assert.equal((await other.command(`SIZE visible-${round}`)).text, `213 ${octets.length}`);
    }
  });

  it("R-1123-04 what may work later is 4yz: no free port", async () => {
    // Below the ports that the system hands out by itself.
    const port = randomInt(20_000, 30_000);
    await using server = await startTestServer({ passive: { ports: { first: port, last: port } } });
    await using first = await server.loggedIn();
    await using second = await server.loggedIn();
    await first.expect("EPSV", 229);
    await second.expect("EPSV", 425);
    await first.expect("ABOR", 226);
    await second.expect("EPSV", 229);
  });

  it("R-959-13 every octet but those that cannot be part of a name comes back in a listing", async () => {
    await using server = await startTestServer();
    await using driver = await server.loggedIn();
    const wanted: string[] = [];
    for (let octet = 1; octet < 256; octet++) {
      if ([0x0a, 0x0d, 0x2f].includes(octet)) continue;
      const name = `x${String.fromCharCode(octet)}y`;
      wanted.push(name);
      driver.send(`MKD ${name.replaceAll("\xFF", "\xFF\xFF")}\r\n`);
      assert.equal((await driver.reply()).code, 257, `octet ${octet}`);
    }
    const lines = (await driver.retrieve("MLSD")).octets.toString("latin1").split("\r\n");
    const names = new Set(lines.map((line) => line.slice(line.indexOf("; ") + 2)));
    assert.deepEqual(
      wanted.filter((name) => !names.has(name)),
      [],
    );
    assert.equal((await readdir(server.directory)).filter((name) => name.startsWith("x")).length, wanted.length);
  });

  it("R-959-20 USER: 331, and 230 where no password is needed", async () => {
    const account = { name: "open", home: "/" as never, permissions: [], readOnly: true, anonymous: false };
    await using server = await startTestServer({
      authenticator: {
        identify: async (user) => (user === "open" ? account : undefined),
        authenticate: async () => ({ kind: "refused" }),
      },
    });
    await using driver = await FtpDriver.connect(server.implicitPort, { tls: anyCertificate });
    await driver.reply();
    await driver.expect("USER somebody", 331);
    await driver.expect("USER open", 230);
    await driver.expect("PWD", 257);
    await driver.expect("USER", 501);
  });

  it("R-IMP-08 REIN on an implicit connection is followed by another handshake and greeting, and clear text ends it", async () => {
    await using server = await startTestServer();
    await using driver = await FtpDriver.connect(server.implicitPort);
    const raw = driver.socket;
    const first = await driver.startTls(anyCertificate);
    assert.equal((await driver.reply()).code, 220);
    await driver.logIn();
    await driver.expect("REIN", 220);
    await new Promise((resolve) => first.once("end", resolve));
    assert.ok(raw.writable);
    raw.write("NOOP\r\n");
    await new Promise((resolve) => raw.once("close", resolve));
  });

  it("R-IMP-09 FEAT on an implicit connection lists AUTH TLS, PBSZ and PROT", async () => {
    await using server = await startTestServer();
    await using driver = await FtpDriver.connect(server.implicitPort, { tls: anyCertificate });
    await driver.reply();
    const { text } = await driver.expect("FEAT", 211);
    for (const line of [" AUTH TLS", " PBSZ", " PROT"]) assert.ok(text.split("\n").includes(line));
  });

  it("R-7151-04 USER without HOST is let into the default host", async () => {
    await using server = await startTestServer({ hosts: ["a.example"] });
    await using driver = await server.loggedIn();
    await driver.expect("PWD", 257);
  });

  it("R-2228-08 CCC: 533 in clear, 534 before login and where TLS is required", async () => {
    await using server = await startTestServer({ capabilities: ["ccc"] });
    await using driver = await server.greeted();
    await driver.expect("CCC", 533);
    await driver.expect("AUTH TLS", 234);
    await driver.startTls(anyCertificate);
    await driver.expect("CCC", 534);
    await driver.logIn();
    await driver.expect("CCC", 534);
  });

  it("R-2228-14 data at a level that is too low is 521 before 150 (D-02)", async () => {
    await using server = await startTestServer();
    await using driver = await server.loggedIn();
    await driver.expect("PROT C", 200);
    await driver.expect("EPSV", 229);
    for (const line of ["RETR x", "STOR x", "LIST", "MLSD", "NLST", "APPE x", "STOU"]) await driver.expect(line, 521);
  });

  it("R-MODZ-02 OPTS MODE Z: level and reset, 501 for other keys", async () => {
    await using server = await startTestServer();
    await using driver = await server.loggedIn();
    for (const [options, code] of [
      ["Z LEVEL 9", 200],
      ["Z", 200],
      ["Z LEVEL 10", 501],
      ["Z ENGINE ZLIB", 501],
      ["Z BLOCKSIZE 1", 501],
      ["S", 501],
    ] as const) {
      await driver.expect(`OPTS MODE ${options}`, code);
    }
  });

  it("R-MODZ-03 S-24 an upload in MODE Z that grows beyond measure is refused and publishes nothing", async () => {
    await using server = await startTestServer();
    await using driver = await server.loggedIn();
    await driver.expect("MODE Z", 200);
    const { completion } = await driver.store("STOR bomb", deflateSync(Buffer.alloc(64 * 1024 * 1024)));
    assert.equal(completion?.code, 426);
    await using other = await server.greeted();
    await other.logIn("bob");
    await other.expect("SIZE bomb", 550);
  });

  it("R-TLS-37 a ticket of another protocol version is not resumed", async () => {
    await using server = await startTestServer({ listener: { dataResumption: "require" } });
    await writeFile(join(server.directory, "file"), "content");
    await using driver = await server.greeted();
    await driver.logIn("alice", "secret", { ...anyCertificate, maxVersion: "TLSv1.2" });
    assert.equal((await driver.retrieve("RETR file")).resumed, true);
    const raw = await driver.openPassive();
    assert.equal((await driver.command("RETR file")).code, 150);
    const data = await driver.secureData(raw, { ...anyCertificate, minVersion: "TLSv1.3" });
    assert.equal(data.isSessionReused(), false);
    data.resume();
    assert.match((await driver.reply()).text, /^522 .*resume/);
  });

  it("R-959-26 R-LOCK-01 SMNT is 502, verbs of no registry are 500", async () => {
    await using server = await startTestServer();
    await using driver = await server.loggedIn();
    await driver.expect("SMNT /", 502);
    await driver.expect("LOCK x", 500);
  });

  it("R-5797-01 no verb of ours is outside the RFCs, the drafts and practice, but under SITE", () => {
    for (const [verb, { source }] of Object.entries(verbs)) {
      assert.match(source, /^(?:RFC \d+|draft-|practice)/, verb);
    }
  });

  it("R-IMP-03 R-4217-23 the protection that a connection begins with", () => {
    const policy: ServerPiPolicy = {
      requireTlsForLogin: true,
      requireTlsForData: true,
      messageSecurity: "off",
      messagesSuffice: false,
      strictProtectionOrder: false,
      capabilities: new Set(),
      commandQueueMax: 1,
      unknownVerbsMax: 1,
    };
    assert.equal(initialServerPiState("implicit", policy).protectionLevel, "P");
    assert.equal(initialServerPiState("explicit", policy).protectionLevel, "C");
  });
});
