import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeTestIdentity, needs } from "@sallyport/testing";
import { readOcspResponse } from "../../src/certificates/ocsp.ts";

const identity = makeTestIdentity({ names: ["localhost"] });
const stranger = makeTestIdentity({ names: ["localhost"], authority: "another" });
const issuer = new X509Certificate(identity.ca);
const { serialNumber } = new X509Certificate(identity.leaf);

describe("RFC 6960 an OCSP response, as openssl ocsp makes it", { skip: needs("openssl") }, () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "sallyport-ocsp-"));
  });
  after(() => rmSync(directory, { recursive: true }));

  test("vouches for a certificate that is good, signed by its issuer", () => {
    const status = readOcspResponse(respond("V"), issuer);
    assert.deepEqual([status?.status, status?.serialNumber, status?.isSigned], ["good", serialNumber, true]);
    const days = ((status?.nextUpdate?.getTime() ?? 0) - (status?.thisUpdate.getTime() ?? 0)) / 86_400_000;
    assert.equal(days, 7);
  });

  test("tells of one that is revoked, and of one that nobody knows", () => {
    assert.equal(readOcspResponse(respond("R"), issuer)?.status, "revoked");
    assert.equal(readOcspResponse(respond("none"), issuer)?.status, "unknown");
  });

  test("proves nothing to another issuer, or without one", () => {
    const response = respond("V");
    assert.equal(readOcspResponse(response, new X509Certificate(stranger.ca))?.isSigned, false);
    assert.equal(readOcspResponse(response, undefined)?.isSigned, undefined);
  });

  test("is not read where it is cut, and nothing throws wherever an octet is changed", () => {
    const response = respond("V");
    for (let length = 0; length < response.length; length += 7) {
      assert.doesNotThrow(() => readOcspResponse(response.subarray(0, length), issuer));
      const changed = Buffer.from(response);
      changed.writeUInt8((changed.readUInt8(length) + 1) & 0xff, length);
      assert.doesNotThrow(() => readOcspResponse(changed, issuer));
    }
    assert.equal(readOcspResponse(response.subarray(0, 40), issuer), undefined);
    assert.equal(readOcspResponse(Buffer.from("30030a0106", "hex"), issuer), undefined, "try later");
  });

  function respond(state: "V" | "R" | "none"): Buffer {
    const file = (name: string) => join(directory, name);
    const revoked = state === "R" ? "260101000000Z" : "";
    const line = `${state}\t351231235959Z\t${revoked}\t${serialNumber}\tunknown\t/CN=localhost\n`;
    writeFileSync(file("index.txt"), state === "none" ? "" : line);
    writeFileSync(file("ca.key"), identity.caKey, { mode: 0o600 });
    writeFileSync(file("leaf.pem"), identity.leaf);
    const openssl = (...words: string[]) => execFileSync("openssl", ["ocsp", ...words], { stdio: "ignore" });
    openssl("-issuer", identity.caFile, "-cert", file("leaf.pem"), "-reqout", file("request.der"));
    openssl(
      ...["-index", file("index.txt"), "-CA", identity.caFile, "-rsigner", identity.caFile, "-rkey", file("ca.key")],
      ...["-reqin", file("request.der"), "-respout", file("response.der"), "-ndays", "7"],
    );
    return readFileSync(file("response.der"));
  }
});
