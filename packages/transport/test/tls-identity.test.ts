import { ConfigError } from "@sallyport/protocol";
import { makeTestIdentity } from "@sallyport/testing";
import { alternativeNames, nameFit, readTlsIdentity, type TlsIdentityOptions } from "@sallyport/transport";
import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";

const sound = makeTestIdentity({ names: ["a.test", "*.wild.test", "127.0.0.1"] });

function failure(options: TlsIdentityOptions): { code: string; message: string } {
  try {
    readTlsIdentity(options);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error;
  }
  return assert.fail("the identity was taken");
}

test("R-TLS-05 names, kind of key and fingerprint come from the leaf", () => {
  const identity = readTlsIdentity(sound);
  assert.deepEqual(identity.names, ["a.test", "*.wild.test", "127.0.0.1"]);
  assert.equal(identity.keyType, "ec");
  assert.equal(identity.fingerprint, new X509Certificate(sound.leaf).fingerprint256.replaceAll(":", "").toLowerCase());
  assert.ok(identity.validUntil > new Date());
  assert.deepEqual(readTlsIdentity({ ...sound, names: ["Other.Test"] }).names, ["other.test"]);
  assert.equal(
    readTlsIdentity({ certificate: Buffer.from(sound.certificate), key: Buffer.from(sound.key) }).keyType,
    "ec",
  );
});

test("S-29 the key shows in no printed form", () => {
  const identity = readTlsIdentity(sound);
  const printed = inspect(identity, { showHidden: true, depth: 5 }) + JSON.stringify(identity);
  assert.doesNotMatch(printed, /PRIVATE KEY/);
  assert.match(identity.revealKey(), /^-----BEGIN PRIVATE KEY-----/);
});

test("an encrypted key opens with its passphrase and says so without", () => {
  const encrypted = createPrivateKey(sound.key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "secret",
  });
  assert.equal(readTlsIdentity({ ...sound, key: encrypted, passphrase: "secret" }).keyType, "ec");
  assert.match(failure({ ...sound, key: encrypted }).message, /encrypted; give its passphrase/);
  const wrong = failure({ ...sound, key: encrypted, passphrase: "guess" });
  assert.match(wrong.message, /does not open with the given passphrase/);
  assert.doesNotMatch(wrong.message, /guess/);
});

test("what is wrong with a certificate or key is said, with what to do", () => {
  const other = makeTestIdentity({ names: ["other.test"] });
  const rows: [TlsIdentityOptions, string, RegExp][] = [
    [{ ...sound, certificate: "hello" }, "SALLYPORT_CERTIFICATE_UNREADABLE", /holds no PEM certificate/],
    [
      { ...sound, certificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
      "SALLYPORT_CERTIFICATE_UNREADABLE",
      /no readable X\.509/,
    ],
    [{ ...sound, key: "hello" }, "SALLYPORT_KEY_UNREADABLE", /no readable PEM private key/],
    [{ ...sound, key: other.key, label: "site.pem" }, "SALLYPORT_CERTIFICATE_KEY_MISMATCH", /not belong to site\.pem/],
    [
      { ...sound, certificate: sound.ca + sound.leaf },
      "SALLYPORT_CERTIFICATE_KEY_MISMATCH",
      /certificate 2 .* must come first/,
    ],
    [
      { ...sound, certificate: sound.leaf + other.leaf },
      "SALLYPORT_CERTIFICATE_CHAIN_ORDER",
      /2 did not issue certificate 1/,
    ],
    [
      makeTestIdentity({ names: ["old.test"], validForDays: -0.5 }),
      "SALLYPORT_CERTIFICATE_EXPIRED",
      /expired on .*renew/,
    ],
    [
      makeTestIdentity({ names: ["new.test"], validFromDays: 1 }),
      "SALLYPORT_CERTIFICATE_NOT_YET_VALID",
      /not valid before/,
    ],
    [makeTestIdentity({ names: ["weak.test"], keyType: "rsa1024" }), "SALLYPORT_KEY_TOO_WEAK", /1024 bits/],
  ];
  for (const [options, code, message] of rows) {
    const error = failure(options);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /PRIVATE KEY/);
  }
});

test("RFC 9525 §6.3 a wildcard stands for one whole left-most label", () => {
  const names = ["a.test", "*.wild.test"];
  assert.equal(nameFit(names, "a.test"), 2);
  assert.equal(nameFit(names, "A.TEST."), 2);
  assert.equal(nameFit(names, "x.wild.test"), 1);
  assert.equal(nameFit(names, "x.y.wild.test"), 0);
  assert.equal(nameFit(names, "wild.test"), 0);
  assert.equal(nameFit(names, ".wild.test"), 0);
  assert.equal(nameFit(names, "b.test"), 0);
});

test("alternative names split at commas outside of quotes", () => {
  assert.deepEqual(alternativeNames(undefined), []);
  assert.deepEqual(alternativeNames("DNS:a.test, IP Address:10.0.0.1, email:a@b"), [
    "DNS:a.test",
    "IP Address:10.0.0.1",
    "email:a@b",
  ]);
  assert.deepEqual(alternativeNames('DNS:"a, DNS:b", URI:x'), ['DNS:"a, DNS:b"', "URI:x"]);
});
