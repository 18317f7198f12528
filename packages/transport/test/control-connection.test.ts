import { octetsFromText, TlsError, UsageError } from "@sallyport/protocol";
import { ServerTlsProfile, type TlsFacts } from "@sallyport/transport";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { identity, listenForControl, rawOctets, type RecordedControl, until, WirePeer } from "./tls-peer.ts";

const profile = await ServerTlsProfile.create({ identities: [identity] });
const versions = ["TLSv1.3", "TLSv1.2"] as const;

function byText(one = "", other = ""): number {
  return one.localeCompare(other);
}

/** A server whose connections start TLS at once, as on the implicit port. */
async function implicitServer(
  limits: Record<string, number> = {},
): Promise<{ port: number; controls: RecordedControl[]; starts: Promise<TlsFacts>[] } & AsyncDisposable> {
  const controls: RecordedControl[] = [];
  const starts: Promise<TlsFacts>[] = [];
  const server = await listenForControl(
    (control) => {
      controls.push(control);
      const start = control.connection.startTls(profile);
      start.then(
        () => control.connection.write(octetsFromText("220 ready\r\n")),
        () => {},
      );
      starts.push(start);
    },
    { limits: { lingerMs: 50, ...limits } },
  );
  return Object.assign(server, { controls, starts });
}

async function refusedStart(start: Promise<TlsFacts> | undefined): Promise<TlsError> {
  const error = await Promise.resolve(start).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TlsError);
  return error;
}

describe("clear", () => {
  test("octets go both ways, and the peer's FIN leaves time for replies", async () => {
    let control: RecordedControl | undefined;
    await using server = await listenForControl((made) => (control = made));
    await using peer = await WirePeer.connect(server.port);
    peer.tcp.end("NOOP\r\n");
    await until("the end of the peer", () => control?.peerEnded() === true);
    assert.equal(control?.heard(), "NOOP\r\n");
    assert.equal(control.connection.tls, undefined);
    control.connection.write(octetsFromText("200 late\r\n"));
    await control.connection.end();
    await until("the reply", () => peer.ended);
    assert.equal(peer.received.toString(), "200 late\r\n");
    assert.deepEqual(control.closed(), { ending: "peer-closed", error: undefined });
  });

  test("R-DATA-02 an IPv4-mapped address is written as IPv4, a proxied one replaces it", async () => {
    const seen: string[] = [];
    await using server = await listenForControl(({ connection }) => seen.push(connection.peerAddress));
    await using proxied = await listenForControl(({ connection }) => seen.push(connection.peerAddress), {
      peer: { address: "::ffff:192.0.2.7", port: 1 },
    });
    await using one = await WirePeer.connect(server.port);
    await until("the first", () => seen.length === 1);
    await using two = await WirePeer.connect(proxied.port);
    await until("the second", () => seen.length === 2);
    assert.deepEqual(seen, ["127.0.0.1", "192.0.2.7"]);
    assert.ok(one.tcp.localPort !== two.tcp.localPort);
  });

  for (const secure of [false, true]) {
    test(`S-15 ${secure ? "TLS" : "clear"}: replies that nobody reads are counted, and draining is told once`, async () => {
      let control: RecordedControl | undefined;
      await using server = await listenForControl((made) => (control = made));
      await using slow = await WirePeer.connect(server.port);
      await until("the connection", () => control !== undefined);
      assert.ok(control);
      const { connection, drains } = control;
      const start = secure ? connection.startTls(profile) : undefined;
      if (secure) await slow.startTls().secured();
      await start;
      slow.tcp.pause();
      const reply = octetsFromText(`200 ${"x".repeat(65_536)}\r\n`);
      for (let count = 0; count < 400; count++) connection.write(reply);
      assert.equal(connection.write(reply), false);
      await until("a backlog", () => connection.bufferedBytes > 1_000_000);
      assert.equal(drains(), 0);
      slow.tcp.resume();
      await until("all gone", () => connection.bufferedBytes === 0 && drains() === 1, 5000);
    });
  }

  test("S-15 a paused connection reads no more commands until it is resumed", async () => {
    let control: RecordedControl | undefined;
    await using server = await listenForControl((made) => (control = made));
    await using peer = await WirePeer.connect(server.port);
    peer.tcp.write("A\r\n");
    await until("the first command", () => control?.heard() === "A\r\n");
    control?.connection.pauseReading();
    peer.tcp.write("B\r\n");
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(control?.heard(), "A\r\n");
    control.connection.resumeReading();
    await until("the second command", () => control?.heard() === "A\r\nB\r\n");
  });
});

