import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, suite, test } from "node:test";
import { dataPathHooks } from "@sallyport/transport";
import { RequestBody } from "../src/gateway/files/request-body.ts";

suite("Bodies of requests", () => {
  const coming: { take: (incoming: IncomingMessage) => void } = { take: () => {} };
  const server = createServer((incoming, outgoing) => {
    coming.take(incoming);
    incoming.once("close", () => outgoing.end());
  });
  before(async () => {
    await dataPathHooks({ sendFile: false });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  async function begun(
    lengthBytes?: number,
  ): Promise<{ readonly incoming: IncomingMessage; readonly asking: ReturnType<typeof request> }> {
    const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
    coming.take = resolve;
    const headers = lengthBytes === undefined ? {} : { "Content-Length": lengthBytes };
    const { port } = server.address() as AddressInfo;
    const asking = request({ port, host: "127.0.0.1", method: "PATCH", headers, agent: false });
    asking.on("error", () => {}).flushHeaders();
    return { incoming: await promise, asking };
  }

  async function read(body: RequestBody, sizeBytes: number): Promise<Buffer> {
    const buffer = Buffer.alloc(sizeBytes);
    const pieces: Buffer[] = [];
    for (let length = await body.read(buffer); length > 0; length = await body.read(buffer)) {
      pieces.push(Buffer.from(buffer.subarray(0, length)));
    }
    return Buffer.concat(pieces);
  }

  test("come whole through buffers of any size, small chunks and large", async () => {
    const content = randomBytes(5_000_000);
    for (const sizeBytes of [1_000, 65_537, 1_048_576]) {
      const { incoming, asking } = await begun();
      const body = new RequestBody(incoming, content.length);
      const reading = read(body, sizeBytes);
      asking.write(content.subarray(0, 10));
      asking.write(content.subarray(10, 200));
      asking.end(content.subarray(200));
      assert.ok((await reading).equals(content), String(sizeBytes));
    }
  });

  test("long ones of known length come past the parser, whole, and end the request", async () => {
    const content = randomBytes(9_000_000);
    for (const sizeBytes of [1_000, 65_537, 1_048_576]) {
      const { incoming, asking } = await begun(content.length);
      const body = new RequestBody(incoming, content.length);
      asking.write(content.subarray(0, 10));
      const reading = read(body, sizeBytes);
      asking.end(content.subarray(10));
      assert.ok((await reading).equals(content), String(sizeBytes));
      assert.ok(body.endsConnection && incoming.complete);
    }
  });

  test("long ones that break off end with what came, and what nobody reads any more is dropped", async () => {
    const { incoming, asking } = await begun(9_000_000);
    const body = new RequestBody(incoming, 9_000_000);
    asking.write(Buffer.alloc(5_000_000, 1));
    const buffer = Buffer.alloc(1_048_576);
    let length = await body.read(buffer);
    while (length < 5_000_000) length += await body.read(buffer);
    const rest = body.read(buffer);
    asking.destroy();
    assert.equal(await rest, 0);
    assert.equal(incoming.complete, false);
    const given = await begun(9_000_000);
    const refused = new RequestBody(given.incoming, 9_000_000);
    given.asking.end(Buffer.alloc(9_000_000));
    assert.ok((await refused.read(buffer)) > 0);
    refused[Symbol.dispose]();
    given.incoming.resume();
    await once(given.incoming, "end");
  });

  test("that break off end with what came, and those that are too long are refused", async () => {
    const { incoming, asking } = await begun();
    const body = new RequestBody(incoming, 1_000);
    asking.write(Buffer.alloc(100, 1));
    const buffer = Buffer.alloc(1_000);
    assert.equal(await body.read(buffer), 100);
    const rest = body.read(buffer);
    asking.destroy();
    assert.equal(await rest, 0);
    const long = await begun();
    long.asking.end(Buffer.alloc(2_000));
    await assert.rejects(read(new RequestBody(long.incoming, 1_000), 4_096), { code: "SALLYPORT_UPLOAD_TOO_LONG" });
  });

  test("are read no faster than somebody takes them", async () => {
    const { incoming, asking } = await begun();
    const body = new RequestBody(incoming, Number.MAX_SAFE_INTEGER);
    asking.end(Buffer.alloc(64_000_000));
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(incoming.socket.bytesRead < 16_000_000, String(incoming.socket.bytesRead));
    assert.equal((await read(body, 1_048_576)).length, 64_000_000);
  });
});
