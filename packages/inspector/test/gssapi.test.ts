import { inspect } from "@sallyport/inspector";
import { mockMechanism, startTestServer, type TestServerOptions } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";

test("R-GSS-01 Kerberos is told where it is offered, and the refusal where it is not", async () => {
  await using mechanism = mockMechanism();
  const offered = await mechanismsOf({ gssapi: { mechanism, suffices: true } });
  assert.match(offered.text, /^Taken: .*\bAUTH TLS\b.*\bAUTH GSSAPI\b/);
  assert.match(offered.evidence, /AUTH GSSAPI: 334 /);
  assert.equal(mechanism.openContextsCount, 0);
  const refused = await mechanismsOf({});
  assert.doesNotMatch(refused.text, /GSSAPI/);
  assert.match(refused.evidence, /AUTH GSSAPI: 504 /);
});

/** What the row about other mechanisms says of a server of ours. */
async function mechanismsOf(options: TestServerOptions): Promise<{ text: string; evidence: string }> {
  await using server = await startTestServer(options);
  const found = await inspect("127.0.0.1", {
    ports: { explicit: server.explicitPort, implicit: "off" },
    ca: server.identity.ca,
    only: ["M2"],
  });
  if ("kind" in found) return assert.fail(JSON.stringify(found));
  const row = found.findings.find(({ text }) => text.startsWith("Taken: "));
  assert.ok(row !== undefined);
  return { text: row.text, evidence: row.evidence.join("\n") };
}
