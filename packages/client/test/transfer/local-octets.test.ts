import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { isOnQuickFileSystem, isQuickDescriptor } from "../../src/transfer/local-calls.ts";
import { LocalReader } from "../../src/transfer/local-reader.ts";
import { LocalWriter } from "../../src/transfer/local-writer.ts";

test("what is written at its place is read from there, at once from the second read on", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-octets-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "žluťoučký");
  await using file = await open(path, "wx+");
  const writer = await LocalWriter.of(file.fd, path);
  const ends: number[] = [];
  for (const [position, text] of [
    [5, "world"],
    [0, "hello"],
  ] as const) {
    await writer.write(Buffer.from(text), position, (end) => ends.push(end));
  }
  assert.deepEqual(ends, [10, 5]);
  const reader = new LocalReader(file.fd);
  const buffer = Buffer.alloc(7);
  assert.equal(await reader.read(buffer, 0), 7);
  assert.equal(buffer.toString(), "hellowo");
  assert.equal(await reader.read(buffer, 7), 3);
  assert.equal(await reader.read(buffer, 10), 0);
});

test("a file system that is not known to lie here is left to threads", { skip: needs("linux") }, async () => {
  assert.equal(await isOnQuickFileSystem("/proc/self/status"), false);
  assert.equal(await isOnQuickFileSystem("/nowhere/at/all"), false);
  await using file = await open("/proc/self/status", "r");
  assert.equal(await isQuickDescriptor(file.fd), false);
});
