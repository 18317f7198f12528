import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseCertificateRequest,
  parseCertificates,
  parseNewSessionTicket,
  parseServerKeyExchange,
} from "@sallyport/protocol";

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
    prime: undefined,
    publicKeyLength: 2,
    publicKey: { start: 8, end: 10 },
    signatureAlgorithm: 0x0804,
    signatureLength: 3,
  });
  assert.deepEqual(read(dhe, [...prime, ...signature]), {
    group: undefined,
    primeBits: 24,
    prime: { start: 6, end: 9 },
    publicKeyLength: 2,
    publicKey: { start: 14, end: 16 },
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

test("RFC 5246 §7.4.4, RFC 8446 §4.3.2 the names of authorities in a CertificateRequest, in both forms", () => {
  const names = [0, 7, 0, 2, 0x30, 0, 0, 1, 0x31];
  const older = message(13, [1, 64, 0, 2, 4, 3, ...names]);
  assert.deepEqual(parseCertificateRequest(older, 0x0303), {
    authorities: [
      { start: 14, end: 16 },
      { start: 18, end: 19 },
    ],
  });
  const newer = message(13, [0, 0, 21, 0, 13, 0, 4, 0, 2, 4, 3, 0, 47, 0, 9, ...names]);
  assert.deepEqual(parseCertificateRequest(newer, 0x0304), {
    authorities: [
      { start: 23, end: 25 },
      { start: 27, end: 28 },
    ],
  });
  assert.deepEqual(parseCertificateRequest(message(13, [0, 0, 0]), 0x0304), { authorities: [] });
  for (let length = 0; length < older.length - 4; length++) {
    assert.equal(
      parseCertificateRequest(message(13, [...older.slice(4, 4 + length)]), 0x0303),
      "malformed",
      `${length}`,
    );
  }
  assert.equal(parseCertificateRequest(message(13, [0, 0, 19, 0, 47, 0, 9]), 0x0304), "malformed");
});

test("RFC 8446 §4.6.1 how much early data a ticket allows", () => {
  const ticket = [0, 0, 28, 32, 1, 2, 3, 4, 1, 0, 0, 2, 9, 9];
  const read = (extensions: readonly number[]) => parseNewSessionTicket(message(4, [...ticket, ...extensions]));
  assert.deepEqual(read([0, 0]), { lifetimeSeconds: 7200, ticketLength: 2, earlyDataBytes: undefined });
  assert.deepEqual(read([0, 8, 0, 42, 0, 4, 0, 0, 64, 0]), {
    lifetimeSeconds: 7200,
    ticketLength: 2,
    earlyDataBytes: 16384,
  });
  assert.equal(read([0, 8, 0, 42, 0, 9]), "malformed");
});
