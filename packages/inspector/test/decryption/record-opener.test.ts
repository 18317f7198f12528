import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { test } from "node:test";
import * as tls from "node:tls";
import { dissect, tlsDissection, type DissectedRecord, type OpenedRecord, type TlsSender } from "@sallyport/protocol";
import { makeTestIdentity } from "@sallyport/testing";
import { WireTap } from "@sallyport/transport";
import { KeyedOpener } from "../../src/decryption/record-opener.ts";

const identity = makeTestIdentity({ names: ["localhost"] });
const said = { client: "USER alice\r\n", server: "331 The password, please.\r\n" };

for (const [suite, options] of Object.entries({
  TLS_AES_128_GCM_SHA256: { minVersion: "TLSv1.3" },
  TLS_AES_256_GCM_SHA384: { minVersion: "TLSv1.3" },
  TLS_CHACHA20_POLY1305_SHA256: { minVersion: "TLSv1.3" },
  "ECDHE-ECDSA-AES128-GCM-SHA256": { maxVersion: "TLSv1.2" },
  "ECDHE-ECDSA-AES256-GCM-SHA384": { maxVersion: "TLSv1.2" },
  "ECDHE-ECDSA-CHACHA20-POLY1305": { maxVersion: "TLSv1.2" },
} as const)) {
  test(`every sealed record of ${suite} is opened with the keys, in both directions`, async () => {
    const { records, opened } = await conversation({ ciphers: suite, ...options });
    const closed = records.filter(({ content }) => content.kind === "encrypted" && content.opened === undefined);
    assert.equal(closed.length, 0);
    for (const sender of ["client", "server"] as const)
      assert.equal(textOf(opened.filter((one) => one.sender === sender)), said[sender]);
  });
}

test("TLS 1.3: the handshake behind the hellos is read, and each message stands on the octets that carry it", async () => {
  const { records } = await conversation({ minVersion: "TLSv1.3", ALPNProtocols: ["ftp"] });
  const messages = records.flatMap(({ content }) =>
    content.kind === "encrypted" && content.opened?.kind === "handshake" ? content.opened.messages : [],
  );
  const kinds = messages.map(({ kind }) => kind);
  assert.deepEqual(kinds.slice(0, 4), ["encrypted-extensions", "certificate", "certificate-verify", "other"]);
  assert.ok(kinds.includes("new-session-ticket"));
  const certificate = messages.find((message) => message.kind === "certificate");
  const length = certificate?.certificates[0];
  const leaf = new X509Certificate(identity.leaf).raw.length;
  assert.equal(length && length.end - length.start, leaf);
});

test("what is under CBC, or comes without its secret, stays closed", async () => {
  const cbc = await conversation({ ciphers: "ECDHE-ECDSA-AES128-SHA256", maxVersion: "TLSv1.2" });
  assert.equal(cbc.opened.length, 0);
  const blind = await conversation({ minVersion: "TLSv1.3" }, () => "SERVER_HANDSHAKE_TRAFFIC_SECRET 00 00\n");
  assert.equal(blind.opened.length, 0);
  assert.ok(blind.records.some(({ content }) => content.kind === "encrypted"));
});

test("RFC 8446 §4.6.3 records behind a KeyUpdate are opened", async () => {
  const server = spawn("openssl", [
    ...["s_server", "-accept", "127.0.0.1:0", "-tls1_3", "-cert", identity.certificateFile, "-key", identity.keyFile],
  ]);
  let log = "";
  server.stdout.setEncoding("utf8").on("data", (text: string) => (log += text));
  while (!/ACCEPT \S+:(\d+)/.test(log)) await once(server.stdout, "data");
  const tcp = connect(Number(/ACCEPT \S+:(\d+)/.exec(log)?.[1]), "127.0.0.1");
  await once(tcp, "connect");
  const { socket, seen } = tapped(tcp, {});
  await once(socket, "secureConnect");
  socket.write("before\n");
  while (!log.includes("before")) await once(server.stdout, "data");
  server.stdin.write("K\n");
  // It reads one command or one line of text at a time, and of two that come together the first.
  const writing = setInterval(() => server.stdin.write("behind\n"), 200);
  await once(socket, "data");
  clearInterval(writing);
  socket.write("after\n");
  while (!log.includes("after")) await once(server.stdout, "data");
  socket.destroy();
  server.kill("SIGKILL");
  const { opened, records } = seen();
  const of = (wanted: TlsSender): string => textOf(opened.filter(({ sender }) => sender === wanted));
  assert.match(of("server"), /^(?:behind\n)+$/);
  assert.equal(of("client"), "before\nafter\n");
  const messages = records.flatMap(({ content }) =>
    content.kind === "encrypted" && content.opened?.kind === "handshake" ? content.opened.messages : [],
  );
  assert.ok(messages.some(({ message }) => message.type === keyUpdate));
});

const keyUpdate = 24;

interface Seen {
  readonly records: readonly DissectedRecord[];
  readonly opened: readonly (OpenedRecord & { readonly sender: TlsSender })[];
}

/** A conversation with a real TLS server, and what an opener makes of it that gets the client's key log. */
async function conversation(options: tls.TlsOptions, log: (line: string) => string = (line) => line): Promise<Seen> {
  const server = tls.createServer({ key: identity.key, cert: identity.certificate, ...options }, (socket) => {
    socket.once("data", () => socket.end(said.server));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const tcp = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(tcp, "connect");
  const { socket, seen } = tapped(tcp, options, log);
  await once(socket, "secureConnect");
  socket.write(said.client);
  socket.resume();
  await once(socket, "end");
  socket.destroy();
  server.close();
  return seen();
}

function tapped(
  tcp: Socket,
  { ALPNProtocols, ciphers }: tls.TlsOptions,
  log: (line: string) => string = (line) => line,
): { readonly socket: tls.TLSSocket; seen(): Seen } {
  const opener = new KeyedOpener();
  const wire: { readonly sender: TlsSender; readonly octets: Buffer }[] = [];
  const tap = new WireTap(tcp, {
    received: (octets) => void wire.push({ sender: "server", octets: Buffer.from(octets) }),
    sent: (octets) => void wire.push({ sender: "client", octets: Buffer.from(octets) }),
    peerFinished: () => {},
    finished: () => {},
    failed: () => {},
  });
  const offered = { ...(ALPNProtocols && { ALPNProtocols }), ...(ciphers !== undefined && { ciphers }) };
  const socket = tls.connect({ socket: tap, rejectUnauthorized: false, ...offered });
  socket.on("keylog", (line: Buffer) => opener.learn(log(line.toString())));
  const seen = (): Seen => {
    let dissection = tlsDissection();
    const records: DissectedRecord[] = [];
    const opened: (OpenedRecord & { readonly sender: TlsSender })[] = [];
    for (const { sender, octets } of wire) {
      const next = dissect(dissection, sender, octets, (of, record, serverHello) => {
        const one = opener.open(of, record, serverHello);
        if (one) opened.push({ sender: of, ...one });
        return one;
      });
      dissection = next.dissection;
      records.push(...next.records);
    }
    return { records, opened };
  };
  return { socket, seen };
}

function textOf(opened: readonly OpenedRecord[]): string {
  return opened
    .filter(({ type }) => type === 23)
    .map(({ content }) => Buffer.from(content).toString())
    .join("");
}
