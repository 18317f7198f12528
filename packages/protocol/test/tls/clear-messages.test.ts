import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCertificates, parseServerKeyExchange } from "@sallyport/protocol";

const message = (type: number, body: readonly number[]) => Uint8Array.of(type, 0, 0, body.length, ...body);
const ecdhe = 0xc02f;
const dhe = 0x009e;
const curve = [3, 0, 29, 2, 7, 7];
const prime = [0, 3, 1, 1, 1, 0, 1, 2, 0, 2, 8, 8];
const signature = [8, 4, 0, 3, 9, 9, 9];

test("RFC 5246 §7.4.3 a key exchange with its curve or prime, signed or anonymous", () => {
  const read = (suite: number, body: readonly number[]) => parseServerKeyExchange(message(12, body), suite);
  assert.deepEqual(read(ecdhe, [...curve, ...signature]), {
    group: 29,
    primeBits: undefined,
    publicKeyLength: 2,
    signatureAlgorithm: 0x0804,
    signatureLength: 3,
  });
  assert.deepEqual(read(dhe, [...prime, ...signature]), {
    group: undefined,
    primeBits: 24,
    publicKeyLength: 2,
    signatureAlgorithm: 0x0804,
    signatureLength: 3,
  });
  const anonymous = read(ecdhe, curve);
  assert.ok(typeof anonymous !== "string");
  assert.deepEqual([anonymous.signatureAlgorithm, anonymous.signatureLength], [undefined, 0]);
  assert.equal(read(ecdhe, [1, ...curve.slice(1)]), "malformed", "not a named curve");
});

test("a key exchange cut within a field is malformed", () => {
  for (const [suite, key] of [
    [ecdhe, curve],
    [dhe, prime],
  ] as const) {
    const whole = [...key, ...signature];
    for (let length = 0; length < whole.length; length++) {
      // Whole without a signature, or with one that is empty.
      if (length === key.length || length === key.length + 2) continue;
      assert.equal(parseServerKeyExchange(message(12, whole.slice(0, length)), suite), "malformed", `${length}`);
    }
  }
});

test("RFC 5246 §7.4.2 certificates are found by their place, and must fill the message", () => {
  const read = (...body: number[]) => parseCertificates(message(11, body));
  assert.deepEqual(read(0, 0, 9, 0, 0, 2, 5, 5, 0, 0, 1, 6), [
    { start: 10, end: 12 },
    { start: 15, end: 16 },
  ]);
  assert.deepEqual(read(0, 0, 0), []);
  assert.equal(read(0, 0, 5, 0, 0, 2, 5, 5, 1), "malformed");
  assert.equal(read(0, 0, 5, 0, 0, 3, 5, 5), "malformed");
  assert.equal(read(0, 0, 6, 0, 0, 2, 5, 5), "malformed");
});
