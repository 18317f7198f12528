import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as net from "node:net";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import type * as tls from "node:tls";
import { inspect, type InspectReport } from "@sallyport/inspector";
import { makeTestIdentity, needs, startTestServer } from "@sallyport/testing";
import { startFaultyServer } from "./faulty-server.ts";

/** Everything that `openssl s_client` prints of a handshake, as the JSON of a report has it. */
interface Told {
  readonly protocol: string;
  readonly suite: string;
  readonly group: string | null;
  readonly groupBits: number | null;
  readonly signature: readonly [digest: string, type: string] | null;
  readonly publicKeyBits: number | null;
  readonly isSecureRenegotiation: boolean;
  readonly compression: string;
  readonly alpn: string | null;
  readonly isEarlyDataSent: boolean;
  readonly resumed: boolean;
  readonly clientAuthorities: readonly string[];
  readonly isTrusted: boolean;
  readonly verifyCode: string;
  readonly chain: readonly ToldCertificate[];
}

interface ToldCertificate {
  readonly depth: number;
  readonly subject: string;
  readonly issuer: string;
  readonly key: string;
  readonly signatureAlgorithm: string;
  readonly validFrom: string;
  readonly validUntil: string;
}

type Handshake = NonNullable<InspectReport["handshakes"]["explicit"]>;

const skip = needs("openssl");
const ecdsa = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });
const rsa = makeTestIdentity({ names: ["localhost", "127.0.0.1"], keyType: "rsa" });
const known = { cert: ecdsa.certificate, key: ecdsa.key, ecdhCurve: "X25519", ALPNProtocols: ["ftp"] };

