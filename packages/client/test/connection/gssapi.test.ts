import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "@sallyport/client";
import { mockMechanism } from "@sallyport/testing";
import { startGssapiServer } from "../gssapi-server.ts";

const url = (port: number): string => `ftp://alice@127.0.0.1:${port}`;
const host = "LOCALHOST";

test("R-GSS-05 a ticket logs in, and commands and files are encrypted; nothing but AUTH and ADAT is in clear", async () => {
  await using mechanism = mockMechanism();
  await using server = await startGssapiServer(mockMechanism());
  const shown: string[] = [];
  const onTranscript = ({ text }: { readonly text: string }): void => void shown.push(text);
  {
    await using client = await connect(url(server.port), { gssapi: { mechanism, host }, onTranscript });
    assert.equal(await new Response(await client.read("f")).text(), "content of a file\r\n");
    await client.write("g", "something else");
    assert.equal(client.gssapi?.peerName, "ftp@localhost");
    assert.equal(client.tls, undefined);
  }
  assert.deepEqual(new Set(server.heardInClear.map((line) => line.split(" ")[0])), new Set(["AUTH", "ADAT", "ENC"]));
  assert.deepEqual(server.heard.slice(0, 4), ["USER alice", "PBSZ 1048576", "PROT P", "FEAT"]);
  assert.ok(shown.includes("ADAT ****"), "the transcript keeps tokens to itself");
  assert.ok(shown.includes("PROT P"), "and shows what was inside the envelopes");
  assert.equal(mechanism.openContextsCount, 0, "no context is left behind");
});
