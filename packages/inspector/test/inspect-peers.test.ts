import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, peerNeeds, startPyftpdlib } from "@sallyport/testing";
import { faultsOf, inspectPeer } from "./inspected.ts";
import { testRemedies } from "./remedies.ts";

testRemedies("vsftpd");

test("S-01 pyftpdlib obeys what stands in clear behind AUTH TLS", { skip: needs(...peerNeeds.pyftpdlib) }, async () => {
  await using peer = await startPyftpdlib({ tlsRequired: true });
  const report = await inspectPeer(peer);
  // Whether ABOR still finds a transfer there (D7) is a matter of moments.
  const faults = faultsOf(report).filter((id) => id !== "D7");
  assert.deepEqual(faults, ["P5", "D2", "D4", "D5", "D8", "F2", "T4", "T9"]);
  assert.equal(report.grade.policy, "F");
});
