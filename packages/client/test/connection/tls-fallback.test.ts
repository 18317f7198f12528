import { type ClientOptions, connect, type ConnectDecision, profileFile } from "@sallyport/client";
import { makeTestIdentity, needs, peerNeeds, startPureFtpd } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { TLSSocket } from "node:tls";
import { type Handler, type ScriptedLogin, type ScriptedServer, startScriptedServer } from "../scripted-server.ts";
import { localFolder } from "../transfer/scene.ts";

const identity = makeTestIdentity({ names: ["127.0.0.1"] });
const tls = { cert: identity.certificate, key: identity.key };

/** Takes data connections in versions of TLS of its choice, and says why where it does not. */
async function choosy(refuses: (version: string | null) => string | undefined): Promise<ScriptedServer> {
  const versionOf = ({ control }: ScriptedLogin): string | null =>
    control instanceof TLSSocket ? control.getProtocol() : null;
  const MLSD: Handler = async (login) => {
    login.reply("150 coming");
    (await login.data()).end("type=file;size=19; file\r\n");
    return refuses(versionOf(login)) ?? "226 done";
  };
  const STOR: Handler = async (login) => {
    login.reply("150 send");
    const data = await login.data();
    for await (const _ of data) void _;
    data.end();
    return refuses(versionOf(login)) ?? "226 stored";
  };
  return startScriptedServer({ MLSD, STOR }, { tls });
}

const refusal = "522 SSL connection failed; session reuse required";
const onlyOld = (version: string | null): string | undefined => (version === "TLSv1.3" ? refusal : undefined);

function open(server: ScriptedServer, options: ClientOptions = {}): ReturnType<typeof connect> {
  return connect(`alice:secret@127.0.0.1:${server.port}`, {
    security: "explicit",
    retry: { attempts: 0 },
    pool: { max: 1 },
    ...options,
    tls: { ca: identity.ca, ...options.tls },
  });
}

test("R-TLS-30 where TLS 1.3 is refused for want of resumption, TLS 1.2 is tried once, and remembered", async (t) => {
  await using server = await choosy(onlyOld);
  const profiles = profileFile(join(await localFolder(t), "servers.json"));
  const decisions: ConnectDecision[] = [];
  for (const loginsCount of [2, 3]) {
    // oxlint-disable-next-line no-await-in-loop -- the second learns from the first
    await using client = await open(server, { profiles, onDecision: (decision) => decisions.push(decision) });
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(
      (await Array.fromAsync(client.list())).map(({ name }) => name),
      ["file"],
    );
    assert.equal(client.tls?.protocol, "TLSv1.2");
    assert.equal(server.loginsCount, loginsCount);
  }
  assert.deepEqual(
    decisions.filter(({ kind }) => kind === "older-tls"),
    [{ kind: "older-tls", because: refusal }],
  );
});

test("an upload is sent again; a stream, which cannot be, fails and the next one works", async () => {
  await using server = await choosy(onlyOld);
  {
    await using client = await open(server);
    await client.write("file", "content");
  }
  await using client = await open(server);
  const once = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from("content");
  };
  await assert.rejects(client.write("file", once()), { code: "SALLYPORT_COMMAND_REFUSED" });
  await client.write("file", once());
  assert.equal(client.tls?.protocol, "TLSv1.2");
});

test("where TLS 1.2 is refused as well, that is told after one more attempt, and nothing is remembered", async () => {
  await using server = await choosy(() => refusal);
  await using client = await open(server);
  for (const loginsCount of [2, 2, 3]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(Array.fromAsync(client.list()), { code: "SALLYPORT_COMMAND_REFUSED" });
    assert.ok(server.loginsCount <= loginsCount, `${server.loginsCount} connections`);
  }
});

test("another refusal, and versions that were asked for, change nothing", async () => {
  await using other = await choosy(() => "550 no");
  await using first = await open(other);
  await assert.rejects(Array.fromAsync(first.list()));
  assert.equal(other.loginsCount, 1);
  await using named = await choosy(() => "550 resume.pdf: No such file or directory");
  await using second = await open(named);
  await assert.rejects(Array.fromAsync(second.list()));
  assert.equal(named.loginsCount, 1, "a file is called so");
  await using server = await choosy(onlyOld);
  for (const wish of [{ minVersion: "TLSv1.3" }, { maxVersion: "TLSv1.3" }, { resumption: "off" }] as const) {
    // oxlint-disable-next-line no-await-in-loop -- connections are counted
    await using client = await open(server, { tls: wish });
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(Array.fromAsync(client.list()), { code: "SALLYPORT_COMMAND_REFUSED" });
  }
  assert.equal(server.loginsCount, 3);
});

test(
  "R-TLS-30 Pure-FTPd resumes TLS 1.2 alone: whoever demands resumption gets that",
  { skip: needs(...peerNeeds.pureFtpd) },
  async () => {
    await using peer = await startPureFtpd();
    const decisions: ConnectDecision[] = [];
    await using client = await connect(`alice:secret@localhost:${peer.explicitPort}`, {
      security: "explicit",
      retry: { attempts: 0 },
      tls: { ca: await readFile(peer.caFile), resumption: "require" },
      onDecision: (decision) => decisions.push(decision),
    });
    assert.equal(client.tls?.protocol, "TLSv1.3");
    assert.ok((await Array.fromAsync(client.list())).some(({ name }) => name === "hello.txt"));
    assert.equal(client.tls.protocol, "TLSv1.2");
    assert.deepEqual(decisions.at(-1), { kind: "older-tls", because: "SALLYPORT_NOT_RESUMED" });
  },
);
