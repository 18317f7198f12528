import { parseProxyHeader, type ProxyHeader } from "@sallyport/protocol";
import fc from "fast-check";
import assert from "node:assert/strict";
import test from "node:test";

const text = (line: string) => Buffer.from(line, "latin1");
const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const binary = (command: number, family: number, body: Buffer) =>
  Buffer.concat([signature, Buffer.from([command, family, body.length >> 8, body.length & 0xff]), body]);

const ipv4Body = Buffer.from([192, 0, 2, 1, 198, 51, 100, 7, 0xc3, 0x50, 0, 21]);
const ipv6Body = Buffer.concat([
  Buffer.from("20010db8000000000000000000000001", "hex"),
  Buffer.from("20010db8000000000000000000000002", "hex"),
  Buffer.from([0x04, 0x00, 0x03, 0xde]),
]);

const valid: readonly { name: string; bytes: Buffer; addresses: ProxyHeader["addresses"] }[] = [
  {
    name: "version 1, IPv4",
    bytes: text("PROXY TCP4 192.0.2.1 198.51.100.7 50000 21\r\n"),
    addresses: { source: { address: "192.0.2.1", port: 50000 }, destination: { address: "198.51.100.7", port: 21 } },
  },
  {
    name: "version 1, IPv6",
    bytes: text("PROXY TCP6 2001:db8::1 2001:db8::2 1024 990\r\n"),
    addresses: { source: { address: "2001:db8::1", port: 1024 }, destination: { address: "2001:db8::2", port: 990 } },
  },
  { name: "version 1, unknown", bytes: text("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), addresses: undefined },
  { name: "version 1, unknown and bare", bytes: text("PROXY UNKNOWN\r\n"), addresses: undefined },
  {
    name: "version 2, IPv4",
    bytes: binary(0x21, 0x11, ipv4Body),
    addresses: { source: { address: "192.0.2.1", port: 50000 }, destination: { address: "198.51.100.7", port: 21 } },
  },
  {
    name: "version 2, IPv6, with TLVs skipped",
    bytes: binary(0x21, 0x21, Buffer.concat([ipv6Body, Buffer.from([0x04, 0, 3, 1, 2, 3])])),
    addresses: {
      source: { address: "2001:db8:0:0:0:0:0:1", port: 1024 },
      destination: { address: "2001:db8:0:0:0:0:0:2", port: 990 },
    },
  },
  { name: "version 2, LOCAL", bytes: binary(0x20, 0x00, Buffer.alloc(0)), addresses: undefined },
  { name: "version 2, LOCAL with addresses", bytes: binary(0x20, 0x11, ipv4Body), addresses: undefined },
  { name: "version 2, UNIX", bytes: binary(0x21, 0x31, Buffer.alloc(216)), addresses: undefined },
];

for (const { name, bytes, addresses } of valid) {
  test(`PROXY ${name}, cut at every octet and followed by the greeting's answer`, () => {
    for (let length = 1; length < bytes.length; length++) {
      assert.equal(parseProxyHeader(bytes.subarray(0, length)), "incomplete", `cut at ${length}`);
    }
    const version = bytes[0] === 0x50 ? 1 : 2;
    const expected = { version, byteLength: bytes.length, addresses };
    assert.deepEqual(parseProxyHeader(bytes), expected);
    assert.deepEqual(parseProxyHeader(Buffer.concat([bytes, text("USER x\r\n")])), expected);
  });
}

const invalid: readonly [name: string, bytes: Buffer, failure: string][] = [
  ["a command", text("USER anonymous\r\n"), "not-proxy"],
  ["a ClientHello", Buffer.from([0x16, 3, 1]), "not-proxy"],
  ["a port above 65535", text("PROXY TCP4 1.2.3.4 1.2.3.4 70000 21\r\n"), "malformed"],
  ["an octet above 255", text("PROXY TCP4 1.2.3.256 1.2.3.4 1 21\r\n"), "malformed"],
  ["an IPv6 address and more", text("PROXY TCP6 ::1g ::1 1 21\r\n"), "malformed"],
  ["an IPv6 address with a zone", text("PROXY TCP6 ::1 ::1%eth0 1 21\r\n"), "malformed"],
  ["an octal address", text("PROXY TCP4 01.2.3.4 1.2.3.4 1 21\r\n"), "malformed"],
  ["three octets", text("PROXY TCP4 1.2.3 1.2.3.4 1 21\r\n"), "malformed"],
  ["five octets", text("PROXY TCP4 1.2.3.4.5 1.2.3.4 1 21\r\n"), "malformed"],
  ["IPv6 named as IPv4", text("PROXY TCP4 ::1 ::1 1 21\r\n"), "malformed"],
  ["a bare LF", text("PROXY TCP4 1.2.3.4 1.2.3.4 1 21\n"), "malformed"],
  ["too few fields", text("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"), "malformed"],
  ["a line without end", Buffer.concat([text("PROXY UNKNOWN "), Buffer.alloc(200, 0x41)]), "too-long"],
  ["another version", binary(0x31, 0x11, ipv4Body), "malformed"],
  ["an unknown command", binary(0x22, 0x11, ipv4Body), "malformed"],
  ["addresses that do not fit", binary(0x21, 0x11, ipv4Body.subarray(1)), "malformed"],
  ["TLVs past the bound", binary(0x21, 0x11, Buffer.alloc(60_000)), "too-long"],
];

for (const [name, bytes, failure] of invalid) {
  test(`PROXY refuses ${name}`, () => assert.equal(parseProxyHeader(bytes), failure));
}

test("PROXY: no octets, no verdict", () => assert.equal(parseProxyHeader(Buffer.alloc(0)), "incomplete"));

test("PROXY: nothing throws, and a longer input changes no verdict but incomplete", () => {
  const opening = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }).map((rest) => Buffer.concat([signature, rest])),
    fc.uint8Array({ maxLength: 120 }).map((rest) => Buffer.concat([text("PROXY TCP4 "), rest])),
  );
  fc.assert(
    fc.property(opening, fc.nat(300), (bytes, cut) => {
      const early = parseProxyHeader(bytes.subarray(0, cut));
      if (early !== "incomplete") assert.deepEqual(parseProxyHeader(bytes), early);
    }),
    { numRuns: 2000 },
  );
});
