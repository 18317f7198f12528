import { limits } from "@sallyport/protocol";
import { type ByteSink, ByteThrottle, type ByteSource, type ReceiveResult } from "@sallyport/transport";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { readSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { deflateSync } from "node:zlib";
import { type DataPeer, openDataConnection, paths, sha256, tlsVersions } from "./data-peer.ts";
import { until } from "./tls-peer.ts";

const kibibyte = 1024;
const mebibyte = 1_048_576;
const around = (size: number) => [size - 1, size, size + 1];
const sizes = [0, 1, ...around(16 * kibibyte), ...around(256 * kibibyte), ...around(mebibyte), 3 * mebibyte + 12_345];
const protections = ["clear", ...tlsVersions] as const;
type Protection = (typeof protections)[number];

const directory = await mkdtemp(join(tmpdir(), "sallyport-data-"));
test.after(() => rm(directory, { recursive: true }));
const content = randomBytes(64 * mebibyte);

interface TestFile extends ByteSource, ByteSink {
  readonly handle: FileHandle;
}

/** A real file, read and written as a storage does it, at once or by promise. */
async function openFile(name: string, how: "sync" | "async", octets?: Uint8Array): Promise<TestFile> {
  const path = join(directory, name);
  if (octets) await writeFile(path, octets);
  const handle = await open(path, octets ? "r" : "w+");
  return {
    handle,
    ...(how === "sync" && { descriptor: handle.fd }),
    ...(octets && { sizeBytes: octets.length }),
    read: (buffer, position) =>
      how === "sync"
        ? readSync(handle.fd, buffer, 0, buffer.length, position)
        : handle.read(buffer, 0, buffer.length, position).then(({ bytesRead }) => bytesRead),
    write: (buffer, position) => {
      if (how === "sync") return void writeSync(handle.fd, buffer, 0, buffer.length, position);
      return handle.write(buffer, 0, buffer.length, position).then(() => {});
    },
  };
}

async function prepare(protection: Protection, path: string, direction: "send" | "receive") {
  const level = protection === "clear" ? "C" : "P";
  const ends = await openDataConnection({ level, hooks: paths[path] });
  if (protection !== "clear") ends.peer.startTls({ minVersion: protection, maxVersion: protection });
  const secured = protection === "clear" ? undefined : ends.peer.secured();
  ends.connection.begin({ direction, level });
  const facts = await ends.connection.ready();
  // Node's client sends no close_notify if it ends before its handshake.
  await secured;
  assert.equal(facts.tls?.protocol, protection === "clear" ? undefined : protection);
  return ends;
}

const goodEnd = (protection: Protection) => (protection === "clear" ? "fin" : "close-notify");

for (const protection of protections) {
  for (const how of ["sync", "async"] as const) {
    test(`R-DATA-05 R-TLS-21 sends files of all sizes, ${protection}, ${how} storage`, async () => {
      for (const size of sizes) {
        const octets = content.subarray(0, size);
        const file = await openFile("out", how, octets);
        const { connection, peer } = await prepare(protection, "hooked", "send");
        const progress: number[] = [];
        const sent = await connection.sendFrom(file, 0, undefined, { onProgress: (bytes) => progress.push(bytes) });
        assert.equal(sent, size);
        assert.equal(await peer.receivedAll(), sha256(octets), `${size} octets`);
        assert.equal(peer.sawCloseNotify, protection !== "clear");
        assert.deepEqual(
          progress,
          progress.toSorted((a, b) => a - b),
        );
        assert.equal(progress.at(-1), size);
        await file.handle.close();
      }
    });
  }

  for (const path of Object.keys(paths)) {
    test(`R-DATA-05 R-TLS-20 receives files of all sizes, ${protection}, ${path}`, async () => {
      for (const [turn, size] of sizes.entries()) {
        const octets = content.subarray(0, size);
        const file = await openFile("in", turn % 2 === 0 ? "sync" : "async");
        const { connection, peer } = await prepare(protection, path, "receive");
        const receiving = connection.receiveInto(file, 0);
        await peer.send(octets);
        await peer.end();
        assert.deepEqual(await receiving, { bytes: size, end: goodEnd(protection) }, `${size} octets`);
        await connection.finish();
        await peer.receivedAll();
        assert.equal(sha256(await readFile(join(directory, "in"))), sha256(octets), `${size} octets`);
        await file.handle.close();
      }
    });
  }

  test(`64 MiB go both ways, ${protection}`, async () => {
    const source = await openFile("large-out", "async", content);
    const sending = await prepare(protection, "hooked", "send");
    const [sent, hash] = await Promise.all([
      sending.connection.sendFrom(source, 0, undefined),
      sending.peer.receivedAll(),
    ]);
    assert.deepEqual([sent, hash], [content.length, sha256(content)]);
    const sink = await openFile("large-in", "async");
    const receiving = await prepare(protection, "hooked", "receive");
    const [result] = await Promise.all([
      receiving.connection.receiveInto(sink, 0),
      receiving.peer.send(content).then(() => receiving.peer.end()),
    ]);
    assert.deepEqual(result, { bytes: content.length, end: goodEnd(protection) });
    assert.equal(sha256(await readFile(join(directory, "large-in"))), sha256(content));
    await Promise.all([source.handle.close(), sink.handle.close()]);
  });
}

test("what is received in pieces of whatever length is whole, at once and by promise in turn", async () => {
  const octets = content.subarray(0, 24 * mebibyte);
  const { connection, peer } = await prepare("clear", "hooked", "receive");
  const received = Buffer.alloc(octets.length);
  let written = 0;
  const sink: ByteSink = {
    write(buffer, position) {
      received.set(buffer, position);
      written += buffer.length;
      // The first dozens of pieces are written at once, and their length may change.
      return written > octets.length / 2 && written % 3 === 0 ? sleep(1) : undefined;
    },
  };
  const receiving = connection.receiveInto(sink, 0, { keepsUp: true });
  await peer.send(octets);
  await peer.end();
  assert.deepEqual(await receiving, { bytes: octets.length, end: "fin" });
  assert.ok(received.equals(octets));
});

for (const protection of protections) {
  test(`a prompt receiver gets what has come while the sender makes a pause, ${protection}`, async () => {
    const { connection, peer } = await prepare(protection, "hooked", "receive");
    const received: Buffer[] = [];
    const bytes = (): number => received.reduce((sum, { length }) => sum + length, 0);
    const receiving = connection.receiveChunks(
      (chunk) => {
        received.push(Buffer.from(chunk));
        // While the second is taken care of more comes, and then no more.
        return received.length === 2 ? sleep(50) : undefined;
      },
      { isPrompt: true },
    );
    for (const [first, end] of [
      [0, 1],
      [1, 1000],
      [1000, 300_000],
      [300_000, 300_001],
    ] as const) {
      await peer.send(content.subarray(first, end));
      await until("what was sent", () => bytes() === end);
    }
    await Promise.all([peer.send(content.subarray(300_001, mebibyte)), until("the rest", () => bytes() === mebibyte)]);
    await peer.end();
    assert.deepEqual(await receiving, { bytes: mebibyte, end: goodEnd(protection) });
    assert.ok(Buffer.concat(received).equals(content.subarray(0, mebibyte)));
  });
}

test("a part of a file is sent, from and to any octet", async () => {
  const file = await openFile("part", "async", content.subarray(0, 2 * mebibyte));
  for (const [first, end] of [
    [0, 0],
    [1, 2],
    [5, 300_000],
    [mebibyte - 3, undefined],
    [2 * mebibyte, undefined],
    [100, 9 * mebibyte],
  ] as const) {
    const { connection, peer } = await prepare("TLSv1.3", "hooked", "send");
    const expected = content.subarray(first, Math.min(end ?? Number.POSITIVE_INFINITY, 2 * mebibyte));
    assert.equal(await connection.sendFrom(file, first, end), expected.length);
    assert.equal(await peer.receivedAll(), sha256(expected), `${first} to ${end}`);
  }
  await file.handle.close();
});

test("a source of unknown length is sent to its end, in whatever pieces it reads", async () => {
  const octets = content.subarray(0, 700_001);
  const { connection, peer } = await prepare("clear", "hooked", "send");
  const stingy: ByteSource = {
    read: (buffer, position) => octets.copy(buffer, 0, position, position + 1 + (position % 9_999)),
  };
  assert.equal(await connection.sendFrom(stingy, 0, undefined), octets.length);
  assert.equal(await peer.receivedAll(), sha256(octets));
});

test("a file that is cut while it is sent fails and does not look whole", async () => {
  for (const protection of protections) {
    const { connection, peer } = await prepare(protection, "hooked", "send");
    const shrunk: ByteSource = { sizeBytes: mebibyte, read: (_, position) => (position < 300_000 ? 100_000 : 0) };
    await assert.rejects(connection.sendFrom(shrunk, 0, undefined), { code: "SALLYPORT_SOURCE_ENDED_EARLY" });
    await until("the end of the connection", () => peer.tcp.closed || peer.sawFin);
    assert.equal(peer.sawCloseNotify, false);
    assert.ok(peer.error, "a reset and no FIN");
  }
});

test("chunks are sent in order, and a chunk is the sender's until the next is asked for", async () => {
  for (const protection of protections) {
    const { connection, peer } = await prepare(protection, "hooked", "send");
    const buffer = Buffer.alloc(100_000);
    async function* chunks() {
      for (let at = 0; at < mebibyte; at += buffer.length) {
        const length = content.copy(buffer, 0, at, Math.min(at + buffer.length, mebibyte));
        yield buffer.subarray(0, length);
        buffer.fill(0xee);
        yield Buffer.alloc(0);
      }
    }
    assert.equal(await connection.sendChunks(chunks()), mebibyte);
    assert.equal(await peer.receivedAll(), sha256(content.subarray(0, mebibyte)));
    assert.equal(peer.sawCloseNotify, protection !== "clear");
  }
});

test("received chunks come one at a time, in order, and stay the consumer's until it is done", async () => {
  const octets = content.subarray(0, 2 * mebibyte + 77);
  for (const path of Object.keys(paths)) {
    const { connection, peer } = await prepare("TLSv1.3", path, "receive");
    const parts: Buffer[] = [];
    let running = 0;
    const receiving = connection.receiveChunks(async (chunk) => {
      assert.equal(++running, 1);
      await sleep(2);
      parts.push(Buffer.from(chunk));
      running -= 1;
    });
    await peer.send(octets);
    await peer.end();
    assert.deepEqual(await receiving, { bytes: octets.length, end: "close-notify" }, path);
    assert.equal(sha256(Buffer.concat(parts)), sha256(octets));
  }
});

test("R-MODZ-01 received chunks are inflated, and what is no whole zlib stream fails", async () => {
  const plain = Buffer.alloc(5 * mebibyte, "sallyport");
  const packed = deflateSync(plain);
  const receive = async (octets: Uint8Array, ratioMax = 2000): Promise<Buffer | ReceiveResult> => {
    const { connection, peer } = await prepare("TLSv1.3", "hooked", "receive");
    const parts: Buffer[] = [];
    const take = (chunk: Uint8Array) => void parts.push(Buffer.from(chunk));
    const receiving = connection.receiveChunks(take, { inflate: { ratioMax } });
    receiving.catch(() => {});
    await peer.send(octets);
    await peer.end();
    await receiving;
    return Buffer.concat(parts);
  };
  assert.ok(plain.equals((await receive(packed)) as Buffer));
  await assert.rejects(receive(packed.subarray(0, -1)), { code: "SALLYPORT_DEFLATE_TRUNCATED" });
  await assert.rejects(receive(Buffer.concat([packed, packed])), { code: "SALLYPORT_DEFLATE_TRAILING" });
  await assert.rejects(receive(packed, 100), { code: "SALLYPORT_DEFLATE_RATIO" });
  await assert.rejects(receive(Buffer.from("what?")), { code: "SALLYPORT_DEFLATE_BROKEN" });
});

/** A sink that is slower than any network. */
function slowSink(): ByteSink & { outstanding: number; most: number; refuseAt: number | undefined; bytes: number } {
  const sink = {
    outstanding: 0,
    most: 0,
    bytes: 0,
    refuseAt: undefined as number | undefined,
    write: async (buffer: Uint8Array, position: number): Promise<void> => {
      sink.most = Math.max(sink.most, ++sink.outstanding);
      await sleep(10);
      sink.outstanding -= 1;
      if (sink.refuseAt !== undefined && position >= sink.refuseAt) throw new Error("disk full");
      sink.bytes += buffer.length;
    },
  };
  return sink;
}

for (const path of Object.keys(paths)) {
  test(`a slow sink has two writes at most, and the peer is held back, ${path}`, async () => {
    for (const protection of protections) {
      const { connection, peer } = await prepare(protection, path, "receive");
      const sink = slowSink();
      const receiving = connection.receiveInto(sink, 0);
      const octets = content.subarray(0, 8 * mebibyte);
      const upload = peer.send(octets).then(() => peer.end());
      let ahead = 0;
      while (sink.bytes < 4 * mebibyte) {
        await sleep(5);
        ahead = Math.max(ahead, process.memoryUsage().arrayBuffers);
      }
      await upload;
      assert.deepEqual(await receiving, { bytes: octets.length, end: goodEnd(protection) });
      assert.equal(sink.most, 2);
      assert.equal(sink.bytes, octets.length);
    }
  });

  test(`a sink that refuses ends the upload with its error, ${path}`, async () => {
    const { connection, peer } = await prepare("TLSv1.3", path, "receive");
    const sink = slowSink();
    sink.refuseAt = mebibyte;
    const receiving = connection.receiveInto(sink, 0);
    peer.send(content.subarray(0, 8 * mebibyte)).catch(() => {});
    await assert.rejects(receiving, /disk full/);
    assert.equal(sink.outstanding, 0, "nothing is being written any more");
    assert.equal(sink.bytes, mebibyte, "nothing behind the hole was written");
    await until("the end of the connection", () => peer.tcp.closed || peer.sawFin);
  });
}

test("a sink that throws at once ends the upload as well", async () => {
  const { connection, peer } = await prepare("clear", "hooked", "receive");
  const receiving = connection.receiveInto(
    {
      write: () => {
        throw new Error("quota");
      },
    },
    0,
  );
  peer.send(content.subarray(0, mebibyte)).catch(() => {});
  await assert.rejects(receiving, /quota/);
});

test("R-DATA-06 a peer that stops moving octets is a stall, both ways", async () => {
  for (const protection of protections) {
    const upload = await prepare(protection, "hooked", "receive");
    const written: number[] = [];
    const sink: ByteSink = { write: (buffer) => void written.push(buffer.length) };
    const receiving = upload.connection.receiveInto(sink, 0, { stallMs: 100 });
    await upload.peer.send(content.subarray(0, 100_000));
    await assert.rejects(receiving, { code: "SALLYPORT_DATA_STALLED" });
    assert.deepEqual(written, [100_000], "what came is kept");

    const download = await prepare(protection, "hooked", "send");
    download.peer.tcp.pause();
    const file: ByteSource = { sizeBytes: 64 * mebibyte, read: (buffer) => buffer.length };
    await assert.rejects(download.connection.sendFrom(file, 0, undefined, { stallMs: 100 }), {
      code: "SALLYPORT_DATA_STALLED",
    });
  }
});

test("R-DATA-06 neither a slow storage nor a throttle is the peer's stall", async () => {
  const { connection, peer } = await prepare("clear", "hooked", "send");
  const slow: ByteSource = {
    sizeBytes: 200_000,
    read: async (buffer) => {
      await sleep(150);
      return Math.min(buffer.length, 100_000);
    },
  };
  assert.equal(await connection.sendFrom(slow, 0, undefined, { stallMs: 50 }), 200_000);
  await peer.receivedAll();
  const upload = await prepare("clear", "hooked", "receive");
  const receiving = upload.connection.receiveInto({ write: () => sleep(150) }, 0, { stallMs: 50 });
  await upload.peer.send(content.subarray(0, mebibyte));
  await upload.peer.end();
  assert.equal((await receiving).bytes, mebibyte);
});

test("an abort closes the connection at once with the signal's reason, both ways", async () => {
  for (const protection of protections) {
    for (const direction of ["send", "receive"] as const) {
      const { connection, peer } = await prepare(protection, "hooked", direction);
      const abort = new AbortController();
      peer.tcp.pause();
      const moving =
        direction === "send"
          ? connection.sendFrom({ read: (buffer) => buffer.length }, 0, undefined, { signal: abort.signal })
          : connection.receiveInto({ write: () => undefined }, 0, { signal: abort.signal });
      setTimeout(() => abort.abort("ABOR"), 30);
      await assert.rejects(moving, (reason) => reason === "ABOR");
      peer.tcp.resume();
      await until("the end of the connection", () => peer.tcp.closed || peer.sawFin);
    }
  }
});

test("an abort waits for a read of the storage that is under way", async () => {
  const { connection } = await prepare("clear", "hooked", "send");
  let reading = false;
  const slow: ByteSource = {
    read: async (buffer) => {
      reading = true;
      await sleep(100);
      reading = false;
      return buffer.length;
    },
  };
  await assert.rejects(connection.sendFrom(slow, 0, undefined, { signal: AbortSignal.timeout(30) }), {
    name: "TimeoutError",
  });
  assert.equal(reading, false);
});

test("a client that leaves during a download is a failure", async () => {
  for (const protection of protections) {
    const { connection, peer } = await prepare(protection, "hooked", "send");
    const sending = connection.sendFrom({ read: (buffer) => buffer.length }, 0, undefined);
    await until("octets", () => peer.receivedBytes > mebibyte);
    peer.tcp.destroy();
    await assert.rejects(sending, { code: /^SALLYPORT_DATA_(RESET|CLOSED)$/ });
  }
});

test("a throttle holds both directions to its rate", async () => {
  const octets = content.subarray(0, 300_000);
  const timed = async (
    protection: Protection,
    direction: "send" | "receive",
    peer: DataPeer,
    move: Promise<unknown>,
  ) => {
    const startedAtMs = performance.now();
    if (direction === "receive") await peer.send(octets).then(() => peer.end());
    await move;
    const elapsedMs = performance.now() - startedAtMs;
    assert.ok(elapsedMs > 200 && elapsedMs < 5000, `${protection} ${direction} took ${elapsedMs} ms`);
  };
  for (const protection of ["clear", "TLSv1.3"] as const) {
    const options = () => ({ throttle: new ByteThrottle(1_000_000), stallMs: 1000 });
    const download = await prepare(protection, "hooked", "send");
    const source: ByteSource = {
      sizeBytes: octets.length,
      read: (buffer, position) => octets.copy(buffer, 0, position, position + buffer.length),
    };
    await timed(protection, "send", download.peer, download.connection.sendFrom(source, 0, undefined, options()));
    assert.equal(await download.peer.receivedAll(), sha256(octets));
    const upload = await prepare(protection, "hooked", "receive");
    const sink = await openFile("throttled", "async");
    await timed(protection, "receive", upload.peer, upload.connection.receiveInto(sink, 0, options()));
    await sink.handle.close();
    assert.equal(sha256(await readFile(join(directory, "throttled"))), sha256(octets));
  }
});

test("R-DATA-06 a slow line is no stall while its octets move", async () => {
  const { connection, peer } = await prepare("clear", "hooked", "send");
  peer.tcp.pause();
  const trickle = setInterval(() => {
    peer.tcp.resume();
    setImmediate(() => peer.tcp.pause());
  }, 20);
  const sizeBytes = 12 * mebibyte;
  const source: ByteSource = { sizeBytes, read: (buffer) => buffer.length };
  try {
    assert.equal(await connection.sendFrom(source, 0, undefined, { stallMs: 800 }), sizeBytes);
  } finally {
    clearInterval(trickle);
  }
});

test("an upload that is over before the transfer command is taken whole", async () => {
  for (const protection of tlsVersions) {
    for (const path of Object.keys(paths)) {
      const { connection, peer } = await openDataConnection({ level: "P", hooks: paths[path] });
      peer.startTls({ minVersion: protection, maxVersion: protection });
      await peer.secured();
      await peer.send(content.subarray(0, 5000));
      await peer.end();
      await sleep(20);
      connection.begin({ direction: "receive", level: "P" });
      await connection.ready();
      const parts: Buffer[] = [];
      const write = (octets: Uint8Array) => void parts.push(Buffer.from(octets));
      assert.deepEqual(await connection.receiveInto({ write }, 0), { bytes: 5000, end: "close-notify" });
      assert.equal(sha256(Buffer.concat(parts)), sha256(content.subarray(0, 5000)));
    }
  }
});

test("a finished connection is left to the peer for a while, an unfinished one is closed", async () => {
  const done = await prepare("TLSv1.3", "hooked", "send");
  await done.connection.sendFrom({ sizeBytes: 5, read: (buffer) => buffer.length }, 0, undefined);
  await done.connection[Symbol.asyncDispose]();
  await done.peer.receivedAll();
  assert.equal(done.peer.error, undefined);
  await done.peer.end();
  const { connection, peer } = await prepare("clear", "hooked", "send");
  await connection[Symbol.asyncDispose]();
  await until("the end of the connection", () => peer.sawFin);
  assert.ok(limits.lingerMs.value <= 5000);
});
