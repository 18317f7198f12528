import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseClientHello, type ClientHello } from "@sallyport/protocol";
import { buildClientHello, buildSsl2Hello, type HelloOffer } from "../../src/hello/build-hello.ts";

const random = Uint8Array.from({ length: 64 }, (_, at) => at);

test("a hello says what it was asked to say, in the order asked", () => {
  const offer: HelloOffer = {
    version: 0x0303,
    suites: [0x0005, 0x1301, 0x5600],
    supportedVersions: [0x0305, 0x0304],
    groups: [0x11ec, 0x0013],
    signatureAlgorithms: [0x0201],
    compressionMethods: [1, 0],
    serverName: "ftp.example.org",
    alpn: ["h2", "ftp"],
  };
  const hello = read(buildClientHello(offer, random));
  assert.deepEqual(hello.cipherSuites, offer.suites);
  assert.deepEqual(hello.supportedVersions, offer.supportedVersions);
  assert.deepEqual(hello.supportedGroups, offer.groups);
  assert.deepEqual(hello.signatureAlgorithms, offer.signatureAlgorithms);
  assert.deepEqual(hello.compressionMethods, offer.compressionMethods);
  assert.deepEqual(hello.alpn, offer.alpn);
  assert.equal(hello.serverName, "ftp.example.org");
  assert.deepEqual(hello.keyShareGroups, []);
  assert.equal(hello.sessionIdLength, 32);
});

test("SSL 3.0 has no extensions and no TLS 1.3 session ID", () => {
  const hello = read(
    buildClientHello({ version: 0x0300, recordVersion: 0x0300, suites: [0x000a], withoutExtensions: true }, random),
  );
  assert.deepEqual([hello.recordVersion, hello.legacyVersion, hello.extensions.length], [0x0300, 0x0300, 0]);
  assert.equal(hello.sessionIdLength, 0);
});

test("any offer is a well-formed hello, in one record or in many", () => {
  const code = fc.integer({ min: 0, max: 0xffff });
  const codes = fc.array(code, { minLength: 1, maxLength: 40 });
  const offers = fc.record(
    {
      version: fc.constantFrom(0x0301, 0x0302, 0x0303),
      suites: codes,
      groups: codes,
      signatureAlgorithms: codes,
      supportedVersions: codes,
      paddingBytes: fc.integer({ min: 0, max: 3000 }),
      fragmentBytes: fc.integer({ min: 40, max: 500 }),
    },
    { requiredKeys: ["version", "suites"] },
  );
  fc.assert(
    fc.property(offers, (offer) => {
      assert.deepEqual(read(buildClientHello(offer, random)).cipherSuites, offer.suites);
    }),
    { numRuns: 100 },
  );
});

test("a CLIENT-HELLO of SSL 2.0 has its length in two octets and seven ciphers", () => {
  const octets = buildSsl2Hello(random);
  assert.equal(((octets[0] ?? 0) & 0x7f) * 256 + (octets[1] ?? 0), octets.length - 2);
  assert.equal(octets.length, 2 + 9 + 21 + 16);
});

function read(octets: Uint8Array): ClientHello {
  const hello = parseClientHello(octets);
  if (typeof hello === "string") return assert.fail(hello);
  return hello;
}
