import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  formatExtendedEndpoint,
  formatExtendedPassive,
  formatPassiveEndpoint,
  isIpv4,
  normaliseAddress,
  parseExtendedEndpoint,
  parseExtendedPassiveArgument,
  parseExtendedPassiveReply,
  parsePassiveReply,
  parsePortArgument,
} from "@sallyport/protocol";

test("R-959-72 PORT takes six decimals and nothing else", () => {
  assert.deepEqual(parsePortArgument("127,0,0,1,195,80"), { host: "127.0.0.1", port: 50_000 });
  assert.deepEqual(parsePortArgument("10,20,255,0,0,1"), { host: "10.20.255.0", port: 1 });
  const wrong = [
    "",
    "1,2,3,4,5",
    "1,2,3,4,5,6,7",
    "256,0,0,1,4,1",
    "127,0,0,1,4,256",
    "127,0,0,1,0,0",
    "0177,0,0,1,4,1",
    "010,0,0,1,4,1",
    "127,0,0,1,04,1",
    "0x7f,0,0,1,4,1",
    "127,0,0,1,4,1,",
    " 127,0,0,1,4,1",
    "127, 0,0,1,4,1",
    "127,0,0,1,4,-1",
    "127,0,0,1,4,1.0",
    "127,0,0,1,4,1e1",
    "127,0,0,1,4,",
    "127.0.0.1,4,1",
    "+127,0,0,1,4,1",
  ];
  for (const argument of wrong) assert.equal(parsePortArgument(argument), "syntax", argument);
});

test("R-1123-20 reply 227 is read with and without parentheses", () => {
  const expected = { host: "127.0.0.1", port: 1025 };
  for (const text of [
    "Entering Passive Mode (127,0,0,1,4,1).",
    "Entering Passive Mode 127,0,0,1,4,1",
    "=127,0,0,1,4,1",
    "Passive mode 1 on (127,0,0,1,4,1)",
    "(127,0,0,001,004,001)",
  ]) {
    assert.deepEqual(parsePassiveReply(text), expected, text);
  }
  for (const text of ["", "Entering Passive Mode", "1,2,3,4,5", "1,2,3,4,5,256", "1,2,3,4,0,0", "1111,2,3,4,5,6"]) {
    assert.equal(parsePassiveReply(text), undefined, text);
  }
});

test("R-2428-01 EPRT with any delimiter, both families", () => {
  assert.deepEqual(parseExtendedEndpoint("|1|127.0.0.1|5000|"), { host: "127.0.0.1", port: 5000 });
  assert.deepEqual(parseExtendedEndpoint("!2!::1!5000!"), { host: "::1", port: 5000 });
  assert.deepEqual(parseExtendedEndpoint("|2|1080::8:800:200C:417A|5282|"), {
    host: "1080::8:800:200c:417a",
    port: 5282,
  });
  assert.equal(parseExtendedEndpoint("|7|x|1|"), "unsupported-family");
  assert.equal(parseExtendedEndpoint("|0|127.0.0.1|5000|"), "unsupported-family");
  const wrong = [
    "",
    "|",
    "|1|127.0.0.1|5000",
    "|1|127.0.0.1|5000||",
    "|1|127.0.0.1|0|",
    "|1|127.0.0.1|65536|",
    "|1|127.0.0.1|080|",
    "|1|127.1|5000|",
    "|1|0177.0.0.1|5000|",
    "|1|2130706433|5000|",
    "|1|::1|5000|",
    "|2|127.0.0.1|5000|",
    "|2|fe80::1%eth0|5000|",
    "|2|[::1]|5000|",
    "|x|127.0.0.1|5000|",
    "||127.0.0.1|5000|",
    " 1 127.0.0.1 5000 ",
    "\x7f1\x7f127.0.0.1\x7f5000\x7f",
    "|1|127.0.0.1|5000|x",
    "|1|localhost|5000|",
  ];
  for (const argument of wrong) assert.equal(parseExtendedEndpoint(argument), "syntax", JSON.stringify(argument));
});

test("S-06 an IPv4-mapped address is judged as what it reaches", () => {
  for (const spelling of ["::ffff:10.0.0.1", "::FFFF:0a00:0001", "0:0:0:0:0:ffff:a00:1", "0000::ffff:10.0.0.1"]) {
    assert.deepEqual(parseExtendedEndpoint(`|2|${spelling}|21|`), { host: "10.0.0.1", port: 21 }, spelling);
  }
});

