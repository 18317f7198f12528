import { startDelayProxy } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import test from "node:test";

async function serving(onSocket: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

test("octets come through the proxy whole, in order and late, and so does the end", async () => {
  const content = randomBytes(3_000_000);
  await using server = await serving((socket) => socket.end(content));
  await using proxy = startDelayProxy({ delayMs: 30, windowBytes: 1_000_000 });
  const beganMs = performance.now();
  const client = connect(await proxy.portTo(server.port), "127.0.0.1");
  const chunks = await Array.fromAsync<Buffer>(client);
  assert.equal(Buffer.compare(Buffer.concat(chunks), content), 0);
  // Three windows, each of which takes its 30 ms.
  assert.ok(performance.now() - beganMs >= 85, "the octets came sooner than the wire is long");
  assert.equal(proxy.bytesToClient, content.length);
});

test("a round trip takes the delay twice, the first one three times and once more", async () => {
  await using server = await serving((socket) => socket.pipe(socket));
  await using proxy = startDelayProxy({ delayMs: 25 });
  const client = connect(await proxy.portTo(server.port), "127.0.0.1");
  const took: number[] = [];
  for (const word of ["one", "two"]) {
    const beganMs = performance.now();
    client.write(word);
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what is measured
    await once(client, "data");
    took.push(performance.now() - beganMs);
  }
  client.destroy();
  const [first = 0, second = 0] = took;
  assert.ok(first >= 95 && first < 400, `${first} ms`);
  assert.ok(second >= 45 && second < 300, `${second} ms`);
});

test("a connection is reset after as many octets as the script says", async () => {
  await using server = await serving((socket) => socket.end(randomBytes(1_000_000)));
  await using proxy = startDelayProxy({ cutAfter: ({ number }) => (number === 0 ? 100_000 : undefined) });
  const port = await proxy.portTo(server.port);
  await assert.rejects(Array.fromAsync(connect(port, "127.0.0.1")), { code: "ECONNRESET" });
  assert.equal(Buffer.concat(await Array.fromAsync<Buffer>(connect(port, "127.0.0.1"))).length, 1_000_000);
});
