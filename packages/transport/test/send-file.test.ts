import { type ByteSource, isInPageCache, sendFileHookWorks, sendFromFile } from "@sallyport/transport";
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  read,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { openDataConnection, paths, sha256 } from "./data-peer.ts";
import { until } from "./tls-peer.ts";

const works = await sendFileHookWorks();
const skip = !works && "this Node cannot call sendfile";
const isFull = process.env["SALLYPORT_TEST_TIER"] === "full";
const readByThread = promisify(read);
const kibibyte = 1024;
const mebibyte = 1_048_576;
const gibibyte = 1_073_741_824;
const around = (size: number) => [size - 1, size, size + 1];

const directory = mkdtempSync(join(tmpdir(), "sallyport-send-file-"));
test.after(() => rmSync(directory, { recursive: true }));
const content = randomBytes(64 * mebibyte);

/** A file as the local storage shows it; `readBytes` counts what the ordinary way read. */
class ServedFile implements ByteSource, Disposable {
  readonly descriptor: number;
  readonly sizeBytes: number;
  readBytes = 0;

  constructor(name: string, octets: Uint8Array, sizeBytes = octets.length, position = 0) {
    this.descriptor = openSync(join(directory, name), "w+");
    writeSync(this.descriptor, octets, 0, octets.length, position);
    ftruncateSync(this.descriptor, sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    const { bytesRead } = await readByThread(this.descriptor, buffer, 0, buffer.length, position);
    this.readBytes += bytesRead;
    return bytesRead;
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }
}

async function prepare(path: string) {
  const ends = await openDataConnection({ hooks: paths[path] });
  ends.connection.begin({ direction: "send", level: "C" });
  await ends.connection.ready();
  return ends;
}

/** What is sent, and that it came as it is. */
async function arrives(path: string, file: ServedFile, expected: string, first = 0, end?: number): Promise<number> {
  const { connection, peer } = await prepare(path);
  const sent = await connection.sendFrom(file, first, end);
  assert.equal(await peer.receivedAll(), expected, `${path}, ${first} to ${end ?? file.sizeBytes}`);
  await connection[Symbol.asyncDispose]();
  return sent;
}

function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return [];
    }
  });
}

const ways = ["hooked", "public"] as const;

