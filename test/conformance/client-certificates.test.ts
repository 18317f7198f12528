import type { Account, Authenticator } from "@sallyport/server/accounts";
import {
  FtpDriver,
  makeTestIdentity,
  startTestServer,
  testAccount,
  testAuthenticator,
  type TestServer,
} from "@sallyport/testing";
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";

const alice = makeTestIdentity({ names: ["alice"], usage: "client" });
const mallory = makeTestIdentity({ names: ["alice"], usage: "client", authority: "somebody else" });
const bob = makeTestIdentity({ names: ["bob"], usage: "client" });

const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();

/** Knows alice by her certificate, and by her password too where `account` does not say `login`. */
const authenticator: Authenticator = {
  ...testAuthenticator({}),
  identify: async (user, { clientCertificate }): Promise<Account | undefined> =>
    user === "alice" && clientCertificate?.fingerprint === fingerprint(alice.leaf) ? testAccount(user) : undefined,
};

async function serverWith(demand: "request" | "require"): Promise<TestServer> {
  const server = await startTestServer({ authenticator, tls: { clientCertificates: { demand, ca: alice.ca } } });
  await writeFile(join(server.directory, "file"), "content");
  return server;
}

async function secured(server: TestServer, tls: { cert?: string; key?: string } = {}): Promise<FtpDriver> {
  const driver = await FtpDriver.connect(server.explicitPort);
  await driver.reply();
  await driver.expect("AUTH TLS", 234);
  await driver.startTls({ rejectUnauthorized: false, ...tls });
  return driver;
}

const withCertificate = ({ certificate, key }: typeof alice) => ({ cert: certificate, key });

describe("client certificates", () => {
  it("T-05 R-2228-30 R-TLS-40 a verified certificate of the user is a login: 232, and PASS is superfluous", async () => {
    await using server = await serverWith("request");
    await using driver = await secured(server, withCertificate(alice));
    await driver.expect("USER alice", 232);
    await driver.expect("PASS whatever", 202);
    await driver.expect("PWD", 257);
    await driver.expect("PBSZ 0", 200);
    await driver.expect("PROT P", 200);
    assert.equal((await driver.retrieve("RETR file")).octets.toString(), "content");
    assert.equal((await server.event("login")).method, "client-certificate");
  });

  it("R-TLS-40 another user's certificate, an unknown authority's and none lead to the password", async () => {
    await using server = await serverWith("request");
    for (const tls of [withCertificate(bob), withCertificate(mallory), {}]) {
      await using driver = await secured(server, tls);
      await driver.expect("USER alice", 331);
      await driver.expect("PASS secret", 230);
    }
  });

  it("R-4217-07 a required certificate that is missing or not verified ends the connection without FTP", async () => {
    await using server = await serverWith("require");
    for (const tls of [withCertificate(mallory), {}]) {
      const driver = await secured(server, tls).catch((error: unknown) => error);
      if (!(driver instanceof FtpDriver)) continue;
      await using connection = driver;
      assert.equal(await connection.waitForEnd(), true);
      assert.equal(connection.pendingText, "");
    }
    await server.event("tls-failed");
    await using driver = await secured(server, withCertificate(alice));
    await driver.expect("USER alice", 232);
  });

  it("R-4217-29 S-30 a data connection with another client certificate is 522", async () => {
    await using server = await serverWith("request");
    await using driver = await secured(server, withCertificate(alice));
    await driver.expect("USER alice", 232);
    await driver.expect("PBSZ 0", 200);
    await driver.expect("PROT P", 200);
    const raw = await driver.openPassive();
    assert.equal((await driver.command("RETR file")).code, 150);
    const data = await driver.secureData(raw, { rejectUnauthorized: false, resume: false, ...withCertificate(bob) });
    data.resume();
    assert.equal((await driver.reply()).code, 522);
  });
});
