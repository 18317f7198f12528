import { DataBlockDecoder, encodeDataBlock } from "@sallyport/protocol";
import { mockMechanism, type MockMechanism } from "@sallyport/testing";
import { ByteThrottle, MessageSecurity, type SecurityContext } from "@sallyport/transport";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { transferBuffers } from "../src/transfer-buffers.ts";
import { type DataPeer, openDataConnection, paths } from "./data-peer.ts";

const content = randomBytes(1_600_000);

/** A source in memory, which counts how often it is asked. */
function sourceOf(octets: Uint8Array) {
  const source = {
    sizeBytes: octets.length,
    readsCount: 0,
    read(buffer: Uint8Array, position: number): number {
      source.readsCount += 1;
      const piece = octets.subarray(position, position + buffer.length);
      buffer.set(piece);
      return piece.length;
    },
  };
  return source;
}

function sink() {
  const written: Buffer[] = [];
  return {
    written,
    write: (octets: Uint8Array): undefined => {
      written.push(Buffer.from(octets));
      return undefined;
    },
    get octets(): Buffer {
      return Buffer.concat(written);
    },
  };
}

interface Ends {
  readonly mechanism: MockMechanism;
  readonly ours: MessageSecurity;
  readonly theirs: SecurityContext;
}

async function finishedContexts(): Promise<Ends> {
  const mechanism = mockMechanism();
  const [theirs, ours] = [await mechanism.initiate("ftp@localhost"), await mechanism.accept()];
  const { token } = await theirs.step(undefined);
  const { token: answer, facts } = await ours.step(token);
  await theirs.step(answer);
  assert.ok(facts);
  return { mechanism, ours: new MessageSecurity(mechanism.name, ours, facts), theirs };
}

async function prepare(direction: "send" | "receive", { ours }: Ends, path = "hooked", bufferBytes = 65_536) {
  const { connection, peer } = await openDataConnection({ level: "P", binding: undefined, hooks: paths[path] });
  connection.begin({ direction, level: "P", messages: { security: ours, confidential: true, bufferBytes } });
  assert.deepEqual(await connection.ready(), { level: "P", tls: undefined });
  return { connection, peer };
}

/** What the peer got, opened. */
async function openedBy({ theirs }: Ends, peer: DataPeer): Promise<{ octets: Buffer; last: number }> {
  const decoder = new DataBlockDecoder(65_536);
  const pieces: Uint8Array[] = [];
  for await (const chunk of peer.tcp) {
    for (const event of decoder.push(chunk as Buffer)) {
      assert.ok(event.kind === "token");
      pieces.push((await theirs.unwrap(event.token)).octets);
    }
  }
  return { octets: Buffer.concat(pieces), last: pieces.at(-1)?.length ?? -1 };
}

async function blocksOf({ theirs }: Ends, octets: Uint8Array, pieceBytes = 60_000): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  for (let at = 0; at < octets.length; at += pieceBytes) {
    blocks.push(Buffer.from(encodeDataBlock(await theirs.wrap(octets.subarray(at, at + pieceBytes), true))));
  }
  return [...blocks, Buffer.from(encodeDataBlock(await theirs.wrap(new Uint8Array(), true)))];
}

