import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TlsOptions } from "node:tls";
import { inspect, type Finding, type InspectReport } from "@sallyport/inspector";
import { isGrease, parseClientHello } from "@sallyport/protocol";
import { makeTestIdentity, type TestIdentity } from "@sallyport/testing";
import { startFaultyServer, type FaultyServer, type Faults } from "./faulty-server.ts";

const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });
const tls = tlsOf(identity);

/** Versions and suites that no server of today takes. */
const old = { minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" } as const;

/** Signs with SHA-1 whatever the client likes best. */
const sha1 = { sigalgs: "RSA+SHA1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;

/** One server for each fault: what it does wrong, and what is to be said of it. A sound one has none of them. */
const corpus: readonly { readonly id: string; readonly said: RegExp; readonly faults: Partial<Faults> }[] = [
  { id: "M1", said: /implicit port speaks in clear|answers commands in clear/, faults: { implicitInClear: true } },
  { id: "M2", said: /AUTH TLS is refused/, faults: { clear: { "AUTH TLS": "502 no" } } },
  { id: "M2", said: /FEAT does not tell/, faults: { clear: { FEAT: "211-Extensions:\r\n211 End" } } },
  { id: "M2", said: /nobody has is taken/, faults: { clear: { "AUTH X-SALLYPORT-INSPECT": "334 go on" } } },
  { id: "M3", said: /No mode of TLS works/, faults: { clear: { "AUTH TLS": "502 no" }, implicitInClear: true } },
  { id: "M4", said: /second time inside TLS/, faults: { inside: { AUTH: "234 again" } } },
  { id: "M5", said: /in clear until PROT P/, faults: { data: { clear: "taken" } } },
  { id: "P1", said: /USER is taken before TLS/, faults: { clear: { USER: "331 password" } } },
  { id: "P2", said: /CCC ends the protection/, faults: { inside: { CCC: "200 in clear" } } },
  { id: "P2", said: /cannot be protected/, faults: { inside: { "PROT P": "536 no" } } },
  { id: "P3", said: /go in clear/, faults: { data: { clear: "taken" } } },
  { id: "P4", said: /returns to clear text/, faults: { goesOnInClear: true } },
  { id: "P5", said: /is obeyed inside TLS/, faults: { obeysInjection: true } },
  { id: "D1", said: /PASV tells 10\.0\.0\.5/, faults: { inside: { PASV: "227 (10,0,0,5,200,10)" } } },
  { id: "D2", said: /Each port follows the one before/, faults: { data: { portsInRow: true } } },
  { id: "D3", said: /another certificate/, faults: { data: { tls: tlsOf(another()), resumption: "offered" } } },
  { id: "D4", said: /need not resume/, faults: { data: { resumption: "offered" } } },
  { id: "D4", said: /cannot resume/, faults: { data: { resumption: "absent" } } },
  { id: "D5", said: /opens the data connection of any login/, faults: { data: { sharesTickets: true } } },
  { id: "D6", said: /without close_notify/, faults: { data: { withoutCloseNotify: true } } },
  { id: "D8", said: /another host is taken/, faults: { inside: { PORT: "200 ok" } } },
  { id: "F2", said: /version is told/, faults: { greeting: "220 ExampleFTPd 1.2.3 ready" } },
  { id: "F3", said: /Anybody may log in/, faults: { inside: { "USER anonymous": "230 welcome" } } },
  { id: "T1", said: /TLS 1\.3 is missing/, faults: { tls: { ...tls, maxVersion: "TLSv1.2" } } },
  { id: "T1", said: /TLS 1\.1 is taken/, faults: { tls: { ...tls, ...old } } },
  { id: "T1", said: /SSL 3\.0 is taken/, faults: { tls: { ...tls, ...old }, helloAnswer: ssl3Hello } },
  { id: "T1", said: /SSL 2\.0 is taken/, faults: { helloAnswer: ssl2Hello } },
  { id: "T2", said: /without authentication/, faults: { tls: { ...tls, ciphers: "ALL:aNULL:@SECLEVEL=0" } } },
  {
    id: "T4",
    said: /without forward secrecy/,
    faults: { tls: { ...tlsOf(rsa()), ciphers: "AES128-GCM-SHA256:ECDHE+AESGCM" } },
  },
  { id: "T3", said: /large ClientHello/, faults: { helloAnswer: refusingLarge } },
  { id: "T5", said: /signed with SHA-1/, faults: { tls: { ...tlsOf(rsa()), ...sha1 } } },
  { id: "T6", said: /Renegotiation is not secured/, faults: { helloAnswer: bareHello } },
  { id: "T7", said: /CRIME/, faults: { helloAnswer: compressingHello } },
  { id: "T8", said: /does not notice/, faults: { helloAnswer: bareHello } },
  { id: "T9", said: /ALPACA/, faults: { tls: without(tls, "ALPNProtocols") } },
  {
    id: "T9",
    said: /Words of a request come back/,
    faults: { inside: { "<b>sallyport-7c1f</b>": "500 <b>sallyport-7c1f</b>?" } },
  },
  { id: "T11", said: /make the server stumble/, faults: { helloAnswer: refusingGrease } },
  { id: "C1", said: /signs itself|Nobody trusted here/, faults: { tls: tlsOf(another()) } },
  { id: "C1", said: /out of order/, faults: { tls: { ...tls, cert: identity.leaf + another().ca + identity.ca } } },
  { id: "C2", said: /other names/, faults: { tls: tlsOf(makeTestIdentity({ names: ["other.example"] })) } },
  {
    id: "C3",
    said: /Expired on/,
    faults: { tls: tlsOf(makeTestIdentity({ names: ["localhost"], validFromDays: -9, validForDays: -2 })) },
  },
  { id: "C3", said: /Expires in/, faults: { tls: tlsOf(makeTestIdentity({ names: ["localhost"], validForDays: 5 })) } },
  { id: "C4", said: /1024 bits is too short/, faults: { tls: { ...tlsOf(weak()), ciphers: "DEFAULT:@SECLEVEL=0" } } },
  {
    id: "C5",
    said: /not made for servers/,
    faults: { tls: tlsOf(makeTestIdentity({ names: ["localhost"], usage: "client" })) },
  },
  { id: "C8", said: /different certificates/, faults: { implicitTls: tlsOf(rsa()) } },
];

describe("a sound server and one with each fault are told apart", () => {
  let sound: FaultyServer;
  let report: InspectReport;

  before(async () => {
    sound = await startFaultyServer({ tls });
    report = await inspected(sound);
  });
  after(() => sound[Symbol.asyncDispose]());

  test("the sound one has no fault at all", () => {
    assert.deepEqual(report.findings.filter(isFault), []);
    assert.equal(report.grade.overall, "A");
  });

  for (const { id, said, faults } of corpus) {
    test(`${id} ${said.source.replaceAll("\\", "")}`, async () => {
      await using server = await startFaultyServer({ tls, ...faults });
      const { findings } = await inspected(server, [id]);
      const found = findings.filter((finding) => isFault(finding) && said.test(finding.text));
      assert.equal(found.length > 0, true, JSON.stringify(findings, undefined, 1));
      assert.ok(found.every(({ evidence }) => evidence.length > 0));
      assert.ok(report.findings.some((finding) => finding.id === id && finding.status !== "not-tested"));
    });
  }
});

async function inspected({ ports }: FaultyServer, only?: readonly string[]): Promise<InspectReport> {
  const found = await inspect("localhost", {
    ports,
    ca: identity.ca,
    insecure: true,
    anonymous: true,
    credentials: { user: "alice", password: "secret" },
    timeoutMs: 5000,
    ...(only && { only }),
  });
  if ("kind" in found) return assert.fail(JSON.stringify(found));
  return found;
}

function isFault({ status }: Finding): boolean {
  return status === "fail" || status === "warn";
}

function tlsOf({ key, certificate }: TestIdentity): TlsOptions {
  return { key, cert: certificate, ALPNProtocols: ["ftp"] };
}

function without(options: TlsOptions, name: keyof TlsOptions): TlsOptions {
  return Object.fromEntries(Object.entries(options).filter(([key]) => key !== name));
}

function another(): TestIdentity {
  return makeTestIdentity({ names: ["localhost"], authority: "another" });
}

function rsa(): TestIdentity {
  return makeTestIdentity({ names: ["localhost"], keyType: "rsa" });
}

function weak(): TestIdentity {
  return makeTestIdentity({ names: ["localhost"], keyType: "rsa1024" });
}

/** A ServerHello of SSL 3.0 to a hello of SSL 3.0. */
function ssl3Hello(hello: Buffer): Buffer | undefined {
  return hello.readUInt16BE(9) === 0x0300 ? serverHello(0x0300, 0x000a, 0) : undefined;
}

/** A ServerHello of TLS 1.2 that takes DEFLATE, to whoever offers it. */
function compressingHello(hello: Buffer): Buffer | undefined {
  const at = 44 + hello.readUInt16BE(44) + 2;
  return hello[43] === 0 && hello[at] === 2 ? serverHello(0x0303, 0xc02c, 1) : undefined;
}

/** A ServerHello of TLS 1.2 without extensions, to whoever cannot do TLS 1.3. */
function bareHello(octets: Buffer): Buffer | undefined {
  const hello = parseClientHello(octets);
  const isOlder = typeof hello !== "string" && hello.supportedVersions.length === 0;
  return isOlder ? serverHello(0x0303, 0xc02c, 0) : undefined;
}

/** An alert decode_error to a suite that is reserved. */
function refusingGrease(octets: Buffer): Buffer | undefined {
  const hello = parseClientHello(octets);
  const isGreased = typeof hello !== "string" && hello.cipherSuites.some((suite) => isGrease(suite));
  return isGreased ? Buffer.from([21, 3, 3, 0, 2, 2, 50]) : undefined;
}

/** An alert internal_error to a hello of more than one segment, except to Node's own. */
function refusingLarge(octets: Buffer): Buffer | undefined {
  const hello = parseClientHello(octets);
  const isPadded = typeof hello !== "string" && hello.extensions.some(({ type }) => type === 21);
  return isPadded ? Buffer.from([21, 3, 3, 0, 2, 2, 80]) : undefined;
}

function serverHello(version: number, suite: number, compression: number): Buffer {
  const body = Buffer.alloc(2 + 32 + 1 + 2 + 1);
  body.writeUInt16BE(version, 0);
  body.writeUInt16BE(suite, 35);
  body[37] = compression;
  const messages = Buffer.concat([Buffer.from([2, 0, 0, body.length]), body, Buffer.from([14, 0, 0, 0])]);
  const header = Buffer.from([22, version >> 8, version & 255, 0, messages.length]);
  return Buffer.concat([header, messages]);
}

/** A SERVER-HELLO of SSL 2.0 without certificate, to a CLIENT-HELLO of it. */
function ssl2Hello(hello: Buffer): Buffer | undefined {
  return hello[0] === 0x80 ? Buffer.from([0x80, 11, 4, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0]) : undefined;
}
