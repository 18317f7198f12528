import { ProgressMeter } from "@sallyport/client";
import { CommandRefused } from "@sallyport/protocol";
import { startTestServer, type TestServer } from "@sallyport/testing";
import { directDialer, type Dialer, resetConnection } from "@sallyport/transport";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import { localFolder, connectTo } from "./scene.ts";

const content = randomBytes(300_000);

suite("The server got every octet of an upload and never heard that it ends", () => {
  for (const [name, options, before] of [
    ["in place", { atomic: false }, undefined],
    ["under another name", { atomic: true }, "as it was"],
    ["to be gone on with", { resume: true }, "as it was"],
  ] as const) {
    test(`an upload ${name} is ended by the next attempt, and nothing is sent twice`, async (t) => {
      await using server = await startTestServer();
      await using wire = wireThatLosesEnds(server, 1);
      await using client = await connectTo(server, { proxy: wire.dialer, limits: { segmentBytes: 1_000 } });
      if (before !== undefined) await writeFile(join(server.directory, "file"), before);
      const local = join(await localFolder(t), "file");
      await writeFile(local, content);
      const { bytes } = await client.upload(local, "file", options);
      assert.equal(wire.lostCount(), 1);
      assert.equal(bytes, content.length);
      await assertAlone(server);
    });
  }

  test("an upload in pieces is ended when it is gone on with", async () => {
    await using scene = await brokenOff();
    const { server, client, pieces } = scene;
    using lease = await client.checkout();
    assert.equal(await pieces.offset(lease.connection), content.length);
    await pieces.end(lease.connection);
    await pieces.publish(lease.connection);
    await assertAlone(server);
  });

  test("a mirror ends it, and the file of before is there until then", async (t) => {
    await using server = await startTestServer();
    await using wire = wireThatLosesEnds(server, 1);
    const said: string[] = [];
    const onTranscript = ({ text }: { readonly text: string }): void => void said.push(text);
    await using client = await connectTo(server, { proxy: wire.dialer, onTranscript });
    await writeFile(join(server.directory, "file"), "as it was");
    const local = await localFolder(t);
    await writeFile(join(local, "file"), content);
    await Array.fromAsync(client.sync({ local }, { remote: "" }));
    assert.equal(wire.lostCount(), 1);
    assert.ok(!said.some((line) => line.startsWith("DELE")), said.join("\n"));
    await assertAlone(server);
  });
});

test("a file whose successor cannot be renamed stays", async () => {
  await using scene = await brokenOff();
  const { server, client, pieces } = scene;
  using lease = await client.checkout();
  await assert.rejects(pieces.publish(lease.connection), CommandRefused);
  assert.equal(await readFile(join(server.directory, "file"), "utf8"), "as it was");
});

/** An upload in pieces over a file that is there, sent whole, whose end was lost. */
async function brokenOff() {
  const closing = new AsyncDisposableStack();
  const server = closing.use(await startTestServer());
  const wire = closing.use(wireThatLosesEnds(server, 1));
  const client = closing.use(await connectTo(server, { proxy: wire.dialer }));
  await writeFile(join(server.directory, "file"), "as it was");
  const pieces = client.uploadInPieces("file", { sizeBytes: content.length, modifiedMs: 0 });
  const meter = new ProgressMeter("file", undefined);
  using lease = await client.checkout();
  await assert.rejects(pieces.send(lease.connection, 0, asChunks(), { meter }));
  return { server, client, pieces, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

async function* asChunks(): AsyncGenerator<Uint8Array> {
  yield content;
}

async function assertAlone({ directory }: TestServer): Promise<void> {
  assert.ok(content.equals(await readFile(join(directory, "file"))));
  const names = (await readdir(directory)).filter((name) => name !== ".sallyport");
  assert.deepEqual(names, ["file"]);
}

interface Wire extends AsyncDisposable {
  readonly dialer: Dialer;
  lostCount(): number;
}

/** Leads to a server, but resets the first uploads where their client ends them: at its close_notify. */
function wireThatLosesEnds({ explicitPort }: TestServer, endsCount: number): Wire {
  const servers: Server[] = [];
  let lost = 0;
  const direct = directDialer();
  const open = async (port: number): Promise<number> => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const target = connect({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
      const cut = (): void => {
        for (const socket of [client, target]) resetConnection(socket);
      };
      for (const socket of [client, target]) socket.on("error", cut);
      target.pipe(client);
      let waiting = Buffer.alloc(0);
      let passedBytes = 0;
      client.on("data", (octets: Buffer) => {
        waiting = Buffer.concat([waiting, octets]);
        for (let record = firstRecord(waiting); record !== undefined; record = firstRecord(waiting)) {
          waiting = waiting.subarray(record.length);
          const isEnd = isAlert(record) && passedBytes > content.length;
          if (port !== explicitPort && isEnd && lost < endsCount) {
            lost++;
            // What went before is read first.
            return void setTimeout(cut, 100);
          }
          target.write(record);
          passedBytes += record.length;
        }
      });
      client.once("end", () => target.end());
    });
    servers.push(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  };
  return {
    dialer: {
      dial: async ({ port }, options) =>
        direct.dial({ host: "127.0.0.1", port: port === explicitPort ? port : await open(port) }, options),
    },
    lostCount: () => lost,
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) server.close();
    },
  };
}

function firstRecord(octets: Buffer): Buffer | undefined {
  if (octets.length < headerBytes) return undefined;
  const length = headerBytes + octets.readUInt16BE(3);
  return octets.length < length ? undefined : octets.subarray(0, length);
}

/** In TLS 1.3 an alert is told by its length: two octets, their kind and the tag (RFC 8446 §5.2, §6). */
function isAlert(record: Buffer): boolean {
  return record.length === headerBytes + 2 + 1 + 16;
}

const headerBytes = 5;
