import { FtpServer } from "@sallyport/server";
import { MemoryDirectory } from "@sallyport/server/storage";
import { FtpDriver, needs, startTestServer, testAccount, testAuthenticator, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdir, readdir, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

let server: TestServer;

const file = (name: string) => join(server.directory, name);
const anyCertificate = { rejectUnauthorized: false };

/** What changed on the server while a line was answered. */
async function changesOf(driver: FtpDriver, line: string, code: number) {
  const already = server.events.length;
  await driver.expect(line, code);
  return server.events.slice(already).flatMap((event) => {
    if (event.kind !== "changed") return [];
    return [[event.change, event.path, ...(event.newPath === undefined ? [] : [event.newPath])]];
  });
}

async function listed(driver: FtpDriver, line: string): Promise<string[]> {
  return (await driver.retrieve(line)).octets.toString("latin1").split("\r\n").slice(0, -1);
}

describe("commands in their corners", () => {
  before(async () => {
    server = await startTestServer({ capabilities: ["recursive-removal"], allowSymbolicLinks: true });
    await mkdir(file("folder/inner"), { recursive: true });
    await writeFile(file("folder/a"), "a\n");
    await writeFile(file("folder/inner/b"), "b");
    await symlink("folder", file("to-folder"));
    await symlink("folder/a", file("to-a"));
    await utimes(file("folder/a"), 1e9, 1e9);
  });
  after(() => server[Symbol.asyncDispose]());

  it("what changes is told with its paths", async () => {
    await using driver = await server.loggedIn();
    await driver.expect("MKD told", 257);
    await driver.expect("CWD told", 250);
    assert.deepEqual(await changesOf(driver, "MKD d", 257), [["directory-made", "/told/d"]]);
    assert.deepEqual(await changesOf(driver, "SITE MKDIR d/e/f", 257), [
      ["directory-made", "/told/d/e"],
      ["directory-made", "/told/d/e/f"],
    ]);
    await driver.store("STOR x", Buffer.from("x"));
    await driver.expect("RNFR x", 350);
    assert.deepEqual(await changesOf(driver, "RNTO y", 250), [["renamed", "/told/x", "/told/y"]]);
    await driver.expect("SITE CPFR y", 350);
    assert.deepEqual(await changesOf(driver, "SITE CPTO z", 250), [["copied", "/told/y", "/told/z"]]);
    assert.deepEqual(await changesOf(driver, "SITE CHMOD 600 z", 200), [["attributes-set", "/told/z"]]);
    assert.deepEqual(await changesOf(driver, "SITE UTIME 202601020304 z", 200), [["attributes-set", "/told/z"]]);
    assert.deepEqual(await changesOf(driver, "MFMT 20260102030405 z", 213), [["attributes-set", "/told/z"]]);
    assert.deepEqual(await changesOf(driver, "SITE SYMLINK z l", 200), [["linked", "/told/l"]]);
    assert.deepEqual(await changesOf(driver, "DELE z", 250), [["deleted", "/told/z"]]);
    assert.deepEqual(await changesOf(driver, "RMD d/e/f", 250), [["directory-removed", "/told/d/e/f"]]);
    assert.deepEqual(await changesOf(driver, "SITE RMDIR d", 250), [["directory-removed", "/told/d"]]);
    assert.deepEqual(await changesOf(driver, "RMDA /told", 250), [["directory-removed", "/told"]]);
    assert.deepEqual(await changesOf(driver, "DELE missing", 550), []);
  });

  it("R-959-45 the root is neither removed nor renamed; a directory that goes takes its visitors to the root", async () => {
    await using driver = await server.loggedIn();
    for (const line of ["RMD /", "RMDA /", "SITE RMDIR /", "RNFR /", "RNFR missing"]) await driver.expect(line, 550);
    await driver.expect("SITE MKDIR gone/deep", 257);
    await driver.expect("CWD gone/deep", 250);
    await driver.expect("RMD .", 250);
    assert.match((await driver.expect("PWD", 257)).text, /"\/"/);
    await driver.expect("CWD folder", 250);
    await driver.expect("RMD /gone", 250);
    assert.match((await driver.expect("PWD", 257)).text, /"\/folder"/);
  });

  it("R-959-44 a rename to the same name is done, one into itself is 553, and RNTO uses RNFR up", async () => {
    await using driver = await server.loggedIn();
    await driver.expect("MKD moving", 257);
    await driver.expect("RNFR moving", 350);
    assert.deepEqual(await changesOf(driver, "RNTO /moving", 250), []);
    await driver.expect("RNTO other", 503);
    await driver.expect("RNFR moving", 350);
    await driver.expect("RNTO moving/below", 553);
    await driver.expect("RNTO other", 503);
    await driver.expect("RMD moving", 250);
  });

  it("links are followed by CWD, SIZE, MDTM, MLSD and digests, not by MLST and DSIZ", async () => {
    await using driver = await server.loggedIn();
    await driver.expect("CWD to-folder", 250);
    await driver.expect("CWD /", 250);
    await driver.expect("CWD to-a", 550);
    assert.equal((await driver.expect("SIZE to-a", 213)).text, "213 2");
    assert.equal((await driver.expect("MDTM to-a", 213)).text, "213 20010909014640");
    assert.match((await driver.expect("HASH to-a", 213)).text, /^213 SHA-256 0-1 /);
    assert.ok((await listed(driver, "MLSD to-folder")).some((line) => line.endsWith(" a")));
    assert.match((await driver.expect("MLST to-a", 250)).text, /type=OS\.unix=slink/i);
    assert.equal((await driver.expect("STAT folder", 212)).text.split("\n").length, 4);
    await driver.expect("DSIZ to-folder", 550);
    await driver.expect("DSIZ folder/a", 550);
    assert.equal((await driver.expect("DSIZ folder", 213)).text, "213 3");
  });

  it("R-3659-04 SIZE is refused where it would not be exact", async () => {
    await using driver = await server.loggedIn();
    await driver.expect("MODE B", 200);
    await driver.expect("SIZE folder/a", 550);
    await driver.expect("MODE S", 200);
    await driver.expect("STRU R", 200);
    await driver.expect("SIZE folder/a", 550);
    await driver.expect("STRU F", 200);
    await driver.expect("TYPE A", 200);
    assert.equal((await driver.expect("SIZE folder/a", 213)).text, "213 3");
  });

  it("R-3659-12 MLSD shows the directory and its parent, the root no parent, and no type no such entries", async () => {
    await using driver = await server.loggedIn();
    const special = async (path: string) =>
      (await listed(driver, `MLSD ${path}`)).flatMap((line) => /type=([cp]dir);.* (\S+)$/.exec(line)?.slice(1) ?? []);
    assert.deepEqual(await special("/"), ["cdir", "."]);
    assert.deepEqual(await special("folder"), ["cdir", ".", "pdir", ".."]);
    await driver.expect("OPTS MLST size;", 200);
    assert.deepEqual((await listed(driver, "MLSD folder")).toSorted(), [" inner", "size=2; a"]);
  });

  it("R-LIST-01 NLST names work from where the client stands", async () => {
    await using driver = await server.loggedIn();
    for (const [argument, names] of [
      ["folder", ["folder/a", "folder/inner"]],
      ["folder/", ["folder/a", "folder/inner"]],
      ["folder/a", ["folder/a"]],
      ["folder/[a]", ["folder/a"]],
      ["-R folder", ["folder/a", "folder/inner", "folder/inner/b"]],
      ["/folder/inner", ["/folder/inner/b"]],
    ] as const) {
      assert.deepEqual(
        (await listed(driver, `NLST ${argument}`)).filter((line) => line !== "").toSorted(),
        names,
        argument,
      );
    }
    await driver.expect("CWD folder", 250);
    assert.deepEqual((await listed(driver, "NLST")).toSorted(), ["a", "inner"]);
    assert.ok((await listed(driver, "NLST -l")).some((line) => /^-rw.* a$/.test(line)));
  });

  it("R-959-64 STAT: what it says, to whom, and how much", async () => {
    await using small = await startTestServer({ limits: { statReplyBytes: 150 } });
    await using driver = await FtpDriver.connect(small.explicitPort);
    await driver.reply();
    assert.match((await driver.expect("STAT", 211)).text, /Not logged in[^]*Control connection: clear[^]*PROT C/);
    await driver.expect("STAT /", 530);
    await driver.logIn();
    await driver.expect("CLNT Test \x1b[31m", 200);
    const status = (await driver.expect("STAT", 211)).text;
    assert.match(status, /Logged in as alice[^]*Control connection: TLSv1\.3 TLS_[^]*PROT P/);
    assert.match(status, /Client: Test \\x1B\[31m/);
    await driver.expect("CSID", 200);
    assert.match((await driver.command("STAT")).text, /Client: Test/);
    await driver.expect(`CSID Name=${"x".repeat(200)};`, 200);
    assert.match((await driver.command("STAT")).text, /Client: Name=x{123}\n/);
    await driver.expect(`CLNT ${"y".repeat(200)}`, 200);
    assert.match((await driver.command("STAT")).text, /Client: y{128}\n/);
    await writeFile(join(small.directory, "first"), "1");
    const lines = (await driver.expect("STAT /", 212)).text.split("\n");
    assert.deepEqual([lines.length, lines.at(-1)], [3, "212 End"]);
    assert.match(lines[1] ?? "", /^ -rw.* first$/);
    assert.equal((await driver.expect("STAT first", 213)).text.split("\n").length, 3);
    for (const name of ["second", "third"]) await writeFile(join(small.directory, name), "1");
    await driver.expect("STAT /", 450);
  });

  it("R-959-47 HELP lists eight verbs to a line, and explains one, an alias, SITE, and none", async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    const lines = (await driver.expect("HELP", 214)).text.split("\n").slice(1, -1);
    assert.equal(lines[0], " ABOR    ACCT    ADAT    ALLO    APPE    AUTH    AVBL    CDUP");
    assert.ok(lines.slice(0, -1).every((line) => line.trim().split(/ +/).length === 8));
    assert.notEqual(lines.at(-1)?.trim(), "");
    assert.ok(!lines.join(" ").includes("CPSV"), "what is switched off is not listed");
    assert.match((await driver.command("HELP retr")).text, /^214-RETR path\n .+\n214 RFC 959/);
    assert.match((await driver.command("HELP XPWD")).text, /^214-PWD\n/);
    assert.match((await driver.command("HELP site")).text, /SITE CHMOD/);
    for (const word of ["CPSV", "nonsense", "toString"]) {
      assert.equal((await driver.expect(`HELP ${word}`, 214)).text.split("\n").length, 1, word);
    }
  });

  it("R-2389-02 FEAT lists what can be used, sorted", async () => {
    await using driver = await server.loggedIn();
    const features = (await driver.expect("FEAT", 211)).text.split("\n").slice(1, -1);
    assert.deepEqual(
      features.map((line) => line.trim().replace(/^(MLST|HASH) .*/, "$1")),
      [
        ...["AUTH TLS", "AVBL", "CLNT", "CSID", "DSIZ", "EPRT", "EPSV", "HASH", "HOST", "LANG EN*", "MDTM", "MFCT"],
        ...[
          "MFF Create;Modify;UNIX.mode;",
          "MFMT",
          "MLST",
          "MODE B",
          "MODE C",
          "MODE Z",
          "PBSZ",
          "PROT",
          "RANG STREAM",
        ],
        ...[
          "REST STREAM",
          "RMDA",
          "SITE CHMOD;CPFR;CPTO;HELP;IDLE;MKDIR;RMDIR;SYMLINK;UTIME",
          "SIZE",
          "TVFS",
          "UTF8",
          "XCRC",
          "XMD5",
          "XSHA1",
          "XSHA256",
          "XSHA512",
        ],
      ],
    );
  });

  it("R-4217-30 CCC stays 534 on the implicit port, and when security has changed too often", async () => {
    const options = { listener: { requireTls: "data" }, capabilities: ["ccc"] } as const;
    await using lenient = await startTestServer(options);
    await using implicit = await FtpDriver.connect(lenient.implicitPort, { tls: anyCertificate });
    await implicit.reply();
    await implicit.logIn();
    await implicit.expect("CCC", 534);
    await using strict = await startTestServer({ ...options, limits: { securityExchangesCount: 1 } });
    await using driver = await strict.loggedIn();
    await driver.expect("CCC", 534);
  });

  it("S-18 a tree over the bound is neither counted nor said to be removed", async () => {
    await using small = await startTestServer({ capabilities: ["recursive-removal"], limits: { listEntriesCount: 3 } });
    await using driver = await small.loggedIn();
    for (const name of ["a/b", "a/c", "a/d", "a/e"]) await driver.expect(`SITE MKDIR ${name}`, 257);
    await driver.expect("DSIZ a", 550);
    await driver.expect("RMDA a", 550);
    await driver.expect("SITE RMDIR a", 550);
    await driver.expect("CWD a", 250);
  });

  it("R-2389-04 OPTS of UTF8, MODE and unknown commands", async () => {
    await using driver = await server.loggedIn();
    for (const [line, code] of [
      ["OPTS UTF-8", 200],
      ["OPTS UTF8", 200],
      ["OPTS UTF8 OFFER", 200],
      ["OPTS utf8  off ", 501],
      ["OPTS toString", 501],
      ["OPTS MODE Z LEVEL 9", 200],
      ["OPTS mode z  level  0", 200],
      ["OPTS MODE Z LEVEL 10", 501],
      ["OPTS MODE S", 501],
      ["OPTS MODE xZ", 501],
      ["OPTS MODE Z LEVEL", 501],
      ["OPTS MLST type size", 501],
    ] as const) {
      await driver.expect(line, code);
    }
    assert.match((await driver.command("OPTS MODE Z LEVEL 9")).text, /LEVEL set to 9/);
    assert.match((await driver.command("OPTS MODE Z")).text, /LEVEL set to 6/);
    assert.equal((await driver.command("OPTS MLST Type;Size;")).text, "200 MLST OPTS type;size;");
    assert.equal((await driver.command("OPTS HASH ")).text, "200 SHA-256");
    assert.equal((await driver.command("OPTS HASH  md5 ")).text, "200 MD5");
    assert.equal((await driver.command("OPTS HASH")).text, "200 MD5");
  });

  it("R-2640-05 LANG takes whole tags only", async () => {
    await using driver = await server.loggedIn();
    for (const line of ["LANG eng", "LANG de-en"]) await driver.expect(line, 504);
    for (const line of ["LANG en-", "LANG -en", "LANG en us", "LANG abcdefghi"]) await driver.expect(line, 501);
    await driver.expect("LANG EN-us-x", 200);
  });

  it("R-4217-22 R-2228-07 PBSZ is 0 and PROT knows C and P, under TLS only", async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    await driver.expect("PBSZ 0", 503);
    await driver.expect("PROT P", 503);
    await driver.expect("AUTH TLS", 234);
    await driver.startTls(anyCertificate);
    assert.equal((await driver.expect("PBSZ 16384", 200)).text, "200 PBSZ=0");
    for (const level of ["S", "E"]) await driver.expect(`PROT ${level}`, 536);
    await driver.expect("USER alice", 331);
    await driver.expect("PASS secret", 230);
    await driver.expect("RETR folder/a", 521);
    await driver.expect("PROT P", 200);
    assert.match((await driver.command("STAT")).text, /PROT P/);
    await driver.expect("PROT C", 200);
    await driver.expect("RETR folder/a", 521);
  });

  for (const [mechanism, level] of [
    ["TLS", "C"],
    ["TLS-C", "C"],
    ["TLS-P", "P"],
    ["SSL", "P"],
  ] as const) {
    it(`R-4217-02 AUTH ${mechanism} starts at PROT ${level}`, async () => {
      await using driver = await FtpDriver.connect(server.explicitPort);
      await driver.reply();
      await driver.expect(`AUTH ${mechanism}`, 234);
      await driver.startTls(anyCertificate);
      assert.match((await driver.command("STAT")).text, new RegExp(`PROT ${level}`));
      await driver.expect("AUTH TLS", 534);
      await driver.expect("USER alice", 331);
      await driver.expect("PASS secret", 230);
      await driver.expect("RETR missing", level === "C" ? 521 : 550);
    });
  }

  it("R-4217-45 AUTH and REIN have their fill, and then the connection ends", async () => {
    await using strict = await startTestServer({ limits: { securityExchangesCount: 2 } });
    await using driver = await FtpDriver.connect(strict.explicitPort);
    await driver.reply();
    await driver.expect("REIN", 220);
    await driver.expect("REIN", 220);
    await driver.expect("AUTH TLS", 421);
    assert.ok(await driver.waitForEnd());
    await using other = await FtpDriver.connect(strict.explicitPort);
    await other.reply();
    await other.expect("REIN", 220);
    await other.expect("AUTH TLS", 234);
    await other.startTls(anyCertificate);
    await other.expect("REIN", 421);
    assert.ok(await other.waitForEnd());
  });

  it("R-2228-02 without a certificate AUTH is 431 and FEAT does not offer it", async () => {
    const bare = new FtpServer({
      authenticator: testAuthenticator({}),
      storage: new MemoryDirectory(),
      listeners: [{ tlsMode: "explicit", address: "127.0.0.1", port: 0, requireTls: "none" }],
    });
    const [listener] = await bare.listen();
    assert.ok(listener);
    try {
      await using driver = await FtpDriver.connect(listener.port);
      await driver.reply();
      await driver.expect("AUTH TLS", 431);
      assert.doesNotMatch((await driver.command("FEAT")).text, /AUTH/);
      await driver.expect("USER alice", 331);
      await driver.expect("PASS secret", 230);
      await driver.expect("AVBL", 550);
    } finally {
      await bare.close();
    }
  });

  it("R-959-23 PASS without USER is 503, also where TLS is missing, and superfluous after login", async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    await driver.expect("PASS secret", 503);
    await driver.expect("USER alice", 530);
    await driver.expect("PASS secret", 503);
    await driver.logIn();
    await driver.expect("PASS secret", 202);
    await driver.expect("USER bob", 331);
    await driver.expect("PWD", 530);
    await driver.expect("PASS wrong", 530);
  });

  it("a name and a password that are no UTF-8 are read as Latin-1", async () => {
    await using latin = await startTestServer({
      authenticator: {
        authenticate: async (user, password) =>
          user === "jörg" && password === "pä" ? { kind: "accepted", account: testAccount(user) } : { kind: "refused" },
      },
    });
    for (const [user, password] of [
      ["j\xF6rg", "p\xE4"],
      ["j\xC3\xB6rg", "p\xC3\xA4"],
    ]) {
      await using driver = await latin.greeted();
      await driver.logIn(user, password);
    }
  });

  it("R-DATA-04 PROT that comes after TLS has begun on a data connection asks for a new one", async () => {
    await using lenient = await startTestServer({ listener: { requireTls: "login" } });
    await writeFile(join(lenient.directory, "file"), "content");
    await using driver = await lenient.loggedIn();
    const raw = await driver.openPassive();
    await driver.secureData(raw);
    await driver.expect("PROT C", 200);
    await driver.expect("RETR file", 150);
    assert.equal((await driver.reply()).code, 425);
    assert.equal((await driver.retrieve("RETR file", { clear: true })).octets.toString(), "content");
    const clear = await driver.openPassive();
    await driver.expect("PROT P", 200);
    await driver.expect("RETR file", 150);
    assert.equal((await (await driver.secureData(clear)).toArray()).join(""), "content");
    assert.equal((await driver.reply()).code, 226);
  });

  it("R-1123-17 STOU takes a hint for the name, or calls it file", async () => {
    await using driver = await server.loggedIn();
    await driver.expect("MKD unique", 257);
    await driver.expect("CWD unique", 250);
    await driver.store("STOU", Buffer.from("1"));
    await driver.store("STOU hint", Buffer.from("2"));
    await driver.store(`STOU ${"n".repeat(250)}`, Buffer.from("3"));
    const names = (await readdir(file("unique"))).toSorted();
    assert.equal(names.length, 3);
    for (const [at, pattern] of [/^file\.[0-9a-z]{8}$/, /^hint\.[0-9a-z]{8}$/, /^n{200}\.[0-9a-z]{8}$/].entries()) {
      assert.match(names[at] ?? "", pattern);
    }
  });

  it("R-SITE-01 SITE: arguments and refusals", async () => {
    await using driver = await server.loggedIn();
    await writeFile(file("site target"), "x");
    for (const [line, code] of [
      ["SITE CHMOD 0640 site target", 200],
      ["SITE CHMOD 1640 site target", 501],
      ["SITE CHMOD 0640", 501],
      ["SITE CHMOD 64 site target", 501],
      ["SITE CHMOD 640 missing", 550],
      ["SITE UTIME 20261302030405 site target", 501],
      ["SITE UTIME site target 20260102030405 20261302030405 20260102030405 UTC", 501],
      ["SITE UTIME site target 20261302030405 20260102030405 20260102030405 UTC", 501],
      ["SITE UTIME 2026 site target", 501],
      ["SITE UTIME x20260102030405 site target", 501],
      ["SITE UTIME 20260102030405", 501],
      ["SITE SYMLINK only", 501],
      ["SITE CPFR folder", 550],
      ["SITE CPFR missing", 550],
      ["SITE CPTO x", 503],
      ["SITE IDLE 0", 501],
      ["SITE IDLE 1234567", 501],
      ["SITE MKDIR site target", 550],
      ["SITE MKDIR to-folder", 257],
      ["SITE", 501],
      ["SITE toString", 500],
    ] as const) {
      await driver.expect(line, code);
    }
    assert.equal((await stat(file("site target"))).mode & 0o7777, 0o640);
    await driver.expect("SITE UTIME site target 20260102030405 20270102030405 20280102030405 UTC", 200);
    const { atimeMs, mtimeMs } = await stat(file("site target"));
    assert.deepEqual([atimeMs, mtimeMs], [Date.UTC(2026, 0, 2, 3, 4, 5), Date.UTC(2027, 0, 2, 3, 4, 5)]);
    await driver.expect("SITE UTIME 202801020304 site target", 200);
    assert.equal((await stat(file("site target"))).mtimeMs, Date.UTC(2028, 0, 2, 3, 4, 0));
    await driver.expect("SITE CPFR site target", 350);
    await driver.expect("SITE CPTO /site target", 553);
    await driver.expect("SITE CPTO copy", 503);
    assert.match((await driver.command("SITE IDLE")).text, /300 seconds/);
    assert.match((await driver.command("SITE IDLE 299")).text, /299 seconds/);
    assert.match((await driver.command("SITE IDLE 301")).text, /300 seconds/);
    await driver.expect("SITE CPFR site target", 350);
    await driver.expect("SITE IDLE", 200);
    await driver.expect("SITE CPTO copy", 503);
    await driver.expect("SITE CPFR site target", 350);
    await driver.expect("SITE nonsense", 500);
    await driver.expect("SITE CPTO copy", 503);
    assert.match((await driver.command("SITE MKDIR a-b/c")).text, /"\/a-b\/c"/);
  });

  it(
    "R-2428-02 R-7151-01 over IPv6 EPSV serves family 2 alone, and HOST takes the address in any spelling",
    { skip: needs("ipv6") },
    async () => {
      await using six = await startTestServer({ address: "::1" });
      await using driver = await FtpDriver.connect(six.explicitPort, { host: "::1" });
      await driver.reply();
      await driver.expect("HOST [0:0:0:0:0:0:0:1]", 220);
      await driver.expect("HOST [::2]", 504);
      await driver.expect("HOST ::1", 501);
      await driver.logIn();
      await driver.expect("EPSV 2", 229);
      assert.match((await driver.expect("EPSV 1", 522)).text, /\(2\)/);
    },
  );

  it("R-7151-01 HOST judges names by their labels", async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    for (const [line, code] of [
      ["HOST [127.0.0.1", 501],
      ["HOST [a.example]", 501],
      ["HOST -a.example", 501],
      ["HOST a-.example", 501],
      ["HOST a.-b", 501],
      [`HOST ${"a".repeat(64)}.example`, 501],
      [`HOST ${"a".repeat(63)}.example`, 220],
      [`HOST ${"a.".repeat(126)}a`, 220],
      [`HOST ${"a.".repeat(126)}ab`, 501],
      ["HOST 127.0.0.2", 504],
      ["HOST [127.0.0.1]", 220],
    ] as const) {
      await driver.expect(line, code);
    }
  });
});
