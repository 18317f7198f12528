import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { assertSame } from "../every-operation.ts";
import { type Handler, startScriptedServer } from "../scripted-server.ts";
import { connectPlain, connectTo, localFolder } from "./scene.ts";
import { samplePlaces } from "../../src/transfer/verify.ts";

const content = randomBytes(3_000_000);

test("R-CLI-06 the server's digest is compared both ways, and a wrong one keeps the file from its name", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const folder = await localFolder(t);
  const local = join(folder, "file");
  await writeFile(local, content);
  const hex = createHash("sha256").update(content).digest("hex");
  const verified = { method: "hash", algorithm: "SHA-256", hex };
  assert.deepEqual((await client.upload(local, "file", { verify: "auto" })).verified, verified);
  assert.deepEqual((await client.download("file", `${local} 2`, { verify: "hash" })).verified, verified);
  await using liar = await startScriptedServer({
    FEAT: () => "211-Features\r\n SIZE\r\n XSHA256\r\n211 End",
    XSHA256: () => `250 ${"0".repeat(64)}`,
  });
  await using misled = await connectPlain(liar.port);
  const downloading = misled.download("file", join(folder, "wrong"), { verify: "auto" });
  await assert.rejects(downloading, { name: "IntegrityError", code: "SALLYPORT_INTEGRITY_CONTENT" });
  await assert.rejects(misled.upload(join(folder, "file 2"), "wrong", { verify: "hash", atomic: true }));
  assert.ok(!liar.heard.some((line) => line.startsWith("RNTO")));
  assert.deepEqual(await readdir(folder), ["file", "file 2"]);
});

test("R-CLI-06 a server without digests is asked for samples, and how sure they make is said", async (t) => {
  const big = randomBytes(5_000_000);
  let served = big;
  let offset = 0;
  await using server = await startScriptedServer({
    SIZE: () => `213 ${big.length}`,
    REST: (_, argument) => {
      offset = Number(argument);
      return "350 go on";
    },
    ABOR: () => "226 aborted",
    RETR: async (login) => {
      const from = offset;
      offset = 0;
      login.reply("150 coming");
      (await login.data()).end(served.subarray(from));
      return "226 done";
    },
  });
  await using client = await connectPlain(server.port);
  const folder = await localFolder(t);
  const outcome = await client.download("file", join(folder, "file"), { verify: "auto" });
  assert.partialDeepStrictEqual(outcome.verified, { method: "sample", samples: 8 });
  assert.ok("confidence" in outcome.verified && outcome.verified.confidence > 0.1 && outcome.verified.confidence < 1);
  await assert.rejects(client.download("file", join(folder, "hash"), { verify: "hash" }), {
    code: "SALLYPORT_HASH_UNAVAILABLE",
  });
  // The file becomes another one, of the same size, behind the client's back.
  const onProgress = ({ phase }: { readonly phase: string }): void => {
    if (phase === "verify") served = randomBytes(big.length);
  };
  await assert.rejects(client.download("file", join(folder, "other"), { verify: "sample", onProgress }), {
    code: "SALLYPORT_INTEGRITY_CONTENT",
  });
  assert.deepEqual(await readdir(folder), ["file"]);
});

test("samples lie within the file, cover its seams and its end, and are the whole of a small one", () => {
  const limits = { sampleBytes: 100, samplesCount: 8, sampleWholeBytes: 1000 };
  assert.deepEqual(samplePlaces(0, [], limits), []);
  assert.deepEqual(samplePlaces(1000, [500], limits), [[0, 1000]]);
  for (let round = 0; round < 200; round++) {
    const samples = samplePlaces(10_000, [5000, 7], limits);
    assert.ok(samples.every(([start, end]) => start >= 0 && end <= 10_000 && end - start === 100));
    assert.ok(samples.some(([start, end]) => start < 5000 && end > 5000));
    assert.ok(samples.some(([start, end]) => start <= 6 && end > 7));
    assert.ok(samples.some(([, end]) => end === 10_000));
  }
});

test("all transfers of a client together keep to its rate", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server, { limitRate: 4_000_000 });
  const folder = await localFolder(t);
  await writeFile(join(folder, "up"), content.subarray(0, 1_000_000));
  await writeFile(join(server.directory, "down"), content.subarray(0, 1_000_000));
  const beganMs = performance.now();
  await Promise.all([
    client.upload(join(folder, "up"), "up"),
    client.download("down", join(folder, "down")),
    client.write("written", content.subarray(0, 1_000_000)),
  ]);
  const tookMs = performance.now() - beganMs;
  assert.ok(tookMs > 600 && tookMs < 3_000, `three times a quarter of a second's octets took ${tookMs} ms`);
  client.limitRate = undefined;
  assert.throws(() => (client.limitRate = 0), { code: "SALLYPORT_RATE_INVALID" });
});

