import { makeTestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("R-TLS-40 a name alone makes no issuer: who signed counts, and whether it may", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-forged-"));
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  const read = (name: string) => new X509Certificate(readFileSync(file(name)));
  try {
    const [subject] = ca.map((authorityCertificate) => `/${authorityCertificate.subject}`);
    openssl("req", "-x509", ...newKey, "-keyout", file("f.key"), "-out", file("f.pem"), "-subj", subject ?? "");
    openssl("req", ...newKey, "-keyout", file("l.key"), "-out", file("l.csr"), "-subj", "/CN=alice.test");
    openssl(
      ...["x509", "-req", "-in", file("l.csr"), "-CA", file("f.pem"), "-CAkey", file("f.key"), "-out", file("l.pem")],
    );
    const forged = read("l.pem");
    assert.equal(verifyIssued(forged, [read("f.pem")]), undefined, "its own forger vouches for it");
    assert.equal(verifyIssued(forged, ca), unknownIssuer);
    openssl(
      ...["req", "-x509", ...newKey, "-keyout", file("s.key"), "-out", file("s.pem"), "-subj", "/CN=self"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
    );
    assert.equal(verifyIssued(read("s.pem"), [read("s.pem")]), unknownIssuer, "no authority");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
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