test("R-2428-02 the argument of EPSV", () => {
  assert.equal(parseExtendedPassiveArgument(undefined), "any");
  assert.equal(parseExtendedPassiveArgument("1"), 1);
  assert.equal(parseExtendedPassiveArgument("2"), 2);
  assert.equal(parseExtendedPassiveArgument("aLL"), "all");
  assert.equal(parseExtendedPassiveArgument("3"), "unsupported-family");
  for (const argument of ["x", "1 2", "ALLX", "-1", "100000"]) {
    assert.equal(parseExtendedPassiveArgument(argument), "syntax", argument);
  }
});

test("R-2428-04 reply 229 is read, its address never", () => {
  assert.equal(parseExtendedPassiveReply("Entering Extended Passive Mode (|||6446|)"), 6446);
  assert.equal(parseExtendedPassiveReply("ok (!!!1!) thanks"), 1);
  assert.equal(parseExtendedPassiveReply("(IPv6) ok (|||50000|)."), 50_000);
  assert.equal(parseExtendedPassiveReply("(|1|192.0.2.9|50000|)"), 50_000);
  assert.equal(parseExtendedPassiveReply("(a)(|||50000|)"), 50_000);
  for (const text of [
    "",
    "(|||0|)",
    "(|||65536|)",
    "(|||x|)",
    "(||50|)",
    "|||50|",
    "(|||50|",
    "()",
    "(",
    "(1115011)",
  ]) {
    assert.equal(parseExtendedPassiveReply(text), undefined, text);
  }
  assert.equal(parseExtendedPassiveReply("(".repeat(100_000)), undefined);
});

test("normaliseAddress writes RFC 5952 and refuses what is no address", () => {
  const cases: Record<string, string | undefined> = {
    "127.0.0.1": "127.0.0.1",
    "::1": "::1",
    "::": "::",
    "2001:DB8::0:1": "2001:db8::1",
    "1:0:0:2:0:0:0:3": "1:0:0:2::3",
    "1:0:0:2:3:0:0:4": "1::2:3:0:0:4",
    "1:0:2:3:4:5:6:7": "1:0:2:3:4:5:6:7",
    "::ffff:127.0.0.1": "127.0.0.1",
    "::ffff:7f00:1": "127.0.0.1",
    "::127.0.0.1": "::7f00:1",
    "64:ff9b::192.0.2.33": "64:ff9b::c000:221",
    "fe80::1%eth0": "fe80::1%eth0",
    "1:2:3:4:5:6:7::": "1:2:3:4:5:6:7:0",
    "::2:3:4:5:6:7:8": "0:2:3:4:5:6:7:8",
    "127.1": undefined,
    "0177.0.0.1": undefined,
    "127.0.0.01": undefined,
    "256.0.0.1": undefined,
    "": undefined,
    ":": undefined,
    ":::": undefined,
    "1::2::3": undefined,
    "12345::": undefined,
    "1:2:3:4:5:6:7:8:9": undefined,
    "1:2:3:4:5:6:7": undefined,
    "::ffff:127.1": undefined,
    "127.0.0.1::": undefined,
    "[::1]": undefined,
    "::1%": undefined,
    "::1%a%b": undefined,
    localhost: undefined,
    "1:2:3:4:5:6:7::8": undefined,
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(normaliseAddress(text), expected, text);
});

test("normaliseAddress agrees with the platform on what is an address, and is idempotent", () => {
  const near = fc.stringMatching(/^[0-9a-f:.]{0,24}$/);
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), near), (text) => {
      const normal = normaliseAddress(text);
      assert.equal(normal !== undefined, isIP(text) !== 0, text);
      if (normal === undefined) return;
      assert.equal(normaliseAddress(normal), normal);
      if (isIP(normal) === 6) assert.equal(new URL(`http://[${normal}]/`).hostname, `[${normal}]`);
    }),
    { numRuns: 2000 },
  );
});

test("what is written can be read: PORT, 227, EPRT, 229", () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(fc.ipV4(), fc.oneof(fc.ipV4(), fc.ipV6()), port, (ipv4, address, given) => {
      const host = normaliseAddress(address) ?? assert.fail(address);
      assert.deepEqual(parsePortArgument(formatPassiveEndpoint(ipv4, given)), { host: ipv4, port: given });
      assert.deepEqual(parsePassiveReply(`(${formatPassiveEndpoint(ipv4, given)}).`), { host: ipv4, port: given });
      assert.deepEqual(parseExtendedEndpoint(formatExtendedEndpoint({ host, port: given })), { host, port: given });
      assert.equal(parseExtendedPassiveReply(formatExtendedPassive(given)), given);
    }),
  );
});

test("no text makes endpoints throw", () => {
  const near = fc.stringMatching(/^[0-9|(),.:]{0,30}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      parsePortArgument(text);
      parsePassiveReply(text);
      parseExtendedEndpoint(text);
      parseExtendedPassiveArgument(text);
      parseExtendedPassiveReply(text);
      isIpv4(text);
    }),
  );
});
