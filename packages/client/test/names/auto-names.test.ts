import { connect, type ClientOptions, profileFile } from "@sallyport/client";
import { makeTestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bytesOf } from "../every-operation.ts";
import { realServers } from "../real-servers.ts";
import { testAnyOctets } from "./any-octets.ts";
import { type ScriptedServer, startScriptedServer } from "../scripted-server.ts";

const identity = makeTestIdentity({ names: ["127.0.0.1", "localhost"] });
const folder = await mkdtemp(join(tmpdir(), "sallyport-names-"));
after(() => rm(folder, { recursive: true }));

/** A server that lists one name as it stands, and says in FEAT what is told. */
function lister(name: string, features: string): Promise<ScriptedServer> {
  const answers = {
    FEAT: () => `211-Features\r\n MLST type*;\r\n${features}211 End`,
    MLSD: async (login: Parameters<NonNullable<Parameters<typeof startScriptedServer>[0]>[string]>[0]) => {
      login.reply("150 coming");
      (await login.data()).end(Buffer.from(`type=file; ${name}\r\n`, "latin1"));
      return "226 done";
    },
  };
  return startScriptedServer(answers, { tls: { cert: identity.certificate, key: identity.key } });
}

/** Lists, or not, then reads what has the name, and gives the names and what was sent for the last. */
async function namesOf(server: ScriptedServer, options: ClientOptions, wanted?: string) {
  const url = `alice:secret@127.0.0.1:${server.port}`;
  await using client = await connect(url, { security: "explicit", tls: { ca: identity.ca }, ...options });
  const names = wanted === undefined ? (await Array.fromAsync(client.list())).map(({ name }) => name) : [];
  await bytesOf(await client.read(wanted ?? names[0] ?? ""));
  return [...names, server.heard.findLast((line) => line.startsWith("RETR "))];
}

const latin1 = "caf\xE9";
const utf8 = "caf\xC3\xA9";

for (const { title, name, features = "", options, gives } of [
  {
    title: "names are UTF-8 where FEAT says so",
    name: utf8,
    features: " UTF8\r\n",
    options: {},
    gives: ["café", utf8],
  },
  {
    title: "names that are UTF-8 are taken for that",
    name: utf8,
    options: { encoding: "auto,latin1" },
    gives: ["café", utf8],
  },
  {
    title: "names that are not are in the fallback",
    name: latin1,
    options: { encoding: "auto,latin1" },
    gives: ["café", latin1],
  },
  { title: "without a fallback octets come back as they are", name: latin1, options: {}, gives: ["caf\uDCE9", latin1] },
  {
    title: "octets that are not UTF-8 come back where FEAT has UTF8, too",
    name: latin1,
    features: " UTF8\r\n",
    options: { encoding: "auto,latin1" },
    gives: ["caf\uDCE9", latin1],
  },
  {
    title: "a label is used whatever FEAT says",
    name: latin1,
    features: " UTF8\r\n",
    options: { encoding: "latin1" },
    gives: ["café", latin1],
  },
]) {
  test(title, async () => {
    await using server = await lister(name, features);
    const [seen, sent] = await namesOf(server, options);
    assert.deepEqual([seen, sent], [gives[0], `RETR ${gives[1]}`]);
  });
}

test("a server is asked for UTF-8 where names are to be that, and left alone where not", async () => {
  await using server = await lister(utf8, " UTF8\r\n");
  await namesOf(server, {});
  assert.ok(server.heard.includes("OPTS UTF8 ON"));
  const before = server.heard.length;
  await namesOf(server, { encoding: "windows-1252" });
  assert.ok(!server.heard.slice(before).includes("OPTS UTF8 ON"));
});

test("the encoding is remembered, so that the first name that is sent is right", async () => {
  await using server = await lister(latin1, "");
  const profiles = profileFile(join(folder, "servers.json"));
  await namesOf(server, { encoding: "auto,windows-1252", profiles });
  assert.deepEqual(await namesOf(server, { profiles }, "café"), [`RETR ${latin1}`]);
  assert.deepEqual(await namesOf(server, {}, "café"), [`RETR ${utf8}`], "nothing is known without the profile");
});

for (const server of realServers) if (server.name === "Sallyport") testAnyOctets(server);
