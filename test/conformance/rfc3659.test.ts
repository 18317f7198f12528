import { FtpDriver, startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdir, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

let server: TestServer;

async function loggedIn(type: "A" | "I" = "I"): Promise<FtpDriver> {
  const driver = await FtpDriver.connect(server.explicitPort);
  await driver.reply();
  await driver.logIn();
  await driver.expect(`TYPE ${type}`, 200);
  return driver;
}

const file = (name: string) => join(server.directory, name);

describe("RFC 3659", () => {
  before(async () => {
    server = await startTestServer();
    await writeFile(file("digits"), "0123456789");
    await writeFile(file("text"), "one\ntwo\r\nthree\n");
    await mkdir(file("folder"));
    await writeFile(Buffer.from(`${server.directory}/a\xFFb`, "latin1"), "raw");
  });
  after(() => server[Symbol.asyncDispose]());

  it("R-3659-02 R-3659-03 MDTM is in UTC, with a fraction only where there is one", async () => {
    await using driver = await loggedIn();
    await utimes(file("digits"), 0, Date.UTC(2020, 1, 29, 12, 34, 56) / 1000);
    assert.equal((await driver.command("MDTM digits")).text, "213 20200229123456");
    await utimes(file("digits"), 0, Date.UTC(2020, 1, 29, 12, 34, 56) / 1000 + 0.25);
    assert.match((await driver.command("MDTM digits")).text, /^213 20200229123456\.25/);
    await utimes(file("digits"), new Date(0), new Date(-1000));
    assert.equal((await driver.command("MDTM digits")).text, "213 19691231235959");
    await driver.expect("MDTM missing", 550);
    await driver.expect("MDTM *", 550);
  });

  it("R-3659-03 a name that begins with 14 digits is a name", async () => {
    await using driver = await loggedIn();
    await writeFile(file("19990929043300 File6"), "x");
    await driver.expect("MDTM 19990929043300 File6", 213);
    await driver.expect("MDTM 19990929043300 digits", 550);
  });

  it("R-3659-04 SIZE counts what a transfer would send", async () => {
    await using driver = await loggedIn();
    assert.equal((await driver.command("SIZE text")).text, "213 15");
    await driver.expect("TYPE A", 200);
    assert.equal((await driver.command("SIZE text")).text, "213 17");
    assert.equal((await driver.retrieve("RETR text")).octets.length, 17);
    await driver.expect("SIZE folder", 550);
  });

  it("R-3659-04 SIZE is exact beyond 4 GiB", async () => {
    await using driver = await loggedIn();
    await writeFile(file("sparse"), "");
    await truncate(file("sparse"), 5_000_000_000_001);
    assert.equal((await driver.command("SIZE sparse")).text, "213 5000000000001");
    await driver.expect("REST 5000000000000", 350);
    assert.equal((await driver.retrieve("RETR sparse")).octets.length, 1);
  });

  it("R-3659-06 T-10 REST enters a file, holds for one transfer, and 0 takes it back", async () => {
    await using driver = await loggedIn();
    await driver.expect("REST 4", 350);
    assert.equal((await driver.retrieve("RETR digits")).octets.toString(), "456789");
    assert.equal((await driver.retrieve("RETR digits")).octets.toString(), "0123456789");
    await driver.expect("REST 4", 350);
    await driver.expect("REST 0", 350);
    assert.equal((await driver.retrieve("RETR digits")).octets.toString(), "0123456789");
  });

  it("R-1123-16 R-3659-06 an offset beyond the end is 554 at the transfer", async () => {
    await using driver = await loggedIn();
    for (const offset of ["11", "4294967297", "9007199254740993"]) {
      await driver.expect(`REST ${offset}`, 350);
      await driver.expect("EPSV", 229);
      await driver.expect("RETR digits", 554);
    }
    await driver.expect("REST 10", 350);
    assert.equal((await driver.retrieve("RETR digits")).octets.length, 0);
  });

  it("R-3659-06 REST does not outlive a transfer that was refused", async () => {
    await writeFile(file("after"), "0123456789");
    await using driver = await loggedIn();
    await driver.expect("REST 4", 350);
    await driver.openPassive();
    await driver.expect("RETR missing", 550);
    assert.equal((await driver.retrieve("RETR after")).octets.toString(), "0123456789");
    await driver.expect("REST 4", 350);
    await driver.openPassive();
    await driver.expect("STOR no/such/folder", 550);
    await driver.store("STOR after", Buffer.from("abc"));
    assert.equal(await readFile(file("after"), "utf8"), "abc");
  });

  it("R-3659-07 REST and STOR write from the offset on and end the file there", async () => {
    await using driver = await loggedIn();
    await writeFile(file("resumed"), "0123456789");
    await driver.expect("REST 4", 350);
    assert.equal((await driver.store("STOR resumed", Buffer.from("xx"))).completion?.code, 226);
    assert.equal(await readFile(file("resumed"), "utf8"), "0123xx");
    await driver.expect("REST 4", 350);
    await driver.expect("EPSV", 229);
    await driver.expect("STOU", 554);
  });

  it("R-3659-08 REST in TYPE A counts network octets, inside a line end too", async () => {
    await using driver = await loggedIn("A");
    const whole = (await driver.retrieve("RETR text")).octets.toString();
    for (let offset = 1; offset <= whole.length; offset++) {
      await driver.expect(`REST ${offset}`, 350);
      assert.equal((await driver.retrieve("RETR text")).octets.toString(), whole.slice(offset), `offset ${offset}`);
    }
  });

  it("R-3659-10 TVFS: relative and absolute paths, and none that leaves the root", async () => {
    await using driver = await loggedIn();
    for (const line of ["MKD tree", "MKD tree/a", "CWD /tree/a", "MKD ../b", "CWD //tree///b/", "CWD ."]) {
      const { code } = await driver.command(line);
      assert.ok(code === 250 || code === 257, line);
    }
    assert.match((await driver.command("PWD")).text, /"\/tree\/b"/);
    await driver.expect("CWD ../../../..", 250);
    assert.match((await driver.command("PWD")).text, /"\/"/);
  });

  it("R-3659-11 T-11 MLST answers on the control connection with one leading space and the whole path", async () => {
    await using driver = await loggedIn();
    await driver.expect("CWD folder", 250);
    const lines = (await driver.expect("MLST ../digits", 250)).text.split("\n");
    assert.equal(lines.length, 3);
    assert.match(lines[1] ?? "", /^ (?:[^ ;]+=[^ ;]*;)+ \/digits$/);
    assert.equal(lines[2], "250 End");
    await driver.expect("MLST missing", 550);
  });

  it("R-3659-11 MLSD: 501 for a file, 550 for nothing, no leading space, TYPE untouched", async () => {
    await using driver = await loggedIn("A");
    await driver.expect("EPSV", 229);
    await driver.expect("MLSD digits", 501);
    await driver.expect("MLSD missing", 550);
    const { octets } = await driver.retrieve("MLSD /");
    const lines = octets.toString("latin1").split("\r\n").slice(0, -1);
    assert.ok(lines.every((line) => /^(?:[^ ;]+=[^ ;]*;)+ [^/]+$/.test(line)));
    assert.ok(lines.some((line) => line.endsWith(" digits")));
    assert.match((await driver.command("STAT")).text, /TYPE A/);
  });

  it("R-3659-01 R-2640-03 a name that is not UTF-8 is doubled on control and plain on data, and works everywhere", async () => {
    await using driver = await loggedIn();
    assert.ok((await driver.command("MLST a\xFF\xFFb")).text.includes(" /a\xFF\xFFb"));
    assert.ok((await driver.retrieve("MLSD")).octets.toString("latin1").includes(" a\xFFb\r\n"));
    assert.equal((await driver.retrieve("RETR a\xFF\xFFb")).octets.toString(), "raw");
    await driver.expect("RNFR a\xFF\xFFb", 350);
    await driver.expect("RNTO c\xFF\xFFd", 250);
    await driver.expect("RNFR c\xFF\xFFd", 350);
    await driver.expect("RNTO a\xFF\xFFb", 250);
  });

  it("R-3659-12 names may begin with spaces and contain ; and =", async () => {
    await using driver = await loggedIn();
    for (const name of [" lead", "a; b=c", "two words", "trail "]) {
      await driver.store(`STOR folder/${name}`, Buffer.from(name));
    }
    const lines = (await driver.retrieve("MLSD folder")).octets.toString().split("\r\n");
    for (const name of [" lead", "a; b=c", "two words", "trail "]) {
      assert.ok(
        lines.some((line) => line.slice(line.indexOf("; ") + 2) === name || line.endsWith(`; ${name}`)),
        name,
      );
    }
  });

  it("R-3659-14 perm is computed for this login", async () => {
    await using driver = await loggedIn();
    assert.match((await driver.command("MLST digits")).text, /perm=adfrw;/);
    await using readOnly = await startTestServer({ account: { readOnly: true } });
    await writeFile(join(readOnly.directory, "digits"), "x");
    await using guest = await FtpDriver.connect(readOnly.explicitPort);
    await guest.reply();
    await guest.logIn();
    assert.match((await guest.command("MLST digits")).text, /perm=r;/);
    assert.match((await guest.command("MLST /")).text, /perm=el;/);
  });

  it("R-3659-15 T-11 OPTS MLST chooses facts; FEAT marks them; errors change nothing", async () => {
    await using driver = await loggedIn();
    assert.match((await driver.command("FEAT")).text, /\n MLST type\*;size\*;modify\*;/);
    assert.equal(
      (await driver.expect("OPTS MLST Type;UNIX.group;nonsense;", 200)).text,
      "200 MLST OPTS type;UNIX.group;",
    );
    assert.match((await driver.command("FEAT")).text, /\n MLST type\*;size;/);
    await driver.expect("OPTS MLST type; size;", 501);
    await driver.expect("OPTS MLST type", 501);
    assert.match((await driver.command("FEAT")).text, /\n MLST type\*;size;/);
    await driver.expect("OPTS MLST", 200);
    assert.match((await driver.command("MLST digits")).text, /\n {2}\/digits\n/);
  });

  it("R-3659-17 nothing but LIST and NLST expands wildcards", async () => {
    await using driver = await loggedIn();
    await driver.expect("MLST *", 550);
    await driver.expect("SIZE dig*", 550);
    await writeFile(file("*"), "star");
    assert.equal((await driver.command("SIZE *")).text, "213 4");
    assert.match((await driver.retrieve("NLST dig*")).octets.toString(), /^digits\r\n$/);
  });
});