describe("TLS starts", () => {
  for (const version of versions) {
    test(`${version}: facts, commands and replies`, async () => {
      await using server = await implicitServer();
      await using peer = await WirePeer.connect(server.port);
      const tls = await peer.startTls({ minVersion: version, maxVersion: version, ALPNProtocols: ["ftp"] }).secured();
      await until("the greeting", () => tls.received === "220 ready\r\n");
      const facts = await server.starts[0];
      assert.equal(facts?.protocol, version);
      assert.match(facts.suite, /^TLS_.*(GCM|POLY1305)_SHA/);
      assert.equal(facts.group, version === "TLSv1.3" ? "X25519MLKEM768" : "X25519");
      assert.equal(facts.serverName, "localhost");
      assert.equal(facts.alpn, "ftp");
      assert.equal(facts.resumed, false);
      assert.equal(facts.clientCertificate, undefined);
      assert.equal(server.controls[0]?.connection.tls, facts);
      tls.socket.write("NOOP\r\n");
      await until("the command", () => server.controls[0]?.heard() === "NOOP\r\n");
    });
  }

  test("R-TLS-04 a ClientHello in single octets is as good", async () => {
    await using server = await implicitServer();
    await using peer = await WirePeer.connect(server.port);
    const write = peer.tcp.write.bind(peer.tcp);
    peer.tcp.write = (flight: string | Uint8Array) => {
      for (const octet of Buffer.from(flight)) write(Uint8Array.of(octet));
      return true;
    };
    const tls = await peer.startTls().secured();
    await until("the greeting", () => tls.received === "220 ready\r\n");
  });

  test("R-4217-07 T-03 after 234 anything but a handshake closes silently", async () => {
    await using server = await listenForControl(({ connection }) => {
      connection.write(octetsFromText("234 go\r\n"));
      connection.startTls(profile).catch(() => {});
    });
    for (const text of ["HELP\r\n", "N", "\r\n", "USER a\r\nPASS b\r\n"]) {
      await using peer = await WirePeer.connect(server.port);
      await until("234", () => peer.received.length > 0);
      peer.tcp.write(text);
      await until(`an end after ${JSON.stringify(text)}`, () => peer.ended || peer.error !== undefined);
      assert.equal(peer.received.toString(), "234 go\r\n");
    }
  });

  test("S-01 octets read behind the AUTH line break the connection off", async () => {
    let control: RecordedControl | undefined;
    await using server = await listenForControl((made) => (control = made));
    await using peer = await WirePeer.connect(server.port);
    await until("the connection", () => control !== undefined);
    const error = await refusedStart(control?.connection.startTls(profile, { octetsBehind: 6 }));
    assert.equal(error.code, "SALLYPORT_TLS_INJECTION");
    await until("the end", () => peer.ended);
    assert.equal(peer.received.length, 0);
    assert.equal(control?.closed()?.ending, "not-tls");
  });

  test("T-01 R-IMP-10 plain octets on the implicit port: closed at once, not an octet in answer", async () => {
    await using server = await implicitServer();
    for (const text of ["H", "HI\r\n", "HELP\r\n", "GET / HTTP/1.1\r\n\r\n"]) {
      await using peer = await WirePeer.connect(server.port);
      const sent = performance.now();
      peer.tcp.write(text);
      await until("the end", () => peer.ended);
      assert.ok(performance.now() - sent < 1000);
      assert.equal(peer.received.length, 0);
    }
    assert.deepEqual(
      server.controls.map((control) => control.closed()?.ending),
      Array(4).fill("not-tls"),
    );
  });

  test("R-IMP-01 nothing is sent before the peer starts TLS", async () => {
    await using server = await implicitServer();
    await using peer = await WirePeer.connect(server.port);
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(peer.received.length, 0);
    assert.equal(peer.ended, false);
  });

  test("R-TLS-38 a handshake that does not come, or stops, is closed by our own timer", async () => {
    await using server = await implicitServer({ handshakeMs: 80 });
    await using silent = await WirePeer.connect(server.port);
    await using begun = await WirePeer.connect(server.port);
    begun.tcp.write(Uint8Array.of(22, 3, 1, 0, 200, 1));
    await using half = await WirePeer.connect(server.port);
    // The client's hello goes out; what it answers to the server's flight does not.
    const write = half.tcp.write.bind(half.tcp);
    half.tcp.write = (hello: string | Uint8Array) => {
      half.tcp.write = () => true;
      return write(hello);
    };
    half.startTls();
    await until("three ends", () => silent.ended && begun.ended && half.ended);
    const codes = await Promise.all(server.starts.map(async (start) => (await refusedStart(start)).code));
    assert.deepEqual(codes, Array(3).fill("SALLYPORT_HANDSHAKE_TIMEOUT"));
    assert.deepEqual(
      server.controls.map((control) => control.closed()?.ending),
      Array(3).fill("timeout"),
    );
  });

  test("S-33 broken records during the handshake: closed, with an alert at most", async () => {
    await using server = await implicitServer();
    for (const junk of [
      rawOctets("\x16\x03\x01\x00\x05\x01\x00\x00\x01\xff"),
      rawOctets("\x16\x03\x01\x00\x04\x0b\x00\x00\x00"),
    ]) {
      await using peer = await WirePeer.connect(server.port);
      peer.tcp.write(junk);
      await until("the end", () => peer.ended);
      assert.match(peer.received.toString("hex"), /^(?:15030[0-3]000202..)?$/);
    }
    for (const control of server.controls) assert.equal(control.closed()?.ending, "tls-refused");
  });

  test("a client that distrusts the certificate: handshake failed, connection closed", async () => {
    await using server = await implicitServer();
    await using peer = await WirePeer.connect(server.port);
    const tls = peer.startTls({ ca: [] });
    await until("the refusal", () => tls.error !== undefined);
    tls.socket.destroy();
    peer.tcp.end();
    const outcome = await Promise.resolve(server.starts[0]).catch((error: unknown) => error);
    if (outcome instanceof TlsError) assert.equal(outcome.code, "SALLYPORT_HANDSHAKE_FAILED");
    await until(
      "the end",
      () => server.controls[0]?.closed() !== undefined || server.controls[0]?.peerEnded() === true,
    );
  });

  test("nothing can be written while TLS starts, and TLS starts once", async () => {
    let control: RecordedControl | undefined;
    await using server = await listenForControl((made) => (control = made));
    await using peer = await WirePeer.connect(server.port);
    await until("the connection", () => control !== undefined);
    const start = control?.connection.startTls(profile);
    assert.equal(control?.connection.writable, false);
    assert.throws(() => control?.connection.write(octetsFromText("220\r\n")), UsageError);
    await assert.rejects(control?.connection.startTls(profile) ?? Promise.resolve(), UsageError);
    control?.connection.destroy();
    assert.equal((await refusedStart(start)).code, "SALLYPORT_CONTROL_CLOSED");
    await until("the end", () => peer.closed || peer.ended);
    assert.equal(control?.closed()?.ending, "destroyed");
  });
});

