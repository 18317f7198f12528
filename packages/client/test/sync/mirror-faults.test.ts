import { connect, type SyncProgress, type SyncStep } from "@sallyport/client";
import { needs, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Handler, startScriptedServer } from "../scripted-server.ts";
import { assertAlike, assertAllDone, emptyFolder, fill, hourAgo, told } from "./mirror-scene.ts";

/** A server whose root lists these lines and whose other directories are empty. */
function listing(...lines: readonly string[]): { readonly MLSD: Handler } {
  return {
    MLSD: async (login, directory) => {
      login.reply("150 coming");
      const isRoot = directory === "" || directory === "/";
      (await login.data()).end(isRoot ? lines.map((line) => `${line}\r\n`).join("") : "");
      return "226 done";
    },
  };
}

async function outcomesOf(steps: AsyncIterable<SyncStep>): Promise<string[]> {
  return told(await Array.fromAsync(steps));
}

test("S-20 names that lead elsewhere are refused, and everything else comes", async (t) => {
  const scene = emptyFolder(t);
  const local = join(scene, "inside/target");
  const names = ["../../evil", "..", "/etc/evil", "a/../../evil", "sub/evil", ""].map(
    (name) => `type=file;size=19; ${name}`,
  );
  await using server = await startScriptedServer(listing(...names, "type=file;size=19; good"));
  await using client = await connect(`127.0.0.1:${server.port}`, { security: "plain" });
  const steps = await Array.fromAsync(client.sync({ remote: "" }, { local }, { delete: true }));
  const refused = steps.filter(({ action }) => action.kind === "conflict" && action.reason === "unsafe-name");
  assert.ok(refused.length >= 4, told(steps).join("\n"));
  assert.deepEqual(readdirSync(scene, { recursive: true }).toSorted(), [
    "inside",
    "inside/target",
    "inside/target/good",
  ]);
  assert.equal(server.heard.filter((line) => line.startsWith("RETR")).join(), "RETR good");
});

test("S-20 a link in the target is not followed by what the server puts behind its name", async (t) => {
  const [local, outside] = [emptyFolder(t), emptyFolder(t)];
  symlinkSync(outside, join(local, "dir"));
  await using server = await startTestServer();
  fill(server.directory, { "dir/file": "content" });
  await using client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
  });
  const steps = await Array.fromAsync(client.sync({ remote: "/" }, { local }));
  assert.ok(
    steps.every(({ outcome }) => outcome === "left"),
    told(steps).join(),
  );
  assert.deepEqual(readdirSync(outside), []);
});

test("a name with CR, LF or other controls comes home under a name of its own and goes back", async (t) => {
  await using server = await startTestServer();
  await using client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
  });
  const [local, back] = [emptyFolder(t), "back"];
  const names = ["tab\there", "percent%41", "esc\u001B[31m", "bytes-\u00FF"];
  for (const name of names) writeFileSync(Buffer.from(`${server.directory}/${name}`, "latin1"), name);
  assertAllDone(await Array.fromAsync(client.sync({ remote: "/" }, { local })));
  assert.deepEqual(
    readdirSync(local).filter((name) => name.includes("\t") || name.includes("\u001B")),
    [],
  );
  assertAllDone(await Array.fromAsync(client.sync({ local }, { remote: back })));
  const bytes = readdirSync(join(server.directory, back), { encoding: "buffer" }).map((name) =>
    name.toString("latin1"),
  );
  assert.deepEqual(bytes.toSorted(), names.toSorted());
});

test("a directory that cannot be listed is told of, and nothing is deleted", async (t) => {
  const local = emptyFolder(t);
  fill(local, { "extra.txt": "extra" });
  const { MLSD } = listing("type=dir; closed", "type=file;size=19; file");
  const closing: Handler = (login, directory) => (directory === "closed" ? "550 no" : MLSD(login, directory));
  await using server = await startScriptedServer({ MLSD: closing, MLST: () => "550 no" });
  await using client = await connect(`127.0.0.1:${server.port}`, { security: "plain" });
  assert.deepEqual(await outcomesOf(client.sync({ remote: "" }, { local }, { delete: true })), [
    "make-directory closed done",
    "skip closed failed",
    "skip extra.txt left",
    "transfer file done",
  ]);
});

test("a source that is gone, or no directory, is an error and no empty tree", async (t) => {
  await using server = await startTestServer();
  await using client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
  });
  const local = emptyFolder(t);
  await assert.rejects(Array.fromAsync(client.sync({ remote: "/nowhere" }, { local })), {
    code: "SALLYPORT_COMMAND_REFUSED",
  });
  await assert.rejects(Array.fromAsync(client.sync({ local: join(local, "nowhere") }, { remote: "/" })), {
    code: "ENOENT",
  });
});

test("two mirrors of the same places do not run at once", async (t) => {
  await using server = await startTestServer();
  await using client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
  });
  const [local, journal] = [emptyFolder(t), emptyFolder(t)];
  fill(server.directory, { "a.bin": randomBytes(100_000), "b.bin": randomBytes(100_000) });
  for await (const step of client.sync({ remote: "/" }, { local }, { journal })) {
    void step;
    const second = client.sync({ remote: "/" }, { local }, { journal });
    await assert.rejects(Array.fromAsync(second), { code: "SALLYPORT_JOURNAL_BUSY" });
  }
  assertAlike(local, server.directory);
});

