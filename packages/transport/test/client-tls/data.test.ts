import { makeTestIdentity, needs } from "@sallyport/testing";
import {
  type ClientTls,
  type ClientTlsOptions,
  DataConnection,
  type DataFacts,
  type DataPathHooks,
} from "@sallyport/transport";
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { connect, createSecureContext, type SecureContext, TLSSocket, type TlsOptions } from "node:tls";
import { paths } from "../data-peer.ts";
import { until } from "../tls-peer.ts";
import {
  dialLoopback,
  good,
  nextText,
  serving,
  startControl,
  startSServer,
  tcpServer,
  tlsServer,
} from "./tls-server.ts";

const versions = ["TLSv1.2", "TLSv1.3"] as const;

interface DataServer extends AsyncDisposable {
  readonly port: number;
  /** Of each data connection, in order: whether the server saw it resume, and the tickets' fate. */
  readonly resumed: boolean[];
}

/** Accepts data connections with a secure context that may be the control connection's; sends a line and ends. */
async function dataServer(context: SecureContext, options: TlsOptions = {}): Promise<DataServer> {
  const resumed: boolean[] = [];
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (tcp) => {
    open.add(tcp);
    const socket = new TLSSocket(tcp, { isServer: true, secureContext: context, ...options });
    tcp.on("error", () => {});
    socket
      .on("error", () => {})
      .on("secure", () => {
        resumed.push(socket.isSessionReused());
        // At once, Node 24 would send no close_notify.
        setImmediate(() => socket.end("payload\r\n"));
      });
    socket.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    resumed,
    [Symbol.asyncDispose]: async () => {
      for (const tcp of open) tcp.destroy();
      server.close();
    },
  };
}

/** One download over a data connection. */
async function download(
  tls: ClientTls,
  port: number,
  hooks?: DataPathHooks,
): Promise<{ facts: DataFacts; text: string }> {
  const tcp = await dialLoopback(port);
  await using data = new DataConnection(tcp, {
    level: "P",
    tlsRole: "client",
    clientTls: await tls.dataOptions(),
    onClientTls: (socket) => tls.dataStarted(socket),
    hooks,
  });
  data.begin({ direction: "receive", level: "P" });
  const facts = await data.ready();
  let text = "";
  const { end } = await data.receiveChunks((chunk) => void (text += Buffer.from(chunk).toString("latin1")));
  assert.equal(end, "close-notify");
  return { facts, text };
}

/** Control and data behind one context, as servers that resume have it. */
async function sharedContext(maxVersion: (typeof versions)[number], options: Partial<ClientTlsOptions> = {}) {
  const context = createSecureContext({ ...serving(good), maxVersion });
  // A tls.Server would make a context of its own, with other ticket keys.
  const control = await tcpServer((tcp) => {
    const socket = new TLSSocket(tcp, { isServer: true, secureContext: context });
    socket.on("error", () => {}).once("secure", () => setImmediate(() => socket.write("220 ready\r\n")));
  });
  const data = await dataServer(context);
  const { tls, socket, facts } = await startControl(control.port, options);
  // Tickets come ahead of the greeting.
  await nextText(socket);
  return {
    tls,
    facts,
    data,
    [Symbol.asyncDispose]: async () => {
      await data[Symbol.asyncDispose]();
      await control[Symbol.asyncDispose]();
    },
  };
}

for (const version of versions) {
  for (const [name, hooks] of Object.entries(paths)) {
    test(`R-TLS-30 R-TLS-31 ten data connections by ${version} resume, path ${name}`, async () => {
      await using both = await sharedContext(version, { resumption: "require" });
      for (let count = 0; count < 10; count++) {
        const { facts, text } = await download(both.tls, both.data.port, hooks);
        assert.equal(text, "payload\r\n");
        assert.equal(facts.tls?.resumed, true);
        assert.equal(facts.tls.protocol, version);
      }
      assert.deepEqual(
        both.data.resumed,
        Array.from({ length: 10 }, () => true),
      );
    });
  }

  test(`R-TLS-32 tickets by ${version}: the newest unused first, then the last one again`, async () => {
    await using both = await sharedContext(version);
    const first = (await both.tls.dataOptions()).session;
    const second = (await both.tls.dataOptions()).session;
    const third = (await both.tls.dataOptions()).session;
    assert.ok(first && second && third);
    // TLS 1.3 gives two tickets; by TLS 1.2 there is one, good for many uses.
    assert.equal(first.equals(second), version === "TLSv1.2");
    assert.ok(third.equals(first), "when all are used, the last that came");
  });

  test(`resumption by ${version} may be preferred, demanded or left`, async () => {
    await using both = await sharedContext(version);
    // Another context has other ticket keys: nothing resumes.
    await using strange = await dataServer(createSecureContext({ ...serving(good), maxVersion: version }));
    const { facts } = await download(both.tls, strange.port);
    assert.equal(facts.tls?.resumed, false);
    await using demanding = await sharedContext(version, { resumption: "require" });
    await assert.rejects(download(demanding.tls, strange.port), { code: "SALLYPORT_NOT_RESUMED" });
    await using off = await sharedContext(version, { resumption: "off" });
    assert.equal((await download(off.tls, off.data.port)).facts.tls?.resumed, false);
    assert.equal((await off.tls.dataOptions()).session, undefined);
  });

  test(`S-30 R-4217-29 a data connection by ${version} with another certificate is refused before octets move`, async () => {
    for (const resumption of ["prefer", "off"] as const) {
      for (const hooks of Object.values(paths)) {
        await using both = await sharedContext(version, { resumption, trust: { insecure: true } });
        const other = makeTestIdentity({ names: ["localhost"], keyType: "rsa" });
        await using strange = await dataServer(createSecureContext({ ...serving(other), maxVersion: version }));
        await assert.rejects(download(both.tls, strange.port, hooks), { code: "SALLYPORT_DATA_CERTIFICATE_CHANGED" });
      }
    }
  });
}

