import { startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect as connectTls } from "node:tls";

const anyCertificate = { rejectUnauthorized: false } as const;

/** Retrieves the file, with the control connection's TLS resumed or not, and returns the last code. */
async function retrieve(
  server: TestServer,
  rounds: readonly boolean[],
  version: "TLSv1.2" | "TLSv1.3" = "TLSv1.3",
): Promise<readonly number[]> {
  await writeFile(join(server.directory, "file"), "content");
  await using driver = await server.greeted();
  await driver.logIn("alice", "secret", { ...anyCertificate, minVersion: version, maxVersion: version });
  const codes: number[] = [];
  for (const resume of rounds) {
    const raw = await driver.openPassive();
    assert.equal((await driver.command("RETR file")).code, 150);
    const tls = { ...anyCertificate, minVersion: version, maxVersion: version, resume };
    // A refused connection is closed, in TLS 1.2 before the client has seen the end of the handshake.
    const data = await driver.secureData(raw, tls).catch(() => undefined);
    data?.resume();
    codes.push((await driver.reply()).code);
  }
  return codes;
}

describe("data resumption policies", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`R-TLS-34 R-TLS-35 adaptive in ${version}: not demanded at first, demanded once the client has shown that it can`, async () => {
      await using server = await startTestServer();
      assert.deepEqual(await retrieve(server, [false, false, true, true, false], version), [226, 226, 226, 226, 522]);
      const { cause, fix } = await server.event("data-connection-failed");
      assert.match(cause, /did not resume TLS/);
      assert.ok(fix);
    });

    it(`R-TLS-35 required in ${version}: 522 says what is missing`, async () => {
      await using server = await startTestServer({ listener: { dataResumption: "require" } });
      assert.deepEqual(await retrieve(server, [false, true], version), [522, 226]);
    });

    it(`R-TLS-34 offered in ${version}: never demanded`, async () => {
      await using server = await startTestServer({ listener: { dataResumption: "offer" } });
      assert.deepEqual(await retrieve(server, [true, false], version), [226, 226]);
    });

    it(`R-TLS-34 off in ${version}: nothing resumes`, async () => {
      await using server = await startTestServer({ listener: { dataResumption: "off" }, tls: { resumesData: false } });
      await writeFile(join(server.directory, "file"), "content");
      await using driver = await server.greeted();
      await driver.logIn("alice", "secret", { ...anyCertificate, minVersion: version, maxVersion: version });
      const { resumed, completion } = await driver.retrieve("RETR file");
      assert.deepEqual([resumed, completion?.code], [false, 226]);
    });
  }

  it("S-08 R-TLS-34 who steals a data connection gets no ticket by it", async () => {
    // Where the thief is let in, it has all the time to take a ticket along.
    await using server = await startTestServer({ listener: { dataResumption: "offer" } });
    await writeFile(join(server.directory, "file"), "content");
    await using driver = await server.loggedIn();
    const stolen: Buffer[] = [];
    const raw = await driver.openPassive();
    assert.equal((await driver.command("RETR file")).code, 150);
    const thief = connectTls({ socket: raw, host: "127.0.0.1", servername: "localhost", ...anyCertificate });
    thief.on("session", (ticket) => stolen.push(ticket)).on("error", () => undefined);
    thief.resume();
    assert.equal((await driver.reply()).code, 226);
    assert.deepEqual(stolen, []);
  });

  it("R-TLS-32 a download that resumed brings the next ticket, for clients that use each once", async () => {
    await using server = await startTestServer();
    await writeFile(join(server.directory, "file"), "content");
    await using driver = await server.loggedIn();
    const raw = await driver.openPassive();
    assert.equal((await driver.command("RETR file")).code, 150);
    const data = await driver.secureData(raw);
    const tickets: Buffer[] = [];
    data.on("session", (ticket) => tickets.push(ticket)).resume();
    assert.equal((await driver.reply()).code, 226);
    await new Promise((resolve) => (data.readableEnded ? resolve(undefined) : data.once("end", resolve)));
    assert.deepEqual([data.isSessionReused() ?? true, tickets.length], [true, 1]);
  });

  it("R-TLS-14 data connections may offer ftp, FileZilla's ftp-data, or nothing", async () => {
    await using server = await startTestServer();
    await writeFile(join(server.directory, "file"), "content");
    await using driver = await server.greeted();
    await driver.logIn("alice", "secret", { ...anyCertificate, ALPNProtocols: ["x-filezilla-ftp", "ftp"] });
    for (const [offered, chosen] of [
      [["ftp"], "ftp"],
      [["ftp-data"], "ftp-data"],
      [[], false],
    ] as const) {
      const raw = await driver.openPassive();
      assert.equal((await driver.command("RETR file")).code, 150);
      const data = await driver.secureData(raw, { ...anyCertificate, ALPNProtocols: [...offered], resume: false });
      assert.equal(data.alpnProtocol, chosen);
      data.resume();
      assert.equal((await driver.reply()).code, 226);
    }
  });

  it("an account's policy is its own", async () => {
    await using server = await startTestServer({ account: { dataResumption: "require" } });
    assert.deepEqual(await retrieve(server, [false, true]), [522, 226]);
  });

  it("R-TLS-20 an upload without close_notify is taken where the policy says so", async () => {
    for (const accepting of [
      { listener: { uncleanDataClose: "accept" } },
      { account: { uncleanDataClose: "accept" } },
    ] as const) {
      await using server = await startTestServer(accepting);
      await using driver = await server.loggedIn();
      const raw = await driver.openPassive();
      await driver.expect("STOR file", 150);
      const data = await driver.secureData(raw);
      await new Promise<void>((resolve) => data.write("content", () => resolve()));
      raw.end();
      assert.equal((await driver.reply()).code, 226);
      assert.equal((await driver.command("SIZE file")).text, "213 7");
    }
  });

  it("R-TLS-20 without close_notify the size that ALLO told is proof enough", async () => {
    await using server = await startTestServer();
    await using driver = await server.loggedIn();
    for (const [announced, code] of [
      [7, 226],
      [8, 426],
    ] as const) {
      await driver.expect(`ALLO ${announced}`, 202);
      const raw = await driver.openPassive();
      await driver.expect(`STOR file-${announced}`, 150);
      const data = await driver.secureData(raw);
      await new Promise<void>((resolve) => data.write("content", () => resolve()));
      raw.end();
      assert.equal((await driver.reply()).code, code);
    }
  });
});
