import assert from "node:assert/strict";
import { test } from "node:test";
import * as tls from "node:tls";
import {
  alertName,
  extensionName,
  groupName,
  handshakeTypeName,
  parseAlert,
  parseClientHello,
  parseServerHello,
  signatureAlgorithmName,
  suiteKeyExchange,
  suiteName,
  versionName,
} from "@sallyport/protocol";
import { Duplex } from "node:stream";

test("everything in this runtime's own ClientHello has a name", () => {
  const hello = parseClientHello(ownClientHello());
  assert.ok(typeof hello !== "string");
  const unnamed = [
    ...hello.cipherSuites.map(suiteName),
    ...hello.supportedGroups.map(groupName),
    ...hello.signatureAlgorithms.map(signatureAlgorithmName),
    ...hello.supportedVersions.map(versionName),
    ...hello.extensions.map(({ type }) => extensionName(type)),
  ].filter((name) => name.startsWith("0x"));
  assert.deepEqual(unnamed, []);
});

test("code points without a name are shown as hexadecimal, GREASE as such", () => {
  assert.equal(groupName(0x7777), "0x7777");
  assert.equal(groupName(0x2a2a), "GREASE 0x2A2A");
  assert.equal(suiteName(0x00fe), "0x00FE");
  assert.equal(alertName(99), "alert 99");
  assert.equal(handshakeTypeName(77), "handshake type 77");
});

test("a suite says how TLS 1.2 agrees on its secret", () => {
  assert.equal(suiteKeyExchange(0xc02f), "ECDHE");
  assert.equal(suiteKeyExchange(0x009e), "DHE");
  assert.equal(suiteKeyExchange(0x009c), "RSA");
  assert.equal(suiteKeyExchange(0x1301), undefined);
});

test("an alert is two octets with a known level", () => {
  assert.deepEqual(parseAlert(Uint8Array.of(2, 40)), { level: 2, description: 40 });
  assert.equal(parseAlert(Uint8Array.of(2)), undefined);
  assert.equal(parseAlert(Uint8Array.of(7, 40)), undefined);
  assert.equal(parseAlert(new Uint8Array(18)), undefined);
});

test("a ServerHello cut short at any octet is malformed", () => {
  const hello = Uint8Array.from([
    ...[2, 0, 0, 46, 3, 3],
    ...Array.from({ length: 32 }, () => 7),
    ...[0, 0x13, 0x02, 0, 0, 6, 0, 43, 0, 2, 3, 4],
  ]);
  const read = parseServerHello(hello);
  assert.ok(typeof read !== "string");
  assert.equal(read.version, 0x0304);
  assert.equal(read.helloRetryRequest, false);
  for (let length = 1; length < hello.length; length++) {
    assert.equal(parseServerHello(hello.subarray(0, length)), "malformed", `${length} octets`);
    const announced = Uint8Array.from(hello.subarray(0, length));
    if (length >= 4) announced[3] = length - 4;
    // Without extensions a hello of TLS 1.2 is whole: 4 + 2 + 32 + 1 + 2 + 1 octets.
    if (length !== 42) assert.equal(parseServerHello(announced), "malformed", `${length} octets, announced`);
  }
  assert.equal(parseServerHello(Uint8Array.of(1, 0, 0, 0)), "not-server-hello");
});

function ownClientHello(): Uint8Array {
  const sent: Buffer[] = [];
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      sent.push(chunk);
      done();
    },
  });
  tls.connect({ socket: wire, ALPNProtocols: ["ftp"], servername: "ftp.example.test" }).on("error", () => {});
  wire.destroy();
  return Buffer.concat(sent);
}
