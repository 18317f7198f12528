import { FtpDriver, startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

let server: TestServer;

async function loggedIn(): Promise<FtpDriver> {
  const driver = await FtpDriver.connect(server.explicitPort);
  await driver.reply();
  await driver.logIn();
  return driver;
}

async function code(line: string): Promise<number> {
  await using driver = await loggedIn();
  return (await driver.command(line)).code;
}

describe("RFC 959 and RFC 1123 §4.1", () => {
  before(async () => {
    server = await startTestServer();
  });
  after(() => server[Symbol.asyncDispose]());

  it("R-959-01 greets once with 220 and nothing before it", async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    const greeting = await driver.reply();
    assert.equal(greeting.code, 220);
    assert.equal(driver.pendingText, "");
  });

  it("R-1123-01 answers a line that came octet by octet, and many lines that came at once", async () => {
    await using driver = await loggedIn();
    for (const octet of "NOOP\r\n") {
      driver.send(octet);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await driver.reply()).code, 200);
    driver.send("NOOP\r\nNOOP\r\nPWD\r\n");
    assert.deepEqual(
      [(await driver.reply()).code, (await driver.reply()).code, (await driver.reply()).code],
      [200, 200, 257],
    );
  });

  it("R-959-07 answers pipelined commands in order", async () => {
    await using driver = await loggedIn();
    await driver.expect("MKD pipelined", 257);
    driver.send("CWD pipelined\r\nPWD\r\nCDUP\r\nPWD\r\n");
    const replies = [await driver.reply(), await driver.reply(), await driver.reply(), await driver.reply()];
    assert.deepEqual(
      replies.map((reply) => reply.code),
      [250, 257, 250, 257],
    );
    assert.match(replies[1]?.text ?? "", /"\/pipelined"/);
    assert.match(replies[3]?.text ?? "", /"\/"/);
  });

  it("R-959-11 tells unknown, left-out, malformed and unsupported apart", async () => {
    assert.equal(await code("XYZZY"), 500);
    assert.equal(await code("SMNT /x"), 502);
    assert.equal(await code("TYPE Q"), 504);
    assert.equal(await code("TYPE"), 501);
    assert.equal(await code("RNTO x"), 503);
  });

  it("R-959-12 answers an over-long line with one 500 and stays in step", async () => {
    await using driver = await loggedIn();
    driver.send(`${"A".repeat(8300)}\r\nNOOP\r\n`);
    assert.equal((await driver.reply()).code, 500);
    assert.equal((await driver.reply()).code, 200);
  });

  it("R-959-14 ends a transfer whose control connection is lost", async () => {
    const driver = await loggedIn();
    const data = await driver.openPassive();
    driver.send("STOR lost\r\n");
    await driver.reply();
    driver.socket.destroy();
    await new Promise((resolve) => data.once("close", resolve).resume());
    await using again = await loggedIn();
    assert.equal((await again.command("SIZE lost")).code, 550);
  });

  it("R-959-15 ignores an empty line", async () => {
    await using driver = await loggedIn();
    driver.send("\r\nNOOP\r\n");
    assert.equal((await driver.reply()).code, 200);
    assert.equal(driver.pendingText, "");
  });

  it("R-959-22 a new USER drops the login and keeps the transfer parameters", async () => {
    await using driver = await loggedIn();
    await driver.expect("TYPE I", 200);
    await driver.expect("USER bob", 331);
    await driver.expect("PWD", 530);
    await driver.expect("PASS secret", 230);
    assert.match((await driver.command("STAT")).text, /TYPE I/);
  });

  it("R-959-23 PASS follows USER, and is superfluous after login", async () => {
    await using driver = await FtpDriver.connect(server.implicitPort, { tls: { rejectUnauthorized: false } });
    await driver.reply();
    await driver.expect("PASS x", 503);
    await driver.logIn();
    await driver.expect("PASS x", 202);
    await driver.expect("PWD", 257);
  });

  it("R-959-24 ACCT is superfluous after login and out of order before", async () => {
    assert.equal(await code("ACCT x"), 202);
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    await driver.expect("ACCT x", 503);
  });

  it("R-959-25 CDUP at the root stays there", async () => {
    await using driver = await loggedIn();
    await driver.expect("CDUP", 250);
    assert.match((await driver.command("PWD")).text, /"\/"/);
    await driver.expect("CWD nowhere", 550);
  });

  it("R-959-27 REIN forgets login, parameters and protection", async () => {
    await using driver = await FtpDriver.connect(server.implicitPort, { tls: { rejectUnauthorized: false } });
    await driver.reply();
    await driver.logIn();
    for (const line of ["TYPE I", "STRU R", "MODE B", "EPSV ALL", "OPTS MLST size;"]) await driver.expect(line, 200);
    await driver.expect("REST 5", 350);
    const raw = driver.socket;
    assert.ok(raw.writable);
    await driver.expect("REIN", 220);
  });

  it("R-959-28 QUIT says 221 and closes; with a transfer running it waits for it", async () => {
    await writeFile(join(server.directory, "quit"), randomBytes(300_000));
    await using driver = await loggedIn();
    await driver.expect("TYPE I", 200);
    const raw = await driver.openPassive();
    driver.send("RETR quit\r\nQUIT\r\n");
    assert.equal((await driver.reply()).code, 150);
    const data = await driver.secureData(raw);
    let bytes = 0;
    for await (const chunk of data) bytes += (chunk as Buffer).length;
    assert.equal(bytes, 300_000);
    assert.equal((await driver.reply()).code, 226);
    assert.equal((await driver.reply()).code, 221);
    assert.equal(await driver.waitForEnd(), true);
  });

  it("R-1123-14 TYPE A, A N, A T, I and L 8 are known", async () => {
    await using driver = await loggedIn();
    for (const type of ["A", "A N", "A T", "I", "L 8", "a", "i"]) await driver.expect(`TYPE ${type}`, 200);
    for (const type of ["E", "L 7", "A C"]) await driver.expect(`TYPE ${type}`, 504);
    await driver.expect("TYPE L", 501);
  });

  it("R-959-30 a fresh login transfers in TYPE A", async () => {
    await writeFile(join(server.directory, "text"), "one\ntwo\n");
    await using driver = await loggedIn();
    assert.equal((await driver.retrieve("RETR text")).octets.toString(), "one\r\ntwo\r\n");
  });

  it("R-959-32 what is stored in TYPE A comes back the same", async () => {
    await using driver = await loggedIn();
    const text = "a\r\nb\r\r\n\rc\r\n";
    assert.equal((await driver.store("STOR ascii", Buffer.from(text))).completion?.code, 226);
    assert.equal((await driver.retrieve("RETR ascii")).octets.toString(), text);
    assert.equal(await readFile(join(server.directory, "ascii"), "latin1"), "a\nb\r\r\n\rc\n");
  });

  it("R-959-33 STRU R marks records and the end in MODE S", async () => {
    await writeFile(join(server.directory, "records"), Buffer.from("ab\n\xFFc\n", "latin1"));
    await using driver = await loggedIn();
    await driver.expect("STRU R", 200);
    assert.equal(
      (await driver.retrieve("RETR records")).octets.toString("latin1"),
      "ab\xFF\x01\xFF\xFFc\xFF\x01\xFF\x02",
    );
    await driver.expect("STRU P", 504);
  });

  for (const mode of ["B", "C", "Z"]) {
    it(`R-959-${mode === "B" ? 35 : mode === "C" ? 36 : 34} stores and fetches in MODE ${mode}`, async () => {
      const content = Buffer.concat([Buffer.alloc(1000, 7), randomBytes(5000), Buffer.alloc(100, 0)]);
      await writeFile(join(server.directory, `mode-${mode}`), content);
      await using driver = await loggedIn();
      await driver.expect("TYPE I", 200);
      await driver.expect(`MODE ${mode}`, 200);
      const { octets, completion } = await driver.retrieve(`RETR mode-${mode}`);
      assert.equal(completion?.code, 226);
      assert.equal((await driver.store(`STOR mode-${mode}.copy`, octets)).completion?.code, 226);
      assert.deepEqual(await readFile(join(server.directory, `mode-${mode}.copy`)), content);
    });
  }

  it("R-959-40 RETR says 150 and 226, and 550 for what it cannot send", async () => {
    await using driver = await loggedIn();
    await driver.expect("MKD folder", 257);
    await driver.expect("EPSV", 229);
    await driver.expect("RETR folder", 550);
    await driver.expect("RETR missing", 550);
    await driver.expect("RETR", 501);
  });

  it("R-959-41 STOR replaces a longer file by a shorter one", async () => {
    await using driver = await loggedIn();
    await driver.expect("TYPE I", 200);
    await driver.store("STOR shorter", Buffer.alloc(1000));
    await driver.store("STOR shorter", Buffer.alloc(10));
    assert.match((await driver.command("SIZE shorter")).text, /^213 10$/);
    await driver.expect("STOR a\r\0b", 553);
  });

  it("R-1123-17 STOU names each file anew and says so in 150", async () => {
    await using driver = await loggedIn();
    const names = new Set<string>();
    for (let count = 0; count < 5; count++) {
      const { opening, completion } = await driver.store("STOU", Buffer.from("x"));
      assert.equal(completion?.code, 226);
      const name = /^1(?:25|50) FILE: (.+)$/.exec(opening.text)?.[1];
      assert.ok(name);
      names.add(name);
    }
    assert.equal(names.size, 5);
  });

  it("R-959-42 APPE creates and appends", async () => {
    await using driver = await loggedIn();
    await driver.expect("TYPE I", 200);
    await driver.store("APPE appended", Buffer.from("one"));
    await driver.store("APPE appended", Buffer.from("two"));
    assert.equal(await readFile(join(server.directory, "appended"), "utf8"), "onetwo");
  });

  it("R-959-43 ALLO is superfluous", async () => {
    assert.equal(await code("ALLO 100"), 202);
    assert.equal(await code("ALLO 10 R 5"), 202);
    assert.equal(await code("ALLO x"), 501);
  });

  it("R-959-44 RNFR and RNTO rename; anything between parts them", async () => {
    await using driver = await loggedIn();
    await writeFile(join(server.directory, "before"), "x");
    await driver.expect("RNFR before", 350);
    await driver.expect("NOOP", 200);
    await driver.expect("RNTO after", 503);
    await driver.expect("RNFR before", 350);
    await driver.expect("RNTO after", 250);
    await driver.expect("RNFR missing", 550);
    assert.equal(await readFile(join(server.directory, "after"), "utf8"), "x");
  });

  it("R-959-45 MKD and PWD quote, RMD refuses what is not empty", async () => {
    await using driver = await loggedIn();
    assert.match((await driver.command('MKD a"b')).text, /^257 "\/a""b" /);
    await driver.expect('MKD a"b/c', 257);
    await driver.expect('RMD a"b', 550);
    await driver.expect('RMD a"b/c', 250);
    await driver.expect('RMD a"b', 250);
  });

  it("R-959-46 NOOP keeps REST, SYST says UNIX", async () => {
    await writeFile(join(server.directory, "digits"), "0123456789");
    await using driver = await loggedIn();
    assert.match((await driver.command("SYST")).text, /^215 UNIX Type: L8/);
    await driver.expect("TYPE I", 200);
    await driver.expect("REST 4", 350);
    await driver.expect("NOOP", 200);
    assert.equal((await driver.retrieve("RETR digits")).octets.toString(), "456789");
  });

  it("R-959-47 HELP works before login and names no version", async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    const help = await driver.expect("HELP", 214);
    assert.doesNotMatch(help.text, /\d+\.\d+\.\d+/);
    await driver.expect("HELP RETR", 214);
    await driver.expect("HELP nonsense", 214);
    await driver.expect("HELP SITE", 214);
  });

  it("R-959-48 unknown SITE verbs are 500", async () => {
    assert.equal(await code("SITE NONSENSE"), 500);
    assert.equal(await code("SITE HELP"), 214);
    assert.equal(await code("SITE EXEC ls"), 500);
  });

  it("R-959-60 ABOR without a transfer is 226", async () => {
    assert.equal(await code("ABOR"), 226);
  });

  for (const prefix of ["", "\xFF\xF4\xFF\xF2"]) {
    it(`R-959-61 R-959-62 R-4217-42 T-08 ABOR ends a transfer with 426 and 226${prefix === "" ? "" : ", with IP and DM in front"}`, async () => {
      await writeFile(join(server.directory, "big"), Buffer.alloc(32 * 1024 * 1024));
      await using driver = await loggedIn();
      await driver.expect("TYPE I", 200);
      const raw = await driver.openPassive();
      assert.equal((await driver.command("RETR big")).code, 150);
      const data = await driver.secureData(raw);
      await new Promise((resolve) => data.once("data", resolve));
      data.pause();
      driver.send(`${prefix}ABOR\r\n`);
      assert.equal((await driver.reply()).code, 426);
      assert.equal((await driver.reply()).code, 226);
      await driver.expect("NOOP", 200);
      data.destroy();
    });
  }

  it("R-959-63 STAT is answered while a transfer runs", async () => {
    await writeFile(join(server.directory, "big"), Buffer.alloc(32 * 1024 * 1024));
    await using driver = await loggedIn();
    await driver.expect("TYPE I", 200);
    const raw = await driver.openPassive();
    assert.equal((await driver.command("RETR big")).code, 150);
    const data = await driver.secureData(raw);
    await new Promise((resolve) => data.once("data", resolve));
    data.pause();
    const status = await driver.expect("STAT", 211);
    assert.match(status.text, /RETR: \d+ octets/);
    let bytes = 0;
    for await (const chunk of data) bytes += (chunk as Buffer).length;
    assert.ok(bytes > 16 * 1024 * 1024);
    assert.equal((await driver.reply()).code, 226);
  });

  it("R-959-64 STAT of a directory is 212, of a file 213, of nothing 450", async () => {
    await writeFile(join(server.directory, "stat"), "x");
    await using driver = await loggedIn();
    assert.equal((await driver.command("STAT /")).code, 212);
    assert.equal((await driver.command("STAT stat")).code, 213);
    assert.equal((await driver.command("STAT missing")).code, 450);
  });

  it("R-959-70 without EPSV, PASV or PORT a transfer is 425", async () => {
    assert.equal(await code("LIST"), 425);
  });

  it("R-1123-19 each PASV names a new port and ends the one before", async () => {
    await using driver = await loggedIn();
    const first = portOf((await driver.expect("PASV", 227)).text);
    const second = portOf((await driver.expect("PASV", 227)).text);
    assert.notEqual(first, second);
    const late = connect({ host: "127.0.0.1", port: first });
    late.on("error", () => undefined);
    await new Promise((resolve) => late.once("close", resolve).resume());
  });

  it("R-LIST-02 a listing of an empty directory is empty, of a missing one 550", async () => {
    await using driver = await loggedIn();
    await driver.expect("MKD empty", 257);
    const { octets, completion } = await driver.retrieve("LIST empty");
    assert.equal(octets.length, 0);
    assert.equal(completion?.code, 226);
    assert.equal((await driver.retrieve("LIST missing")).opening.code, 550);
  });

  it("R-959-35 R-LIST-02 a listing in MODE B is one file of blocks", async () => {
    await using driver = await loggedIn();
    await driver.expect("MKD blocks", 257);
    await driver.store("STOR blocks/a", Buffer.from("a"));
    await driver.expect("MODE B", 200);
    const { octets } = await driver.retrieve("NLST blocks");
    const text = Buffer.from("blocks/a\r\n");
    assert.deepEqual(octets.subarray(-3), Buffer.from([64, 0, 0]));
    assert.ok(octets.includes(text));
  });

  it("R-LIST-01 every line of NLST works with RETR", async () => {
    await using driver = await loggedIn();
    await driver.expect("MKD names", 257);
    for (const name of ["a", "b c", " d"]) await driver.store(`STOR names/${name}`, Buffer.from(name));
    const { octets } = await driver.retrieve("NLST names");
    const lines = octets.toString("latin1").split("\r\n").slice(0, -1);
    assert.equal(lines.length, 3);
    for (const line of lines) {
      const { octets: content } = await driver.retrieve(`RETR ${line}`);
      assert.equal(`names/${content.toString()}`, line);
    }
  });
});

function portOf(text: string): number {
  const numbers = /\((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)/.exec(text)?.slice(1).map(Number) ?? [];
  return (numbers[4] ?? 0) * 256 + (numbers[5] ?? 0);
}
