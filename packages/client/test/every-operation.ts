import type { Client } from "@sallyport/client";
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const content = randomBytes(3_000_000);

/** Compares without a difference in words, which takes minutes for megabytes. */
export function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.ok(Buffer.compare(actual, expected) === 0, `${actual.length} octets are not the ${expected.length} expected`);
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

/** Does everything that a client can do in an empty directory of a server, whose files lie in `served`. */
export async function everyOperation(client: Client, served: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-client-"));
  try {
    await transfers(client, served, folder);
    await partsAndTrees(client, served, folder);
    await listings(client);
    await changes(client);
    await client.remove("a", { recursive: true });
    await client.remove("name with ü.bin");
    assert.equal(await client.exists("a"), false);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function transfers(client: Client, served: string, folder: string): Promise<void> {
  await client.makeDirectory("a/b/c", { recursive: true });
  await client.makeDirectory("a/b/c", { recursive: true });
  await client.write("a/b/c/file.bin", content);
  assertSame(await readFile(join(served, "a/b/c/file.bin")), content);
  assertSame(await bytesOf(await client.read("a/b/c/file.bin")), content);
  assertSame(await bytesOf(await client.read("a/b/c/file.bin", { start: 7, end: 99 })), content.subarray(7, 99));
  assertSame(await bytesOf(await client.read("a/b/c/file.bin", { start: 2_999_990 })), content.subarray(2_999_990));
  await client.write("a/empty", "");
  assert.equal((await bytesOf(await client.read("a/empty"))).length, 0);
  await client.download("a/b/c/file.bin", join(folder, "local.bin"), { preserve: true });
  assertSame(await readFile(join(folder, "local.bin")), content);
  await client.upload(join(folder, "local.bin"), "again.bin", { preserve: true });
  assertSame(await readFile(join(served, "again.bin")), content);
  assert.deepEqual(await readdir(folder), ["local.bin"]);
}

/** What is made of several transfers: segments, what is gone on with, and whole trees. */
async function partsAndTrees(client: Client, served: string, folder: string): Promise<void> {
  const [local, half] = [join(folder, "local.bin"), join(folder, "half.bin")];
  const head = content.subarray(0, 1_234_567);
  await client.download("again.bin", half, { segments: 3 });
  assertSame(await readFile(half), content);
  await writeFile(half, head);
  const got = await client.download("again.bin", half, { onConflict: "resume" });
  assert.equal(got.resumedFrom, head.length);
  assertSame(await readFile(half), content);
  await client.write("half.bin", head, { atomic: false });
  await client.upload(local, "half.bin", { onConflict: "resume" });
  assertSame(await readFile(join(served, "half.bin")), content);
  await client.remove("half.bin");
  const back = join(folder, "back");
  for await (const _ of client.sync({ remote: "a" }, { local: back }));
  assertSame(await readFile(join(back, "b/c/file.bin")), content);
  for await (const _ of client.sync({ local: back }, { remote: "copy" }));
  assertSame(await readFile(join(served, "copy/b/c/file.bin")), content);
  assert.deepEqual((await readdir(join(served, "copy"))).toSorted(), ["b", "empty"]);
  await client.remove("copy", { recursive: true });
}

async function listings(client: Client): Promise<void> {
  await client.rename("again.bin", "name with ü.bin");
  const top = await Array.fromAsync(client.list());
  assert.partialDeepStrictEqual(
    top.filter(({ name }) => name === "name with ü.bin").map(({ type, size }) => ({ type, size })),
    [{ type: "file", size: content.length }],
  );
  const tree = (await Array.fromAsync(client.list("a", { recursive: true }))).map(({ path }) => path);
  assert.deepEqual(tree.toSorted(), ["a/b", "a/b/c", "a/b/c/file.bin", "a/empty"]);
  await client.makeDirectory("a/[odd] name");
  await client.write("a/[odd] name/.hidden", "x");
  assert.deepEqual(
    (await Array.fromAsync(client.list("a/[odd] name"))).map(({ name }) => name),
    [".hidden"],
  );
  await assert.rejects(Array.fromAsync(client.list("a/missing")), { name: "CommandRefused" });
}

async function changes(client: Client): Promise<void> {
  await client.chmod("name with ü.bin", 0o600);
  await client.setTimes("name with ü.bin", { modified: new Date("2020-02-29T12:34:56Z") });
  const entry = await client.stat("name with ü.bin");
  assert.equal(entry.size, content.length);
  assert.equal(entry.type, "file");
  assert.equal(entry.modified?.instant?.toISOString(), "2020-02-29T12:34:56.000Z");
  assert.equal((await client.stat("a")).type, "directory");
  assert.equal(await client.exists("a/b"), true);
  assert.equal(await client.exists("nothing"), false);
  assert.ok([200, 250].includes((await client.raw("NOOP")).code));
  if (client.features.has("HASH") || client.features.has("XSHA256")) {
    const { hex } = await client.hash("name with ü.bin", { algorithm: "SHA-256" });
    assert.equal(hex, createHash("sha256").update(content).digest("hex"));
  }
}
