import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { rootPath } from "@sallyport/protocol";
import type { ServerEvent } from "@sallyport/server";
import type { PathAction } from "@sallyport/server/accounts";
import { startTestServer, type TestServer } from "@sallyport/testing";
import { deflateSync } from "node:zlib";

const mebibyte = 1_048_576;

function startDigesting(options: Parameters<typeof startTestServer>[0] = {}): Promise<TestServer> {
  return startTestServer({ ...options, observer: { uploadDigest: "SHA-256", onEvent: () => undefined } });
}

function sha256(octets: Uint8Array): string {
  return createHash("sha256").update(octets).digest("hex");
}

type Transfer = Extract<ServerEvent, { kind: "transfer" }>;

function lastTransfer(events: readonly ServerEvent[]): Transfer {
  const found = events.findLast((event) => event.kind === "transfer");
  assert.ok(found?.kind === "transfer");
  return found;
}

test("the digest of an upload is that of the stored file, for every size", async () => {
  await using server = await startDigesting();
  await using client = await server.loggedIn();
  for (const size of [0, 1, 65_535, 65_536, 65_537, 3 * mebibyte + 1, 64 * mebibyte]) {
    const octets = randomBytes(size);
    // oxlint-disable-next-line no-await-in-loop -- one upload after the other
    assert.equal((await client.store(`STOR ${size}.bin`, octets)).completion?.code, 226);
    const { published, complete, bytes } = lastTransfer(server.events);
    assert.equal(complete, true);
    assert.equal(published?.sha256, sha256(octets), `${size} octets`);
    assert.equal(published.sizeBytes, size);
    assert.equal(bytes, size);
    assert.equal(published.replaced, false);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(sha256(await readFile(join(server.directory, `${size}.bin`))), published.sha256);
  }
});

test("the digest is that of the stored octets in TYPE A, MODE Z and MODE B", async () => {
  await using server = await startDigesting();
  await using client = await server.loggedIn();
  const text = Buffer.from("one\r\ntwo\r\n".repeat(50_000));
  await client.expect("TYPE A", 200);
  await client.store("STOR ascii.txt", text);
  assert.equal(lastTransfer(server.events).published?.sha256, sha256(Buffer.from("one\ntwo\n".repeat(50_000))));
  await client.expect("TYPE I", 200);
  await client.expect("MODE Z", 200);
  await client.store("STOR z.bin", deflateSync(text));
  assert.equal(lastTransfer(server.events).published?.sha256, sha256(text));
  await client.expect("MODE B", 200);
  await client.store("STOR b.bin", Buffer.from([0x40, 0, 5, ...Buffer.from("hello")]));
  assert.equal(lastTransfer(server.events).published?.sha256, sha256(Buffer.from("hello")));
});

test("an upload that replaces a file says so, and one under a new name that it does not", async () => {
  await using server = await startDigesting();
  await writeFile(join(server.directory, "old.bin"), "old");
  await using client = await server.loggedIn();
  await client.store("STOR old.bin", Buffer.from("new"));
  assert.equal(lastTransfer(server.events).published?.replaced, true);
  await client.store("STOU", Buffer.from("new"));
  assert.equal(lastTransfer(server.events).published?.replaced, false);
});

for (const [what, commands, sent, whole] of [
  ["APPE", ["APPE kept.bin"], "tail", "beginning tail"],
  ["REST", ["REST 10", "STOR kept.bin"], "end", "beginning end"],
  ["RANG", ["RANG 0 2", "STOR kept.bin"], "BEG", "BEGinning "],
] as const) {
  test(`the digest of an upload continued by ${what} comes after the transfer, and covers the whole file`, async () => {
    await using server = await startDigesting();
    await writeFile(join(server.directory, "kept.bin"), "beginning ");
    await using client = await server.loggedIn();
    if (commands.length > 1) await client.expect(commands[0], 350);
    const { completion } = await client.store(commands.at(-1) ?? "", Buffer.from(sent));
    assert.equal(completion?.code, 226);
    const { published } = lastTransfer(server.events);
    assert.equal(published?.sha256, undefined);
    assert.equal(published?.sizeBytes, whole.length);
    assert.equal(published.replaced, true);
    const digested = await server.event("upload-digested");
    assert.equal(digested.id, published.id);
    assert.equal(digested.sha256, sha256(Buffer.from(whole)));
    assert.equal(digested.account, "alice");
  });
}

