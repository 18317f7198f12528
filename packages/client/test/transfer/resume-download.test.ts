import { startDelayProxy, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { appendFile, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { assertSame } from "../every-operation.ts";
import { startScriptedServer } from "../scripted-server.ts";
import { connectPlain, connectTo, localFolder } from "./scene.ts";

const content = randomBytes(6_000_000);

test("R-CLI-05 a download whose connections are cut at random goes on, and fetches no octet twice", async (t) => {
  for (const segments of [1, 3]) {
    await using server = await startTestServer();
    const controlPort = server.explicitPort;
    let cutsCount = 0;
    await using proxy = startDelayProxy({
      cutAfter: ({ port }) =>
        port === controlPort || cutsCount++ > 5 ? undefined : randomInt(50_000, Math.floor(content.length / 10)),
    });
    await using client = await connectTo(server, {}, proxy);
    const folder = await localFolder(t);
    await writeFile(join(server.directory, "big"), content);
    const outcome = await client.download("big", join(folder, "big"), { segments });
    assertSame(await readFile(join(folder, "big")), content);
    assert.equal(outcome.bytes, content.length);
    assert.equal(outcome.verified.method, "hash");
    assert.deepEqual(await readdir(folder), ["big"]);
    assert.ok(cutsCount > 5);
  }
});

test("a control connection that is lost in the middle is no loss of octets", async (t) => {
  await using server = await startTestServer();
  let logins = 0;
  await using proxy = startDelayProxy({
    windowBytes: 100_000,
    delayMs: 2,
    cutAfter: ({ port }) => (port === server.explicitPort && logins++ === 0 ? 4_000 : undefined),
  });
  await using client = await connectTo(server, {}, proxy);
  const folder = await localFolder(t);
  await writeFile(join(server.directory, "big"), content);
  const spam = setInterval(() => void client.raw("NOOP").catch(() => {}), 5);
  const outcome = await client.download("big", join(folder, "big")).finally(() => clearInterval(spam));
  assertSame(await readFile(join(folder, "big")), content);
  assert.equal(outcome.bytes, content.length);
});

test("R-3659-09 what an earlier call left is gone on with, unless the file has changed", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server, { limitRate: 20_000_000 });
  const folder = await localFolder(t);
  const [remote, local] = [join(server.directory, "big"), join(folder, "big")];
  await writeFile(remote, content);
  const breakOff = async (segments: number): Promise<void> => {
    const aborter = new AbortController();
    const onProgress = ({ bytes }: { readonly bytes: number }): void => {
      if (bytes > 2_000_000) aborter.abort(new Error("enough"));
    };
    const options = { resume: true, segments, signal: aborter.signal, onProgress };
    await assert.rejects(client.download("big", local, options), { message: "enough" });
  };
  for (const segments of [1, 3]) {
    await breakOff(segments);
    const left = await readdir(folder);
    assert.equal(left.filter((name) => /^\.big\..*sallyport-part-[0-9a-f]{8}$/.test(name)).length, 2, String(left));
    const outcome = await client.download("big", local, { resume: true });
    assertSame(await readFile(local), content);
    assert.ok(outcome.resumedFrom > 1_900_000, `resumed from ${outcome.resumedFrom}`);
    assert.equal(outcome.bytes, content.length - outcome.resumedFrom);
    assert.equal(outcome.verified.method, "hash");
    assert.deepEqual(await readdir(folder), ["big"]);
  }
  await breakOff(1);
  const other = randomBytes(content.length);
  await writeFile(remote, other);
  await utimes(remote, 1_000_000_000, 1_000_000_000);
  const anew = await client.download("big", local, { resume: true });
  assert.equal(anew.resumedFrom, 0);
  assertSame(await readFile(local), other);
  assert.deepEqual(await readdir(folder), ["big"]);
});

test("a part whose octets are not the file's is found out, and all is fetched once more", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server, { limitRate: 20_000_000 });
  const folder = await localFolder(t);
  const [remote, local] = [join(server.directory, "big"), join(folder, "big")];
  await writeFile(remote, content);
  await utimes(remote, 1_000_000_000, 1_000_000_000);
  const aborter = new AbortController();
  const onProgress = ({ bytes }: { readonly bytes: number }): void => {
    if (bytes > 2_000_000) aborter.abort(new Error("enough"));
  };
  await assert.rejects(client.download("big", local, { resume: true, signal: aborter.signal, onProgress }));
  const other = randomBytes(content.length);
  await writeFile(remote, other);
  // The same size and the same time: only the content tells.
  await utimes(remote, 1_000_000_000, 1_000_000_000);
  const outcome = await client.download("big", local, { resume: true });
  assertSame(await readFile(local), other);
  assert.equal(outcome.resumedFrom, 0);
});

