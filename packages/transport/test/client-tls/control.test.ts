import { octetsFromText, TlsError } from "@sallyport/protocol";
import { makeTestIdentity } from "@sallyport/testing";
import { ClientTls, HandshakeError, ServerTlsProfile } from "@sallyport/transport";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { listenForControl, until } from "../tls-peer.ts";
import { dialLoopback, good, nextText, serving, startControl, tcpServer, tlsServer } from "./tls-server.ts";

for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`R-TLS-10 R-TLS-13 a control connection by ${maxVersion} is verified and tells what was agreed`, async () => {
    await using server = await tlsServer({ ...serving(good), ALPNProtocols: ["ftp"] });
    const { socket, facts } = await startControl(server.port, { maxVersion });
    assert.equal(facts.protocol, maxVersion);
    assert.match(facts.suite, /^TLS_/);
    assert.equal(facts.alpn, "ftp");
    assert.equal(facts.resumed, false);
    assert.equal(facts.trustedBy, "authorities");
    assert.equal(facts.serverName, "localhost");
    const { certificate } = facts;
    assert.deepEqual(certificate.problems, []);
    assert.deepEqual(certificate.names, ["localhost", "127.0.0.1"]);
    assert.equal(certificate.chain.length, 2);
    assert.match(certificate.pin, /^sha256\/[A-Za-z0-9+/]{43}=$/);
    assert.equal(certificate.key, "ec prime256v1");
    assert.equal(await nextText(socket), "220 ready\r\n");
    assert.deepEqual(server.names, ["localhost"]);
    socket.destroy();
  });
}

test("R-TLS-11 an address is verified as such and sends no server name; a trailing dot is no part of a name", async () => {
  await using server = await tlsServer(serving(good));
  const byAddress = await startControl(server.port, { host: "127.0.0.1" });
  assert.equal(byAddress.facts.serverName, undefined);
  assert.equal(await nextText(byAddress.socket), "220 ready\r\n");
  const byName = await startControl(server.port, { host: "127.0.0.1", servername: "localhost" });
  assert.equal(byName.facts.serverName, "localhost");
  assert.equal(await nextText(byName.socket), "220 ready\r\n");
  assert.deepEqual(server.names, [false, "localhost"]);
});

test("the octets of both sides go through; each side's end is an end for the other", async () => {
  await using server = await tlsServer(serving(good), (socket) => {
    socket.write("220 ready\r\n");
    socket.once("data", () => socket.end("221 bye\r\n"));
  });
  const { socket, tcp } = await startControl(server.port);
  assert.equal(await nextText(socket), "220 ready\r\n");
  const ended = once(socket, "end");
  socket.write("QUIT\r\n");
  assert.equal(await nextText(socket), "221 bye\r\n");
  await ended;
  assert.equal(server.heard(), "QUIT\r\n");
  socket.end();
  await until("TCP closes", () => tcp.destroyed);
});

test("a FIN without close_notify is an end as well, and destroying TLS closes TCP", async () => {
  await using server = await tlsServer(serving(good), (socket) => {
    socket.write("220 ready\r\n");
  });
  const first = await startControl(server.port);
  assert.equal(await nextText(first.socket), "220 ready\r\n");
  const ended = once(first.socket, "end");
  for (const connection of server.connections) connection.destroy();
  await ended;
  const second = await startControl(server.port);
  second.socket.destroy();
  await until("TCP closes", () => second.tcp.destroyed);
});

test("R-IMP-02 a plain greeting where TLS must begin is named", async () => {
  await using server = await tcpServer((socket) => socket.write("220 ProFTPD Server ready.\r\n"));
  await assert.rejects(startControl(server.port), {
    code: "SALLYPORT_NOT_TLS",
    message: /sent a plain FTP reply \("220 ProFTPD Server ready\."\); it may want explicit TLS/,
  });
});

test("S-02 plain octets that wait already when TLS is to begin are not TLS", async () => {
  await using server = await tcpServer((socket) => {
    socket.write("234 go on\r\n230 no need of TLS\r\n");
    socket.on("data", () => {});
  });
  const tls = await ClientTls.create({ host: "localhost", port: server.port });
  const tcp = await dialLoopback(server.port);
  tcp.resume();
  const [octets] = (await once(tcp, "data")) as [Buffer];
  tcp.pause();
  tcp.unshift(octets.subarray(octets.indexOf("230")));
  await assert.rejects(tls.startControl(tcp, { timeoutMs: 2000 }), { code: "SALLYPORT_NOT_TLS" });
  assert.ok(tcp.destroyed);
});

test("one octet that is not TLS is enough, and binary junk is not printed", async () => {
  await using server = await tcpServer((socket) => socket.write(Buffer.from([0, 27, 91, 50, 74, 255])));
  await assert.rejects(startControl(server.port), { code: "SALLYPORT_NOT_TLS", message: /it sent something else$/ });
});

