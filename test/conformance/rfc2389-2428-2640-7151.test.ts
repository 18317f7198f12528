import { FtpDriver, makeTestIdentity, needs, startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

const anyCertificate = { rejectUnauthorized: false } as const;

async function loggedIn(server: TestServer, host = "127.0.0.1"): Promise<FtpDriver> {
  const driver = await FtpDriver.connect(server.explicitPort, { host });
  await driver.reply();
  await driver.logIn();
  return driver;
}

describe("RFC 2389, RFC 2428, RFC 2640 and RFC 7151", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await writeFile(join(server.directory, "file"), "content");
  });
  after(() => server[Symbol.asyncDispose]());

  it("R-2389-01 FEAT: one space before each feature, End at the end, no argument", async () => {
    await using driver = await loggedIn(server);
    const lines = (await driver.expect("FEAT", 211)).text.split("\n");
    assert.match(lines[0] ?? "", /^211-/);
    assert.equal(lines.at(-1), "211 End");
    for (const line of lines.slice(1, -1)) assert.match(line, /^ [\x21-\x7e]+( .+)?$/);
    await driver.expect("FEAT x", 501);
  });

  it("R-2389-02 every feature that is listed is understood", async () => {
    await using driver = await loggedIn(server);
    const labels = (await driver.expect("FEAT", 211)).text
      .split("\n")
      .slice(1, -1)
      .map((line) => line.trim().split(" ")[0] ?? "");
    for (const label of labels.filter((word) => word !== "TVFS" && word !== "UTF8")) {
      const { code } = await driver.command(label);
      assert.ok(code !== 500 && code !== 502, `${label} was answered ${code}`);
      if (label === "EPSV") await driver.expect("ABOR", 226);
    }
  });

  it("R-2389-04 OPTS: 200 or 501", async () => {
    await using driver = await loggedIn(server);
    await driver.expect("OPTS FOO", 501);
    await driver.expect("OPTS UTF8 ON", 200);
    await driver.expect("OPTS", 501);
  });

  it("R-2640-06 OPTS UTF8 works before login, and OFF is refused", async () => {
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    await driver.expect("OPTS UTF8 ON", 200);
    await driver.expect("opts utf8 on", 200);
    await driver.expect("OPTS UTF8 OFF", 501);
  });

  it("R-2640-01 names are UTF-8 in both directions", async () => {
    await using driver = await loggedIn(server);
    for (const name of ["ü", "漢字", "🙂"]) {
      const wire = Buffer.from(name).toString("latin1");
      assert.ok((await driver.expect(`MKD ${wire}`, 257)).text.includes(`"/${wire}"`));
      assert.ok((await readdir(server.directory)).includes(name));
      assert.ok((await driver.retrieve("MLSD")).octets.toString().includes(` ${name}\r\n`));
    }
  });

  it("R-2640-02 S-09 CR in a name is refused and never makes two commands", async () => {
    await using driver = await loggedIn(server);
    await driver.expect("MKD a\r\0b", 550);
    driver.send("MKD c\r\0\nNOOP\r\n");
    assert.equal((await driver.reply()).code, 550);
    assert.equal((await driver.reply()).code, 200);
  });

  it("R-2640-05 LANG: English, 504 for others, 501 for what is no tag", async () => {
    await using driver = await loggedIn(server);
    for (const [line, code] of [
      ["LANG", 200],
      ["LANG en", 200],
      ["LANG en-GB", 200],
      ["LANG fr", 504],
      ["LANG !!", 501],
    ] as const) {
      await driver.expect(line, code);
    }
    assert.match((await driver.command("FEAT")).text, /\n LANG EN\*\n/);
  });

  it("R-2428-02 EPSV: the family of the connection, 522 for the other, 501 for what is none", async () => {
    await using driver = await loggedIn(server);
    assert.match((await driver.expect("EPSV", 229)).text, /\(\|\|\|\d+\|\)/);
    await driver.expect("EPSV 1", 229);
    assert.match((await driver.expect("EPSV 2", 522)).text, /\(1\)/);
    assert.match((await driver.expect("EPSV 9", 522)).text, /\(1,2\)/);
    await driver.expect("EPSV x", 501);
  });

  it("R-2428-03 after EPSV ALL only EPSV sets up data, until REIN", async () => {
    await using driver = await loggedIn(server);
    await driver.expect("EPSV ALL", 200);
    for (const line of ["PASV", "PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|50000|"]) await driver.expect(line, 503);
    await driver.expect("EPSV", 229);
  });

  for (const [verb, line] of [
    ["R-959-72 R-4217-27 PORT", (port: number) => `PORT 127,0,0,1,${port >> 8},${port & 255}`],
    ["R-2428-01 R-4217-27 EPRT", (port: number) => `EPRT !1!127.0.0.1!${port}!`],
  ] as const) {
    it(`${verb}: the server connects, and the client starts TLS`, async () => {
      await using driver = await loggedIn(server);
      const listener = createServer();
      await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
      const address = listener.address();
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      await driver.expect(line(port), 200);
      const accepted = new Promise<Socket>((resolve) => listener.once("connection", resolve));
      assert.equal((await driver.command("RETR file")).code, 150);
      const data = await driver.secureData(await accepted);
      const chunks: Buffer[] = [];
      for await (const chunk of data) chunks.push(chunk as Buffer);
      assert.equal(Buffer.concat(chunks).toString(), "content");
      assert.equal((await driver.reply()).code, 226);
      listener.close();
    });
  }

  it("R-DATA-03 IPv6: EPSV works, PASV is 502", { skip: needs("ipv6") }, async () => {
    await using six = await startTestServer({ address: "::1" });
    await writeFile(join(six.directory, "file"), "content");
    await using driver = await loggedIn(six, "::1");
    await driver.expect("PASV", 502);
    assert.equal((await driver.retrieve("RETR file")).octets.toString(), "content");
  });

  it("R-7151-01 HOST before login; syntax 501, unknown 504, after login 503", async () => {
    await using named = await startTestServer({ hosts: ["a.example", "b.example"] });
    await using driver = await FtpDriver.connect(named.explicitPort);
    await driver.reply();
    for (const [line, code] of [
      ["HOST a.example:21", 501],
      ["HOST a..b", 501],
      ["HOST c.example", 504],
      ["HOST A.example", 220],
      ["HOST b.example", 220],
      ["HOST [127.0.0.2]", 504],
      ["HOST 127.0.0.1", 220],
    ] as const) {
      await driver.expect(line, code);
    }
    await driver.logIn();
    await driver.expect("HOST a.example", 503);
  });

  it("R-7151-02 T-12 HOST must be the name that TLS was asked for, and certificates follow SNI", async () => {
    const [a, b] = ["a.example", "b.example"].map((name) => makeTestIdentity({ names: [name] }));
    assert.ok(a && b);
    await using named = await startTestServer({
      tls: { identities: [a, b].map(({ certificate, key }) => ({ certificate, key })) },
    });
    await using driver = await FtpDriver.connect(named.explicitPort);
    await driver.reply();
    await driver.expect("AUTH TLS", 234);
    const secured = await driver.startTls({ servername: "b.example", ca: b.ca });
    assert.ok(secured.authorized);
    await driver.expect("HOST b.example", 220);
    await driver.expect("HOST a.example", 504);
    await using hosted = await FtpDriver.connect(named.explicitPort);
    await hosted.reply();
    await hosted.expect("HOST b.example", 220);
    await hosted.expect("AUTH TLS", 234);
    const unnamed = await hosted.startTls({ ...anyCertificate, servername: "" });
    assert.match(unnamed.getPeerCertificate().subjectaltname ?? "", /b\.example/);
  });
});
