import { connect, profileFile } from "@sallyport/client";
import { makeTestIdentity, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startScriptedServer } from "../scripted-server.ts";

const folder = await mkdtemp(join(tmpdir(), "sallyport-publishing-"));
after(() => rm(folder, { recursive: true }));
const local = join(folder, "local.txt");
await writeFile(local, "content");

/** What is said of uploads: CSID, STOR, renaming. */
const ofUploads = /^(?:CSID|STOR|RNFR|RNTO|OPTS UTF8)/;

test("uploads to our own server need no temporary name, which is asked once and remembered", async () => {
  await using server = await startTestServer();
  const profiles = profileFile(join(folder, "servers.json"));
  for (const expected of [
    ["OPTS UTF8 ON", "CSID Name=Sallyport;", "STOR a.txt", "STOR b.txt"],
    ["STOR a.txt", "STOR b.txt"],
  ]) {
    const said: string[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one run after the other
    await using client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
      tls: { ca: server.identity.ca },
      profiles,
      onTranscript: ({ text }) => ofUploads.test(text) && said.push(text),
    });
    // oxlint-disable-next-line no-await-in-loop
    await client.upload(local, "a.txt");
    // oxlint-disable-next-line no-await-in-loop
    await client.write("b.txt", "more");
    assert.deepEqual(said, expected);
    assert.equal(client.profile.facts.product?.value, "Sallyport");
  }
});

test("another server that knows CSID is another server", async () => {
  const identity = makeTestIdentity({ names: ["127.0.0.1"] });
  await using server = await startScriptedServer(
    {
      GREETING: () => "220 Sallyport ready",
      FEAT: () => "211-Features\r\n CSID\r\n AVBL\r\n DSIZ\r\n RANG STREAM\r\n SIZE\r\n211 End",
      CSID: () => "200 Name=Serv-U; Version=15.4.1; OS=Windows;",
      SIZE: () => "213 7",
    },
    { tls: { cert: identity.certificate, key: identity.key } },
  );
  const options = { security: "explicit", tls: { ca: identity.ca } } as const;
  await using client = await connect(`alice:secret@127.0.0.1:${server.port}`, options);
  await client.upload(local, "a.txt");
  await client.upload(local, "a.txt");
  assert.equal(client.profile.facts.product?.value, "Serv-U 15.4.1");
  assert.equal(server.heard.filter((line) => line.startsWith("CSID")).length, 1);
  assert.equal(server.heard.filter((line) => line.startsWith("RNTO a.txt")).length, 2);
});