test("R-TLS-38 a server that says nothing, or stops half-way, runs into our own timer", async () => {
  await using silent = await tcpServer(() => {});
  await assert.rejects(startControl(silent.port, { timeoutMs: 150 }), (error: unknown) => {
    assert.ok(error instanceof HandshakeError);
    assert.equal(error.code, "SALLYPORT_HANDSHAKE_TIMEOUT");
    assert.equal(error.mayBeLargeHello, true);
    assert.match(error.message, /does not answer the TLS handshake for 150 ms; it may not take a ClientHello/);
    return true;
  });
  await assert.rejects(startControl(silent.port, { timeoutMs: 150, groups: "small" }), { mayBeLargeHello: false });
  await using stuck = await tcpServer((socket) => socket.write(Buffer.from([22, 3, 3, 0, 90, 2])));
  await assert.rejects(startControl(stuck.port, { timeoutMs: 500 }), {
    code: "SALLYPORT_HANDSHAKE_TIMEOUT",
    mayBeLargeHello: false,
    message: /stopped in the middle of the TLS handshake/,
  });
});

test("a server that breaks off at the large hello is told apart from one that breaks off later", async () => {
  for (const breakOff of ["destroy", "end", "resetAndDestroy"] as const) {
    await using server = await tcpServer((socket) => socket.once("data", () => socket[breakOff]()));
    await assert.rejects(startControl(server.port), {
      code: "SALLYPORT_HANDSHAKE_FAILED",
      mayBeLargeHello: true,
      message: /broke off as soon as TLS began; it may not take a ClientHello of more than one packet/,
    });
    await assert.rejects(startControl(server.port, { groups: "small" }), { mayBeLargeHello: false });
  }
  await using later = await tcpServer((socket) =>
    socket.once("data", () => socket.end(Buffer.from([22, 3, 3, 0, 90, 2]))),
  );
  await assert.rejects(startControl(later.port), { code: "SALLYPORT_HANDSHAKE_FAILED", mayBeLargeHello: false });
});

test("R-TLS-04 the default hello takes more than one packet, the small one fits, and a server takes either", async () => {
  const lengths: number[] = [];
  for (const groups of ["default", "small"] as const) {
    await using counting = await tcpServer((socket) =>
      socket.once("data", (hello: Buffer) => {
        lengths.push(hello.length);
        socket.destroy();
      }),
    );
    await assert.rejects(startControl(counting.port, { groups }));
    await using server = await tlsServer(serving(good));
    const { facts } = await startControl(server.port, { groups });
    assert.equal(facts.protocol, "TLSv1.3");
  }
  const [large = 0, small = 0] = lengths;
  assert.ok(large > 1460 && small < 700, `${large} and ${small} octets`);
});

test("a middle box that drops large hellos is got past with the small one", async () => {
  await using server = await tlsServer(serving(good));
  await using box = await tcpServer((near) => {
    near.once("data", (hello: Buffer) => {
      if (hello.length > 1460) return near.resetAndDestroy();
      const far = connect(server.port, "127.0.0.1");
      far.on("error", () => {}).write(hello);
      near.pipe(far).pipe(near);
    });
  });
  const failure = await startControl(box.port).catch((error: unknown) => error);
  assert.ok(failure instanceof HandshakeError && failure.mayBeLargeHello);
  const { socket, facts } = await startControl(box.port, { groups: "small" });
  assert.equal(facts.protocol, "TLSv1.3");
  assert.equal(await nextText(socket), "220 ready\r\n");
});

test("whatever a server sends instead of a handshake ends in an error of ours", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc
          .tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ maxLength: 80 }))
          .map(([type, body]) => Uint8Array.of(type, 3, 3, 0, body.length, ...body)),
      ),
      fc.boolean(),
      async (octets, ends) => {
        await using server = await tcpServer((socket) =>
          socket.once("data", () => (ends ? socket.end(octets) : socket.write(octets))),
        );
        await assert.rejects(startControl(server.port, { timeoutMs: 30 }), TlsError);
      },
    ),
    { numRuns: 60 },
  );
});

test("alerts are put into words", async () => {
  await using tls13Only = await tlsServer({ ...serving(good), minVersion: "TLSv1.3" });
  await assert.rejects(startControl(tls13Only.port, { maxVersion: "TLSv1.2" }), {
    code: "SALLYPORT_HANDSHAKE_FAILED",
    message: /it has no TLS version that is allowed here/,
  });
  await using web = await tlsServer({ ...serving(good), ALPNProtocols: ["http/1.1"] });
  await assert.rejects(startControl(web.port), { message: /does not offer FTP here \(ALPN\)/ });
  assert.equal((await startControl(web.port, { alpn: false })).facts.alpn, undefined);
  await using narrow = await tlsServer({ ...serving(good), ciphers: "ECDHE-ECDSA-AES256-SHA", maxVersion: "TLSv1.2" });
  await assert.rejects(startControl(narrow.port), { message: /nothing that we offer suits it/ });
  await using old = await tcpServer((socket) =>
    // A ServerHello of TLS 1.0 begins thus.
    socket.once("data", () => socket.write(Buffer.from([21, 3, 1, 0, 2, 2, 70]))),
  );
  await assert.rejects(startControl(old.port), { message: /it has no TLS version that is allowed here/ });
});

