import { FtpDriver, startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

const anyCertificate = { rejectUnauthorized: false } as const;
const versions = ["TLSv1.2", "TLSv1.3"] as const;

describe("RFC 2228 and RFC 4217, explicit", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await writeFile(join(server.directory, "file"), "content");
  });
  after(() => server[Symbol.asyncDispose]());

  it("R-4217-46 T-04 the flow of RFC 4217 §12.1, data and end included", async () => {
    await using driver = await server.greeted();
    await driver.expect("AUTH TLS", 234);
    await driver.startTls(anyCertificate);
    await driver.expect("FEAT", 211);
    for (const [line, code] of [
      ["PBSZ 0", 200],
      ["PROT P", 200],
      ["USER alice", 331],
      ["PASS secret", 230],
      ["TYPE I", 200],
    ] as const) {
      await driver.expect(line, code);
    }
    const { opening, octets, completion } = await driver.retrieve("RETR file");
    assert.deepEqual([opening.code, octets.toString(), completion?.code], [150, "content", 226]);
    await driver.expect("QUIT", 221);
    assert.equal(await driver.waitForEnd(), true);
  });

  for (const name of ["TLS", "tls", "TLS-C", "TLS-P", "SSL"]) {
    it(`R-4217-02 R-2228-02 AUTH ${name} is accepted with 234`, async () => {
      await using driver = await server.greeted();
      await driver.expect(`AUTH ${name}`, 234);
      await driver.startTls(anyCertificate);
      await driver.expect("NOOP", 200);
    });
  }

  it("R-2228-01 R-GSS-08 AUTH without mechanism is 501, with an unknown one 504", async () => {
    await using driver = await server.greeted();
    await driver.expect("AUTH", 501);
    await driver.expect("AUTH FOO", 504);
    await driver.expect("AUTH GSSAPI", 504);
    await driver.expect("AUTH KERBEROS_V4", 504);
  });

  it("R-2228-03 R-GSS-07 a second AUTH inside TLS is 534", async () => {
    await using driver = await server.loggedIn();
    await driver.expect("AUTH TLS", 534);
    await driver.expect("PWD", 257);
  });

  it("R-4217-03 S-01 clear octets behind AUTH end the connection and nothing of them is answered", async () => {
    for (const behind of ["NOOP\r\n", "USER alice\r\nPASS secret\r\n", "N"]) {
      await using driver = await server.greeted();
      driver.send(`AUTH TLS\r\n${behind}`);
      assert.equal(await driver.waitForEnd(), true);
      assert.doesNotMatch(driver.pendingText, /200|331/);
    }
    await server.event("attack-suspected");
  });

  it("R-4217-07 T-03 after 234 anything but a handshake closes the connection silently", async () => {
    await using driver = await server.greeted();
    await driver.expect("AUTH TLS", 234);
    driver.send("HELP\r\n");
    assert.equal(await driver.waitForEnd(), true);
    assert.equal(driver.pendingText, "");
  });

  it("R-4217-06 USER in clear is 530 and no password is asked for", async () => {
    await using driver = await server.greeted();
    await driver.expect("USER alice", 530);
    await driver.expect("PASS secret", 503);
  });

  it("R-4217-09 FEAT lists AUTH TLS, PBSZ and PROT, before and after", async () => {
    await using driver = await server.greeted();
    for (let round = 0; round < 2; round++) {
      const { text } = await driver.expect("FEAT", 211);
      for (const line of [" AUTH TLS", " PBSZ", " PROT"]) assert.ok(text.split("\n").includes(line), line);
      assert.doesNotMatch(text, /CCC|SSL/);
      if (round === 0) {
        await driver.expect("AUTH TLS", 234);
        await driver.startTls(anyCertificate);
      }
    }
  });

  it("R-2228-07 R-4217-21 PROT: order and letters", async () => {
    await using driver = await server.greeted();
    await driver.expect("PROT P", 503);
    await driver.expect("PBSZ 0", 503);
    await driver.expect("AUTH TLS", 234);
    await driver.startTls(anyCertificate);
    await driver.expect("PBSZ 0", 200);
    for (const [letter, code] of [
      ["P", 200],
      ["S", 536],
      ["E", 536],
      ["X", 504],
      ["", 501],
      ["C", 200],
    ] as const) {
      await driver.expect(`PROT ${letter}`, code);
    }
  });

  it("R-4217-20 PROT without PBSZ is let through, and 503 where the strict order is on", async () => {
    await using lenient = await server.greeted();
    await lenient.expect("AUTH TLS", 234);
    await lenient.startTls(anyCertificate);
    await lenient.expect("PROT P", 200);
    await using strict = await startTestServer({ strictProtectionOrder: true });
    await using driver = await strict.greeted();
    await driver.expect("AUTH TLS", 234);
    await driver.startTls(anyCertificate);
    await driver.expect("PROT P", 503);
    await driver.expect("PBSZ 0", 200);
    await driver.expect("PROT P", 200);
  });

  it("R-4217-22 PBSZ is 0 whatever is asked", async () => {
    await using driver = await server.loggedIn();
    assert.match((await driver.expect("PBSZ 16384", 200)).text, /PBSZ=0/);
  });

  it("R-2228-09 MIC and ENC are 503 in clear and 537 under TLS; CONF is 502; ADAT is 503", async () => {
    await using driver = await server.greeted();
    for (const verb of ["MIC", "ENC"]) await driver.expect(`${verb} AAAA`, 503);
    await driver.expect("CONF AAAA", 502);
    await driver.expect("ADAT AAAA", 503);
    await driver.expect("AUTH TLS", 234);
    await driver.startTls(anyCertificate);
    for (const verb of ["MIC", "ENC"]) await driver.expect(`${verb} AAAA`, 537);
  });

  it("R-4217-25 PROT C where P is required: EPSV works, the transfer is 521", async () => {
    await using driver = await server.loggedIn();
    await driver.expect("PROT C", 200);
    await driver.expect("EPSV", 229);
    await driver.expect("LIST", 521);
  });

  it("R-4217-26 plain octets where TLS was due on data: 150, then 522", async () => {
    await using driver = await server.loggedIn();
    const raw = await driver.openPassive();
    assert.equal((await driver.command("STOR junk")).code, 150);
    raw.end("this is not TLS");
    assert.equal((await driver.reply()).code, 522);
    await driver.expect("SIZE junk", 550);
    assert.ok((await server.event("data-connection-failed")).fix);
  });

  for (const version of versions) {
    const tls = { ...anyCertificate, minVersion: version, maxVersion: version };

    it(`R-TLS-34 data connections resume the control connection's TLS in ${version}`, async () => {
      await using driver = await server.greeted();
      await driver.expect("AUTH TLS", 234);
      await driver.startTls(tls);
      await driver.logIn();
      for (let round = 0; round < 3; round++) {
        const { resumed, completion } = await driver.retrieve("RETR file");
        assert.deepEqual([resumed, completion?.code], [true, 226]);
      }
    });

    it(`R-TLS-20 S-11 an upload over ${version} that ends without close_notify is 426 and publishes nothing`, async () => {
      await using driver = await server.greeted();
      await driver.expect("AUTH TLS", 234);
      await driver.startTls(tls);
      await driver.logIn();
      await driver.expect("TYPE I", 200);
      const raw = await driver.openPassive();
      assert.equal((await driver.command(`STOR cut-${version}`)).code, 150);
      const data = await driver.secureData(raw);
      await new Promise<void>((resolve) => data.write(randomBytes(50_000), () => resolve()));
      raw.end();
      assert.equal((await driver.reply()).code, 426);
      await using other = await server.greeted();
      await other.logIn("bob");
      await other.expect(`SIZE cut-${version}`, 550);
      await driver.expect(`SIZE cut-${version}`, 213);
    });

    it(`R-4217-40 T-09 REIN under ${version} answers inside TLS and goes on in clear`, async () => {
      await using driver = await server.greeted();
      const raw = driver.socket;
      await driver.expect("AUTH TLS", 234);
      const secured = await driver.startTls(tls);
      await driver.logIn();
      await driver.expect("REIN", 220);
      await new Promise((resolve) => secured.once("end", resolve));
      assert.ok(raw.writable);
    });
  }

  it("R-4217-23 R-4217-24 data is clear until PROT P, which may come between EPSV and the transfer", async () => {
    await using lenient = await startTestServer({ listener: { requireTls: "login" } });
    await writeFile(join(lenient.directory, "file"), "content");
    await using driver = await lenient.greeted();
    await driver.expect("AUTH TLS", 234);
    await driver.startTls(anyCertificate);
    await driver.expect("USER alice", 331);
    await driver.expect("PASS secret", 230);
    assert.equal((await driver.retrieve("RETR file", { clear: true })).octets.toString(), "content");
    const raw = await driver.openPassive();
    await driver.expect("PROT P", 200);
    assert.equal((await driver.command("RETR file")).code, 150);
    const data = await driver.secureData(raw);
    data.resume();
    assert.equal((await driver.reply()).code, 226);
    await driver.expect("PROT C", 200);
    assert.equal((await driver.retrieve("RETR file", { clear: true })).octets.toString(), "content");
  });

  for (const mechanism of ["SSL", "TLS-P"]) {
    it(`R-SSL-01 R-SSL-02 AUTH ${mechanism} implies PROT P`, async () => {
      await using driver = await server.greeted();
      await driver.expect(`AUTH ${mechanism}`, 234);
      await driver.startTls(anyCertificate);
      await driver.expect("USER alice", 331);
      await driver.expect("PASS secret", 230);
      assert.equal((await driver.retrieve("RETR file")).completion?.code, 226);
    });
  }

  it("R-4217-04 AUTH wipes what the clear connection planted", async () => {
    await using lenient = await startTestServer({ listener: { requireTls: "none" } });
    await using driver = await lenient.greeted();
    await driver.expect("USER alice", 331);
    await driver.expect("PASS secret", 230);
    await driver.expect("MKD a", 257);
    await driver.expect("CWD a", 250);
    await driver.expect("TYPE I", 200);
    await driver.expect("REST 9", 350);
    await driver.expect("AUTH TLS", 234);
    await driver.startTls(anyCertificate);
    await driver.expect("PWD", 530);
    await driver.expect("USER alice", 331);
    await driver.expect("PASS secret", 230);
    assert.match((await driver.command("PWD")).text, /"\/"/);
    assert.match((await driver.command("STAT")).text, /TYPE A/);
  });

  it("R-4217-45 AUTH and REIN cannot be cycled for ever", async () => {
    await using few = await startTestServer({ limits: { securityExchangesCount: 2 } });
    await using driver = await few.greeted();
    for (let round = 0; round < 2; round++) await driver.expect("REIN", 220);
    await driver.expect("REIN", 421);
    assert.equal(await driver.waitForEnd(), true);
  });

  it("R-4217-30 CCC: 533 in clear, 534 while off", async () => {
    await using driver = await server.greeted();
    await driver.expect("CCC", 533);
    await driver.logIn();
    await driver.expect("CCC", 534);
  });

  it("R-4217-30 R-4217-31 T-06 CCC where it is on: clear commands, data still protected", async () => {
    await using lenient = await startTestServer({ listener: { requireTls: "data" }, capabilities: ["ccc"] });
    await writeFile(join(lenient.directory, "file"), "content");
    await using driver = await lenient.greeted();
    const raw = driver.socket;
    await driver.expect("AUTH TLS", 234);
    const secured = await driver.startTls(anyCertificate);
    await driver.expect("CCC", 534);
    await driver.logIn();
    await driver.expect("CCC", 200);
    await new Promise((resolve) => secured.once("end", resolve));
    assert.ok(raw.writable);
  });
});