for (const way of ways) {
  test(`R-DATA-05 a file in clear arrives as it is, from any octet on, ${way}`, async () => {
    for (const size of [0, 1, ...around(64 * kibibyte), ...around(mebibyte), 64 * mebibyte]) {
      const octets = content.subarray(0, size);
      using file = new ServedFile("sizes", octets);
      assert.equal(await arrives(way, file, sha256(octets)), size);
      // A process that loses its turn may take a slow call for a cold file, and read a little.
      if (works && way === "hooked" && size === content.length)
        assert.ok(file.readBytes < size / 2, `${file.readBytes} octets were read`);
      for (const first of [1, Math.trunc(size / 3), size - 1, size].filter((at) => at >= 0 && at <= size)) {
        assert.equal(await arrives(way, file, sha256(octets.subarray(first)), first), size - first);
      }
    }
  });

  test(`octets past 2 GiB and 4 GiB are found, ${way}`, async () => {
    for (const boundary of [2 * gibibyte, 4 * gibibyte]) {
      const octets = content.subarray(0, 2 * mebibyte);
      using file = new ServedFile("far", octets, boundary + mebibyte, boundary - mebibyte);
      assert.equal(await arrives(way, file, sha256(octets), boundary - mebibyte), octets.length);
      assert.equal(
        await arrives(way, file, sha256(octets.subarray(5, -7)), boundary - mebibyte + 5, boundary + mebibyte - 7),
        octets.length - 12,
      );
    }
  });

  test(`3 GiB arrive whole, ${way}`, { skip: !isFull && "full tier" }, async () => {
    using file = new ServedFile("large", content, 3 * gibibyte, 2 * gibibyte - 12_345);
    const expected = createHash("sha256");
    const buffer = Buffer.alloc(8 * mebibyte);
    for (let at = 0; at < file.sizeBytes; at += buffer.length) {
      readSync(file.descriptor, buffer, 0, buffer.length, at);
      expected.update(buffer);
    }
    assert.equal(await arrives(way, file, expected.digest("hex")), file.sizeBytes);
  });

  test(`50 downloads at once get their own octets, and no descriptor stays open, ${way}`, async () => {
    const downloads = Array.from({ length: 50 }, async (_, turn) => {
      const octets = content.subarray(turn * 1000, turn * 1000 + 3 * mebibyte + turn);
      using file = new ServedFile(`file-${turn}`, octets);
      return await arrives(way, file, sha256(octets));
    });
    for (const [turn, sent] of (await Promise.all(downloads)).entries()) assert.equal(sent, 3 * mebibyte + turn);
    assert.deepEqual(
      openFiles().filter((name) => name.startsWith(directory)),
      [],
    );
  });

  test(`R-DATA-06 a peer that stops reading is a stall, ${way}`, async () => {
    using file = new ServedFile("stall", content);
    const { connection, peer } = await prepare(way);
    peer.tcp.pause();
    const sending = connection.sendFrom(file, 0, undefined, { stallMs: 100 });
    await assert.rejects(sending, { code: "SALLYPORT_DATA_STALLED" });
    assert.ok(peer.receivedBytes < content.length);
  });

  test(`R-DATA-06 a slow peer is no stall, ${way}`, async () => {
    const octets = content.subarray(0, 12 * mebibyte);
    using file = new ServedFile("slow", octets);
    const { connection, peer } = await prepare(way);
    const sending = connection.sendFrom(file, 0, undefined, { stallMs: 400 });
    const received = peer.receivedAll();
    peer.tcp.on("data", () => {
      peer.tcp.pause();
      setTimeout(() => peer.tcp.resume(), 4);
    });
    assert.equal(await sending, octets.length);
    assert.equal(await received, sha256(octets));
  });

  test(`a file that shrinks while it is sent fails and does not look whole, ${way}`, async () => {
    for (const leftBytes of [0, 30 * mebibyte + 1, content.length - 1]) {
      using file = new ServedFile("shrinking", content);
      const { connection, peer } = await prepare(way);
      peer.tcp.pause();
      const sending = connection.sendFrom(file, 0, undefined, { stallMs: 5000 });
      await sleep(20);
      ftruncateSync(file.descriptor, leftBytes);
      peer.tcp.resume();
      await assert.rejects(sending, { code: "SALLYPORT_SOURCE_ENDED_EARLY" });
      await until("the end of the connection", () => peer.tcp.closed);
      assert.equal(peer.sawFin, false, "a reset and no end");
    }
  });

  test(`a peer that leaves ends the sending, ${way}`, async () => {
    for (const how of ["destroy", "resetAndDestroy"] as const) {
      using file = new ServedFile("left", content);
      const { connection, peer } = await prepare(way);
      peer.tcp.once("data", () => peer.tcp[how]());
      await assert.rejects(connection.sendFrom(file, 0, undefined), ({ code }: { code?: unknown }) =>
        ["SALLYPORT_DATA_RESET", "SALLYPORT_DATA_CLOSED"].includes(String(code)),
      );
    }
  });

  test(`an abort at any octet ends the sending, after which nothing more is sent, ${way}`, async () => {
    for (const afterBytes of [1, 70_000, 2 * mebibyte, 33 * mebibyte]) {
      const file = new ServedFile("aborted", content);
      const { connection, peer } = await prepare(way);
      const abort = new AbortController();
      const onProgress = (bytes: number) => bytes >= afterBytes && abort.abort("ABOR");
      const sending = connection.sendFrom(file, 0, undefined, { signal: abort.signal, onProgress });
      await assert.rejects(sending, (reason) => reason === "ABOR");
      file[Symbol.dispose]();
      // It most likely gets the number of the closed one.
      using other = new ServedFile("other", Buffer.alloc(mebibyte));
      await until("the end of the connection", () => peer.tcp.closed);
      assert.equal(peer.sawFin, false);
      assert.equal(readSync(other.descriptor, Buffer.alloc(9), 0, 9, null), 9);
    }
  });
}

