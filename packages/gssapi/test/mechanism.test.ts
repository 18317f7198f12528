import { startKdc } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";
import { mechanismIn, pairOf, realmSkip } from "./realm.ts";

test("Kerberos between two ends", { skip: realmSkip, timeout: 60_000 }, async (t) => {
  await using kdc = await startKdc();
  await kdc.tickets("alice");
  await using clients = mechanismIn(kdc);
  await using servers = mechanismIn(kdc);

  await t.test("R-GSS-03 two tokens complete both ends, and each knows the other", async () => {
    await using pair = await pairOf(clients, servers);
    const { expiresAtMs, ...facts } = pair.serverFacts;
    const both = { integrity: true, confidentiality: true };
    assert.deepEqual(facts, { peerName: "alice@SALLYPORT.TEST", localName: "alice", ...both });
    assert.ok(expiresAtMs !== undefined && Math.abs(expiresAtMs - Date.now() - 3_600_000) < 600_000);
    const { expiresAtMs: clientsEnd, ...clientFacts } = pair.clientFacts;
    assert.deepEqual(clientFacts, { peerName: "ftp/localhost@SALLYPORT.TEST", localName: undefined, ...both });
    assert.ok(clientsEnd !== undefined);
  });
});