const cases: readonly { readonly name: string; readonly server: tls.TlsOptions; readonly trusts: boolean }[] = [
  { name: "TLS 1.3", server: known, trusts: true },
  {
    name: "TLS 1.3, RSA, another group, which costs a HelloRetryRequest, and no authority that anybody trusts",
    server: { ecdhCurve: "secp521r1", cert: rsa.certificate, key: rsa.key, minVersion: "TLSv1.3" },
    trusts: false,
  },
  {
    name: "TLS 1.2",
    server: { ...known, maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305" },
    trusts: true,
  },
  {
    name: "TLS 1.2, RSA, P-256, a server that asks for client certificates",
    server: {
      ...{ cert: rsa.certificate, key: rsa.key, ecdhCurve: "prime256v1", maxVersion: "TLSv1.2" },
      ...{ ciphers: "ECDHE-RSA-AES128-GCM-SHA256" },
      ...{ requestCert: true, rejectUnauthorized: false, ca: rsa.ca },
    },
    trusts: true,
  },
];

for (const { name, server, trusts } of cases) {
  describe(`what openssl s_client tells is told: ${name}`, { skip }, () => {
    for (const mode of ["explicit", "implicit"] as const) {
      test(mode, async () => {
        await using peer = await startFaultyServer({ tls: server });
        const ca = server.cert === rsa.certificate ? rsa : ecdsa;
        const [ours, ourWire] = await overRelay(peer.ports[mode], async (relayed) => {
          const other = mode === "explicit" ? "implicit" : "explicit";
          const ports = { [mode]: relayed, [other]: "off" } as const;
          return handshakeOf(relayed, { ports, ...(trusts && { ca: ca.ca }), only: ["T13"] }, mode);
        });
        const words = ["-alpn", "ftp", ...(trusts ? ["-CAfile", ca.caFile] : [])];
        const [theirs, theirWire] = await overRelay(peer.ports[mode], (relayed) => sClient(relayed, mode, words));
        assert.deepEqual(toldBy(ours), told(theirs));
        const [, read = 0, written = 0] =
          /has read (\d+) bytes and written (\d+) bytes/.exec(theirs)?.map(Number) ?? [];
        // Signatures by ECDSA have 70 to 72 octets, in the certificates, which are the same, and in the handshake.
        const slack = server.cert === ecdsa.certificate ? 3 : 0;
        assert.ok(Math.abs(ours.bytesRead - (read - theirWire.clearFromServer)) <= slack, `${ours.bytesRead}, ${read}`);
        // The two send hellos of different lengths, and the rest alike.
        const rest = written - theirWire.clearFromClient - theirWire.helloBytes;
        assert.equal(ours.bytesWritten - ourWire.helloBytes, rest);
      });
    }
  });
}

test("what openssl s_client tells of our own server's control and data connections is told", { skip }, async () => {
  await using server = await startTestServer();
  const report = await inspect("127.0.0.1", {
    ports: { explicit: server.explicitPort, implicit: server.implicitPort },
    ca: server.identity.ca,
    credentials: { user: "alice", password: "secret" },
    only: ["D3"],
  });
  assert.ok(!("kind" in report));
  const words = ["-CAfile", server.identity.caFile];
  const control = [...words, "-alpn", "ftp"];
  const { explicit, implicit, data } = report.handshakes;
  assert.deepEqual(
    withoutGroup(toldBy(explicit)),
    withoutGroup(told(await sClient(server.explicitPort, "explicit", control))),
  );
  assert.deepEqual(
    withoutGroup(toldBy(implicit)),
    withoutGroup(told(await sClient(server.implicitPort, "implicit", control))),
  );
  await using driver = await server.loggedIn();
  const passive = await driver.command("EPSV");
  const port = Number(/\|(\d+)\|/.exec(JSON.stringify(passive))?.[1]);
  driver.send("LIST");
  assert.deepEqual(withoutGroup(toldBy(data)), withoutGroup(told(await sClient(port, "implicit", words))));
});

/** OpenSSL 3.0 knows no group that resists quantum computers, and agrees with our server on another than we do. */
function withoutGroup({ group: _group, groupBits: _bits, ...rest }: Told): Omit<Told, "group" | "groupBits"> {
  return rest;
}

async function handshakeOf(
  port: number,
  options: Parameters<typeof inspect>[1],
  mode: "explicit" | "implicit",
): Promise<Handshake> {
  const report = await inspect("127.0.0.1", { ...options, timeoutMs: 3000 });
  assert.ok(!("kind" in report), `${port}: ${JSON.stringify(report)}`);
  return report.handshakes[mode] ?? assert.fail(JSON.stringify(report.ports));
}

async function sClient(port: number, mode: "explicit" | "implicit", words: readonly string[]): Promise<string> {
  const all = [
    "s_client",
    "-connect",
    `127.0.0.1:${port}`,
    ...(mode === "explicit" ? ["-starttls", "ftp"] : []),
    ...words,
  ];
  const client = spawn("openssl", all, { stdio: ["pipe", "pipe", "pipe"], timeout: 20_000 });
  client.stdin.on("error", () => {}).write("Q\n");
  const [stdout, stderr] = await Promise.all([text(client.stdout), text(client.stderr)]);
  assert.match(stdout, /Verify return code/, stderr);
  return stdout;
}

/** What a report says, in the words of s_client. */
function toldBy(handshake: Handshake | null): Told {
  assert.ok(handshake);
  const { protocol, suite, group, groupBits, signature, publicKeyBits, renegotiation, compression } = handshake;
  return {
    ...{ protocol, suite, group, groupBits, publicKeyBits },
    signature: signature === null ? null : [signature.digest ?? "", signature.type],
    isSecureRenegotiation: renegotiation === "secure",
    compression: compression.toUpperCase(),
    alpn: handshake.alpn,
    isEarlyDataSent: handshake.earlyData.isSent,
    resumed: handshake.resumed,
    clientAuthorities: handshake.clientAuthorities ?? [],
    isTrusted: handshake.verification === null,
    verifyCode: handshake.verification ?? "OK",
    chain: handshake.chain
      .filter(({ isSent }) => isSent)
      .map(({ depth, subject, issuer, keyType, keyBits, signatureAlgorithm, validFrom, validUntil }) => ({
        ...{ depth, subject, issuer, signatureAlgorithm, validFrom, validUntil },
        key: `${keyType} ${keyBits}`,
      })),
  };
}

/** What s_client says. */
function told(stdout: string): Told {
  const word = (pattern: RegExp) => pattern.exec(stdout)?.[1];
  const [, group, bits] = /^Server Temp Key: (?:ECDH, )?(\w+), (\d+) bits$/m.exec(stdout) ?? [];
  const digest = word(/^Peer signing digest: (.*)$/m);
  const authorities = word(/^Acceptable client certificate CA names\n((?:[^\n]* = [^\n]*\n)+)/m)
    ?.trimEnd()
    .split("\n");
  return {
    protocol: word(/^New, (TLSv[\d.]+|SSLv3), /m) ?? "",
    suite: ianaName(word(/Cipher is (\S+)$/m) ?? ""),
    group: group ?? null,
    groupBits: bits === undefined ? null : Number(bits),
    signature: digest === undefined ? null : [digest, word(/^Peer signature type: (.*)$/m) ?? ""],
    publicKeyBits: Number(word(/^Server public key is (\d+) bit$/m)),
    isSecureRenegotiation: /^Secure Renegotiation IS supported$/m.test(stdout),
    compression: word(/^Compression: (.*)$/m) ?? "",
    alpn: word(/^ALPN protocol: (.*)$/m) ?? null,
    isEarlyDataSent: !/Early data was not sent/.test(stdout) && /Early data/.test(stdout),
    resumed: /^Reused, /m.test(stdout),
    clientAuthorities: (authorities ?? []).map(oneSpelling),
    isTrusted: /^Verification: OK$/m.test(stdout),
    verifyCode: verifyCodes[word(/Verify return code: (\d+)/) ?? ""] ?? "?",
    chain: [...stdout.matchAll(certificateLines)].map(({ groups = {} }) => ({
      depth: Number(groups["depth"]),
      subject: oneSpelling(groups["subject"] ?? ""),
      issuer: oneSpelling(groups["issuer"] ?? ""),
      key: `${keyTypes[groups["type"] ?? ""]} ${groups["bits"]}`,
      signatureAlgorithm: signatureNames[groups["signed"] ?? ""] ?? groups["signed"] ?? "",
      validFrom: new Date(groups["from"] ?? "").toISOString(),
      validUntil: new Date(groups["until"] ?? "").toISOString(),
    })),
  };
}

const certificateLines = new RegExp(
  [
    String.raw` (?<depth>\d+) s:(?<subject>.*)\n   i:(?<issuer>.*)\n`,
    String.raw`   a:PKEY: (?<type>\S+), (?<bits>\d+) \(bit\); sigalg: (?<signed>\S+)\n`,
    String.raw`   v:NotBefore: (?<from>.*); NotAfter: (?<until>.*)\n`,
  ].join(""),
  "g",
);
const keyTypes: Readonly<Record<string, string>> = { "id-ecPublicKey": "ec", rsaEncryption: "rsa" };
/** Short and long names of one thing (OpenSSL's objects.txt). */
const signatureNames: Readonly<Record<string, string>> = { "RSA-SHA256": "sha256WithRSAEncryption" };
const verifyCodes: Readonly<Record<string, string>> = { "0": "OK", "19": "SELF_SIGNED_CERT_IN_CHAIN" };

function oneSpelling(name: string): string {
  return name.replaceAll(" = ", "=");
}

/** TLS 1.3 has IANA's names alone. */
function ianaName(suite: string): string {
  if (suite.startsWith("TLS_")) return suite;
  const list = execFileSync("openssl", ["ciphers", "-stdname", suite], { encoding: "utf8" });
  return new RegExp(`^(\\S+)\\s+- ${suite} `, "m").exec(list)?.[1] ?? suite;
}

/** What went over a relay besides TLS. */
interface Wire {
  readonly helloBytes: number;
  readonly clearFromServer: number;
  readonly clearFromClient: number;
}

/** Lets a client through to the port, and reads along; of several connections the first with TLS counts. */
async function overRelay<T>(port: number, use: (relayed: number) => Promise<T>): Promise<readonly [T, Wire]> {
  const wires: { readonly sent: Buffer[]; readonly received: Buffer[] }[] = [];
  const sockets: net.Socket[] = [];
  const relay = net.createServer((client) => {
    const wire = { sent: [] as Buffer[], received: [] as Buffer[] };
    wires.push(wire);
    const server = net.connect(port, "127.0.0.1");
    sockets.push(client, server);
    client.on("data", (octets: Buffer) => wire.sent.push(octets)).on("error", () => {});
    server.on("data", (octets: Buffer) => wire.received.push(octets)).on("error", () => {});
    client.pipe(server).pipe(client);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const address = relay.address();
  try {
    const result = await use(typeof address === "object" && address !== null ? address.port : 0);
    const wire = wires.find(({ sent }) => helloAt(sent) !== -1) ?? assert.fail("there was no ClientHello");
    const [sent, received] = [Buffer.concat(wire.sent), Buffer.concat(wire.received)];
    const at = helloAt(wire.sent);
    const helloBytes = clientHelloBytes(sent.subarray(at));
    return [result, { helloBytes, clearFromClient: at, clearFromServer: received.indexOf(serverHandshake) }];
  } finally {
    for (const socket of sockets) socket.destroy();
    relay.close();
  }
}

/** Octets of all records with a ClientHello; after a HelloRetryRequest there is a second. */
function clientHelloBytes(sent: Buffer): number {
  let total = 0;
  for (let at = 0; at + 5 < sent.length; at += 5 + sent.readUInt16BE(at + 3)) {
    const isHello = sent[at] === 22 && sent[at + 5] === 1 && sent[at + 6] === 0;
    if (isHello) total += 5 + sent.readUInt16BE(at + 3);
  }
  return total;
}

const serverHandshake = Buffer.from([22, 3, 3]);

function helloAt(sent: readonly Buffer[]): number {
  return Buffer.concat(sent).indexOf(Buffer.from([22, 3, 1]));
}
