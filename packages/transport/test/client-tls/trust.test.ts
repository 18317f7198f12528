import { makeTestIdentity, type TestIdentity } from "@sallyport/testing";
import { CertificateError, type ClientTlsFacts, type ClientTrust, type TrustStore } from "@sallyport/transport";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { until } from "../tls-peer.ts";
import { good, startControl, tlsServer } from "./tls-server.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-trust-"));
after(() => rmSync(folder, { recursive: true }));

const mine = { ca: good.ca };
const anotherAuthority = makeTestIdentity({ names: ["localhost"], authority: "another" });
const selfSigned = makeSelfSigned({ alternativeName: "DNS:localhost" });

interface SelfSignedWishes {
  readonly alternativeName?: string;
  /** -1 makes one that has expired. */
  readonly days?: number;
}

function makeSelfSigned({ alternativeName, days = 9 }: SelfSignedWishes): Pick<TestIdentity, "certificate" | "key"> {
  const directory = mkdtempSync(join(folder, "self-"));
  const file = (name: string) => join(directory, name);
  const openssl = (...given: string[]) => execFileSync("openssl", given, { stdio: "ignore" });
  const names = alternativeName === undefined ? [] : ["-addext", `subjectAltName=${alternativeName}`];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"];
  openssl("req", "-new", ...kind, ...names, "-keyout", file("key"), "-out", file("request"));
  const signing = ["-req", "-in", file("request"), "-signkey", file("key"), "-copy_extensions", "copy"];
  openssl("x509", ...signing, "-days", String(days), "-out", file("certificate"));
  return { certificate: readFileSync(file("certificate"), "latin1"), key: readFileSync(file("key"), "latin1") };
}

function pinOf(pem: string): string {
  const spki = new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
  return `sha256/${createHash("sha256").update(spki).digest("base64")}`;
}

/** Connects to a server that shows this certificate; what the server heard must be QUIT alone where it is refused. */
async function meet(
  identity: Pick<TestIdentity, "certificate" | "key">,
  trust: ClientTrust,
  { host = "localhost" }: { host?: string } = {},
): Promise<ClientTlsFacts> {
  await using server = await tlsServer({ cert: identity.certificate, key: identity.key });
  try {
    return (await startControl(server.port, { host, trust })).facts;
  } catch (error) {
    if (error instanceof CertificateError) await until("good-bye", () => server.heard() === "QUIT\r\n");
    throw error;
  }
}

/** What is objected to a certificate, as it is told to people. */
async function objection(...given: Parameters<typeof meet>): Promise<[string, string]> {
  try {
    await meet(...given);
  } catch (error) {
    assert.ok(error instanceof CertificateError, String(error));
    return [error.code, error.message];
  }
  return assert.fail("it was trusted");
}

test("R-TLS-10 R-4217-08 each fault of a certificate has a code and a sentence, and the server hears no USER", async () => {
  const faults: [string, RegExp, ReturnType<typeof objection>][] = [
    [
      "UNTRUSTED",
      /of localhost is self-signed: nothing but itself vouches for it; if .* pin it as sha256\//,
      objection(selfSigned, {}),
    ],
    [
      "UNTRUSTED",
      /comes from an authority that is not trusted here: CN=Test authority another/,
      objection(anotherAuthority, mine),
    ],
    [
      "UNTRUSTED",
      /comes from an unknown issuer, CN=Test authority another, unless the server leaves out/,
      objection({ ...anotherAuthority, certificate: anotherAuthority.leaf }, mine),
    ],
    [
      "EXPIRED",
      /of localhost expired on 20\d\d-/,
      objection(makeTestIdentity({ names: ["localhost"], validFromDays: -20, validForDays: -10 }), mine),
    ],
    [
      "UNTRUSTED",
      /comes from an authority that is not trusted here: .*another; it also expired on/,
      objection(
        makeTestIdentity({ names: ["localhost"], validFromDays: -20, validForDays: -10, authority: "another" }),
        mine,
      ),
    ],
    [
      "NOT_YET_VALID",
      /is not valid before 20\d\d-.*unless this machine's clock is wrong/,
      objection(makeTestIdentity({ names: ["localhost"], validFromDays: 5, validForDays: 10 }), mine),
    ],
    [
      "NAME",
      /is for ftp\.example\.org, \*\.example\.net, 10\.0\.0\.1, not for localhost/,
      objection(makeTestIdentity({ names: ["ftp.example.org", "*.example.net", "10.0.0.1"] }), mine),
    ],
    [
      "UNTRUSTED",
      /is not meant for servers/,
      objection(makeTestIdentity({ names: ["localhost"], usage: "client" }), mine),
    ],
    [
      "UNTRUSTED",
      /self-signed.*it also expired on/s,
      objection(makeSelfSigned({ alternativeName: "DNS:localhost", days: -1 }), {}),
    ],
  ];
  for (const [code, sentence, objected] of faults) {
    const [found, message] = await objected;
    assert.equal(found, `SALLYPORT_CERTIFICATE_${code}`, message);
    assert.match(message, sentence);
  }
});

