import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { inspect, type Finding, type InspectOptions } from "@sallyport/inspector";
import { makeTestIdentity } from "@sallyport/testing";
import { startFaultyServer, type FaultyServer } from "./faulty-server.ts";
import { startNameServer, type NameRecord } from "./name-server.ts";

const host = "ftp.example.test";
const identity = makeTestIdentity({ names: [host] });
const spki = new X509Certificate(identity.leaf).publicKey.export({ type: "spki", format: "der" });
const address: NameRecord = { name: host, type: "A", data: Buffer.from([127, 0, 0, 1]) };

describe("what the name system says of a server", () => {
  let server: FaultyServer;

  before(async () => {
    server = await startFaultyServer({ tls: { key: identity.key, cert: identity.certificate } });
  });
  after(() => server[Symbol.asyncDispose]());

  test("X1 a TLSA record that fits, by the public key", async () => {
    const [tlsa] = await ask("X1", [address, pin(createHash("sha256").update(spki).digest())]);
    assert.equal(tlsa?.status, "ok");
    assert.match(tlsa.text, /^A TLSA record fits/);
  });

  test("X1 one that does not", async () => {
    const [tlsa] = await ask("X1", [address, pin(Buffer.alloc(32))]);
    assert.equal(tlsa?.status, "fail");
  });

  test("X1 none, and who may issue certificates", async () => {
    const caa = Buffer.concat([Buffer.from([0, 5]), Buffer.from("issueca.example")]);
    const [tlsa] = await ask("X1", [address, { name: host, type: "CAA", data: caa }]);
    assert.equal(tlsa?.status, "info");
    assert.match(tlsa.evidence.join("\n"), /CAA .*ca\.example/);
  });

  test("X2 an address where nothing answers", async () => {
    const nobody: NameRecord = { name: host, type: "AAAA", data: Buffer.from([...new Uint8Array(15), 1]) };
    const [reached] = await ask("X2", [address, nobody]);
    assert.equal(reached?.status, "warn");
    assert.match(reached.text, /^::1 does not greet/);
  });

  test("X2 IPv4 alone", async () => {
    const [reached] = await ask("X2", [address]);
    assert.deepEqual([reached?.status, reached?.text], ["info", "The name leads to IPv4 alone"]);
  });

  test("X3 records for browsers, with the keys of an encrypted hello, and other ports", async () => {
    const ech = Buffer.concat([Buffer.from([0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32, 0, 5, 0, 2, 9, 9])]);
    const elsewhere = Buffer.from([0, 1, 0, 2, 8, 0x53, 4, 0x66, 0x69, 0x6c, 0x65, 0]);
    const [found] = await ask("X3", [
      address,
      { name: host, type: "HTTPS", data: ech },
      { name: `_ftp._tcp.${host}`, type: "SRV", data: elsewhere },
    ]);
    assert.equal(found?.status, "info");
    assert.match(found.text, /1 SRV records.* and keys for Encrypted Client Hello/);
    assert.match(found.evidence.join("\n"), /SRV _ftp\._tcp\.ftp\.example\.test: 1 2 2131 file\n/);
    assert.match(found.evidence.join("\n"), /HTTPS: 1 \. with ECH$/);
  });

  test("X2 an address that may not be connected to is left alone", async () => {
    const other: NameRecord = { name: host, type: "A", data: Buffer.from([127, 0, 0, 9]) };
    const asked: string[] = [];
    const permits = (_: string, candidate: string) => asked.push(candidate) > 0 && candidate === "127.0.0.1";
    const findings = await ask("X2", [address, other], { permits });
    assert.ok(asked.includes("127.0.0.9"), asked.join());
    assert.equal(findings[0]?.status, "info");
    assert.doesNotMatch(findings[0].evidence.join("\n"), /127\.0\.0\.9:/);
  });

  test("X3 nothing but the address, which the name server says as well", async () => {
    const [found] = await ask("X3", [address]);
    assert.equal(found?.text, "Nothing leads to another name or port");
    assert.match(found.evidence.join("\n"), /HTTPS: none$/);
  });

  function pin(digest: Buffer): NameRecord {
    const name = `_${server.ports.explicit}._tcp.${host}`;
    return { name, type: "TLSA", data: Buffer.concat([Buffer.from([3, 1, 1]), digest]) };
  }

  async function ask(
    id: string,
    records: readonly NameRecord[],
    options: Pick<InspectOptions, "permits"> = {},
  ): Promise<readonly Finding[]> {
    await using names = await startNameServer(records);
    const report = await inspect(host, {
      ports: server.ports,
      ca: identity.ca,
      address: "127.0.0.1",
      nameServers: [names.address],
      timeoutMs: 5000,
      only: [id],
      ...options,
    });
    return "kind" in report ? assert.fail(JSON.stringify(report)) : report.findings;
  }
});

test("an address has no names to ask about", async () => {
  await using server = await startFaultyServer({ tls: { key: identity.key, cert: identity.certificate } });
  const report = await inspect("127.0.0.1", { ports: server.ports, ca: identity.ca, only: ["X"], timeoutMs: 5000 });
  assert.ok(!("kind" in report));
  assert.deepEqual([...new Set(report.findings.map(({ status }) => status))], ["not-tested"]);
});
