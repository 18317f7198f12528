import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { makeTestIdentity } from "@sallyport/testing";
import { derContent, derValues, identifierText } from "../../src/certificates/der.ts";
import { nameText } from "../../src/certificates/distinguished-name.ts";
import { keyUsageOf, revocationListsOf, timestampsOf } from "../../src/certificates/extensions.ts";
import { hasRocaMark } from "../../src/certificates/roca.ts";

const der = (extensions: readonly string[]) =>
  new X509Certificate(makeTestIdentity({ names: ["localhost"], extensions }).leaf).raw;

test("RFC 5280 §4.2.1.3 what a key may be used for", () => {
  assert.equal(keyUsageOf(der([])), undefined);
  const both = keyUsageOf(der(["keyUsage=critical,digitalSignature,keyEncipherment"]));
  assert.deepEqual(both, { digitalSignature: true, keyEncipherment: true });
  const carrier = keyUsageOf(der(["keyUsage=keyEncipherment"]));
  assert.deepEqual(carrier, { digitalSignature: false, keyEncipherment: true });
});

test("RFC 5280 §4.2.1.13 where the lists of the revoked are", () => {
  assert.deepEqual(revocationListsOf(der(["crlDistributionPoints=URI:http://ca.example/list.crl"])), [
    "http://ca.example/list.crl",
  ]);
  assert.deepEqual(revocationListsOf(der([])), []);
});

test("RFC 6962 §3.3 a list of timestamps that is none is told from no list", () => {
  assert.deepEqual(timestampsOf(der([])), []);
  assert.equal(timestampsOf(der(["1.3.6.1.4.1.11129.2.4.2=DER:0404FFFF0102"])), undefined);
});

test("a name is written as OpenSSL writes it, whatever it is made of", () => {
  const [signed] = derContent(new X509Certificate(makeTestIdentity({ names: ["localhost"] }).ca).raw);
  const subject = signed && derValues(signed.content)[5];
  assert.equal(nameText(subject?.octets ?? Buffer.alloc(0)), "CN=Test authority default");
  const odd = Buffer.from("3014310b3009060355040613024652310530030601ff", "hex");
  assert.doesNotThrow(() => nameText(odd));
});

test("DER is read as far as it is sound, and no octets make it throw", () => {
  const whole = der(["keyUsage=digitalSignature"]);
  for (let length = 0; length < whole.length; length += 3) {
    assert.doesNotThrow(() => keyUsageOf(whole.subarray(0, length)));
    const changed = Buffer.from(whole);
    changed.writeUInt8((changed.readUInt8(length) + 0x80) & 0xff, length);
    for (const read of [keyUsageOf, revocationListsOf, timestampsOf]) assert.doesNotThrow(() => read(changed));
  }
  assert.deepEqual(derValues(Buffer.from("3080", "hex")), [], "no length without end");
  assert.equal(identifierText(Buffer.from("2b06010505070118", "hex")), "1.3.6.1.5.5.7.1.24");
  assert.equal(identifierText(Buffer.from("551d0f", "hex")), "2.5.29.15");
});

test("CVE-2017-15361 keys of the faulty generator are told by their modulus alone", () => {
  // Primes of that generator are 65537^a modulo the product of the small primes, plus a multiple of that product.
  const product = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101]
    .concat([103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167])
    .reduce((all, prime) => all * BigInt(prime), 1n);
  const power = (exponent: number) => {
    let value = 1n;
    for (let step = 0; step < exponent; step++) value = (value * 65_537n) % product;
    return value;
  };
  assert.equal(hasRocaMark((power(7) + 3n * product) * (power(11) + 5n * product)), true);
  const { n = "" } = new X509Certificate(
    makeTestIdentity({ names: ["localhost"], keyType: "rsa" }).leaf,
  ).publicKey.export({ format: "jwk" });
  assert.equal(hasRocaMark(BigInt(`0x${Buffer.from(n, "base64url").toString("hex")}`)), false);
});
