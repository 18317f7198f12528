import { octetsFromText, type VirtualPath } from "@sallyport/protocol";
import { FtpDriver, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";

const path = (text: string) => octetsFromText(text) as unknown as VirtualPath;

describe("what an account may do", () => {
  it("a home is the root of its login, is made where it is missing, and is not left", async () => {
    await using server = await startTestServer({ account: { home: path("/homes/alice") } });
    await writeFile(join(server.directory, "outside"), "secret");
    await using driver = await server.loggedIn();
    assert.match((await driver.command("PWD")).text, /"\/"/);
    await driver.store("STOR inside", Buffer.from("x"));
    assert.equal(await readFile(join(server.directory, "homes/alice/inside"), "utf8"), "x");
    for (const name of ["../../outside", "/../../outside", "/homes/alice/../../outside"]) {
      await driver.expect(`SIZE ${name}`, 550);
    }
  });

  it("R-959-41 a quota ends an upload with 552 and publishes nothing", async () => {
    await using server = await startTestServer({ account: { quotaBytes: 100_000 } });
    await using driver = await server.loggedIn();
    assert.equal((await driver.store("STOR fits", Buffer.alloc(60_000))).completion?.code, 226);
    assert.match((await driver.expect("AVBL", 213)).text, /^213 40000$/);
    assert.equal((await driver.store("STOR large", Buffer.alloc(600_000))).completion?.code, 552);
    assert.deepEqual(
      (await readdir(server.directory)).filter((name) => !name.startsWith(".")),
      ["fits"],
    );
    await driver.expect("DELE fits", 250);
    assert.match((await driver.expect("AVBL", 213)).text, /^213 100000$/);
  });

  it("S-22 an account that may not overwrite cannot replace a file in any way", async () => {
    const allow = new Set(["list", "read", "create", "append", "rename", "make-directory"] as const);
    await using server = await startTestServer({ account: { permissions: [{ path: path("/"), allow }] } });
    await writeFile(join(server.directory, "kept"), "kept");
    await using driver = await server.loggedIn();
    await driver.store("STOR mine", Buffer.from("mine"));
    for (const line of ["STOR kept", "RETR nothing"]) {
      await driver.expect("EPSV", 229);
      assert.match(String((await driver.command(line)).code), /^55[03]$/);
    }
    await driver.expect("REST 1", 350);
    await driver.expect("EPSV", 229);
    assert.match(String((await driver.command("STOR kept")).code), /^55[03]$/);
    await driver.expect("RANG 0 1", 350);
    await driver.expect("EPSV", 229);
    assert.match(String((await driver.command("STOR kept")).code), /^55[03]$/);
    await driver.expect("RNFR mine", 350);
    assert.match(String((await driver.command("RNTO kept")).code), /^55[03]$/);
    await driver.expect("SITE CPFR mine", 350);
    assert.match(String((await driver.command("SITE CPTO kept")).code), /^55[03]$/);
    await driver.expect("DELE kept", 550);
    await driver.expect("MFMT 20020717210715 kept", 550);
    assert.equal(await readFile(join(server.directory, "kept"), "utf8"), "kept");
  });

  it("R-959-40 a directory that may not be listed is 550 before any 150", async () => {
    const allow = new Set(["read"] as const);
    await using server = await startTestServer({ account: { permissions: [{ path: path("/"), allow }] } });
    await using driver = await server.loggedIn();
    for (const line of ["LIST", "NLST", "MLSD"]) {
      await driver.expect("EPSV", 229);
      await driver.expect(line, 550);
    }
  });

  it("a read-only account changes nothing", async () => {
    await using server = await startTestServer({ account: { readOnly: true } });
    await writeFile(join(server.directory, "kept"), "kept");
    await using driver = await server.loggedIn();
    await driver.expect("EPSV", 229);
    await driver.expect("STOR new", 553);
    for (const line of ["DELE kept", "MKD new", "SITE CHMOD 600 kept", "MFMT 20020717210715 kept"]) {
      await driver.expect(line, 550);
    }
    assert.equal((await driver.retrieve("RETR kept")).octets.toString(), "kept");
  });

  it("all transfers of an account together keep to its rate", async () => {
    await using server = await startTestServer({ account: { downloadBytesPerSecond: 400_000 } });
    await writeFile(join(server.directory, "file"), Buffer.alloc(200_000));
    const startedMs = performance.now();
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        await using driver = await server.loggedIn();
        assert.equal((await driver.retrieve("RETR file")).octets.length, 200_000);
      }),
    );
    // 800,000 octets at 400,000 a second, less what the first pieces may be ahead.
    assert.ok(performance.now() - startedMs > 1200);
  });

  it("an account has its fill of connections", async () => {
    await using server = await startTestServer({ account: { connectionsMax: 1 } });
    await using first = await server.loggedIn();
    await using second = await FtpDriver.connect(server.explicitPort);
    await second.reply();
    await assert.rejects(second.logIn(), /421/);
    await first.expect("NOOP", 200);
  });

  it("R-4217-06 an account that needs TLS cannot log in where the listener would let it", async () => {
    await using server = await startTestServer({
      listener: { requireTls: "none" },
      account: { requireTls: "login,data" },
    });
    await using driver = await FtpDriver.connect(server.explicitPort);
    await driver.reply();
    await driver.expect("USER alice", 331);
    await driver.expect("PASS secret", 530);
  });
});