describe("implicit TLS", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await writeFile(join(server.directory, "file"), "content");
  });
  after(() => server[Symbol.asyncDispose]());

  it("R-IMP-01 says nothing before the handshake", async () => {
    await using driver = await FtpDriver.connect(server.implicitPort);
    assert.equal(await driver.waitForEnd(500), false);
    assert.equal(driver.pendingText, "");
  });

  for (const text of ["HELP\r\n", "H", "HI\r\n", "GET / HTTP/1.1\r\n"]) {
    it(`R-IMP-10 T-01 ${JSON.stringify(text)} in clear closes the connection at once, unanswered`, async () => {
      await using driver = await FtpDriver.connect(server.implicitPort);
      driver.send(text);
      assert.equal(await driver.waitForEnd(1000), true);
      assert.equal(driver.pendingText, "");
    });
  }

  it("R-IMP-10 a ClientHello to the explicit port ends the connection without a 500", async () => {
    await using driver = await server.greeted();
    driver.send("\x16\x03\x01\x02\x00\x01\n\n\n\n");
    assert.equal((await driver.reply()).code, 421);
    assert.equal(await driver.waitForEnd(1000), true);
    assert.equal(driver.pendingText, "");
  });

  it("R-IMP-03 data is protected without PBSZ and PROT", async () => {
    await using driver = await FtpDriver.connect(server.implicitPort, { tls: anyCertificate });
    assert.equal((await driver.reply()).code, 220);
    await driver.expect("USER alice", 331);
    await driver.expect("PASS secret", 230);
    assert.equal((await driver.retrieve("RETR file")).octets.toString(), "content");
  });

  it("R-IMP-05 R-IMP-06 R-IMP-07 PROT C, AUTH and CCC are 534", async () => {
    await using driver = await FtpDriver.connect(server.implicitPort, { tls: anyCertificate });
    await driver.reply();
    for (const line of ["PROT C", "AUTH TLS", "CCC"]) await driver.expect(line, 534);
    await driver.expect("PBSZ 0", 200);
    await driver.expect("PROT P", 200);
  });
});
