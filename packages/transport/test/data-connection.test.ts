import { isSallyportError, limitValues, TlsError } from "@sallyport/protocol";
import { makeTestIdentity } from "@sallyport/testing";
import {
  type ControlTlsBinding,
  DataConnection,
  dataPathHooks,
  noDataPathHooks,
  ServerTlsProfile,
} from "@sallyport/transport";
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { duplexPair } from "node:stream";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { newBinding, openDataConnection, paths, tlsVersions } from "./data-peer.ts";
import { identity, listenForControl, until, WirePeer } from "./tls-peer.ts";

const hasCode = (code: string) => (error: unknown) => isSallyportError(error) && error.code === code;
const text = { sizeBytes: 5, read: (buffer: Uint8Array) => Buffer.from("hello").copy(buffer) };

for (const version of tlsVersions) {
  const only: ConnectionOptions = { minVersion: version, maxVersion: version };

  test(`R-DATA-04 TLS starts when the peer starts it, before the transfer command, ${version}`, async () => {
    for (const direction of ["send", "receive"] as const) {
      const { connection, peer } = await openDataConnection({ level: "P" });
      // The handshake is done although no transfer command has come.
      await peer.startTls(only).secured();
      connection.begin({ direction, level: "P" });
      const facts = await connection.ready();
      assert.equal(facts.tls?.protocol, version);
      assert.equal(facts.tls?.resumed, false);
      if (direction === "send") {
        await connection.sendFrom(text, 0, undefined);
        await peer.receivedAll();
        assert.equal(peer.receivedBytes, 5);
      } else {
        await peer.send(Buffer.from("hello"));
        await peer.end();
        const result = await connection.receiveInto({ write: () => undefined }, 0);
        assert.deepEqual(result, { bytes: 5, end: "close-notify" });
      }
    }
  });

  test(`R-DATA-04 TLS starts at the transfer command where the peer waits for 150, ${version}`, async () => {
    const { connection, peer } = await openDataConnection({ level: "P" });
    connection.begin({ direction: "send", level: "P" });
    const ready = connection.ready();
    await sleep(30);
    peer.startTls(only);
    assert.equal((await ready).tls?.role, "server");
    await connection.sendFrom(text, 0, undefined);
    await peer.receivedAll();
    assert.ok(peer.sawCloseNotify);
  });

  test(`R-TLS-04 a ClientHello in single octets is put together, before and after the command, ${version}`, async () => {
    for (const begins of ["early", "late"] as const) {
      const { connection, peer } = await openDataConnection({ level: "P" });
      const write = peer.tcp.write.bind(peer.tcp);
      peer.tcp.write = (octets: Uint8Array) => {
        for (let at = 0; at < octets.length; at++) write(octets.subarray(at, at + 1));
        return true;
      };
      if (begins === "early") await peer.startTls(only).secured();
      connection.begin({ direction: "send", level: "P" });
      if (begins === "late") peer.startTls(only);
      await connection.ready();
    }
  });

  test(`R-TLS-34 data resumes the control connection's ticket and no other, ${version}`, async () => {
    await using login = await loggedIn(version);
    const state = login.state();
    const dial = async (binding: ControlTlsBinding, session: Buffer | undefined) => {
      const { connection, peer } = await openDataConnection({ level: "P", binding });
      peer.startTls({ ...only, ...(session && { session }) });
      connection.begin({ direction: "receive", level: "P" });
      const { tls } = await connection.ready();
      assert.ok(tls);
      return [tls.resumed, tls.helloBroughtTicket, tls.clientHasResumed];
    };
    assert.deepEqual(await dial(login.binding, undefined), [false, false, false]);
    assert.deepEqual(await dial(login.binding, state), [true, true, false]);
    assert.equal(login.binding.clientHasResumed, true);
    assert.deepEqual(await dial(login.binding, state), [true, true, true]);
    assert.deepEqual(await dial(newBinding(), state), [false, true, false]);
  });

  test(`interop: no ticket for an upload, whose client may never read, nor for a full handshake (S-08), ${version}`, async () => {
    for (const direction of ["send", "receive"] as const) {
      const { connection, peer } = await openDataConnection({ level: "P" });
      connection.begin({ direction, level: "P" });
      peer.startTls(only);
      await connection.ready();
      if (direction === "send") await connection.sendFrom(text, 0, undefined);
      else {
        await peer.end();
        await connection.receiveInto({ write: () => undefined }, 0);
        await connection.finish();
      }
      await peer.receivedAll();
      if (version === "TLSv1.3") assert.deepEqual(peer.states, [], direction);
    }
  });
}

