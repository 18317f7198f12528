import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import { test } from "node:test";
import * as tls from "node:tls";
import { makeTestIdentity } from "@sallyport/testing";
import { WireTap, type WireObserver } from "@sallyport/transport";

test("octets pass in both directions unchanged and are shown in their order", async () => {
  await using pair = await connectedPair();
  const seen = new Recorder();
  const tap = new WireTap(pair.client, seen);
  pair.server.write("220 hi\r\n");
  assert.equal(String(await nextOctets(tap)), "220 hi\r\n");
  tap.write("QUIT\r\n");
  assert.equal(String((await once(pair.server, "data"))[0]), "QUIT\r\n");
  assert.deepEqual(seen.log, ["< 220 hi\r\n", "> QUIT\r\n"]);
});

test("TLS runs on top, and the observer sees records", async () => {
  const { certificate, key } = makeTestIdentity({ names: ["localhost"] });
  await using pair = await connectedPair();
  const inner = new tls.TLSSocket(pair.server, { isServer: true, cert: certificate, key });
  inner.on("error", () => {}).once("secure", () => inner.end("220 hi\r\n"));
  const seen = new Recorder();
  const client = tls.connect({ socket: new WireTap(pair.client, seen), rejectUnauthorized: false });
  let text = "";
  for await (const octets of client) text += String(octets);
  assert.equal(text, "220 hi\r\n");
  assert.equal(seen.toPeer[0], 22, "the first octet that we sent begins a handshake record");
  assert.equal(seen.fromPeer[0], 22);
  assert.ok(!seen.fromPeer.includes("220 hi"), "what TLS carries is not to be read");
});

test("a reader that stops makes the peer wait: nothing is read without bound", async () => {
  await using pair = await connectedPair();
  const seen = new Recorder();
  const tap = new WireTap(pair.client, seen);
  pair.server.write(Buffer.alloc(32 * 1024 * 1024));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(seen.fromPeer.length < 1024 * 1024, `${seen.fromPeer.length} octets were read ahead`);
  let total = 0;
  for await (const octets of tap) {
    total += (octets as Buffer).length;
    if (total === 32 * 1024 * 1024) break;
  }
  assert.equal(seen.fromPeer.length, total);
});

test("both FINs are told, each for itself", async () => {
  await using pair = await connectedPair();
  const seen = new Recorder();
  const tap = new WireTap(pair.client, seen);
  tap.resume();
  pair.server.end();
  await once(tap, "end");
  assert.deepEqual(seen.log, ["peer FIN"]);
  tap.end();
  await once(tap, "close");
  assert.deepEqual(seen.log, ["peer FIN", "FIN"]);
});

test("a reset is told before the stream ends", async () => {
  await using pair = await connectedPair();
  const seen = new Recorder();
  const tap = new WireTap(pair.client, seen);
  const failed = once(tap, "error");
  tap.resume();
  pair.server.resetAndDestroy();
  await failed;
  assert.deepEqual(seen.log, ["failed ECONNRESET"]);
});

test("destroying the tap destroys the connection", async () => {
  await using pair = await connectedPair();
  const tap = new WireTap(pair.client, new Recorder());
  tap.destroy();
  await once(tap, "close");
  assert.ok(pair.client.destroyed);
});

class Recorder implements WireObserver {
  readonly log: string[] = [];
  fromPeer: Buffer = Buffer.alloc(0);
  toPeer: Buffer = Buffer.alloc(0);

  received(octets: Uint8Array): void {
    this.fromPeer = Buffer.concat([this.fromPeer, octets]);
    if (octets.length < 100) this.log.push(`< ${String(octets)}`);
  }

  sent(octets: Uint8Array): void {
    this.toPeer = Buffer.concat([this.toPeer, octets]);
    if (octets.length < 100) this.log.push(`> ${String(octets)}`);
  }

  peerFinished(): void {
    this.log.push("peer FIN");
  }

  finished(): void {
    this.log.push("FIN");
  }

  failed(error: Error): void {
    this.log.push(`failed ${"code" in error ? String(error.code) : error.message}`);
  }
}

interface ConnectedPair extends AsyncDisposable {
  readonly client: net.Socket;
  readonly server: net.Socket;
}

async function connectedPair(): Promise<ConnectedPair> {
  const listener = net.createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  assert.ok(address !== null && typeof address !== "string");
  const accepted = once(listener, "connection");
  const client = net.connect({ host: "127.0.0.1", port: address.port, allowHalfOpen: true });
  const server: net.Socket = (await accepted)[0];
  server.on("error", () => {});
  listener.close();
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.destroy();
    },
  };
}

async function nextOctets(stream: WireTap): Promise<unknown> {
  return (await once(stream, "data"))[0];
}
