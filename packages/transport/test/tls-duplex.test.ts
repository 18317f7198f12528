import { ServerTlsProfile, ServerTlsSocket, TlsDuplex, readFrom } from "@sallyport/transport";
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { describe, test } from "node:test";
import { identity, listen, until, WirePeer } from "./tls-peer.ts";

const profile = await ServerTlsProfile.create({ identities: [identity] });
const group = profile.selectIdentities(undefined);
assert.ok(group);
const secureContext = profile.createContext(group);

interface Receiver {
  readonly tcp: Socket;
  readonly duplex: TlsDuplex;
  readonly tls: ServerTlsSocket;
  fin: boolean;
}

/** The receiving end of a data connection: TLS over a duplex that reads TCP for it. */
function receive(tcp: Socket): Receiver {
  const duplex = new TlsDuplex(tcp);
  const tls = new ServerTlsSocket(duplex, { isServer: true, secureContext });
  const receiver: Receiver = { tcp, duplex, tls, fin: false };
  tls.on("error", () => {});
  readFrom(tcp, duplex, () => (receiver.fin = true));
  return receiver;
}

async function connected(version: "TLSv1.2" | "TLSv1.3") {
  let receiver: Receiver | undefined;
  const server = await listen((tcp) => (receiver = receive(tcp)));
  const wire = await WirePeer.connect(server.port);
  const peer = await wire.startTls({ minVersion: version, maxVersion: version }).secured();
  assert.ok(receiver);
  return {
    receiver,
    wire,
    peer,
    server,
    [Symbol.asyncDispose]: async () => {
      await wire[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

for (const version of ["TLSv1.3", "TLSv1.2"] as const) {
  describe(version, () => {
    test("octets arrive whole and in order, however large the flight", async () => {
      await using pair = await connected(version);
      const sent = randomBytes(5_000_000);
      const hash = createHash("sha256");
      let bytes = 0;
      pair.receiver.tls.on("data", (octets: Buffer) => {
        bytes += octets.length;
        hash.update(octets);
      });
      pair.peer.socket.write(sent);
      await until("all octets", () => bytes === sent.length, 10_000);
      assert.equal(hash.digest("hex"), createHash("sha256").update(sent).digest("hex"));
    });

    test("R-TLS-20 a close_notify ends TLS; TCP ends on its own", async () => {
      await using pair = await connected(version);
      pair.receiver.tls.resume();
      await pair.peer.leave();
      await until("the end of TLS", () => pair.receiver.tls.readableEnded);
      assert.equal(pair.receiver.tls.closeNotifyReceived, true);
      assert.equal(pair.receiver.fin, false);
      pair.wire.tcp.end();
      await until("the FIN", () => pair.receiver.fin);
    });

    test("R-TLS-20 S-11 a FIN without close_notify is a FIN, and TLS never ends", async () => {
      await using pair = await connected(version);
      let ended = false;
      pair.receiver.tls.on("end", () => (ended = true)).resume();
      pair.peer.socket.write("half a file");
      await until("the octets", () => pair.receiver.tls.bytesRead > 0);
      pair.wire.tcp.end();
      await until("the FIN", () => pair.receiver.fin);
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(ended, false);
      assert.equal(pair.receiver.tls.closeNotifyReceived, false);
    });

    test("S-11 a record cut in the middle is no end either", async () => {
      await using pair = await connected(version);
      pair.receiver.tls.resume();
      const write = pair.wire.tcp.write.bind(pair.wire.tcp);
      pair.wire.tcp.write = (record: string | Uint8Array) => write(Buffer.from(record).subarray(0, 20));
      await pair.peer.leave().catch(() => {});
      pair.wire.tcp.end();
      await until("the FIN", () => pair.receiver.fin);
      assert.equal(pair.receiver.tls.closeNotifyReceived, false);
    });

    test("a fatal alert is an error and not a close_notify", async () => {
      await using pair = await connected(version);
      // A record that does not authenticate makes the client send a fatal alert.
      pair.receiver.tls.resume();
      pair.receiver.tcp.write(Buffer.concat([Uint8Array.of(23, 3, 3, 0, 40), randomBytes(40)]));
      await until("the error", () => pair.receiver.tls.closed);
      assert.equal(pair.receiver.tls.closeNotifyReceived, false);
      assert.match(String(pair.receiver.tls.errored), /alert/);
    });

    test("octets that do not authenticate destroy TLS with an error", async () => {
      await using pair = await connected(version);
      pair.receiver.tls.resume();
      pair.wire.tcp.write(Buffer.concat([Uint8Array.of(23, 3, 3, 0, 40), randomBytes(40)]));
      await until("the error", () => pair.receiver.tls.closed);
      assert.match(String(pair.receiver.tls.errored), /bad record mac|decryption failed|cipher operation failed/);
    });

    test("a reader that pauses holds the peer back", async () => {
      await using pair = await connected(version);
      let bytes = 0;
      pair.receiver.tls.on("data", (octets: Buffer) => (bytes += octets.length)).pause();
      const sent = 30_000_000;
      pair.peer.socket.write(Buffer.alloc(sent));
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.ok(pair.receiver.tls.readableLength < 1_000_000);
      assert.ok(pair.receiver.tcp.bytesRead < sent / 2);
      assert.equal(bytes, 0);
      pair.receiver.tls.resume();
      await until("all octets", () => bytes === sent, 10_000);
    });
  });
}

test("R-TLS-22 octets are split at the record that ends TLS, wherever reads are cut", () => {
  for (const cut of [1, 3, 7, 64, 1000]) {
    const duplex = new TlsDuplex(new Socket()).watchRecords();
    const seen: Buffer[] = [];
    duplex.on("data", (octets: Buffer) => seen.push(Buffer.from(octets)));
    const record = (fill: number, length: number) =>
      Buffer.concat([Uint8Array.of(23, 3, 3, 0, length), Buffer.alloc(length, fill)]);
    const records = [record(1, 30), record(2, 40), record(3, 1), record(4, 20)];
    const stream = Buffer.concat([...records, Buffer.from("NOOP\r\n")]);
    // The first record passes before TLS is to end; the third one ends it.
    const passed = records[0]?.length ?? 0;
    duplex.deliver(stream.subarray(0, passed + 2));
    const tlsBytes = () => seen.reduce((sum, octets) => sum + octets.length, 0);
    const end = records.slice(0, 3).reduce((sum, octets) => sum + octets.length, 0);
    let behind = Buffer.alloc(0);
    for (let at = passed + 2; at < stream.length; at += cut) {
      const rest = duplex.deliver(stream.subarray(at, at + cut), () => tlsBytes() >= end);
      behind = Buffer.concat([behind, rest]);
    }
    assert.equal(tlsBytes(), end);
    assert.equal(behind.toString("hex"), stream.subarray(end).toString("hex"));
  }
});