test("S-30 a client certificate is shown to a server that asks, by PEM and by PKCS#12 with a passphrase", async () => {
  const mine = makeTestIdentity({ names: ["alice"], usage: "client", authority: "clients" });
  const shown: string[] = [];
  await using server = await tlsServer({ ...serving(good), requestCert: true, ca: mine.ca }, (socket) => {
    shown.push(socket.getPeerX509Certificate()?.subject ?? "none");
    socket.write("220 ready\r\n");
  });
  const control = await startControl(server.port, { cert: mine.certificate, key: mine.key });
  assert.equal(await nextText(control.socket), "220 ready\r\n");
  const file = join(mine.directory, "alice.p12");
  const given = ["-inkey", mine.keyFile, "-in", mine.certificateFile, "-out", file, "-passout", "pass:open sesame"];
  execFileSync("openssl", ["pkcs12", "-export", ...given]);
  const bundled = await startControl(server.port, { pfx: readFileSync(file), passphrase: "open sesame" });
  assert.equal(await nextText(bundled.socket), "220 ready\r\n");
  assert.deepEqual(shown, ["CN=alice", "CN=alice"]);
  await assert.rejects(startControl(server.port, { pfx: readFileSync(file), passphrase: "wrong" }), {
    code: "SALLYPORT_TLS_CONFIG",
  });
  await assert.rejects(ClientTls.create({ host: "localhost", port: 1, cert: mine.certificate, key: good.key }), {
    code: "SALLYPORT_TLS_CONFIG",
  });
});

test("R-TLS-40 a server that wants a client certificate says so, with TLS 1.3 after the handshake", async () => {
  const options = { ...serving(good), requestCert: true, rejectUnauthorized: true };
  await using server = await tlsServer(options);
  await assert.rejects(startControl(server.port, { maxVersion: "TLSv1.2" }), {
    code: "SALLYPORT_HANDSHAKE_FAILED",
    message: /it wants a client certificate$/,
  });
  const { socket, explain } = await startControl(server.port);
  const [cause] = (await once(socket.resume(), "error")) as [Error];
  assert.match(
    explain(cause).message,
    /^TLS with localhost port \d+ was refused by it: it wants a client certificate$/,
  );
});

test("an aborted handshake rejects with the reason and closes", async () => {
  await using server = await tcpServer(() => {});
  const tls = await ClientTls.create({ host: "localhost", port: server.port });
  const tcp = await dialLoopback(server.port);
  const controller = new AbortController();
  const starting = tls.startControl(tcp, { timeoutMs: 5000, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(starting, { message: "enough" });
  assert.ok(tcp.destroyed);
});

for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`R-4217-32 R-TLS-22 TLS by ${maxVersion} is left by close_notify on both sides, and clear text follows`, async () => {
    const profile = await ServerTlsProfile.create({ identities: [good] });
    await using server = await listenForControl((control) => {
      const { connection } = control;
      void connection.startTls(profile).then(async () => {
        connection.write(octetsFromText("220 ready\r\n"));
        await until("CCC", () => control.heard() === "CCC\r\n");
        connection.write(octetsFromText("200 in clear\r\n"));
        connection.write(octetsFromText("220 still inside TLS\r\n"));
        await connection.endTls();
        connection.write(octetsFromText("230 outside\r\n"));
      });
    });
    const control = await startControl(server.port, { maxVersion });
    assert.equal(await nextText(control.socket), "220 ready\r\n");
    control.socket.write("CCC\r\n");
    assert.match(await nextText(control.socket), /^200 in clear/);
    const tcp = await control.leave();
    assert.equal(tcp, control.tcp);
    assert.equal(await nextText(tcp), "230 outside\r\n");
    assert.ok(!tcp.destroyed);
    tcp.destroy();
  });

  test(`TLS by ${maxVersion} cannot be left where TCP ends first`, async () => {
    await using server = await tlsServer(serving(good));
    const control = await startControl(server.port, { maxVersion });
    assert.equal(await nextText(control.socket), "220 ready\r\n");
    const leaving = control.leave();
    for (const connection of server.connections) connection.resetAndDestroy();
    await assert.rejects(leaving, { code: "SALLYPORT_TLS_NOT_LEFT" });
  });
}