describe("TLS ends", () => {
  for (const version of versions) {
    const pinned = { minVersion: version, maxVersion: version };

    test(`R-TLS-22 R-4217-30 R-4217-40 ${version}: left, clear, started again on the same TCP`, async () => {
      await using server = await implicitServer();
      await using peer = await WirePeer.connect(server.port);
      const first = await peer.startTls(pinned).secured();
      await until("the greeting", () => first.received !== "");
      const [control] = server.controls;
      assert.ok(control);
      const { connection } = control;
      const binding = connection.binding;
      connection.write(octetsFromText("200 leaving\r\n"));
      const left = connection.endTls();
      await until("close_notify of the server", () => first.ended);
      assert.equal(first.received, "220 ready\r\n200 leaving\r\n");
      assert.equal(peer.ended, false, "TCP stays");
      await first.leave();
      await left;
      assert.equal(connection.tls, undefined);
      assert.equal(connection.binding, binding, "data connections stay bound after CCC");
      peer.tcp.write("NOOP\r\n");
      await until("a clear command", () => control.heard() === "NOOP\r\n");
      connection.write(octetsFromText("200 clear\r\n"));
      await until("a clear reply", () => peer.received.toString() === "200 clear\r\n");
      const again = connection.startTls(profile);
      const second = await peer.startTls(pinned).secured();
      assert.equal((await again).protocol, version);
      assert.notEqual(connection.binding, binding);
      connection.write(octetsFromText("220 again\r\n"));
      await until("the second greeting", () => second.received === "220 again\r\n");
      second.socket.write("QUIT\r\n");
      await until("a command inside", () => control.heard() === "NOOP\r\nQUIT\r\n");
      await connection.end();
      assert.equal(control.closed()?.ending, "ended");
    });

    test(`R-TLS-22 ${version}: octets in the segment of the close_notify stay clear, those before are dropped`, async () => {
      await using server = await implicitServer();
      await using peer = await WirePeer.connect(server.port);
      const tls = await peer.startTls(pinned).secured();
      await until("the greeting", () => tls.received !== "");
      const [control] = server.controls;
      const left = control?.connection.endTls();
      await until("close_notify of the server", () => tls.ended);
      peer.tcp.cork();
      tls.socket.write("DELE inside\r\n");
      await tls.leave();
      peer.tcp.write("NOOP behind\r\n");
      peer.tcp.uncork();
      await left;
      await until("the clear command", () => control?.heard() !== "");
      assert.equal(control?.heard(), "NOOP behind\r\n");
      await control.connection.end();
    });

    test(`S-15 ${version}: reading that octets behind the close_notify bring to a stop stays stopped`, async () => {
      await using server = await implicitServer();
      await using peer = await WirePeer.connect(server.port);
      const tls = await peer.startTls(pinned).secured();
      await until("the greeting", () => tls.received !== "");
      const [control] = server.controls;
      const left = control?.connection.endTls();
      await until("close_notify of the server", () => tls.ended);
      peer.tcp.cork();
      await tls.leave();
      peer.tcp.write("PAUSE\r\n");
      peer.tcp.uncork();
      await left;
      await until("the clear command", () => control?.heard() !== "");
      peer.tcp.write("NOOP\r\n");
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(control?.heard(), "PAUSE\r\n");
      control.connection.resumeReading();
      await until("the next command", () => control.heard() === "PAUSE\r\nNOOP\r\n");
      await control.connection.end();
    });

    test(`R-IMP-08 ${version}: left and started at once, as REIN does: a hello is taken, plain octets close`, async () => {
      for (const plain of [false, true]) {
        await using server = await implicitServer();
        await using peer = await WirePeer.connect(server.port);
        const first = await peer.startTls(pinned).secured();
        await until("the greeting", () => first.received !== "");
        const connection = server.controls[0]?.connection;
        assert.ok(connection);
        const again = connection.endTls().then(() => connection.startTls(profile));
        await until("close_notify of the server", () => first.ended);
        peer.tcp.cork();
        await first.leave();
        if (plain) peer.tcp.write("NOOP\r\n");
        const second = plain ? undefined : peer.startTls(pinned);
        await new Promise((resolve) => setImmediate(resolve));
        peer.tcp.uncork();
        if (plain) {
          assert.equal((await refusedStart(again)).code, "SALLYPORT_NOT_TLS");
          await until("the end", () => peer.ended);
          assert.equal(peer.received.length, 0);
        } else {
          assert.equal((await again).protocol, version);
          assert.equal(second?.error, undefined);
        }
      }
    });

    test(`R-TLS-21 ${version}: a peer that leaves before it has read is still sent everything, and its FIN is noticed`, async () => {
      await using server = await implicitServer();
      await using peer = await WirePeer.connect(server.port);
      const tls = await peer.startTls(pinned).secured();
      await until("the greeting", () => tls.received !== "");
      const [control] = server.controls;
      peer.tcp.pause();
      const reply = `200 ${"x".repeat(12_000_000)}\r\n`;
      control?.connection.write(octetsFromText(reply));
      const left = control?.connection.endTls();
      tls.socket.end();
      await new Promise((resolve) => setTimeout(resolve, 30));
      peer.tcp.end();
      await new Promise((resolve) => setTimeout(resolve, 30));
      peer.tcp.resume();
      await left;
      await until("close_notify of the server", () => tls.ended, 5000);
      assert.equal(tls.received.length, reply.length + "220 ready\r\n".length);
      await until("the end of the peer", () => control?.peerEnded() === true);
      await control?.connection.end();
      assert.equal(control?.closed()?.ending, "peer-closed");
    });

    test(`R-TLS-20 ${version}: a close_notify and a bare FIN are told apart`, async () => {
      await using server = await implicitServer();
      await using polite = await WirePeer.connect(server.port);
      await using rude = await WirePeer.connect(server.port);
      const politeTls = await polite.startTls(pinned).secured();
      const rudeTls = await rude.startTls(pinned).secured();
      await until("greetings", () => politeTls.received !== "" && rudeTls.received !== "");
      await politeTls.leave();
      rude.tcp.end();
      await until("both ends", () => server.controls.every((control) => control.peerEnded()));
      await Promise.all(server.controls.map(({ connection }) => connection.end()));
      assert.deepEqual(server.controls.map((control) => control.closed()?.ending).toSorted(byText), [
        "peer-closed",
        "truncated",
      ]);
    });

    test(`R-TLS-21 ${version}: the end sends what was written, close_notify, and the FIN`, async () => {
      await using server = await implicitServer();
      await using peer = await WirePeer.connect(server.port);
      const tls = await peer.startTls(pinned).secured();
      await until("the greeting", () => tls.received !== "");
      const [control] = server.controls;
      control?.connection.write(octetsFromText("221 bye\r\n"));
      const end = control?.connection.end();
      await until("all three", () => tls.ended && peer.ended);
      assert.equal(tls.received, "220 ready\r\n221 bye\r\n");
      await tls.leave();
      peer.tcp.end();
      await end;
      assert.equal(control?.closed()?.ending, "ended");
    });

    test(`R-TLS-42 S-33 ${version}: plain octets inside TLS end it without an answer in clear`, async () => {
      await using server = await implicitServer();
      await using peer = await WirePeer.connect(server.port);
      const tls = await peer.startTls(pinned).secured();
      await until("the greeting", () => tls.received !== "");
      const before = tls.records.length;
      peer.tcp.write("NOOP\r\n");
      await until("the end", () => server.controls[0]?.closed() !== undefined);
      assert.equal(server.controls[0]?.closed()?.ending, "tls-error");
      assert.equal(server.controls[0]?.heard(), "");
      for (const record of tls.records.slice(before)) assert.ok([21, 23].includes(record[0] ?? 0), "records only");
    });

    test(`${version}: a peer that does not answer the end of TLS is cut off in time`, async () => {
      await using server = await implicitServer({ closeNotifyMs: 60 });
      await using peer = await WirePeer.connect(server.port);
      const tls = await peer.startTls(pinned).secured();
      await until("the greeting", () => tls.received !== "");
      const left = server.controls[0]?.connection.endTls();
      await assert.rejects(left ?? Promise.resolve(), { code: "SALLYPORT_CLOSE_NOTIFY_TIMEOUT" });
      await until("the end", () => peer.ended || peer.closed);
      assert.equal(server.controls[0]?.closed()?.ending, "timeout");
    });

    test(`${version}: a FIN instead of the answer to the end of TLS is no answer`, async () => {
      await using server = await implicitServer();
      await using peer = await WirePeer.connect(server.port);
      const tls = await peer.startTls(pinned).secured();
      await until("the greeting", () => tls.received !== "");
      const left = server.controls[0]?.connection.endTls();
      peer.tcp.end();
      await assert.rejects(left ?? Promise.resolve(), { code: "SALLYPORT_CLOSE_NOTIFY_MISSING" });
      await until("the end", () => server.controls[0]?.closed() !== undefined);
      assert.equal(server.controls[0]?.closed()?.ending, "truncated");
    });
  }

  test("S-14 what comes behind a close_notify that nobody asked for is dropped, not kept", async () => {
    await using server = await implicitServer();
    await using peer = await WirePeer.connect(server.port);
    const tls = await peer.startTls().secured();
    await until("the greeting", () => tls.received !== "");
    await tls.leave();
    await until("the end", () => server.controls[0]?.peerEnded() === true);
    const before = process.memoryUsage.rss();
    const flood = Buffer.alloc(1 << 20, 23);
    for (let count = 0; count < 200; count++) {
      await new Promise<void>((resolve) => void peer.tcp.write(flood, () => resolve()));
    }
    assert.ok(process.memoryUsage.rss() - before < 100 << 20, "200 MiB went nowhere");
    assert.equal(server.controls[0]?.heard(), "");
    await server.controls[0]?.connection.end();
    assert.equal(server.controls[0]?.closed()?.ending, "peer-closed");
  });

  test("a peer that keeps its half open is let go after the linger time", async () => {
    await using server = await implicitServer({ lingerMs: 60 });
    await using peer = await WirePeer.connect(server.port);
    const tls = await peer.startTls().secured();
    await until("the greeting", () => tls.received !== "");
    const started = performance.now();
    await server.controls[0]?.connection.end();
    assert.ok(performance.now() - started < 1000);
    assert.equal(server.controls[0]?.closed()?.ending, "ended");
  });

  test("a reset is a reset", async () => {
    await using server = await implicitServer();
    const peer = await WirePeer.connect(server.port);
    const tls = await peer.startTls().secured();
    await until("the greeting", () => tls.received !== "");
    peer.tcp.resetAndDestroy();
    assert.equal(await server.controls[0]?.connection.closed, "reset");
  });

  test("the end can be asked for twice, and after it writing does nothing", async () => {
    let control: RecordedControl | undefined;
    await using server = await listenForControl((made) => (control = made));
    await using peer = await WirePeer.connect(server.port);
    await until("the connection", () => control !== undefined);
    const first = control?.connection.end();
    const second = control?.connection.end();
    assert.equal(control?.connection.write(octetsFromText("200 never\r\n")), false);
    await until("the FIN", () => peer.ended);
    peer.tcp.end();
    await first;
    await second;
    assert.equal(control?.closed()?.ending, "ended");
    assert.equal(peer.received.length, 0);
  });
});
