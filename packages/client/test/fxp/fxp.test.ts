import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { content, fxpTo, pairOf, putFile, startTestServer, stored, targetNames, transferDialogue } from "./scene.ts";
import { makeTestIdentity } from "@sallyport/testing";

const { ca } = makeTestIdentity({ names: ["localhost", "127.0.0.1", "::1"] });
const fxp = fxpTo(ca);

describe("copies between two servers of ours", () => {
  it("R-FXP-01 R-FXP-02 goes from server to server under TLS by SSCN", async () => {
    await using from = await startTestServer({ fxp });
    await using to = await startTestServer({ fxp });
    await using pair = await pairOf(from, to);
    await putFile(pair, "file");
    const outcome = await pair.from.client.fxp("file", pair.to.client, "copy");
    assert.deepEqual(outcome.route, { kind: "direct", listener: "to", secure: { client: "from", by: "SSCN" } });
    assert.deepEqual(await stored(pair, "copy"), content);
    assert.deepEqual(await targetNames(pair), ["copy"]);
    assert.deepEqual(transferDialogue(pair.said), [
      "from PROT P",
      "to PROT P",
      "from SSCN ON",
      "to PASV",
      "from PORT …",
      "from RETR file",
      "to STOR …",
    ]);
  });

  it("R-4217-43 goes through here where the servers have no SSCN", async () => {
    await using from = await startTestServer();
    await using to = await startTestServer();
    await using pair = await pairOf(from, to);
    await putFile(pair, "file");
    const outcome = await pair.from.client.fxp("file", pair.to.client, "copy");
    assert.deepEqual(outcome.route, {
      kind: "relay",
      because: ["Neither server offers SSCN or CPSV, which protect such a copy"],
    });
    assert.deepEqual(await stored(pair, "copy"), content);
    assert.deepEqual(await targetNames(pair), ["copy"]);
  });
});