test("other work gets its turn while a file is sent", { skip }, async () => {
  using file = new ServedFile("turns", content);
  const { connection, peer } = await prepare("hooked");
  let sentBytes = 0;
  let mostBytes = 0;
  let turnBeganAt = 0;
  const watch = (): void => {
    mostBytes = Math.max(mostBytes, sentBytes - turnBeganAt);
    turnBeganAt = sentBytes;
    if (sentBytes < content.length) setImmediate(watch);
  };
  setImmediate(watch);
  await connection.sendFrom(file, 0, undefined, { onProgress: (bytes) => (sentBytes = bytes) });
  await peer.receivedAll();
  assert.ok(mostBytes <= 2.5 * mebibyte, `${mostBytes} octets in one turn`);
});

test("a throttled download and one of a source without a descriptor are read", { skip }, async () => {
  const octets = content.subarray(0, mebibyte);
  using file = new ServedFile("read", octets);
  const hidden: ByteSource = { sizeBytes: file.sizeBytes, read: (buffer, position) => file.read(buffer, position) };
  const { connection, peer } = await prepare("hooked");
  await connection.sendFrom(hidden, 0, undefined);
  assert.equal(await peer.receivedAll(), sha256(octets));
  assert.equal(file.readBytes, octets.length);
});

test("a file closed under a transfer is not sent from any more, whoever has its number", { skip }, async () => {
  using file = new ServedFile("closed", content);
  let open = true;
  const closing: ByteSource = {
    sizeBytes: file.sizeBytes,
    get descriptor() {
      return open ? file.descriptor : undefined;
    },
    read: (buffer, position) => {
      if (!open) throw new Error("closed");
      return file.read(buffer, position);
    },
  };
  const { connection } = await prepare("hooked");
  const onProgress = (bytes: number) => (open &&= bytes < 5 * mebibyte);
  await assert.rejects(connection.sendFrom(closing, 0, undefined, { onProgress }), /closed/);
});

test("a file that is not in the page cache is read by threads", { skip }, async (t) => {
  using file = new ServedFile("cold", content);
  const hasDropped =
    spawnSync("dd", [
      `of=${join(directory, "cold")}`,
      "oflag=nocache",
      "conv=notrunc,fdatasync",
      "count=0",
      "if=/dev/null",
    ]).status === 0;
  if (!hasDropped || isInPageCache(file.descriptor, 40 * mebibyte)) return t.skip("the file could not be made cold");
  readSync(file.descriptor, Buffer.alloc(1), 0, 1, 40 * mebibyte);
  if (!isInPageCache(file.descriptor, 40 * mebibyte)) return t.skip("the file system does not tell");
  await arrives("hooked", file, sha256(content));
  assert.ok(file.readBytes > 4 * mebibyte, `${file.readBytes} octets were read`);
});

test("nothing is sent on a socket without a connection", { skip }, () => {
  using file = new ServedFile("nowhere", content.subarray(0, 100));
  assert.equal(sendFromFile(new Socket(), file.descriptor, 0, 100), 0);
});

const probe = `
  const { dataPathHooks } = await import("@sallyport/transport");
  process.stdout.write(String((await dataPathHooks()).sendFile));
`;

test("without foreign functions, or without the right to them, the hook stands down and nothing is said", async () => {
  const run = promisify(execFile);
  const all = ["--conditions=source", "--input-type=module", "--eval", probe];
  const usual = await run(process.execPath, all);
  assert.deepEqual(usual, { stdout: String(works), stderr: "" });
  if (!works) return;
  assert.deepEqual(await run(process.execPath, ["--no-experimental-ffi", ...all]), { stdout: "false", stderr: "" });
  const permitted = ["--permission", "--allow-fs-read=*", "--allow-net", "--disable-warning=ExperimentalWarning"];
  assert.equal((await run(process.execPath, [...permitted, ...all])).stdout, "false");
});
