import { connect, type ClientOptions, profileFile } from "@sallyport/client";
import { makeTestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { assertSame, bytesOf } from "../every-operation.ts";
import { realServers } from "../real-servers.ts";
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

for (const { name, start, skip } of realServers) {
  test(`names of any octets go from ${name} and back, and UTF-8 is asked for once`, { skip }, async () => {
    await using server = await start();
    const octets = Buffer.from("caf\xE9.bin", "latin1");
    const path = Buffer.concat([Buffer.from(`${server.served}/`), octets]);
    await writeFile(path, "content");
    await writeFile(join(server.served, "naïve.txt"), "text");
    const profiles = profileFile(join(folder, `${name}.json`));
    const said: string[] = [];
    const options: ClientOptions = { profiles, onTranscript: ({ text }) => said.push(text) };
    for (let run = 0; run < 2; run++) {
      // oxlint-disable-next-line no-await-in-loop -- one run after the other
      await using client = await server.connect("explicit", options);
      // oxlint-disable-next-line no-await-in-loop
      const entries = (await Array.fromAsync(client?.list() ?? [])).filter(({ type }) => type === "file");
      const odd = entries.find(({ nameOctets }) => nameOctets === octets.toString("latin1"));
      assert.ok(
        entries.some((entry) => entry.name === "naïve.txt"),
        entries.map((entry) => entry.name).join(),
      );
      if (name === "pyftpdlib") continue; // Sends octets that are not UTF-8 in escapes of its own.
      assert.equal(odd?.name, "caf\uDCE9.bin");
      // oxlint-disable-next-line no-await-in-loop
      assertSame(await readFile(path), await bytesOf((await client?.read(odd.path)) ?? []));
    }
    assert.ok(said.filter((line) => line.startsWith("OPTS UTF8")).length <= 1, said.join("\n"));
  });
}