test("what happens to a name that is taken is the caller's to say, both ways", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const folder = await localFolder(t);
  const [local, remote] = [join(folder, "a.txt"), join(server.directory, "a.txt")];
  const sides = async (here: string, there: string): Promise<void> => {
    await writeFile(local, here);
    await writeFile(remote, there);
    await utimes(local, 1_000_000_000, 1_000_000_000);
    await utimes(remote, 2_000_000_000, 2_000_000_000);
  };
  await sides("here", "over there");
  for (const onConflict of ["skip", "newer"] as const) {
    const outcome = await client.upload(local, "a.txt", { onConflict });
    assert.equal(outcome.skipped, onConflict === "skip" ? "it exists" : "it is not older");
    assert.equal(await readFile(remote, "utf8"), "over there");
  }
  await assert.rejects(client.download("a.txt", local, { onConflict: "fail" }), { code: "SALLYPORT_FILE_EXISTS" });
  const renamed = await client.download("a.txt", local, { onConflict: "rename" });
  assert.equal(renamed.path, join(folder, "a (2).txt"));
  assert.equal(await readFile(renamed.path, "utf8"), "over there");
  assert.equal((await client.upload(local, "a.txt", { onConflict: "rename" })).path, "a (2).txt");
  assert.equal(await readFile(join(server.directory, "a (2).txt"), "utf8"), "here");
  await client.download("a.txt", local, { onConflict: "newer", preserve: true });
  assert.equal(await readFile(local, "utf8"), "over there");
  assert.equal((await stat(local)).mtimeMs, 2_000_000_000_000);
  await sides("same", "SAME");
  assert.equal((await client.download("a.txt", local, { onConflict: "size-differs" })).skipped, "it has the same size");
  await sides("begin", "beginning");
  const continued = await client.download("a.txt", local, { onConflict: "resume" });
  assert.deepEqual([continued.resumedFrom, continued.bytes], [5, 4]);
  assert.equal(await readFile(local, "utf8"), "beginning");
  await sides("another one", "an");
  const asked: unknown[] = [];
  const onConflict = (conflict: unknown) => {
    asked.push(conflict);
    return "resume" as const;
  };
  const sent = await client.upload(local, "a.txt", { onConflict });
  assert.equal(await readFile(remote, "utf8"), "another one");
  assert.equal(sent.resumedFrom, 2);
  assert.partialDeepStrictEqual(asked, [{ path: "a.txt", source: { size: 11 }, target: { size: 2 } }]);
});

test("times of change are kept both ways, to the second", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const folder = await localFolder(t);
  await writeFile(join(folder, "file"), "x");
  await utimes(join(folder, "file"), 951_827_696, 951_827_696);
  await client.upload(join(folder, "file"), "file", { preserve: true });
  assert.equal((await stat(join(server.directory, "file"))).mtimeMs, 951_827_696_000);
  await client.download("file", join(folder, "back"), { preserve: true });
  assert.equal((await stat(join(folder, "back"))).mtimeMs, 951_827_696_000);
});

test("in TYPE A lines end as they do here, and in CR LF on the wire", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server);
  const folder = await localFolder(t);
  const text = "one\ntwo\r\nthree\rfour\n\n".repeat(20_000);
  await writeFile(join(folder, "text"), text);
  await client.upload(join(folder, "text"), "text", { type: "A" });
  await client.download("text", join(folder, "back"), { type: "A" });
  assert.equal((await readFile(join(folder, "back"), "utf8")).replaceAll("\r\n", "\n"), text.replaceAll("\r\n", "\n"));
  assertSame(await readFile(join(server.directory, "text")), Buffer.from(text.replaceAll("\r\n", "\n")));
});

const sent = "content of a file\r\n";
const completions: readonly (readonly [string, Handler])[] = [
  ["a 226 of several lines", () => "226-File transferred\r\n226 0.001 seconds, 19 bytes"],
  ["250", () => "250 done"],
  ["a 226 that comes ahead of the data's end", () => undefined],
];
for (const [what, completion] of completions) {
  test(`R-CLI-09 ${what} completes a transfer`, async (t) => {
    await using server = await startScriptedServer({
      RETR: async (login, argument) => {
        login.reply("150 coming");
        const data = await login.data();
        const reply = await completion(login, argument);
        if (reply === undefined) {
          login.reply("226 done");
          setTimeout(() => data.end(sent), 30);
          return undefined;
        }
        data.end(sent);
        return reply;
      },
    });
    await using client = await connectPlain(server.port);
    const folder = await localFolder(t);
    const outcome = await client.download("file", join(folder, "file"));
    assert.equal(await readFile(join(folder, "file"), "utf8"), sent);
    assert.ok([226, 250].includes(outcome.reply?.code ?? 0));
  });
}

test("a completion that never comes fails a download of unknown length, and costs one of known length no octet", async (t) => {
  const folder = await localFolder(t);
  for (const [size, isTaken] of [
    ["550 no", false],
    ["213 19", true],
  ] as const) {
    await using server = await startScriptedServer({
      SIZE: () => size,
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.data()).end(sent);
        return undefined;
      },
    });
    await using client = await connectPlain(server.port, { timeouts: { completion: 80 } });
    const local = join(folder, size);
    const downloading = client.download("file", local, { verify: "size" });
    if (isTaken) {
      await downloading;
      assert.equal(await readFile(local, "utf8"), sent);
      assert.equal(server.heard.filter((line) => line.startsWith("RETR")).length, 1);
    } else await assert.rejects(downloading, { code: "SALLYPORT_REPLY_TIMEOUT" });
  }
});
