import assert from "node:assert/strict";
import { test } from "node:test";
import { isIpv4, normaliseAddress } from "@sallyport/protocol";

test("RFC 5952 §4 an IPv6 address has one form", () => {
  for (const [given, expected] of [
    ["::", "::"],
    ["::1", "::1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1::", "1::"],
    ["2001:DB8:0:0:0:0:0:00A1", "2001:db8::a1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"],
    ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["::ffff:1.2.3.4%eth0", "::ffff:102:304%eth0"],
  ] as const) {
    assert.equal(normaliseAddress(given), expected, given);
  }
});

test("S-06 an IPv4-mapped address is the IPv4 address, and nothing else is", () => {
  for (const given of ["::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"]) {
    assert.equal(normaliseAddress(given), "192.0.2.1", given);
  }
  assert.equal(normaliseAddress("1::ffff:192.0.2.1"), "1::ffff:c000:201");
  assert.equal(normaliseAddress("::fffe:192.0.2.1"), "::fffe:c000:201");
});

test("S-06 what is no address has no form", () => {
  for (const given of [
    ...["", ":", ":::", "1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::"],
    ...["::1%", "::1%a%b", "[::1]", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "a.example"],
    ...["0177.0.0.1", "127.1", "256.0.0.1", "1.2.3.4.5", "1.2.3.04", "0x7f.0.0.1", " 1.2.3.4", "1.2.3.4 "],
  ]) {
    assert.equal(normaliseAddress(given), undefined, given);
  }
  for (const given of ["0.0.0.0", "255.255.255.255", "9.10.99.100", "199.200.249.250"]) assert.ok(isIpv4(given), given);
  assert.ok(!isIpv4("::1"));
});