/** The binding and the newest ticket of a control connection that shook hands with a client. */
async function loggedIn(
  version: (typeof tlsVersions)[number],
  profileOptions: Parameters<typeof ServerTlsProfile.create>[0] = { identities: [identity] },
  client: ConnectionOptions = {},
) {
  const profile = await ServerTlsProfile.create(profileOptions);
  let binding: ControlTlsBinding | undefined;
  const server = await listenForControl(({ connection }) => {
    connection.startTls(profile).then(
      () => {
        binding = connection.binding;
        connection.write(Buffer.from("220 ready\r\n"));
      },
      () => {},
    );
  });
  const wire = await WirePeer.connect(server.port);
  const tls = await wire.startTls({ minVersion: version, maxVersion: version, ...client }).secured();
  await until("the greeting", () => tls.received !== "");
  assert.ok(binding);
  return {
    binding,
    state: () => tls.states.at(-1) ?? tls.socket.getSession(),
    [Symbol.asyncDispose]: async () => {
      await wire[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("R-4217-29 the data certificate is told, on a resumed handshake too", async () => {
  const alice = makeTestIdentity({ names: ["alice"], usage: "client" });
  const profile = {
    identities: [identity],
    clientCertificates: { demand: "request" as const, ca: alice.ca },
  };
  const certificate = { cert: alice.certificate, key: alice.key };
  const fingerprint = new X509Certificate(alice.leaf).fingerprint256.replaceAll(":", "").toLowerCase();
  for (const version of tlsVersions) {
    await using login = await loggedIn(version, profile, certificate);
    const state = login.state();
    for (const client of [certificate, { ...certificate, ...(state && { session: state }) }, {}]) {
      const { connection, peer } = await openDataConnection({ level: "P", binding: login.binding });
      peer.startTls({ minVersion: version, maxVersion: version, ...client });
      connection.begin({ direction: "receive", level: "P" });
      const { tls } = await connection.ready();
      assert.equal(tls?.resumed, "session" in client, version);
      assert.equal(tls?.clientCertificateFingerprint, "cert" in client ? fingerprint : undefined, version);
    }
  }
});

test("R-4217-24 PROT between the connection and the transfer command counts", async () => {
  const upgraded = await openDataConnection({ level: "C" });
  upgraded.connection.protectionLevelIs("P");
  await upgraded.peer.startTls().secured();
  upgraded.connection.begin({ direction: "send", level: "P" });
  assert.equal((await upgraded.connection.ready()).level, "P");

  const downgraded = await openDataConnection({ level: "P" });
  downgraded.connection.protectionLevelIs("C");
  await downgraded.peer.send(Uint8Array.of(0x16, 3, 1, 0, 5));
  await sleep(20);
  downgraded.connection.begin({ direction: "receive", level: "C" });
  assert.deepEqual(await downgraded.connection.ready(), { level: "C", tls: undefined });
  downgraded.peer.fin();
  const result = await downgraded.connection.receiveInto({ write: () => undefined }, 0);
  assert.deepEqual(result, { bytes: 5, end: "fin" });
});

test("R-4217-24 PROT C after TLS began is a failure of its own", async () => {
  const { connection, peer } = await openDataConnection({ level: "P" });
  await peer.startTls().secured();
  connection.protectionLevelIs("C");
  connection.begin({ direction: "send", level: "C" });
  await assert.rejects(connection.ready(), hasCode("SALLYPORT_DATA_LEVEL_CHANGED"));
  await until("the end of the connection", () => peer.sawFin || peer.tcp.closed);
});

test("PROT C: octets that look like TLS are octets", async () => {
  const { connection, peer } = await openDataConnection({ level: "C" });
  const octets = Buffer.from("160301020001000", "hex");
  await peer.send(octets);
  connection.begin({ direction: "receive", level: "C" });
  await connection.ready();
  peer.fin();
  const parts: Buffer[] = [];
  await connection.receiveInto({ write: (part) => void parts.push(Buffer.from(part)) }, 0);
  assert.deepEqual(Buffer.concat(parts), octets);
});

test("R-4217-26 plain octets under PROT P are a failure, never data", async () => {
  for (const when of ["before", "after"] as const) {
    for (const octets of ["plain text", "H", "\x16 almost TLS", "\x16\x03\x01\x00"]) {
      const { connection, peer } = await openDataConnection({
        level: "P",
        limits: limitValues({ handshakeMs: 100 }),
      });
      if (when === "before") await peer.send(Buffer.from(octets, "latin1"));
      if (when === "before") await sleep(20);
      connection.begin({ direction: "receive", level: "P" });
      const ready = connection.ready();
      if (when === "after") await peer.send(Buffer.from(octets, "latin1"));
      await assert.rejects(ready, TlsError, `${octets} ${when}`);
      await until("the end of the connection", () => peer.sawFin || peer.tcp.closed);
      assert.ok(peer.receivedBytes <= 7, "an alert at most");
    }
  }
});

test("R-4217-26 a handshake that failed before the command is known at the command", async () => {
  const { connection, peer } = await openDataConnection({ level: "P" });
  await peer.send(Uint8Array.of(0x16, 0x03, 0x01, 0x00, 0x04, 0x01, 0x00, 0x00, 0x00));
  await until("the failure", () => connection.earlyFailure !== undefined);
  assert.equal(connection.earlyFailure?.code, "SALLYPORT_DATA_HELLO_REFUSED");
  connection.begin({ direction: "receive", level: "P" });
  await assert.rejects(connection.ready(), hasCode("SALLYPORT_DATA_HELLO_REFUSED"));
});

test("R-TLS-38 a handshake that does not come, or does not end, has its time", async () => {
  const limits = limitValues({ handshakeMs: 60 });
  const silent = await openDataConnection({ level: "P", limits });
  silent.connection.begin({ direction: "send", level: "P" });
  await assert.rejects(silent.connection.ready(), hasCode("SALLYPORT_DATA_HANDSHAKE_TIMEOUT"));
  await until("the end of the connection", () => silent.peer.sawFin || silent.peer.tcp.closed);

  const stuck = await openDataConnection({ level: "P", limits });
  await stuck.peer.send(Uint8Array.of(0x16, 0x03, 0x01));
  await until("the failure", () => stuck.connection.earlyFailure !== undefined);
  assert.equal(stuck.connection.earlyFailure?.code, "SALLYPORT_DATA_HANDSHAKE_TIMEOUT");

  const halfway = await openDataConnection({ level: "P", limits });
  // The hello goes out, and the client's Finished never does.
  const write = halfway.peer.tcp.write.bind(halfway.peer.tcp);
  let writesCount = 0;
  halfway.peer.tcp.write = (octets: Uint8Array) => ++writesCount > 1 || write(octets);
  halfway.peer.startTls();
  halfway.connection.begin({ direction: "send", level: "P" });
  await assert.rejects(halfway.connection.ready(), hasCode("SALLYPORT_DATA_HANDSHAKE_TIMEOUT"));
});

test("R-4217-26 a peer that leaves the handshake, or refuses our certificate, is told apart", async () => {
  const leaving = await openDataConnection({ level: "P" });
  leaving.connection.begin({ direction: "send", level: "P" });
  leaving.peer.fin();
  await assert.rejects(leaving.connection.ready(), hasCode("SALLYPORT_DATA_HANDSHAKE_FAILED"));

  const refusing = await openDataConnection({ level: "P" });
  refusing.peer.startTls({ ca: [] });
  refusing.connection.begin({ direction: "send", level: "P" });
  // In TLS 1.3 the server is done before the client has judged; its refusal meets the transfer.
  const refused = refusing.connection.ready().then(() => refusing.connection.sendFrom(endless, 0, undefined));
  await assert.rejects(refused, (error) => isSallyportError(error));
});

const endless = { read: (buffer: Uint8Array) => buffer.length };

test("R-TLS-01 R-TLS-03 the profile's rules hold on data connections", async () => {
  const profile = await ServerTlsProfile.create({ identities: [identity], minVersion: "TLSv1.3" });
  const { connection, peer } = await openDataConnection({ level: "P", binding: newBinding(profile) });
  connection.begin({ direction: "send", level: "P" });
  peer.startTls({ maxVersion: "TLSv1.2" });
  await assert.rejects(connection.ready(), hasCode("SALLYPORT_DATA_HELLO_REFUSED"));
  await until("the alert", () =>
    /PROTOCOL_VERSION/.test(String(peer.error && "code" in peer.error && peer.error.code)),
  );
});

test("R-FXP-02 as TLS client: nothing without rules of trust, and only the right certificate with them", async () => {
  const refused = await openDataConnection({ level: "P", tlsRole: "client" });
  refused.connection.begin({ direction: "send", level: "P" });
  await assert.rejects(refused.connection.ready(), hasCode("SALLYPORT_DATA_CLIENT_ROLE_OFF"));

  const stranger = makeTestIdentity({ names: ["elsewhere"], authority: "another" });
  for (const [ca, succeeds] of [
    [identity.ca, true],
    [stranger.ca, false],
  ] as const) {
    for (const direction of ["send", "receive"] as const) {
      const client = await openDataConnection({
        level: "P",
        tlsRole: "client",
        clientTls: { ca, host: "localhost", servername: "localhost" },
      });
      // The peer is another server: our own data connection in the server's role.
      const other = new DataConnection(client.peer.detach(), {
        level: "P",
        binding: newBinding(),
      });
      client.connection.begin({ direction, level: "P" });
      other.begin({ direction: direction === "send" ? "receive" : "send", level: "P" });
      const otherReady = other.ready().catch(() => {});
      if (!succeeds) {
        await assert.rejects(client.connection.ready(), hasCode("SALLYPORT_DATA_HANDSHAKE_FAILED"));
        continue;
      }
      const facts = await client.connection.ready();
      assert.equal(facts.tls?.role, "client");
      assert.ok(facts.tls?.group);
      await otherReady;
      const [from, to] = direction === "send" ? [client.connection, other] : [other, client.connection];
      const [sent, received] = await Promise.all([
        from.sendFrom(text, 0, undefined),
        to.receiveInto({ write: () => undefined }, 0),
      ]);
      assert.deepEqual([sent, received], [5, { bytes: 5, end: "close-notify" }]);
    }
  }
});

test("an abort during the handshake closes the connection", async () => {
  const { connection, peer } = await openDataConnection({ level: "P" });
  connection.begin({ direction: "send", level: "P" });
  const abort = new AbortController();
  const ready = connection.ready(abort.signal);
  setTimeout(() => abort.abort("ABOR"), 10);
  await assert.rejects(ready, (reason) => reason === "ABOR");
  await until("the end of the connection", () => peer.sawFin || peer.tcp.closed);
});

test("misuse is the caller's error", async () => {
  const { connection } = await openDataConnection();
  await assert.rejects(connection.ready(), hasCode("SALLYPORT_DATA_NOT_BEGUN"));
  connection.begin({ direction: "send", level: "C" });
  await connection.ready();
  await connection.sendFrom(text, 0, undefined);
  await assert.rejects(connection.sendFrom(text, 0, undefined), hasCode("SALLYPORT_DATA_USED"));
});

test("the private hooks of the data path work in this Node", async () => {
  const variables: Readonly<Record<string, unknown>> = { ...process.config.variables };
  const hasForeignFunctions = process.platform === "linux" && variables["node_use_ffi"] === true;
  assert.deepEqual(await dataPathHooks(), { closeNotify: true, userBuffer: true, sendFile: hasForeignFunctions });
  assert.deepEqual(noDataPathHooks, { closeNotify: false, userBuffer: false, sendFile: false });
});

for (const [path, hooks] of Object.entries(paths)) {
  test(`R-TLS-38 a FIN in the middle of the handshake is told at once, ${path}`, async () => {
    const { connection, peer } = await openDataConnection({ level: "P", hooks });
    const [outer, inner] = duplexPair();
    const client = connectTls({ socket: inner, rejectUnauthorized: false });
    client.on("error", () => {});
    outer.once("data", (hello: Buffer) => peer.tcp.write(hello));
    peer.tcp.once("data", () => peer.tcp.end());
    connection.begin({ direction: "receive", level: "P" });
    const startedAtMs = performance.now();
    await assert.rejects(connection.ready(), { code: "SALLYPORT_DATA_HANDSHAKE_FAILED" });
    assert.ok(performance.now() - startedAtMs < 5000);
    client.destroy();
  });
}
