import { connect, type ClientOptions, profileFile, type ProfileStore } from "@sallyport/client";
import { octetsFromText } from "@sallyport/protocol";
import { makeTestIdentity, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { KnownServer } from "../../src/profile/known-server.ts";
import { productOf } from "../../src/profile/product.ts";
import { type Handler, type ScriptedServer, startScriptedServer } from "../scripted-server.ts";

const identity = makeTestIdentity({ names: ["127.0.0.1", "localhost"] });
const tls = { cert: identity.certificate, key: identity.key };
const folder = await mkdtemp(join(tmpdir(), "sallyport-known-"));
after(() => rm(folder, { recursive: true }));

let filesCount = 0;
function newStore(): ProfileStore & { readonly path: string } {
  const path = join(folder, `${++filesCount}.json`);
  return { path, ...profileFile(path) };
}

function scripted(handlers: Readonly<Record<string, Handler>> = {}): Promise<ScriptedServer> {
  return startScriptedServer(handlers, { tls });
}

/** What the server heard of one run of a program that lists a directory. */
async function listOnce(server: ScriptedServer, profiles: ProfileStore, options: ClientOptions = {}) {
  const before = server.heard.length;
  const url = `alice:secret@127.0.0.1:${server.port}`;
  await using client = await connect(url, { security: "explicit", tls: { ca: identity.ca }, profiles, ...options });
  await Array.fromAsync(client.list("sub"));
  return server.heard.slice(before);
}

test("what one run found out the next need not: a refused EPSV is not asked for again", async () => {
  await using server = await scripted({ EPSV: () => "502 no" });
  const profiles = newStore();
  assert.ok((await listOnce(server, profiles)).includes("EPSV"));
  const again = await listOnce(server, profiles);
  assert.ok(again.includes("PASV") && !again.includes("EPSV"), again.join(" "));
  const profile = await profiles.find(`127.0.0.1:${server.port}`);
  assert.equal(profile?.facts.passive?.value, "PASV");
  assert.equal(await profiles.forget(`127.0.0.1:${server.port}`), true);
  assert.ok((await listOnce(server, profiles)).includes("EPSV"), "forgotten");
});

test("MLSD that FEAT names and nobody carries out is not tried again by another run, nor connection", async () => {
  await using server = await scripted({
    MLSD: () => "500 no",
    LIST: async (login) => {
      login.reply("150 coming");
      (await login.data()).end("-rw-r--r-- 1 a b 19 Jan 01 2020 file\r\n");
      return "226 done";
    },
  });
  const profiles = newStore();
  assert.ok((await listOnce(server, profiles)).includes("MLSD sub"));
  assert.ok(!(await listOnce(server, profiles)).includes("MLSD sub"));
});

for (const [what, verb, before, now] of [
  ["greeting", "GREETING", "220 ExampleFTP 1.0", "220 ExampleFTP 2.0"],
  ["FEAT", "FEAT", "211-Features\r\n MLST type*;\r\n211 End", "211-Features\r\n EPSV\r\n MLST type*;\r\n211 End"],
] as const) {
  test(`another ${what} is another server: what is remembered counts no more`, async () => {
    let said: string = before;
    await using server = await scripted({ EPSV: () => "502 no", [verb]: () => said });
    const profiles = newStore();
    await listOnce(server, profiles);
    said = now;
    // The control connection was begun with what was known; the profile is a new one all the same.
    await listOnce(server, profiles);
    const profile = await profiles.find(`127.0.0.1:${server.port}`);
    assert.equal(profile?.facts.passive, undefined);
    assert.ok((await listOnce(server, profiles)).includes("EPSV"));
  });
}

test("of what was said in clear nothing is remembered, after CCC neither", async () => {
  await using cleared = await startTestServer({ capabilities: ["ccc"], listener: { requireTls: "none" } });
  const unwritten = newStore();
  const wishes: ClientOptions = { clearControl: true, tls: { ca: cleared.identity.ca }, profiles: unwritten };
  {
    await using client = await connect(`alice:secret@localhost:${cleared.explicitPort}`, wishes);
    await client.write("file", "x");
    assert.ok(client.profile.facts.publishesWhole);
  }
  await assert.rejects(readFile(unwritten.path), { code: "ENOENT" });
  await using server = await startScriptedServer({ EPSV: () => "502 no" });
  const profiles = newStore();
  for (let run = 0; run < 2; run++) {
    // oxlint-disable-next-line no-await-in-loop -- one run after the other
    assert.ok((await listOnce(server, profiles, { security: "plain" })).includes("EPSV"));
  }
  await assert.rejects(readFile(profiles.path), { code: "ENOENT" });
});

test("S-03 a profile never goes below what is asked for", async () => {
  await using server = await scripted();
  const profiles = newStore();
  await listOnce(server, profiles);
  await profiles.learn(`127.0.0.1:${server.port}`, await fingerprintOf(server, profiles), (profile) => ({
    ...profile,
    facts: { maxTlsVersion: { value: "TLSv1.2", evidence: "522", learnedMs: Date.now() } },
  }));
  const versionWith = async (wishes: ClientOptions["tls"]): Promise<string | undefined> => {
    const options: ClientOptions = { security: "explicit", tls: { ca: identity.ca, ...wishes }, profiles };
    await using client = await connect(`alice:secret@127.0.0.1:${server.port}`, options);
    return client.tls?.protocol;
  };
  assert.equal(await versionWith({}), "TLSv1.2");
  assert.equal(await versionWith({ minVersion: "TLSv1.3" }), "TLSv1.3");
  assert.equal(await versionWith({ maxVersion: "TLSv1.3" }), "TLSv1.3");
});

test("a store that cannot be read or written keeps nobody from a server", async () => {
  await using server = await scripted();
  const profiles = newStore();
  await writeFile(profiles.path, "[nonsense");
  await listOnce(server, profiles);
  assert.equal(await readFile(profiles.path, "utf8"), "[nonsense");
});

test("facts are written once a day at most, and read by the newest evidence", async () => {
  let writesCount = 0;
  const known = new KnownServer({
    find: async () => undefined,
    learn: async () => void writesCount++,
    forget: async () => false,
  });
  known.meet({ code: 220, lines: [octetsFromText("ready")] }, new Map());
  await known.save();
  assert.equal(writesCount, 0, "nothing was learned");
  known.learn("listing", "MLSD", "226");
  known.learn("listing", "MLSD", "226");
  await known.save();
  await known.save();
  assert.equal(writesCount, 1);
  known.learn("listing", "LIST", "500");
  assert.equal(known.fact("listing"), "LIST");
  assert.equal(known.profile.facts.listing?.evidence, "500");
});

test("greetings name products", () => {
  for (const [greeting, product] of [
    ["(vsFTPd 3.0.3)", "vsftpd 3.0.3"],
    ["ProFTPD 1.3.8 Server (Debian) [::ffff:127.0.0.1]", "ProFTPD 1.3.8"],
    ["ProFTPD Server ready", "ProFTPD"],
    ["---------- Welcome to Pure-FTPd [privsep] [TLS] ----------", "Pure-FTPd"],
    ["FileZilla Server 1.10.0", "FileZilla Server 1.10.0"],
    ["pyftpdlib 1.5.6 ready.", "pyftpdlib 1.5.6"],
    ["Serv-U FTP Server v15.4 ready...", "Serv-U 15.4"],
    ["QTCP at SYSTEM.EXAMPLE.ORG.", "IBM i"],
    ["FTP server ready.", "Sallyport"],
    ["Microsoft FTP Service", "IIS"],
    ["Welcome", undefined],
    ["x".repeat(1_000_000), undefined],
  ] as const) {
    assert.equal(productOf({ code: 220, lines: [octetsFromText(greeting)] }), product);
  }
});

async function fingerprintOf(server: ScriptedServer, profiles: ProfileStore): Promise<string> {
  const profile = await profiles.find(`127.0.0.1:${server.port}`);
  if (profile !== undefined) return profile.fingerprint;
  const options: ClientOptions = { security: "explicit", tls: { ca: identity.ca } };
  await using client = await connect(`alice:secret@127.0.0.1:${server.port}`, options);
  return client.profile.fingerprint;
}