test("a digest comes to accounts that may not read what they upload", async () => {
  const permissions = [{ path: rootPath, allow: new Set<PathAction>(["append"]) }];
  await using server = await startDigesting({ account: { permissions } });
  await writeFile(join(server.directory, "kept.bin"), "beginning ");
  await using client = await server.loggedIn();
  const { completion } = await client.store("APPE kept.bin", Buffer.from("end"));
  assert.equal(completion?.code, 226);
  assert.equal((await server.event("upload-digested")).sha256, sha256(Buffer.from("beginning end")));
  assert.equal(lastTransfer(server.events).published?.replaced, true);
  assert.equal((await client.retrieve("RETR kept.bin")).opening.code, 550);
});

test("a file that is replaced before it is read gets no digest, and the cause is told", async () => {
  const replacing = { id: "" };
  await using server = await startTestServer({
    observer: {
      uploadDigest: "SHA-256",
      onEvent: (event) => {
        if (event.kind === "transfer") replacing.id = event.published?.id ?? "";
      },
    },
  });
  await writeFile(join(server.directory, "kept.bin"), Buffer.alloc(64 * mebibyte));
  await using client = await server.loggedIn();
  await using other = await server.loggedIn();
  // The first keeps the reader busy while the second file changes.
  await client.store("APPE kept.bin", Buffer.from("x"));
  await writeFile(join(server.directory, "late.bin"), "abc");
  await client.store("APPE late.bin", Buffer.from("d"));
  const { id } = replacing;
  await other.store("STOR late.bin", Buffer.from("other"));
  await until(() => server.events.some((event) => event.kind === "upload-digested" && event.id === id));
  const event = server.events.find((told) => told.kind === "upload-digested" && told.id === id);
  assert.ok(event?.kind === "upload-digested");
  assert.equal(event.sha256, undefined);
  assert.match(event.cause ?? "", /replaced meanwhile/);
});

test("an upload that is cut is not complete and has no facts of a publication", async () => {
  await using server = await startDigesting();
  await using client = await server.loggedIn();
  const raw = await client.openPassive();
  await client.expect("STOR torn.bin", 150);
  const data = await client.secureData(raw);
  data.write(Buffer.alloc(100_000));
  await new Promise((resolve) => setTimeout(resolve, 50));
  raw.destroy();
  assert.equal((await client.reply()).code, 426);
  const { complete, published } = lastTransfer(server.events);
  assert.equal(complete, false);
  assert.equal(published, undefined);
  assert.match((await client.expect("RNFR torn.bin", 550)).text, /not complete/);
  await assert.rejects(stat(join(server.directory, "torn.bin")));
});

test("events of deeds say by what TLS the control connection was protected and where the home lies", async () => {
  await using server = await startTestServer();
  await using client = await server.loggedIn();
  await client.store("STOR a.bin", Buffer.from("a"));
  await client.expect("DELE a.bin", 250);
  const transfer = lastTransfer(server.events);
  assert.equal(transfer.controlTls?.protocol, "TLSv1.3");
  assert.equal(transfer.home, "/");
  assert.equal(transfer.published, undefined, "nobody asked");
  assert.equal((await server.event("changed")).controlTls?.protocol, "TLSv1.3");
  assert.equal((await server.event("login")).controlTls?.protocol, "TLSv1.3");
  assert.ok(Math.abs(transfer.startedAtMs + transfer.durationMs - transfer.atMs) < 1000);
});

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error("it did not come to hold in time");
    // oxlint-disable-next-line no-await-in-loop -- polling
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
