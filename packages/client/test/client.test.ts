import { connect, type Client, type ClientOptions, isDialogueError, type Progress } from "@sallyport/client";
import { startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { assertSame, bytesOf } from "./every-operation.ts";

const content = randomBytes(3_000_000);

function connectTo(server: TestServer, options: ClientOptions = {}): Promise<Client> {
  return connect(`ftp://alice:secret@localhost:${server.explicitPort}`, {
    ...options,
    tls: { ca: server.identity.ca, resumption: "require", ...options.tls },
  });
}

async function localFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-client-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("what is written may come from a stream, a Blob, text or chunks", async () => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const chunks = [Buffer.from("one "), Buffer.from("two")];
  await client.write("chunks", chunks);
  await client.write("text", "grüße");
  await client.write("blob", new Blob(["blob"]));
  await client.write("stream", new Blob(["from a stream"]).stream());
  const stored = await Promise.all(
    ["chunks", "text", "blob", "stream"].map((name) => readFile(join(server.directory, name), "utf8")),
  );
  assert.deepEqual(stored, ["one two", "grüße", "blob", "from a stream"]);
});

test("a failure carries command, reply, transcript and advice, and never the password", async () => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  await assert.rejects(client.download("nothing", join(tmpdir(), "nothing-here")), (error: Error) => {
    assert.partialDeepStrictEqual(Object.fromEntries(Object.entries(error)), {
      code: "SALLYPORT_COMMAND_REFUSED",
      reply: { code: 550 },
      retry: "never",
    });
    assert.ok(isDialogueError(error) && error.command === "RETR nothing" && error.transcript.length > 0);
    assert.match(JSON.stringify(error), /RETR nothing/);
    assert.doesNotMatch(JSON.stringify(error), /secret/);
    return true;
  });
  assert.equal(await client.exists("nothing"), false);
});

test("a wrong password and a certificate that nobody vouches for have codes of their own", async () => {
  await using server = await startTestServer();
  const url = `ftp://alice@localhost:${server.explicitPort}`;
  await assert.rejects(connect(url, { password: "wrong", tls: { ca: server.identity.ca } }), {
    code: "SALLYPORT_LOGIN_REFUSED",
  });
  await assert.rejects(connect(url, { password: "secret" }), { code: "SALLYPORT_CERTIFICATE_UNTRUSTED" });
});

test("progress goes from opening to done and counts every octet", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const folder = await localFolder(t);
  await writeFile(join(folder, "big"), content);
  const told: Progress[] = [];
  await client.upload(join(folder, "big"), "big", { onProgress: (progress) => told.push(progress) });
  assert.equal(told[0]?.phase, "open");
  assert.partialDeepStrictEqual(told.at(-1), { phase: "done", bytes: content.length, total: content.length });
  assert.ok(told.some(({ phase }) => phase === "confirm"));
});

test("a local file that cannot be written fails the download with its own error, and the client goes on", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const folder = await localFolder(t);
  await client.write("file", content);
  await mkdir(join(folder, "taken"));
  await assert.rejects(client.download("file", join(folder, "taken")), { code: "EISDIR" });
  assert.deepEqual(await readdir(folder), ["taken"]);
  await assert.rejects(client.download("file", join(folder, "missing/file")), { code: "ENOENT" });
  const failing = (async function* () {
    yield content.subarray(0, 1000);
    throw new Error("the source broke");
  })();
  await assert.rejects(client.write("broken", failing), { message: "the source broke" });
  assert.equal(await client.exists("broken"), false);
  assertSame(await bytesOf(await client.read("file")), content);
});