describe("data connections of sealed messages", () => {
  for (const path of Object.keys(paths)) {
    test(`R-2228-15 octets go and come whole, ${path}`, async () => {
      const ends = await finishedContexts();
      const lentBytes = transferBuffers.lentBytes;
      const sending = await prepare("send", ends, path);
      const progress: number[] = [];
      const opening = openedBy(ends, sending.peer);
      const sent = await sending.connection.sendFrom(sourceOf(content), 5, undefined, {
        onProgress: (bytes) => progress.push(bytes),
      });
      const { octets, last } = await opening;
      assert.deepEqual([sent, last], [content.length - 5, 0]);
      assert.ok(octets.equals(content.subarray(5)));
      assert.equal(progress.at(-1), sent);
      const receiving = await prepare("receive", ends, path);
      const to = sink();
      const moving = receiving.connection.receiveInto(to, 0);
      receiving.peer.tcp.end(Buffer.concat(await blocksOf(ends, content)));
      assert.deepEqual(await moving, { bytes: content.length, end: "final-block" });
      assert.ok(to.octets.equals(content));
      assert.equal(transferBuffers.lentBytes, lentBytes);
    });
  }

  test("chunks of a listing", async () => {
    const ends = await finishedContexts();
    const { connection, peer } = await prepare("send", ends);
    const opening = openedBy(ends, peer);
    const chunks = (async function* () {
      for (const text of ["a\r\n", "", "b".repeat(200_000)]) yield Buffer.from(text);
    })();
    assert.equal(await connection.sendChunks(chunks), 200_003);
    assert.equal((await opening).octets.toString(), `a\r\n${"b".repeat(200_000)}`);
  });

  test("a throttle counts the octets", async () => {
    const ends = await finishedContexts();
    const { connection, peer } = await prepare("send", ends);
    const opening = openedBy(ends, peer);
    const startMs = performance.now();
    const throttle = new ByteThrottle(1_000_000);
    await connection.sendFrom(sourceOf(content.subarray(0, 1_400_000)), 0, undefined, { throttle });
    assert.equal((await opening).octets.length, 1_400_000);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs > 200, `${tookMs} ms`);
  });

  test("an abort and a peer that resets end both directions, and buffers come back", async () => {
    const ends = await finishedContexts();
    const lentBytes = transferBuffers.lentBytes;
    for (const direction of ["send", "receive"] as const) {
      for (const how of ["abort", "reset"] as const) {
        const { connection, peer } = await prepare(direction, ends);
        const controller = new AbortController();
        const { signal } = controller;
        const moving =
          direction === "send"
            ? connection.sendFrom(sourceOf(Buffer.alloc(60_000_000)), 0, undefined, { signal })
            : connection.receiveInto(sink(), 0, { signal });
        if (direction === "receive") peer.tcp.write((await blocksOf(ends, content))[0] ?? "");
        await sleep(5);
        if (how === "abort") controller.abort(new Error("enough"));
        else peer.tcp.resetAndDestroy();
        await assert.rejects(moving, how === "abort" ? /enough/ : { code: /^SALLYPORT_DATA_(?:RESET|CLOSED)$/ });
      }
    }
    for (let waitedMs = 0; transferBuffers.lentBytes !== lentBytes && waitedMs < 1000; waitedMs += 10) await sleep(10);
    assert.equal(transferBuffers.lentBytes, lentBytes);
  });

  test("S-15 thousands of small blocks are few questions to the mechanism at a time", async () => {
    const ends = await finishedContexts();
    let [askedCount, most] = [0, 0];
    const openData = ends.ours.openData.bind(ends.ours);
    ends.ours.openData = async (...token) => {
      most = Math.max(most, ++askedCount);
      return openData(...token).finally(() => (askedCount -= 1));
    };
    const { connection, peer } = await prepare("receive", ends);
    const to = sink();
    const moving = connection.receiveInto(to, 0);
    const octets = content.subarray(0, 3_000);
    peer.tcp.end(Buffer.concat(await blocksOf(ends, octets, 1)));
    assert.deepEqual(await moving, { bytes: octets.length, end: "final-block" });
    assert.ok(to.octets.equals(octets));
    assert.ok(most <= 16, `${most} at once`);
  });

  test("a mechanism that does not answer cannot keep an aborted transfer, and few pieces wait for it", async () => {
    for (const direction of ["send", "receive"] as const) {
      const ends = await finishedContexts();
      const { connection, peer } = await prepare(direction, ends, "hooked", 1_048_576);
      const blocks = await blocksOf(ends, content);
      const release = ends.mechanism.hold();
      const controller = new AbortController();
      const source = sourceOf(content);
      const to = sink();
      const { signal } = controller;
      const moving =
        direction === "send"
          ? connection.sendFrom(source, 0, undefined, { signal })
          : connection.receiveInto(to, 0, { signal });
      if (direction === "receive") peer.tcp.end(Buffer.concat(blocks));
      await sleep(30);
      assert.ok(source.readsCount <= 4, `${source.readsCount} pieces were read ahead`);
      assert.equal(to.written.length, 0);
      controller.abort(new Error("enough"));
      await assert.rejects(moving, /enough/);
      release();
    }
  });

  test("a peer that reads nothing stalls, and one that sends nothing does", async () => {
    for (const direction of ["send", "receive"] as const) {
      const ends = await finishedContexts();
      const { connection, peer } = await prepare(direction, ends);
      peer.tcp.pause();
      const large = sourceOf(Buffer.alloc(30_000_000));
      const moving =
        direction === "send"
          ? connection.sendFrom(large, 0, undefined, { stallMs: 100 })
          : connection.receiveInto(sink(), 0, { stallMs: 100 });
      await assert.rejects(moving, { code: "SALLYPORT_DATA_STALLED" });
    }
  });

  test("R-2228-14 what a mechanism refuses fails the transfer with its cause", async () => {
    for (const [fault, code] of [
      ["message-rejected", "SALLYPORT_DATA_MESSAGE_REJECTED"],
      ["context-expired", "SALLYPORT_DATA_SECURITY_LOST"],
      ["unavailable", "SALLYPORT_DATA_SECURITY_LOST"],
    ] as const) {
      const ends = await finishedContexts();
      const { connection, peer } = await prepare("receive", ends);
      const blocks = await blocksOf(ends, content);
      ends.mechanism.failNext("unwrap", fault);
      peer.tcp.end(Buffer.concat(blocks));
      await assert.rejects(connection.receiveInto(sink(), 0), { code });
    }
    const ends = await finishedContexts();
    const { connection } = await prepare("send", ends);
    ends.mechanism.failNext("wrap", "failed");
    await assert.rejects(connection.sendFrom(sourceOf(content), 0, undefined), {
      code: "SALLYPORT_DATA_SECURITY_LOST",
    });
  });

  test("octets before a failure reach the sink, for an upload that goes on later", async () => {
    const ends = await finishedContexts();
    const { connection, peer } = await prepare("receive", ends);
    const to = sink();
    const [first = Buffer.alloc(0)] = await blocksOf(ends, content);
    peer.tcp.end(first);
    await assert.rejects(connection.receiveInto(to, 0), { code: "SALLYPORT_DATA_NO_FINAL_BLOCK" });
    assert.ok(to.octets.equals(content.subarray(0, 60_000)));
  });

  test("memory that was lent to a block that never came whole is given back", async () => {
    const ends = await finishedContexts();
    const lentBytes = transferBuffers.lentBytes;
    const { connection, peer } = await prepare("receive", ends);
    const [first = Buffer.alloc(0)] = await blocksOf(ends, content);
    peer.tcp.end(first.subarray(0, 40_000));
    await assert.rejects(connection.receiveInto(sink(), 0), { code: "SALLYPORT_DATA_NO_FINAL_BLOCK" });
    assert.equal(transferBuffers.lentBytes, lentBytes);
  });

  test("a PROT that changes the level before the transfer counts, and no TLS begins", async () => {
    const ends = await finishedContexts();
    const { connection, peer } = await openDataConnection({ level: "C", binding: undefined });
    connection.protectionLevelIs("P");
    connection.begin({
      direction: "receive",
      level: "S",
      messages: { security: ends.ours, confidential: false, bufferBytes: 65_536 },
    });
    assert.deepEqual(await connection.ready(), { level: "S", tls: undefined });
    peer.tcp.end(encodeDataBlock(await ends.theirs.wrap(new Uint8Array(), false)));
    assert.deepEqual(await connection.receiveInto(sink(), 0), { bytes: 0, end: "final-block" });
  });
});

describe("the order of messages", () => {
  test("numbers that the control connection took are no holes, others are", async () => {
    const ends = await finishedContexts();
    const order = ends.ours.transferOrder();
    const wrap = async () => ends.theirs.wrap(Buffer.from("x"), false);
    const tokens = [await wrap(), await wrap(), await wrap(), await wrap()] as const;
    assert.ok(order.follows(await ends.ours.openData(tokens[0])));
    assert.ok(order.follows(await ends.ours.openData(tokens[2])));
    await ends.ours.open(tokens[1]);
    assert.equal(await order.isWhole(), true);
    const next = ends.ours.transferOrder();
    assert.ok(next.follows(await ends.ours.openData(tokens[3])));
    for (const used of tokens) assert.ok(!next.follows(await ends.ours.openData(used)));
    await assert.rejects(ends.ours.open(tokens[3]), { code: "SALLYPORT_GSSAPI_MESSAGE_REJECTED" });
  });
});
