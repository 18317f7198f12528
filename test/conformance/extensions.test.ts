import { FtpDriver, startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { crc32 } from "node:zlib";

let server: TestServer;

const file = (name: string) => join(server.directory, name);
const content = "0123456789".repeat(10);
const hex = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");

describe("extensions beyond the RFCs", () => {
  before(async () => {
    server = await startTestServer({ capabilities: ["recursive-removal"], allowSymbolicLinks: true });
    await writeFile(file("data"), content);
    await writeFile(file("empty"), "");
    await writeFile(file("two words"), content);
    await mkdir(file("folder"));
  });
  after(() => server[Symbol.asyncDispose]());

  it("R-HASH-01 HASH: default SHA-256, others by OPTS, ranges by RANG, errors by kind", async () => {
    await using driver = await server.loggedIn();
    assert.equal((await driver.expect("HASH data", 213)).text, `213 SHA-256 0-99 ${hex("sha256", content)} data`);
    assert.equal((await driver.expect("HASH empty", 213)).text, `213 SHA-256 0-0 ${hex("sha256", "")} empty`);
    await driver.expect("RANG 0 9", 350);
    assert.equal((await driver.expect("HASH data", 213)).text, `213 SHA-256 0-9 ${hex("sha256", "0123456789")} data`);
    assert.equal((await driver.expect("OPTS HASH", 200)).text, "200 SHA-256");
    assert.equal((await driver.expect("OPTS HASH sha-1", 200)).text, "200 SHA-1");
    assert.match((await driver.command("FEAT")).text, /\n HASH SHA-256;SHA-512;SHA-1\*;MD5;CRC32\n/);
    assert.equal((await driver.expect("HASH data", 213)).text, `213 SHA-1 0-99 ${hex("sha1", content)} data`);
    await driver.expect("OPTS HASH nonsense", 501);
    await driver.expect("HASH folder", 553);
    await driver.expect("HASH missing", 550);
  });

  it("R-XSUM-01 XCRC, XMD5, XSHA1, XSHA256, XSHA512 with and without range", async () => {
    await using driver = await server.loggedIn();
    const sum = crc32(content).toString(16).padStart(8, "0").toUpperCase();
    assert.equal((await driver.expect("XCRC data", 250)).text, `250 ${sum}`);
    assert.equal((await driver.expect('XCRC "two words"', 250)).text, `250 ${sum}`);
    for (const [verb, name] of [
      ["XMD5", "md5"],
      ["XSHA", "sha1"],
      ["XSHA1", "sha1"],
      ["XSHA256", "sha256"],
      ["XSHA512", "sha512"],
    ] as const) {
      assert.equal((await driver.expect(`${verb} data`, 250)).text, `250 ${hex(name, content).toUpperCase()}`);
    }
    assert.equal((await driver.expect('XMD5 "data" 0 10', 250)).text, `250 ${hex("md5", "0123456789").toUpperCase()}`);
    await driver.expect("XMD5 missing", 550);
    await driver.expect("XMD5", 501);
  });

  it("R-XSUM-02 MD5: 251", async () => {
    await using driver = await server.loggedIn();
    assert.equal((await driver.expect("MD5 data", 251)).text, `251 data ${hex("md5", content).toUpperCase()}`);
  });

  it("R-RANG-01 RANG sends and replaces a range and nothing else", async () => {
    await using driver = await server.loggedIn();
    await driver.expect("RANG 3 5", 350);
    assert.equal((await driver.retrieve("RETR data")).octets.toString(), "345");
    await driver.expect("RANG 95 1000", 350);
    assert.equal((await driver.retrieve("RETR data")).octets.toString(), "56789");
    await driver.expect("RANG 1000 2000", 350);
    assert.equal((await driver.retrieve("RETR data")).octets.length, 0);
    await driver.expect("RANG 3 5", 350);
    await driver.expect("RANG 1 0", 350);
    assert.equal((await driver.retrieve("RETR data")).octets.length, 100);
    await writeFile(file("ranged"), "0123456789");
    await driver.expect("RANG 3 5", 350);
    assert.equal((await driver.store("STOR ranged", Buffer.from("xyz"))).completion?.code, 226);
    assert.equal(await readFile(file("ranged"), "utf8"), "012xyz6789");
    await driver.expect("REST 2", 350);
    await driver.expect("RANG 0 1", 350);
    assert.equal((await driver.retrieve("RETR ranged")).octets.toString(), "01");
  });

  it("R-MFXX-01 MFMT, MFCT and MFF set facts, all or none", async () => {
    await using driver = await server.loggedIn();
    await writeFile(file("times"), "x");
    assert.equal((await driver.expect("MFMT 20020717210715 times", 213)).text, "213 Modify=20020717210715; times");
    assert.equal((await stat(file("times"))).mtimeMs, Date.UTC(2002, 6, 17, 21, 7, 15));
    await driver.expect("MFMT 19690102030405 times", 213);
    assert.equal((await driver.command("MDTM times")).text, "213 19690102030405");
    await driver.expect("MFMT 20010229000000 times", 501);
    await driver.expect("MFMT 20020717210715 missing", 550);
    await driver.expect("MFF UNIX.mode=0640;Modify=20020717210716; times", 213);
    // NcFTP 3.2.6 leaves out the last semicolon.
    await driver.expect("MFF UNIX.mode=0640;Modify=20020717210716 times", 213);
    assert.equal((await stat(file("times"))).mode & 0o777, 0o640);
    assert.match((await driver.expect("MFF UNIX.mode=0600;nonsense=1; times", 504)).text, /nonsense/);
    assert.equal((await stat(file("times"))).mode & 0o777, 0o640);
    await driver.expect("MFF UNIX.mode=4755; times", 501);
  });

  it("R-STRM-01 AVBL and DSIZ count octets, CSID names the product without version", async () => {
    await using driver = await server.loggedIn();
    assert.match((await driver.expect("AVBL", 213)).text, /^213 \d+$/);
    await driver.expect("AVBL data", 550);
    await mkdir(file("sized/deep"), { recursive: true });
    await writeFile(file("sized/a"), "12345");
    await writeFile(file("sized/deep/b"), "123");
    assert.equal((await driver.expect("DSIZ sized", 213)).text, "213 8");
    assert.doesNotMatch((await driver.expect("CSID Name=x;Version=1;", 200)).text, /Version/);
  });

  it("R-STRM-01 RMDA removes a tree and stops at links; off by default", async () => {
    await using driver = await server.loggedIn();
    await mkdir(file("tree/deep"), { recursive: true });
    await writeFile(file("tree/deep/a"), "x");
    await driver.expect("SITE SYMLINK ../data tree/link", 200);
    await driver.expect("RMDA tree", 250);
    assert.equal(await readFile(file("data"), "utf8"), content);
    await assert.rejects(stat(file("tree")));
    await using plain = await startTestServer();
    await using other = await plain.loggedIn();
    await other.expect("RMDA x", 502);
  });

  it("R-CLNT-01 CLNT is noted, before login too", async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    await driver.expect("CLNT Test \x1b[31m", 200);
  });

  it("R-PRET-01 PRET is taken", async () => {
    await using driver = await server.loggedIn();
    await driver.expect("PRET RETR data", 200);
  });

  it("R-SITE-01 CHMOD, UTIME, SYMLINK, CPFR and CPTO, MKDIR, IDLE", async () => {
    await using driver = await server.loggedIn();
    await writeFile(file("site"), "x");
    await driver.expect("SITE CHMOD 600 site", 200);
    assert.equal((await stat(file("site"))).mode & 0o7777, 0o600);
    await driver.expect("SITE CHMOD 4755 site", 501);
    await driver.expect("SITE UTIME 20100102030405 site", 200);
    assert.equal((await stat(file("site"))).mtimeMs, Date.UTC(2010, 0, 2, 3, 4, 5));
    await driver.expect("SITE UTIME site 20110102030405 20120102030405 20130102030405 UTC", 200);
    assert.equal((await stat(file("site"))).mtimeMs, Date.UTC(2012, 0, 2, 3, 4, 5));
    await driver.expect("SITE SYMLINK site link", 200);
    assert.ok((await lstat(file("link"))).isSymbolicLink());
    await driver.expect("SITE CPTO copy", 503);
    await driver.expect("SITE CPFR data", 350);
    await driver.expect("SITE CPTO copy", 250);
    assert.equal(await readFile(file("copy"), "utf8"), content);
    await driver.expect("SITE CPFR data", 350);
    await driver.expect("NOOP", 200);
    await driver.expect("SITE CPTO copy2", 503);
    await driver.expect("SITE MKDIR a/b/c", 257);
    await driver.expect("SITE IDLE 60", 200);
    await driver.expect("SITE IDLE x", 501);
  });

  it("R-SITE-01 SITE needs a login", async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    await driver.expect("SITE CPFR data", 530);
  });
});
