import {
  ConfigError,
  handshakeStream,
  joinHandshake,
  parseServerHello,
  recordStream,
  splitRecords,
  TlsError,
} from "@sallyport/protocol";
import { makeTestIdentity } from "@sallyport/testing";
import {
  type ControlConnection,
  ServerTlsProfile,
  type ServerTlsOptions,
  type StartTlsOptions,
  type TlsFacts,
} from "@sallyport/transport";
import assert from "node:assert/strict";
import { createECDH, X509Certificate } from "node:crypto";
import type { ConnectionOptions } from "node:tls";
import { describe, test } from "node:test";
import { identity, listenForControl, type PeerTls, until, WirePeer } from "./tls-peer.ts";

const plain = await ServerTlsProfile.create({ identities: [identity] });

interface Attempt {
  /** The facts, or why there are none. */
  readonly outcome: TlsFacts | TlsError;
  readonly peer: PeerTls;
  readonly connection: ControlConnection;
  /** Code of the alert that the client saw, as OpenSSL names it. */
  alert(): string | undefined;
}

/** Lets Node's client shake hands with a profile. */
async function attempt(
  profile: ServerTlsProfile,
  client: ConnectionOptions = {},
  start: StartTlsOptions = {},
): Promise<Attempt> {
  const { promise, resolve } = Promise.withResolvers<{ outcome: TlsFacts | TlsError; connection: ControlConnection }>();
  await using server = await listenForControl(({ connection }) => {
    connection.startTls(profile, start).then(
      (outcome) => resolve({ outcome, connection }),
      (outcome: TlsError) => resolve({ outcome, connection }),
    );
  });
  await using wire = await WirePeer.connect(server.port);
  const peer = wire.startTls(client);
  const { outcome, connection } = await promise;
  if (outcome instanceof Error) await until("the client to notice", () => peer.error !== undefined || wire.ended);
  else await until("the client", () => peer.socket.authorized || client.rejectUnauthorized === false);
  const fingerprint = peer.fingerprint();
  peer.fingerprint = () => fingerprint;
  return { outcome, peer, connection, alert: () => (peer.error as { code?: string } | undefined)?.code };
}

function facts({ outcome }: Attempt): TlsFacts {
  if (outcome instanceof Error) assert.fail(`refused: ${outcome.message}`);
  return outcome;
}

function refusal({ outcome }: Attempt): TlsError {
  assert.ok(outcome instanceof TlsError);
  return outcome;
}

