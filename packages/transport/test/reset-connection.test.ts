import { type ByteSource, DataConnection, resetConnection } from "@sallyport/transport";
import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import test from "node:test";

/** Both ends of a connection; the far one reads nothing. */
async function openConnection(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const near = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [[far]] = (await Promise.all([once(server, "connection"), once(near, "connect")])) as [[Socket], unknown];
  server.close();
  return { near, far: far.on("error", () => {}) };
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** In the way that Node's own reset goes wrong; see resetConnection. */
test("a reset in the turn in which the end was begun leaves no descriptor open", { skip: needs("linux") }, async () => {
  const { near, far } = await openConnection();
  const before = descriptors();
  near.on("error", (error) => assert.fail(error));
  const closed = once(near, "close");
  near.end();
  resetConnection(near);
  await closed;
  assert.equal(descriptors(), before - 1);
  far.destroy();
});

test("a reset while octets wait is a reset, also behind an end", async () => {
  const { near, far } = await openConnection();
  near.end(Buffer.alloc(20_000_000));
  resetConnection(near);
  far.resume();
  const [error] = (await once(far, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
});

test(
  "a transfer that is given up in the moment of its end leaves no descriptor open",
  { skip: needs("linux") },
  async () => {
    const { near, far } = await openConnection();
    const before = descriptors();
    const aborter = new AbortController();
    const end = near.end.bind(near) as (done: () => void) => Socket;
    near.end = (done) => {
      end(done as () => void);
      aborter.abort("ABOR");
      return near;
    };
    const connection = new DataConnection(near, { level: "C" });
    connection.begin({ direction: "send", level: "C" });
    await connection.ready();
    const closed = once(near, "close");
    const source: ByteSource = { sizeBytes: 5, read: (buffer) => buffer.fill(1).length };
    const sending = connection.sendFrom(source, 0, 5, { signal: aborter.signal });
    await assert.rejects(sending, (reason) => reason === "ABOR");
    await closed;
    assert.equal(descriptors(), before - 1);
    far.destroy();
  },
);
