import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Capture, explain } from "@sallyport/inspector";
import { makeTestIdentity, needs, startScriptedPeer } from "@sallyport/testing";

const identity = makeTestIdentity({ names: ["localhost"] });
const needsTshark = { skip: needs("tshark") };

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(
    `tshark shows both modes under ${version} decrypted, and finds no fault in any packet`,
    needsTshark,
    async () => {
      await using peer = await startScriptedPeer({
        tls: { key: identity.key, cert: identity.certificate, maxVersion: version },
      });
      const ports = { explicit: peer.explicitPort, implicit: peer.implicitPort };
      const capture = new Capture();
      for await (const event of explain("localhost", { ports, insecure: true, capture })) void event;
      const file = keep(capture.pcapng());
      assert.deepEqual(wordsOf(ftpIn(file, ports.explicit)), ["220", "AUTH", "234", "QUIT", "221"]);
      assert.deepEqual(wordsOf(insideTls(file, ports.implicit)), ["220", "QUIT", "221"]);
      assert.equal(faults(file), "");
    },
  );
}

test(
  "packets of IPv6, of an odd number of octets and of more than one packet holds, are as they should be",
  needsTshark,
  () => {
    const capture = new Capture();
    const connection = capture.connection(
      { address: "fe80::1%eth0", port: 40_000 },
      { address: "2001:db8::192.0.2.1", port: 21 },
    );
    connection.received(Buffer.from("220 odd.\r\n"));
    connection.sent(Buffer.alloc(100_001, "x"));
    connection.finished();
    connection.peerFinished();
    const file = keep(capture.pcapng());
    assert.equal(faults(file), "");
    const lengths = tshark(file, ["-T", "fields", "-e", "tcp.len"]).trim().split("\n").map(Number);
    assert.equal(
      lengths.reduce((sum, length) => sum + length),
      100_011,
    );
    assert.match(tshark(file, ["-c", "1"]), /fe80::1 → 2001:db8::c000:201/);
  },
);

test("the keys of a connection that carried a password are left out unless they are asked for", () => {
  const capture = new Capture();
  const ends = [
    { address: "127.0.0.1", port: 40_000 },
    { address: "127.0.0.1", port: 21 },
  ] as const;
  const [secret, open] = [capture.connection(...ends), capture.connection(...ends)];
  secret.learnKey(`CLIENT_RANDOM ${"aa".repeat(32)} ${"bb".repeat(48)}`);
  open.learnKey(`CLIENT_RANDOM ${"cc".repeat(32)} ${"dd".repeat(48)}`);
  secret.carriedPassword();
  const told = capture.pcapng();
  assert.ok(told.includes("dddd") && !told.includes("bbbb"));
  assert.ok(capture.pcapng({ includePasswords: true }).includes("bbbb"));
});

function keep(octets: Buffer): string {
  const file = join(mkdtempSync(join(tmpdir(), "sallyport-capture-")), "capture.pcapng");
  writeFileSync(file, octets);
  return file;
}

function ftpIn(file: string, port: number): string {
  const fields = ["-e", "ftp.request.command", "-e", "ftp.response.code"];
  return tshark(file, ["-d", `tcp.port==${port},ftp`, "-Y", `ftp && tcp.port==${port}`, "-T", "fields", ...fields]);
}

function insideTls(file: string, port: number): string {
  const decodeAs = ["-d", `tcp.port==${port},tls`];
  const [stream = ""] = tshark(file, ["-Y", `tcp.port==${port}`, "-T", "fields", "-e", "tcp.stream"]).split("\n");
  return tshark(file, [...decodeAs, "-q", "-z", `follow,tls,ascii,${stream}`]);
}

/** Verbs and codes in their order. */
function wordsOf(text: string): string[] {
  return text.match(/\b(?:[2-5]\d\d|AUTH|QUIT)(?=\s)/g) ?? [];
}

/** Packets with a wrong checksum, a gap in their numbers, or anything else that Wireshark holds to be wrong. */
function faults(file: string): string {
  const checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
  return tshark(file, [...checks, "-Y", "_ws.expert.severity >= 6291456 or tcp.checksum.status == 0"]);
}

function tshark(file: string, rest: readonly string[]): string {
  return execFileSync("tshark", ["-r", file, ...rest], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