test("R-TLS-10 names are alternative names: no common name, wildcards for one whole label, addresses as addresses", async () => {
  const names = makeTestIdentity({ names: ["*.example.org", "127.0.0.1", "f*.example.net", "::1"] });
  for (const host of ["ftp.example.org", "FTP.Example.Org", "127.0.0.1", "::1", "ftp.example.org."]) {
    assert.equal((await meet(names, mine, { host })).trustedBy, "authorities", host);
  }
  for (const host of ["a.b.example.org", "example.org", "ftp.example.net", "127.0.0.2", "localhost"]) {
    assert.equal((await objection(names, mine, { host }))[0], "SALLYPORT_CERTIFICATE_NAME", host);
  }
  const noNames = makeSelfSigned({});
  const [code, message] = await objection(noNames, { ca: noNames.certificate });
  assert.equal(code, "SALLYPORT_CERTIFICATE_NAME");
  assert.match(message, /names no host at all, not for localhost/);
  assert.equal((await meet(selfSigned, { ca: selfSigned.certificate })).trustedBy, "authorities");
});

test("names in other letters are asked for and compared in ASCII", async () => {
  const names = makeTestIdentity({ names: ["xn--bcher-kva.example"] });
  const facts = await meet(names, mine, { host: "B\u00FCcher.example" });
  assert.equal(facts.serverName, "xn--bcher-kva.example");
  for (const host of ["", "a b", "a\r\nb"]) {
    await assert.rejects(meet(names, mine, { host }), { code: "SALLYPORT_HOST_INVALID" });
  }
});

test("a pin is all that is asked, in each of its forms", async () => {
  const wrongInAllWays = makeTestIdentity({
    names: ["other"],
    authority: "other",
    validFromDays: -9,
    validForDays: -8,
  });
  const leaf = new X509Certificate(wrongInAllWays.leaf);
  const key = pinOf(wrongInAllWays.leaf);
  const forms = [
    key,
    key.replace("sha256/", "sha256//"),
    key.replace(/=$/, ""),
    leaf.fingerprint256,
    leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
    `SHA256:${leaf.fingerprint256}`,
  ];
  for (const pin of forms) {
    const facts = await meet(wrongInAllWays, { pins: [pinOf(good.leaf), pin] });
    assert.equal(facts.trustedBy, "pin", pin);
    assert.deepEqual(
      facts.certificate.problems.map(({ code }) => code.slice("SALLYPORT_CERTIFICATE_".length)),
      ["UNTRUSTED", "EXPIRED", "NAME"],
    );
  }
  for (const pin of ["", "sha256/short", "sha1/AAAA", leaf.fingerprint, `${forms[4]}0`]) {
    await assert.rejects(meet(wrongInAllWays, { pins: [pin] }), { code: "SALLYPORT_PIN_UNREADABLE" });
  }
});