test("curl 122, 1036, 1037: a part that is the whole file, or an empty file, is finished without RETR", async (t) => {
  for (const size of [0, 19]) {
    await using server = await startScriptedServer({
      SIZE: () => `213 ${size}`,
      MDTM: () => "213 20200229123456",
      // Completes after all, so that the part of the first call is the whole file.
      RETR: async (login) => {
        login.reply("150 coming");
        const data = await login.data();
        data.end("content of a file\r\n");
        login.control.destroy();
      },
    });
    await using client = await connectPlain(server.port, { retry: { attempts: 0 } });
    const folder = await localFolder(t);
    const local = join(folder, "file");
    if (size > 0) await assert.rejects(client.download("file", local, { resume: true }));
    const before = server.heard.length;
    const outcome = await client.download("file", local, { resume: true, verify: "size" });
    assert.equal(outcome.resumedFrom, size);
    assert.equal(outcome.bytes, 0);
    assert.equal((await readFile(local)).length, size);
    const later = server.heard.slice(before).join(" ");
    assert.doesNotMatch(later, /RETR|REST/);
    assert.deepEqual(await readdir(folder), ["file"]);
  }
});

test("a server without REST is asked for the whole again", async (t) => {
  let rounds = 0;
  for (const refusal of ["502 no REST", "504 not now"]) {
    rounds = 0;
    await using server = await startScriptedServer({
      FEAT: () => "211-Features\r\n SIZE\r\n211 End",
      SIZE: () => "213 300000",
      REST: () => refusal,
      RETR: async (login) => {
        login.reply("150 coming");
        const data = await login.data();
        if (rounds++ === 0) {
          data.write(Buffer.alloc(100_000, 1));
          await new Promise((resolve) => setTimeout(resolve, 50));
          data.destroy();
          return "426 broken";
        }
        data.end(Buffer.alloc(300_000, 2));
        return "226 done";
      },
    });
    await using client = await connectPlain(server.port);
    const folder = await localFolder(t);
    await client.download("file", join(folder, "file"));
    assertSame(await readFile(join(folder, "file")), Buffer.alloc(300_000, 2));
    assert.ok(server.heard.includes("REST 100000"));
  }
});

test("curl 416: a file that grows while it comes is taken as it comes", async (t) => {
  await using server = await startTestServer();
  await using client = await connectTo(server, { limitRate: 10_000_000 });
  const folder = await localFolder(t);
  const remote = join(server.directory, "log");
  await writeFile(remote, content.subarray(0, 3_000_000));
  let hasGrown = false;
  const onProgress = ({ phase }: { readonly phase: string }): void => {
    if (phase !== "data" || hasGrown) return;
    hasGrown = true;
    void appendFile(remote, content.subarray(3_000_000, 3_500_000));
  };
  for (const segments of [1, 3]) {
    const outcome = await client.download("log", join(folder, `log ${segments}`), { onProgress, segments });
    const got = await readFile(join(folder, `log ${segments}`));
    assert.ok(got.length >= 3_000_000 && got.length <= 3_500_000);
    assertSame(got, content.subarray(0, got.length));
    assert.equal(outcome.bytes, got.length);
  }
});

test("a SIZE that lies: more comes and is taken; less comes and is not, but where nothing is to be compared", async (t) => {
  const folder = await localFolder(t);
  for (const [size, verify, code] of [
    [10, "size", undefined],
    [30, "size", "SALLYPORT_INTEGRITY_SIZE"],
    [30, "off", undefined],
  ] as const) {
    await using server = await startScriptedServer({ SIZE: () => `213 ${size}` });
    await using client = await connectPlain(server.port);
    const local = join(folder, `${size} ${verify}`);
    const downloading = client.download("file", local, { verify });
    if (code === undefined) {
      await downloading;
      assert.equal(await readFile(local, "utf8"), "content of a file\r\n");
    } else {
      await assert.rejects(downloading, { name: "IntegrityError", code });
      assert.ok(!(await readdir(folder)).some((name) => name.startsWith(`${size} ${verify}`)));
    }
  }
});