describe("interrupted uploads", () => {
  it("a part of a new file is its owner's alone, and APPE or REST and STOR continue it", async () => {
    await using server = await startTestServer();
    for (const [name, continued] of [
      ["by-appe", "APPE by-appe"],
      ["by-rest", "STOR by-rest"],
    ] as const) {
      await using driver = await server.loggedIn();
      const raw = await driver.openPassive();
      await driver.expect(`STOR ${name}`, 150);
      const data = await driver.secureData(raw);
      await new Promise<void>((resolve) => data.write("01234", () => resolve()));
      raw.destroy();
      assert.equal((await driver.reply()).code, 426);
      assert.equal((await driver.expect(`SIZE ${name}`, 213)).text, "213 5");
      assert.ok((await driver.retrieve("MLSD")).octets.toString().includes(` ${name}\r\n`));
      await driver.expect("EPSV", 229);
      await driver.expect(`RETR ${name}`, 550);
      await using bob = await FtpDriver.connect(server.explicitPort);
      await bob.reply();
      await bob.logIn("bob");
      await bob.expect(`SIZE ${name}`, 550);
      assert.ok(!(await bob.retrieve("MLSD")).octets.toString().includes(name));
      if (continued.startsWith("STOR")) await driver.expect("REST 5", 350);
      assert.equal((await driver.store(continued, Buffer.from("56789"))).completion?.code, 226);
      assert.equal(await readFile(join(server.directory, name), "utf8"), "0123456789");
    }
  });

  it("S-32 the old file stays whole while a new one comes, and when it does not come whole", async () => {
    await using server = await startTestServer();
    await writeFile(join(server.directory, "file"), "old");
    await using driver = await server.loggedIn();
    const raw = await driver.openPassive();
    await driver.expect("STOR file", 150);
    const data = await driver.secureData(raw);
    await new Promise<void>((resolve) => data.write("new", () => resolve()));
    await using reader = await server.loggedIn();
    assert.equal((await reader.retrieve("RETR file")).octets.toString(), "old");
    raw.destroy();
    assert.equal((await driver.reply()).code, 426);
    assert.equal((await reader.retrieve("RETR file")).octets.toString(), "old");
    assert.equal((await driver.expect("SIZE file", 213)).text, "213 3");
  });

  it("a refused data connection leaves no empty file", async () => {
    await using server = await startTestServer({ limits: { dataConnectMs: 200 } });
    await using driver = await server.loggedIn();
    await driver.expect("EPSV", 229);
    await driver.expect("STOR never", 150);
    assert.equal((await driver.reply()).code, 425);
    await driver.expect("SIZE never", 550);
    assert.ok((await server.event("data-connection-failed")).fix);
  });
});
