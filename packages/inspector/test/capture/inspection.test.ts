import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Capture, inspect } from "@sallyport/inspector";
import { makeTestIdentity, needs, startTestServer, type TestServer } from "@sallyport/testing";
import { startFaultyServer } from "../faulty-server.ts";

const scratch = mkdtempSync(join(tmpdir(), "sallyport-capture-"));
after(() => rmSync(scratch, { recursive: true }));

for (const maxVersion of ["TLSv1.3", "TLSv1.2"] as const) {
  describe(`the capture of an inspection with a login, under ${maxVersion}`, { skip: needs("tshark") }, () => {
    let server: TestServer;
    let capture: Capture;

    before(async () => {
      server = await startTestServer({ tls: { maxVersion } });
      capture = new Capture();
      const found = await inspect("127.0.0.1", {
        ports: { explicit: server.explicitPort, implicit: server.implicitPort },
        ca: server.identity.ca,
        credentials: { user: "alice", password: "secret" },
        capture,
      });
      assert.ok(!("kind" in found) && found.connections.data > 3);
    });
    after(() => server[Symbol.asyncDispose]());

    test("opens decrypted where no password went, and nowhere tells one", () => {
      const told = decrypted(capture.pcapng(), server);
      assert.match(told, /FEAT/);
      assert.match(told, /PROT/);
      assert.doesNotMatch(told, /^(?:PASS|ACCT|ADAT) |secret/m);
    });

    test("opens decrypted altogether with the secrets", () => {
      const told = decrypted(capture.pcapng({ includePasswords: true }), server);
      assert.match(told, /^USER alice$/m);
      assert.match(told, /^PASS secret$/m);
      assert.match(told, /^LIST/m);
    });

    test("has no packet that tshark finds fault with", () => {
      const file = keep(capture.pcapng({ includePasswords: true }));
      const checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
      const faults = "tcp.checksum.status == 0 or ip.checksum.status == 0 or tcp.analysis.lost_segment";
      assert.equal(tshark([...checks, "-r", file, "-Y", faults]), "");
    });
  });
}

test("keys of data connections that share a master secret with a password's connection are left out, too", async () => {
  const identity = makeTestIdentity({ names: ["127.0.0.1"] });
  await using server = await startFaultyServer({
    tls: { key: identity.key, cert: identity.certificate, maxVersion: "TLSv1.2" },
    inside: { "USER alice": "331 password", "PASS secret": "230 in" },
  });
  const capture = new Capture();
  const { explicit, implicit } = server.ports;
  await inspect("127.0.0.1", {
    ports: { explicit, implicit },
    ca: identity.ca,
    credentials: { user: "alice", password: "secret" },
    only: ["D4"],
    capture,
  });
  const secrets = (text: string) => new Set([...text.matchAll(/CLIENT_RANDOM \w+ (\w+)/g)].map(([, secret]) => secret));
  const all = secrets(capture.pcapng({ includePasswords: true }).toString("latin1"));
  const told = secrets(capture.pcapng().toString("latin1"));
  assert.ok(all.size > told.size && told.size > 0, `${all.size} ${told.size}`);
  const lines = [
    ...capture
      .pcapng({ includePasswords: true })
      .toString("latin1")
      .matchAll(/CLIENT_RANDOM (\w+) (\w+)/g),
  ];
  const shared = Map.groupBy(lines, ([, , secret]) => secret);
  // A secret that two connections have is that of a login: none of them may be told.
  const resumed = [...shared].filter(([, own]) => own.length > 1).map(([secret]) => secret);
  assert.ok(resumed.length > 0, "nothing was resumed");
  assert.deepEqual(
    resumed.filter((secret) => told.has(secret)),
    [],
  );
});

/** Everything that tshark reads inside TLS. Its dissector of FTP does not go there, so that connections are followed. */
function decrypted(pcapng: Buffer, { explicitPort, implicitPort }: TestServer): string {
  const file = keep(pcapng);
  const decode = ["-d", `tcp.port==${explicitPort},ftp`, "-d", `tcp.port==${implicitPort},tls`];
  const streams = new Set(tshark(["-r", file, "-T", "fields", "-e", "tcp.stream"]).trim().split("\n"));
  const follow = [...streams].flatMap((stream) => ["-z", `follow,tls,ascii,${stream}`]);
  return tshark(["-r", file, ...decode, "-q", ...follow]);
}

let filesCount = 0;

function keep(octets: Buffer): string {
  const file = join(scratch, `${(filesCount += 1)}.pcapng`);
  writeFileSync(file, octets);
  return file;
}

function tshark(words: readonly string[]): string {
  return execFileSync("tshark", words, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 16_777_216,
  });
}
