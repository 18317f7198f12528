import { TlsError } from "@sallyport/protocol";
import { makeTestIdentity, type TestIdentity } from "@sallyport/testing";
import {
  CertificateError,
  ClientTls,
  type ClientTlsOptions,
  type ControlTls,
  directDialer,
  HandshakeError,
} from "@sallyport/transport";
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { test } from "node:test";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";

const good = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });
const timeoutMs = 5000;

/** A TLS server that greets inside TLS and records what it hears. */
async function tlsServer(
  options: TlsOptions,
  onSecure: (socket: TLSSocket) => void = (socket) => socket.write("220 ready\r\n"),
): Promise<{ port: number; heard: () => string; names: (string | false)[] } & AsyncDisposable> {
  let heard = "";
  const names: (string | false)[] = [];
  const open = new Set<Socket>();
  const server = createServer(options, (socket) => {
    names.push((socket as { servername?: string | false }).servername ?? false);
    socket.on("data", (octets: Buffer) => (heard += octets.toString("latin1"))).on("error", () => {});
    onSecure(socket);
  });
  server.on("connection", (socket: Socket) => open.add(socket)).on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    names,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

function serving({ certificate: cert, key }: TestIdentity): TlsOptions {
  return { cert, key };
}

async function startControl(
  port: number,
  options: Partial<ClientTlsOptions> = {},
): Promise<ControlTls & { tls: ClientTls }> {
  const tls = await ClientTls.create({ host: "localhost", port, trust: { ca: good.ca }, ...options });
  const tcp = await directDialer().dial({ host: "127.0.0.1", port }, { timeoutMs });
  return { ...(await tls.startControl(tcp, { timeoutMs: 2000 })), tls };
}

async function nextLine(socket: Socket): Promise<string> {
  socket.resume();
  const [octets] = (await once(socket, "data")) as [Buffer];
  return octets.toString("latin1");
}

for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`a control connection by ${maxVersion} is verified and tells what was agreed`, async () => {
    await using server = await tlsServer({ ...serving(good), ALPNProtocols: ["ftp"] });
    const { socket, facts } = await startControl(server.port, { maxVersion });
    assert.equal(facts.protocol, maxVersion);
    assert.match(facts.suite, /^TLS_/);
    assert.equal(facts.alpn, "ftp");
    assert.equal(facts.resumed, false);
    assert.equal(facts.trustedBy, "authorities");
    assert.equal(facts.serverName, "localhost");
    assert.deepEqual(server.names, ["localhost"]);
    const { certificate } = facts;
    assert.deepEqual(certificate.problems, []);
    assert.deepEqual(certificate.names, ["localhost", "127.0.0.1"]);
    assert.equal(certificate.chain.length, 2);
    assert.match(certificate.pin, /^sha256\/[A-Za-z0-9+/]{43}=$/);
    assert.match(certificate.key, /^ec prime256v1$/);
    assert.equal(await nextLine(socket), "220 ready\r\n");
    socket.destroy();
  });
}

test("x", async () => {
  assert.ok(TlsError && CertificateError && HandshakeError && createTcpServer);
});
