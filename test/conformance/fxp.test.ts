import { makeTestIdentity, startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";

const { ca } = makeTestIdentity({ names: ["localhost", "127.0.0.1", "::1"] });
const stranger = makeTestIdentity({ names: ["127.0.0.1"], authority: "somebody else" });
const content = randomBytes(200_000);

/** Has `from` send a file to `to`, which was told how to take the TLS client's role by `prepare`. */
async function transfer(from: TestServer, to: TestServer, prepare: readonly string[]): Promise<readonly number[]> {
  await writeFile(join(from.directory, "file"), content);
  await using receiver = await to.loggedIn();
  await using sender = await from.loggedIn();
  for (const line of prepare.slice(0, -1)) await receiver.expect(line, 200);
  const { text } = await receiver.expect(prepare.at(-1) ?? "", 227);
  await sender.expect(`PORT ${/\(([\d,]+)\)/.exec(text)?.[1] ?? ""}`, 200);
  receiver.send("STOR file\r\n");
  sender.send("RETR file\r\n");
  assert.equal((await receiver.reply()).code, 150);
  assert.equal((await sender.reply()).code, 150);
  return [(await receiver.reply()).code, (await sender.reply()).code];
}

const fxp = { addresses: ["127.0.0.1"], certificateAuthorities: ca };

describe("transfers between servers", () => {
  for (const prepare of [["SSCN ON", "PASV"], ["CPSV"]]) {
    it(`R-FXP-01 R-FXP-02 R-4217-43 a protected transfer by ${prepare.join(" and ")}`, async () => {
      await using from = await startTestServer({ fxp });
      await using to = await startTestServer({ fxp });
      assert.deepEqual(await transfer(from, to, prepare), [226, 226]);
      assert.deepEqual(await readFile(join(to.directory, "file")), content);
    });
  }

  it("R-FXP-02 a peer whose certificate nobody vouches for is 522", async () => {
    await using from = await startTestServer({
      fxp,
      tls: { identities: [{ certificate: stranger.certificate, key: stranger.key }] },
    });
    await using to = await startTestServer({ fxp });
    const [received] = await transfer(from, to, ["SSCN ON", "PASV"]);
    assert.equal(received, 522);
  });

  it("R-4217-43 without SSCN two TLS servers get nowhere, and nothing goes in clear", async () => {
    await using from = await startTestServer({ fxp, limits: { handshakeMs: 500 } });
    await using to = await startTestServer({ fxp, limits: { handshakeMs: 500 } });
    assert.deepEqual(await transfer(from, to, ["PASV"]), [522, 522]);
  });

  it("R-FXP-02 SSCN answers its state, needs PROT P, and is off without FXP", async () => {
    await using server = await startTestServer({ fxp });
    await using driver = await server.loggedIn();
    assert.equal((await driver.expect("SSCN", 200)).text, "200 SSCN:SERVER METHOD");
    assert.equal((await driver.expect("SSCN ON", 200)).text, "200 SSCN:CLIENT METHOD");
    assert.equal((await driver.expect("SSCN OFF", 200)).text, "200 SSCN:SERVER METHOD");
    await driver.expect("PROT C", 200);
    await driver.expect("SSCN ON", 503);
    await driver.expect("CPSV", 503);
    await using trusting = await startTestServer({ fxp: { addresses: ["127.0.0.1"] } });
    await using stray = await trusting.loggedIn();
    await stray.expect("SSCN ON", 534);
    await stray.expect("SSCN OFF", 200);
    await stray.expect("CPSV", 534);
    await using plain = await startTestServer();
    await using other = await plain.loggedIn();
    await other.expect("SSCN ON", 502);
    await other.expect("CPSV", 502);
    await other.expect("PORT 127,0,0,2,200,1", 504);
  });
});
