import { makeTestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { test } from "node:test";
import { verificationProblem, verifyIssued } from "../src/peer-verification-hook.ts";

const authority = "clients";
const sound = makeTestIdentity({ names: ["alice.test"], usage: "client", authority });
const ca = [new X509Certificate(sound.ca)];

function problem(identity: { leaf: string }): string | undefined {
  return verifyIssued(new X509Certificate(identity.leaf), ca);
}

test("R-TLS-40 the public fallback verifies issuer, time and purpose", () => {
  assert.equal(problem(sound), undefined);
  assert.equal(problem(makeTestIdentity({ names: ["x"], usage: "client", authority: "others" })), unknownIssuer);
  assert.equal(problem(makeTestIdentity({ names: ["x"], authority })), "INVALID_PURPOSE");
  assert.equal(
    problem(makeTestIdentity({ names: ["x"], usage: "client", authority, validForDays: -0.5 })),
    "CERT_HAS_EXPIRED",
  );
  assert.equal(
    problem(makeTestIdentity({ names: ["x"], usage: "client", authority, validFromDays: 1 })),
    "CERT_NOT_YET_VALID",
  );
  assert.equal(verifyIssued(new X509Certificate(sound.leaf), []), unknownIssuer);
  assert.equal(verifyIssued(new X509Certificate(sound.leaf), [new X509Certificate(sound.leaf)]), unknownIssuer);
});

test("R-TLS-40 the hook asks Node's handle, and without it the fallback decides", () => {
  const certificate = new X509Certificate(sound.leaf);
  const withHandle = (verifyError: unknown) => ({ _handle: { verifyError } }) as unknown as TLSSocket;
  const refusing = withHandle(() => Object.assign(new Error("no"), { code: "CERT_REVOKED" }));
  assert.equal(verificationProblem(refusing, certificate, ca), "CERT_REVOKED");
  assert.equal(
    verificationProblem(
      withHandle(() => null),
      certificate,
      ca,
    ),
    undefined,
  );
  assert.equal(
    verificationProblem(
      withHandle(() => new Error("no code")),
      certificate,
      ca,
    ),
    "UNVERIFIED",
  );
  for (const bare of [withHandle(undefined), { _handle: null } as unknown as TLSSocket, {} as TLSSocket]) {
    assert.equal(verificationProblem(bare, certificate, ca), undefined);
    assert.equal(verificationProblem(bare, certificate, []), unknownIssuer);
  }
});

const unknownIssuer = "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