test("a connection that breaks is made good within one run, and what has come does not come again", async (t) => {
  await using server = await startTestServer();
  await using client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
    limits: { retryMs: 10 },
  });
  const local = emptyFolder(t);
  fill(server.directory, { "big.bin": randomBytes(3_000_000), "small.txt": "small" });
  let isBroken = false;
  const onProgress = ({ file }: SyncProgress): void => {
    if (file.file !== "big.bin" || isBroken || file.bytes === 0) return;
    isBroken = true;
    server.server.disconnect({ account: "alice" }, "not now");
  };
  assertAllDone(await Array.fromAsync(client.sync({ remote: "/" }, { local }, { onProgress })));
  assertAlike(local, server.directory);
  const parts = server.events.flatMap((event) =>
    event.kind === "transfer" && event.path === "/big.bin" ? [event.bytes] : [],
  );
  assert.ok(parts.filter((bytes) => bytes === 3_000_000).length <= 1, `came again: ${parts.join()}`);
});

test("a file goes on where its data connection broke", async (t) => {
  const local = emptyFolder(t);
  const content = randomBytes(200_000);
  let restart = 0;
  let isBroken = false;
  await using server = await startScriptedServer({
    ...listing("type=file;size=200000;modify=20260101000000; file"),
    REST: (_login, offset) => {
      restart = Number(offset);
      return "350 go on";
    },
    RETR: async (login) => {
      login.reply("150 coming");
      const data = await login.data();
      const from = restart;
      restart = 0;
      if (isBroken) {
        data.end(content.subarray(from));
        return "226 done";
      }
      isBroken = true;
      data.write(content.subarray(0, 70_000));
      await pause(200);
      data.resetAndDestroy();
      return "426 broken off";
    },
  });
  await using client = await connect(`127.0.0.1:${server.port}`, { security: "plain", limits: { retryMs: 10 } });
  assertAllDone(await Array.fromAsync(client.sync({ remote: "" }, { local })));
  assert.ok(readFileSync(join(local, "file")).equals(content));
  assert.deepEqual(
    server.heard.filter((line) => line.startsWith("REST")),
    ["REST 70000"],
  );
});

test("a server that refuses restarts gets the file from its beginning", async (t) => {
  const [local, journal] = [emptyFolder(t), emptyFolder(t)];
  const content = Buffer.from("content of a file\r\n");
  let isCut = true;
  await using server = await startScriptedServer({
    ...listing("type=file;size=19;modify=20260101000000; file"),
    REST: () => "502 no",
    RETR: async (login) => {
      login.reply("150 coming");
      const data = await login.data();
      if (!isCut) return data.end(content) && "226 done";
      isCut = false;
      data.write(content.subarray(0, 7));
      await pause(100);
      data.destroy();
      return "426 broken off";
    },
  });
  await using client = await connect(`127.0.0.1:${server.port}`, { security: "plain", limits: { retryMs: 10 } });
  assertAllDone(await Array.fromAsync(client.sync({ remote: "" }, { local }, { journal })));
  assert.ok(readFileSync(join(local, "file")).equals(content));
  assert.deepEqual(readdirSync(local), ["file"]);
});

test(
  "where the disk is full the mirror ends at once, and old files stay whole",
  { skip: needs("linux", "root", "mount") },
  async (t) => {
    await using server = await startTestServer();
    await using client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
      tls: { ca: server.identity.ca },
    });
    const small = emptyFolder(t);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", small]);
    try {
      fill(server.directory, { "a.bin": randomBytes(5_000_000), "b.bin": randomBytes(5_000_000) });
      fill(small, { "a.bin": "old" }, new Date(hourAgo().getTime() - 1000));
      await assert.rejects(Array.fromAsync(client.sync({ remote: "/" }, { local: small })), { code: "ENOSPC" });
      assert.equal(readFileSync(join(small, "a.bin"), "utf8"), "old");
      assert.deepEqual(readdirSync(small), ["a.bin"]);
    } finally {
      execFileSync("umount", [small]);
    }
  },
);

test("a server without room ends the mirror with its reply", async (t) => {
  const local = emptyFolder(t);
  fill(local, { a: "a", b: "b", c: "c" });
  await using server = await startScriptedServer({ ...listing(), STOR: () => "552 quota exceeded" });
  await using client = await connect(`127.0.0.1:${server.port}`, { security: "plain" });
  const mirror = client.sync({ local }, { remote: "" }, { parallel: 1 });
  await assert.rejects(Array.fromAsync(mirror), { code: "SALLYPORT_COMMAND_REFUSED" });
  assert.equal(server.heard.filter((line) => line.startsWith("STOR")).length, 1);
});

test("leaving the loop ends the mirror, and the client stays usable", async (t) => {
  await using server = await startTestServer();
  await using client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
  });
  const local = emptyFolder(t);
  for (let number = 0; number < 50; number++) fill(server.directory, { [`${number}`]: randomBytes(100_000) });
  for await (const step of client.sync({ remote: "/" }, { local })) if (step.outcome === "done") break;
  assert.ok(readdirSync(local).length < 50);
  assert.deepEqual(
    readdirSync(local).filter((name) => name.includes("sallyport")),
    [],
  );
  assert.equal(await client.exists("1"), true);
});