test("R-TLS-11 R-TLS-14 data connections send the control connection's server name, and its ALPN where one was chosen", async () => {
  for (const chosen of [["ftp"], undefined]) {
    const context = createSecureContext(serving(good));
    await using control = await tlsServer({ ...serving(good), ...(chosen && { ALPNProtocols: chosen }) });
    const { tls } = await startControl(control.port, { host: "127.0.0.1", servername: "localhost" });
    const seen: unknown[] = [];
    await using data = await dataServer(context, {
      SNICallback: (name, done) => {
        seen.push(name);
        done(null, context);
      },
      ALPNCallback: ({ protocols }) => {
        seen.push(...protocols);
        return protocols[0];
      },
    });
    await download(tls, data.port);
    assert.deepEqual(seen, chosen ? ["ftp", "localhost"] : ["localhost"]);
  }
});

for (const groups of ["default", "small"] as const) {
  test(`a data connection begins with the group that the server asked for on the control connection, groups ${groups}`, async () => {
    await using control = await tlsServer({ ...serving(good), ecdhCurve: "P-256" });
    const { tls, facts } = await startControl(control.port, { groups });
    assert.equal(facts.group, "prime256v1");
    const firstFlight = Promise.withResolvers<Buffer>();
    await using data = await tcpServer((tcp) => tcp.once("data", firstFlight.resolve));
    const downloading = download(tls, data.port).catch(() => {});
    // The extension key_share with one key, of secp256r1 (RFC 8446 §4.2.8).
    const keyShare = Buffer.from("0033004700450017004104", "hex");
    assert.ok((await firstFlight.promise).includes(keyShare));
    await data[Symbol.asyncDispose]();
    await downloading;
  });
}

test("the first data connection waits for a ticket, but only for a moment", { skip: needs("openssl") }, async () => {
  await using server = await startSServer("-tls1_3", "-num_tickets", "0");
  const { tls } = await startControl(server.port);
  const since = performance.now();
  assert.equal((await tls.dataOptions()).session, undefined);
  const waitedMs = performance.now() - since;
  assert.ok(waitedMs >= 20 && waitedMs < 2000, `${waitedMs} ms`);
});

test(
  "R-TLS-31 data connections renew tickets, which are then used before older ones",
  { skip: needs("openssl") },
  async () => {
    // Node's own server gives no ticket on a connection that was resumed.
    await using server = await startSServer("-tls1_3");
    const { tls, socket, tcp } = await startControl(server.port, { resumption: "require" });
    const tickets: Buffer[] = [];
    socket.on("session", (one) => tickets.push(one)).resume();
    await until("two tickets", () => tickets.length === 2);
    let ticket = (await tls.dataOptions()).session;
    // It serves one connection after another.
    tcp.destroy();
    for (let count = 0; count < 3; count++) {
      const options = await tls.dataOptions();
      assert.ok(ticket && options.session && !options.session.equals(ticket));
      ticket = options.session;
      const data = connect({ ...options, socket: await dialLoopback(server.port) });
      tls.dataStarted(data);
      const renewed = once(data, "session");
      await once(data, "secureConnect");
      assert.ok(data.isSessionReused());
      await renewed;
      data.destroy();
    }
  },
);

test(
  "R-TLS-30 a server of TLS 1.2 without tickets is resumed by its session ID",
  { skip: needs("openssl") },
  async () => {
    await using server = await startSServer("-tls1_2", "-no_ticket");
    const { tls, tcp, socket } = await startControl(server.port, { resumption: "require" });
    // OpenSSL forgets what ended without close_notify.
    const closed = once(tcp, "close");
    socket.resume().end();
    await closed;
    for (let count = 0; count < 3; count++) {
      const data = connect({ ...(await tls.dataOptions()), socket: await dialLoopback(server.port) });
      tls.dataStarted(data);
      await once(data, "secureConnect");
      assert.ok(data.isSessionReused());
      const dataClosed = once(data, "close");
      data.resume().end();
      await dataClosed;
    }
  },
);

test("plain octets where TLS on a data connection must begin fail, with a reason", async () => {
  await using both = await sharedContext("TLSv1.3");
  await using plain = await tcpServer((socket) => socket.end("-rw-r--r-- 1 a a 1 Jan 1 00:00 listing in clear\r\n"));
  await assert.rejects(download(both.tls, plain.port), { code: "SALLYPORT_DATA_HANDSHAKE_FAILED" });
});
