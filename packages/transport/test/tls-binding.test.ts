import { type ClientHello, parseClientHello } from "@sallyport/protocol";
import {
  type ControlConnection,
  type DataUsage,
  helloBringsTicket,
  ServerTlsProfile,
  ServerTlsSocket,
} from "@sallyport/transport";
import { makeTestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import { constants, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { describe, test } from "node:test";
import { identity, listen, listenForControl, type PeerTls, until, WirePeer } from "./tls-peer.ts";

const versions = ["TLSv1.3", "TLSv1.2"] as const;
const noTickets = constants.SSL_OP_NO_TICKET;

/** A logged-in client: its control connection on both ends, with the TLS states it may resume. */
interface Login extends AsyncDisposable {
  readonly connection: ControlConnection;
  readonly tls: PeerTls;
  /** The newest state of the control connection. */
  state(): Buffer;
}

async function login(profile: ServerTlsProfile, client: ConnectionOptions = {}): Promise<Login> {
  let accepted: ControlConnection | undefined;
  const server = await listenForControl(({ connection }) => {
    accepted = connection;
    void connection.startTls(profile);
  });
  const peer = await WirePeer.connect(server.port);
  const tls = await peer.startTls(client).secured();
  await until("TLS on the server", () => accepted?.tls !== undefined);
  assert.ok(accepted);
  accepted.write(Buffer.from("220 ready\r\n"));
  await until("the greeting", () => tls.received !== "");
  return {
    connection: accepted,
    tls,
    state: () => tls.states.at(-1) ?? tls.socket.getSession() ?? Buffer.alloc(0),
    [Symbol.asyncDispose]: async () => {
      await peer[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

interface DataHandshake {
  readonly hello: ClientHello;
  readonly resumed: boolean;
  readonly protocol: string | null;
  /** The key-exchange group, as Node tells it. */
  readonly group: unknown;
  /** Of the certificate that the server showed. */
  readonly fingerprint: string | undefined;
  /** Tickets that the client was sent. */
  readonly tickets: Buffer[];
  /** What the client can resume afterwards. */
  readonly state: Buffer | undefined;
}

/** Makes one data connection to a login: the client dials, the server reads the hello, chooses and shakes hands. */
async function dataHandshake(
  { connection }: Login,
  usage: DataUsage,
  client: ConnectionOptions,
): Promise<DataHandshake> {
  const { promise, resolve, reject } = Promise.withResolvers<{ hello: ClientHello; server: ServerTlsSocket }>();
  promise.catch(() => {});
  await using server = await listen((tcp) => {
    readHello(tcp).then((hello) => {
      const { binding } = connection;
      assert.ok(binding);
      const socket = new ServerTlsSocket(tcp, binding.dataTlsOptions(hello, usage));
      const shaking = binding.shakingHands(socket);
      socket.once("secure", () => shaking[Symbol.dispose]());
      socket.once("error", reject).once("secure", () => {
        socket.write("data");
        resolve({ hello, server: socket });
      });
    }, reject);
  });
  const tickets: Buffer[] = [];
  const socket = connectTls({
    port: server.port,
    host: "localhost",
    servername: "localhost",
    ca: identity.ca,
    ...client,
    lookup: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
  });
  socket.on("session", (ticket) => tickets.push(ticket)).once("error", reject);
  await once(socket, "data");
  const { hello, server: secured } = await promise;
  // Node 24 tells of tickets some turns after the octets that came behind them.
  await new Promise((settled) => setTimeout(settled, 10));
  const key = socket.getEphemeralKeyInfo() ?? {};
  const facts = {
    hello,
    resumed: secured.isSessionReused(),
    protocol: secured.getProtocol(),
    group: "name" in key ? key.name : undefined,
    fingerprint: socket.getPeerCertificate().fingerprint256,
    tickets,
    state: socket.getSession(),
  };
  assert.equal(socket.isSessionReused(), facts.resumed, "both ends agree");
  if (facts.resumed) connection.binding?.noteResumed(hello);
  socket.destroy();
  return facts;
}

async function readHello(tcp: Socket): Promise<ClientHello> {
  let octets = Buffer.alloc(0);
  for (;;) {
    await once(tcp, "readable");
    octets = Buffer.concat([octets, (tcp.read() as Buffer | null) ?? Buffer.alloc(0)]);
    const hello = parseClientHello(octets);
    if (hello === "incomplete") continue;
    assert.ok(typeof hello !== "string");
    tcp.unshift(octets);
    return hello;
  }
}

const hooked = await ServerTlsProfile.create({ identities: [identity] });
const unhooked = await ServerTlsProfile.create({ identities: [identity], privateHooks: false });

test("the private hook works on this Node and is in use; the public fallback can be chosen", () => {
  assert.equal(hooked.ruledTickets, true);
  assert.equal(unhooked.ruledTickets, false);
});

for (const [means, profile] of [
  ["hook", hooked],
  ["fallback", unhooked],
] as const) {
  describe(`by ${means}`, () => {
    for (const version of versions) {
      const pinned = { minVersion: version, maxVersion: version };

      test(`R-TLS-34 S-08 ${version}: a ticket resumes on its own control connection's data, not on another's`, async () => {
        await using alice = await login(profile, pinned);
        await using mallory = await login(profile, pinned);
        const own = await dataHandshake(alice, "sends", { ...pinned, session: alice.state() });
        assert.equal(own.resumed, true);
        assert.equal(own.protocol, version);
        assert.equal(helloBringsTicket(own.hello), true);
        assert.equal(alice.connection.binding?.offersForeignTicket(own.hello), false);
        for (const usage of ["sends", "may-receive"] as const) {
          const stolen = await dataHandshake(alice, usage, { session: mallory.state(), maxVersion: version });
          assert.equal(stolen.resumed, false);
          assert.equal(alice.connection.binding?.offersForeignTicket(stolen.hello), true);
        }
        const back = await dataHandshake(mallory, "may-receive", { session: mallory.state(), maxVersion: version });
        assert.equal(back.resumed, true);
      });

      test(`R-TLS-33 ${version}: the same ticket resumes many times, on both usages`, async () => {
        await using alice = await login(profile, pinned);
        const session = alice.state();
        for (const usage of ["sends", "may-receive", "sends", "may-receive"] as const) {
          const { resumed } = await dataHandshake(alice, usage, { ...pinned, session });
          assert.equal(resumed, true);
        }
        assert.equal(alice.connection.binding?.clientHasResumed, true);
        assert.equal(alice.connection.binding.ticketsSpent, false, "this client uses tickets more than once");
      });
    }

    test("a data connection that may receive is sent no TLS 1.3 ticket, resumed or not", async () => {
      await using alice = await login(profile);
      const resumed = await dataHandshake(alice, "may-receive", { session: alice.state() });
      assert.deepEqual([resumed.resumed, resumed.tickets.length], [true, 0]);
      const full = await dataHandshake(alice, "may-receive", {});
      assert.equal(full.resumed, false);
      // In TLS 1.2 the ticket comes inside the handshake, where it harms nobody.
      if (full.protocol === "TLSv1.3") assert.equal(full.tickets.length, 0);
      assert.equal(full.protocol, profile === hooked ? "TLSv1.3" : "TLSv1.2");
    });

    test("R-TLS-43 TLS 1.2 by session ID without tickets resumes, and on its own control connection only", async () => {
      const client = { maxVersion: "TLSv1.2", secureOptions: noTickets } as const;
      await using alice = await login(profile, client);
      await using mallory = await login(profile, client);
      const own = await dataHandshake(alice, "may-receive", { ...client, session: alice.state() });
      assert.deepEqual([own.resumed, own.tickets.length], [true, 0]);
      assert.equal(helloBringsTicket(own.hello), true);
      const stolen = await dataHandshake(alice, "may-receive", { ...client, session: mallory.state() });
      assert.equal(stolen.resumed, false);
    });

    test("R-4217-29 R-TLS-05 certificates are replaced for new control connections; data keeps that of its own", async () => {
      const other = makeTestIdentity({ names: ["localhost"], keyType: "rsa" });
      const mutable = await ServerTlsProfile.create({ identities: [identity], privateHooks: profile === hooked });
      await using before = await login(mutable);
      mutable.replaceIdentities([other]);
      await using after = await login(mutable);
      const [dataBefore, dataAfter] = [
        await dataHandshake(before, "sends", {}),
        await dataHandshake(after, "sends", {}),
      ];
      assert.equal(before.tls.fingerprint(), new X509Certificate(identity.leaf).fingerprint256);
      assert.equal(after.tls.fingerprint(), new X509Certificate(other.leaf).fingerprint256);
      assert.equal(dataBefore.fingerprint, before.tls.fingerprint());
      assert.equal(dataAfter.fingerprint, after.tls.fingerprint());
    });

    test("R-TLS-34 where data may not resume, its own ticket makes a full handshake", async () => {
      const options = { identities: [identity], privateHooks: profile === hooked, resumesData: false };
      await using alice = await login(await ServerTlsProfile.create(options));
      for (const usage of ["sends", "may-receive"] as const) {
        const data = await dataHandshake(alice, usage, { session: alice.state() });
        assert.equal(data.resumed, false);
      }
    });

    test("R-TLS-13 ALPN on data: ftp and ftp-data are taken, http is not", async () => {
      await using alice = await login(profile, { ALPNProtocols: ["x-filezilla-ftp", "ftp"] });
      for (const name of ["ftp", "ftp-data"]) {
        await dataHandshake(alice, "sends", { ALPNProtocols: [name] });
      }
      await assert.rejects(dataHandshake(alice, "sends", { ALPNProtocols: ["http/1.1"] }), /no.application.protocol/i);
    });

    test("the binding outlives the contexts it releases", async () => {
      const alice = await login(profile);
      const { resumed } = await dataHandshake(alice, "sends", { session: alice.state() });
      assert.equal(resumed, true);
      alice.connection.destroy();
      await alice.connection.closed;
      await alice[Symbol.asyncDispose]();
    });
  });
}

describe("tickets ruled by the hook", () => {
  test("R-TLS-04 only data that resumes its control connection's TLS, and has a key share for it, does without ML-KEM", async () => {
    await using alice = await login(hooked);
    await using mallory = await login(hooked);
    const classicalFirst = { ecdhCurve: "P-256:X25519" };
    for (const usage of ["sends", "may-receive"] as const) {
      const own = await dataHandshake(alice, usage, { session: alice.state() });
      assert.deepEqual([own.resumed, own.group], [true, "X25519"]);
      const small = await dataHandshake(alice, usage, { session: alice.state(), ...classicalFirst });
      assert.deepEqual([small.resumed, small.group], [true, "prime256v1"]);
      const hybrid = await dataHandshake(alice, usage, { session: alice.state(), ecdhCurve: "X25519MLKEM768" });
      assert.deepEqual([hybrid.resumed, hybrid.group], [true, "X25519MLKEM768"]);
      for (const session of [undefined, mallory.state()]) {
        const full = await dataHandshake(alice, usage, session ? { session } : {});
        assert.deepEqual([full.resumed, full.group], [false, "X25519MLKEM768"]);
      }
    }
  });

  test("R-TLS-32 a client that uses each ticket once is sent a new one where it is known to read", async () => {
    await using alice = await login(hooked);
    await until("two tickets", () => alice.tls.states.length === 2);
    let session: Buffer = alice.state();
    for (let count = 0; count < 5; count++) {
      const data = await dataHandshake(alice, "sends", { session });
      assert.deepEqual([data.resumed, data.tickets.length], [true, 1]);
      session = data.tickets[0] ?? Buffer.alloc(0);
    }
    assert.equal(alice.connection.binding?.ticketsSpent, false, "two from control, five renewed, five used");
  });

  test("R-TLS-34 a TLS 1.2 ticket is never renewed, since OpenSSL drops the old one and tells nobody of the new", async () => {
    const pinned = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
    await using alice = await login(hooked, pinned);
    const session = alice.state();
    for (const usage of ["sends", "may-receive"] as const) {
      const data = await dataHandshake(alice, usage, { ...pinned, session });
      assert.equal(data.resumed, true);
      assert.ok(data.state?.equals(session), "the client holds another ticket than before");
      assert.equal(alice.connection.binding?.ticketsSpent, false, "it can be used again (S-08)");
    }
  });

  test("R-TLS-34 a single-use client that ran out of tickets in uploads is seen as such", async () => {
    await using alice = await login(hooked);
    await until("two tickets", () => alice.tls.states.length === 2);
    const { binding } = alice.connection;
    assert.equal(binding?.ticketsSpent, false);
    for (const session of alice.tls.states) {
      assert.equal(binding.ticketsSpent, false);
      const { resumed } = await dataHandshake(alice, "may-receive", { session });
      assert.equal(resumed, true);
    }
    assert.equal(binding.ticketsSpent, true);
    await dataHandshake(alice, "may-receive", { session: alice.state() });
    assert.equal(binding.ticketsSpent, false, "it used one twice after all");
  });

  test("S-08 control connections whose octets interleave still mint with keys of their own", async () => {
    const logins = await Promise.all(Array.from({ length: 8 }, () => login(hooked)));
    for (const [at, one] of logins.entries()) {
      const other = logins[(at + 1) % logins.length];
      assert.ok(other);
      const own = await dataHandshake(one, "sends", { session: one.state() });
      const foreign = await dataHandshake(one, "sends", { session: other.state() });
      assert.deepEqual([own.resumed, foreign.resumed], [true, false]);
    }
    for (const one of logins) await one[Symbol.asyncDispose]();
  });

  test("a new control connection resumes nothing of an old one", async () => {
    await using old = await login(hooked);
    await using fresh = await login(hooked, { session: old.state() });
    assert.equal(fresh.connection.tls?.resumed, false);
  });

  test("R-TLS-36 after TLS was left and started again, tickets from before resume no more", async () => {
    let accepted: ControlConnection | undefined;
    await using server = await listenForControl(({ connection }) => {
      accepted = connection;
      void connection.startTls(hooked);
    });
    await using peer = await WirePeer.connect(server.port);
    const first = await peer.startTls().secured();
    await until("tickets", () => first.states.length === 2);
    assert.ok(accepted);
    const connection: ControlConnection = accepted;
    const before: Login = {
      connection,
      tls: first,
      state: () => first.states.at(-1) ?? Buffer.alloc(0),
      [Symbol.asyncDispose]: async () => {},
    };
    const left = connection.endTls();
    await until("close_notify", () => first.ended);
    await first.leave();
    await left;
    const bound = await dataHandshake(before, "sends", { session: before.state() });
    assert.equal(bound.resumed, true, "after CCC data stays bound to the recorded TLS");
    const again = connection.startTls(hooked);
    await peer.startTls().secured();
    await again;
    const unbound = await dataHandshake(before, "sends", { session: before.state() });
    assert.equal(unbound.resumed, false);
  });
});