/** Sends raw octets to a server that waits for a hello, and returns all that comes back until the end. */
async function rawAnswer(hello: Uint8Array, profile = plain): Promise<{ octets: Buffer; error: TlsError }> {
  const { promise, resolve } = Promise.withResolvers<TlsError>();
  await using server = await listenForControl(({ connection }) => {
    connection.startTls(profile).catch(resolve);
  });
  await using wire = await WirePeer.connect(server.port);
  wire.tcp.write(hello);
  await until("the end", () => wire.ended);
  return { octets: wire.received, error: await promise };
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function extension(type: number, data: readonly number[] = []): number[] {
  return [...u16(type), ...u16(data.length), ...data];
}

const extendedMasterSecret = extension(23);
const renegotiationInfo = extension(0xff01, [0]);

function helloRecord(
  version: number,
  extensions: readonly number[][],
  suites: readonly number[] = [0xc02b],
  compressions: readonly number[] = [0],
): Uint8Array {
  const list = extensions.flat();
  const suiteList = suites.flatMap(u16);
  const random = Array<number>(32).fill(7);
  const body = [
    ...u16(version),
    ...random,
    0,
    ...u16(suiteList.length),
    ...suiteList,
    compressions.length,
    ...compressions,
    ...u16(list.length),
    ...list,
  ];
  return Uint8Array.from([22, 3, 1, ...u16(body.length + 4), 1, 0, ...u16(body.length), ...body]);
}

describe("hellos against the rules get their alert", () => {
  const rows: [string, Uint8Array, number, RegExp][] = [
    ["R-TLS-01 TLS 1.1", helloRecord(0x0302, [extendedMasterSecret, renegotiationInfo]), 70, /its best is TLS 1\.1/],
    ["R-TLS-01 SSL 3.0", helloRecord(0x0300, []), 70, /its best is SSL 3\.0/],
    ["R-TLS-03 TLS 1.2 without extended master secret", helloRecord(0x0303, [renegotiationInfo]), 40, /RFC 7627/],
    ["R-TLS-03 TLS 1.2 without secure renegotiation", helloRecord(0x0303, [extendedMasterSecret]), 40, /RFC 5746/],
  ];
  for (const [title, hello, alert, cause] of rows) {
    test(title, async () => {
      const { octets, error } = await rawAnswer(hello);
      assert.deepEqual([...octets], [21, 3, 3, 0, 2, 2, alert]);
      assert.equal(error.code, "SALLYPORT_TLS_REFUSED");
      assert.match(error.message, cause);
    });
  }

  test("R-TLS-03 the same hello with both extensions gets a ServerHello, without the compression it offers", async () => {
    const groups = extension(10, [0, 2, 0, 23]);
    const signatures = extension(13, [0, 2, 4, 3]);
    const extensions = [extendedMasterSecret, renegotiationInfo, groups, signatures];
    const hello = helloRecord(0x0303, extensions, [0xc02b], [1, 0]);
    await using server = await listenForControl(({ connection }) => void connection.startTls(plain).catch(() => {}));
    await using wire = await WirePeer.connect(server.port);
    wire.tcp.write(hello);
    await until("an answer", () => wire.received.length > 100);
    const { records } = splitRecords(recordStream(), wire.received);
    const messages = records.flatMap((record) => joinHandshake(handshakeStream(), record).messages);
    const answer = messages[0] && parseServerHello(messages[0].octets);
    assert.ok(typeof answer === "object");
    assert.deepEqual([answer.version, answer.compressionMethod, answer.extendedMasterSecret], [0x0303, 0, true]);
  });

  test("R-TLS-01 a server held to TLS 1.3 refuses 1.2", async () => {
    const strict = await ServerTlsProfile.create({ identities: [identity], minVersion: "TLSv1.3" });
    const tried = await attempt(strict, { maxVersion: "TLSv1.2" });
    assert.equal(tried.alert(), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    assert.equal(facts(await attempt(strict)).protocol, "TLSv1.3");
  });

  test("R-TLS-06 a GREASE encrypted_client_hello among GREASE everywhere gets a ServerHello of TLS 1.3", async () => {
    const share = createECDH("prime256v1").generateKeys();
    const hello = helloRecord(
      0x0303,
      [
        extension(0x2a2a),
        extension(0xfe0d, [0, 0, 1, 0, 1, 9, 0, 2, 5, 5, 0, 2, 6, 6]),
        extension(43, [4, 0x7a, 0x7a, 3, 4]),
        extension(10, [0, 4, 0x4a, 0x4a, 0, 23]),
        extension(13, [0, 2, 4, 3]),
        extension(51, [...u16(5 + 4 + share.length), 0x4a, 0x4a, 0, 1, 0, 0, 23, ...u16(share.length), ...share]),
      ],
      [0x9a9a, 0x1301],
    );
    await using server = await listenForControl(({ connection }) => void connection.startTls(plain).catch(() => {}));
    await using wire = await WirePeer.connect(server.port);
    wire.tcp.write(hello);
    await until("an answer", () => wire.received.length > 100);
    assert.deepEqual([wire.received[0], wire.received[5]], [22, 2]);
    assert.ok(wire.received.includes(Buffer.from([0, 43, 0, 2, 3, 4])), "supported_versions says 1.3");
  });
});

describe("R-TLS-02 suites", () => {
  test("by default TLS 1.2 takes ECDHE with AEAD and nothing else", async () => {
    for (const suite of ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"]) {
      const { suite: agreed } = facts(await attempt(plain, { maxVersion: "TLSv1.2", ciphers: suite }));
      assert.match(agreed, /^TLS_ECDHE_ECDSA_WITH_(AES_128_GCM|CHACHA20_POLY1305)_SHA256$/);
    }
    for (const suite of ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-CCM"]) {
      const tried = await attempt(plain, { maxVersion: "TLSv1.2", ciphers: suite });
      assert.equal(tried.alert(), "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE");
    }
  });

  test("others by name, broken ones never", async () => {
    const wide = { identities: [identity], tls12Suites: ["ECDHE-ECDSA-AES128-SHA256"] };
    const profile = await ServerTlsProfile.create(wide);
    const tried = await attempt(profile, { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA256" });
    assert.equal(facts(tried).protocol, "TLSv1.2");
    for (const suite of [
      "NULL-SHA256",
      "RC4-SHA",
      "DES-CBC3-SHA",
      "ADH-AES128-SHA",
      "ALL",
      "HIGH:!aNULL",
      "@SECLEVEL=0",
    ]) {
      await configError({ ...wide, tls12Suites: [suite] }, /can be allowed; remove it/);
    }
  });

  test("R-TLS-05 ECDSA and RSA for one name: the client's abilities choose", async () => {
    const rsa = makeTestIdentity({ names: ["localhost", "127.0.0.1"], keyType: "rsa" });
    const dual = await ServerTlsProfile.create({ identities: [identity, rsa] });
    for (const [ciphers, shown] of [
      ["ECDHE-ECDSA-AES128-GCM-SHA256", identity],
      ["ECDHE-RSA-AES128-GCM-SHA256", rsa],
    ] as const) {
      const { peer } = await attempt(dual, { maxVersion: "TLSv1.2", ciphers });
      assert.equal(peer.fingerprint(), new X509Certificate(shown.leaf).fingerprint256);
    }
  });
});

describe("R-TLS-12 certificates by host name", () => {
  const exact = makeTestIdentity({ names: ["a.site.test"] });
  const wildcard = makeTestIdentity({ names: ["*.site.test"] });

  async function shown(profile: ServerTlsProfile, servername: string, start: StartTlsOptions = {}): Promise<string> {
    const { peer } = await attempt(profile, { servername, rejectUnauthorized: false, checkServerIdentity }, start);
    const known = { identity, exact, wildcard };
    const found = Object.entries(known).find(
      ([, { leaf }]) => new X509Certificate(leaf).fingerprint256 === peer.fingerprint(),
    );
    return found?.[0] ?? "none";
  }

  const checkServerIdentity = (): undefined => undefined;

  test("by name, then wildcard, then the first one; without a name by HOST", async () => {
    const profile = await ServerTlsProfile.create({ identities: [identity, wildcard, exact] });
    assert.equal(await shown(profile, "a.site.test"), "exact");
    assert.equal(await shown(profile, "A.SITE.test"), "exact");
    assert.equal(await shown(profile, "b.site.test"), "wildcard");
    assert.equal(await shown(profile, "b.c.site.test"), "identity");
    assert.equal(await shown(profile, "unknown.test"), "identity");
    assert.equal(await shown(profile, ""), "identity");
    assert.equal(await shown(profile, "", { hostName: "b.site.test" }), "wildcard");
    assert.equal(await shown(profile, "a.site.test", { hostName: "b.site.test" }), "exact", "SNI before HOST");
  });

  test("strict: an unknown name gets unrecognized_name, no name and an address get the first", async () => {
    const profile = await ServerTlsProfile.create({ identities: [identity, exact], unknownServerName: "refuse" });
    const tried = await attempt(profile, { servername: "unknown.test", rejectUnauthorized: false });
    assert.equal(tried.alert(), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME");
    assert.match(refusal(tried).message, /host name unknown\.test/);
    assert.equal(await shown(profile, ""), "identity");
    assert.equal(profile.selectIdentities("10.0.0.1")?.[0].names[0], "localhost");
  });
});

describe("R-TLS-13 ALPN", () => {
  test("ftp is chosen, none is fine, others alone are refused", async () => {
    assert.equal(facts(await attempt(plain, { ALPNProtocols: ["h2", "ftp"] })).alpn, "ftp");
    assert.equal(facts(await attempt(plain)).alpn, undefined);
    const web = await attempt(plain, { ALPNProtocols: ["h2", "http/1.1"] });
    assert.equal(web.alert(), "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
    assert.equal(refusal(web).code, "SALLYPORT_HANDSHAKE_FAILED");
  });
});

describe("R-TLS-40 client certificates", () => {
  const clients = makeTestIdentity({ names: ["alice.test"], usage: "client", authority: "clients" });
  const strangers = makeTestIdentity({ names: ["mallory.test"], usage: "client", authority: "strangers" });
  const expired = makeTestIdentity({ names: ["old.test"], usage: "client", authority: "clients", validForDays: -0.5 });
  const asking = (demand: "request" | "require") =>
    ServerTlsProfile.create({ identities: [identity], clientCertificates: { demand, ca: clients.ca } });
  const versions = ["TLSv1.3", "TLSv1.2"] as const;

  for (const version of versions) {
    test(`${version}: asked for, and facts of what came`, async () => {
      const profile = await asking("request");
      const shown = facts(await attempt(profile, { cert: clients.certificate, key: clients.key, maxVersion: version }));
      const leaf = new X509Certificate(clients.leaf);
      assert.deepEqual(shown.clientCertificate, {
        fingerprint: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
        subject: "CN=alice.test",
        alternativeNames: ["DNS:alice.test"],
        validUntil: leaf.validToDate,
        problem: undefined,
      });
      assert.equal(facts(await attempt(profile, { maxVersion: version })).clientCertificate, undefined);
      const stranger = { cert: strangers.certificate, key: strangers.key, maxVersion: version };
      assert.match(facts(await attempt(profile, stranger)).clientCertificate?.problem ?? "", /ISSUER|SELF_SIGNED/);
      const old = { cert: expired.certificate, key: expired.key, maxVersion: version };
      assert.equal(facts(await attempt(profile, old)).clientCertificate?.problem, "CERT_HAS_EXPIRED");
    });

    test(`${version}: required, so that none and unverified ones get nowhere`, async () => {
      const profile = await asking("require");
      const shown = await attempt(profile, { cert: clients.certificate, key: clients.key, maxVersion: version });
      assert.equal(facts(shown).clientCertificate?.problem, undefined);
      const none = await attempt(profile, { maxVersion: version });
      assert.equal(refusal(none).code, "SALLYPORT_HANDSHAKE_FAILED");
      for (const { certificate: cert, key } of [strangers, expired]) {
        const refused = refusal(await attempt(profile, { cert, key, maxVersion: version }));
        assert.equal(refused.code, "SALLYPORT_CLIENT_CERTIFICATE");
        assert.match(refused.message, /not verified: [A-Z_]+/);
      }
    });
  }

  test("T-02 a server that asks for none sends no names of authorities", async () => {
    assert.equal(plain.clientCertificates, undefined);
    const shown = await attempt(plain, { cert: clients.certificate, key: clients.key });
    assert.equal(facts(shown).clientCertificate, undefined);
  });
});

describe("S-16 renegotiation", () => {
  test("a client that asks for it is refused and learns it", async () => {
    await using server = await listenForControl(({ connection }) => void connection.startTls(plain).catch(() => {}));
    await using wire = await WirePeer.connect(server.port);
    const { socket } = await wire.startTls({ maxVersion: "TLSv1.2" }).secured();
    const outcome = await new Promise<string>((resolve) => {
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.renegotiate({}, (error) => resolve(error ? error.message : "renegotiated"));
    });
    assert.match(outcome, /NO_RENEGOTIATION/);
  });
});

async function configError(options: ServerTlsOptions, message: RegExp): Promise<void> {
  await assert.rejects(ServerTlsProfile.create(options), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, message);
    return true;
  });
}

describe("configuration", () => {
  test("what cannot be served is refused at the start, in words", async () => {
    await configError({ identities: [] }, /needs a certificate and its key/);
    await configError({ identities: [identity], minVersion: "TLSv1.3", maxVersion: "TLSv1.2" }, /above the highest/);
    await configError({ identities: [identity], tls12Suites: ["NO-SUCH-SUITE"] }, /cannot be set up.*no cipher match/);
    const demand = "request" as const;
    await configError({ identities: [identity], clientCertificates: { demand, ca: "x" } }, /hold no PEM certificate/);
    const broken = identity.ca.replace(/\n..../, "\nAAAA");
    await configError({ identities: [identity], clientCertificates: { demand, ca: broken } }, /no readable X\.509/);
  });

  test("R-TLS-05 replacing identities with bad ones keeps the old", async () => {
    const profile = await ServerTlsProfile.create({ identities: [identity] });
    const expired = makeTestIdentity({ names: ["localhost"], validForDays: -0.5 });
    assert.throws(() => profile.replaceIdentities([expired]), ConfigError);
    assert.equal(profile.identities[0]?.fingerprint, plain.identities[0]?.fingerprint);
  });
});