test("a pin that does not match refuses whatever else would trust; the issuer's key is no pin of the server", async () => {
  const trust = { ...mine, insecure: true, verify: () => true };
  for (const pin of [pinOf(anotherAuthority.leaf), pinOf(good.ca), new X509Certificate(good.ca).fingerprint256]) {
    const [code, message] = await objection(good, { ...trust, pins: [pin] });
    assert.equal(code, "SALLYPORT_PIN_MISMATCH");
    assert.ok(message.includes(pinOf(good.leaf)));
  }
});

test("verify decides alone, told what the authorities object to", async () => {
  const asked: unknown[] = [];
  const verify = (answer: boolean) => async (certificate: { problems: readonly { code: string }[] }) => {
    asked.push(certificate.problems.map(({ code }) => code));
    return answer;
  };
  assert.equal((await meet(selfSigned, { verify: verify(true) })).trustedBy, "verify");
  assert.equal((await objection(selfSigned, { verify: verify(false) }))[0], "SALLYPORT_CERTIFICATE_UNTRUSTED");
  const [code, message] = await objection(good, { ...mine, insecure: true, verify: verify(false) });
  assert.equal(code, "SALLYPORT_CERTIFICATE_UNTRUSTED");
  assert.match(message, /was refused, though authorities vouch for it/);
  assert.deepEqual(asked, [["SALLYPORT_CERTIFICATE_UNTRUSTED"], ["SALLYPORT_CERTIFICATE_UNTRUSTED"], []]);
  await assert.rejects(meet(good, { verify: () => Promise.reject(new Error("no terminal")) }), {
    message: "no terminal",
  });
});

test("insecure trusts whatever answers, and says that nobody vouched", async () => {
  assert.equal((await meet(selfSigned, { insecure: true })).trustedBy, "nobody");
  assert.equal((await meet(good, { ...mine, insecure: true })).trustedBy, "authorities");
});

test("on first use a key is remembered; later it must be the same, whoever vouches for another", async () => {
  const known = new Map<string, string>();
  const tofu: TrustStore = {
    find: async (server) => known.get(server),
    remember: async (server, pin) => void known.set(server, pin),
  };
  await using server = await tlsServer({ cert: selfSigned.certificate, key: selfSigned.key });
  const { port } = server;
  assert.equal((await startControl(port, { trust: { tofu } })).facts.trustedBy, "first-use");
  assert.deepEqual([...known], [[`localhost:${port}`, pinOf(selfSigned.certificate)]]);
  assert.equal((await startControl(port, { trust: { tofu } })).facts.trustedBy, "remembered");
  assert.equal((await startControl(port, { host: "LOCALHOST", trust: { tofu } })).facts.trustedBy, "remembered");
  known.set(`localhost:${port}`, pinOf(good.leaf));
  for (const trust of [
    { tofu },
    { tofu, insecure: true },
    { tofu, ca: selfSigned.certificate },
    { tofu, verify: () => true },
  ]) {
    await assert.rejects(startControl(port, { trust }), (error: unknown) => {
      assert.ok(error instanceof CertificateError);
      assert.equal(error.code, "SALLYPORT_PIN_CHANGED");
      assert.ok(error.message.includes(pinOf(good.leaf)) && error.message.includes(pinOf(selfSigned.certificate)));
      return true;
    });
  }
  known.clear();
  assert.equal(
    (await startControl(port, { trust: { tofu, ca: selfSigned.certificate } })).facts.trustedBy,
    "authorities",
  );
  assert.equal(known.size, 0, "whom authorities vouch for may change keys");
  await startControl(port, { trust: { tofu, verify: () => true } });
  assert.equal(known.size, 1);
  assert.equal((await startControl(port, { trust: { tofu, verify: () => false } })).facts.trustedBy, "remembered");
});

test("without a ca the authorities of system and Node are asked", async () => {
  const [code, message] = await objection(good, {});
  assert.equal(code, "SALLYPORT_CERTIFICATE_UNTRUSTED");
  assert.match(message, /Test authority default/);
  await assert.rejects(meet(good, { ca: "no PEM" }), { code: "SALLYPORT_TLS_CONFIG" });
  assert.equal((await meet(good, { ca: [anotherAuthority.ca, Buffer.from(good.ca)] })).trustedBy, "authorities");
});
