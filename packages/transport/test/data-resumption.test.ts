import { type DataHandshakeFacts, judgeDataResumption, type ResumptionPolicy } from "@sallyport/transport";
import assert from "node:assert/strict";
import { test } from "node:test";

const stranger: DataHandshakeFacts = {
  policy: "adaptive",
  resumed: false,
  helloBroughtTicket: false,
  clientHasResumed: false,
  sameClientCertificate: true,
};
const policies: readonly ResumptionPolicy[] = ["off", "offer", "adaptive", "require"];

function accepted(facts: Partial<DataHandshakeFacts>): readonly ResumptionPolicy[] {
  return policies.filter((policy) => judgeDataResumption({ ...stranger, ...facts, policy }).accept);
}

function cause(facts: Partial<DataHandshakeFacts>): string {
  const verdict = judgeDataResumption({ ...stranger, ...facts });
  return verdict.accept ? "" : verdict.cause;
}

test("R-TLS-34 who resumed is in, whatever the policy", () => {
  assert.deepEqual(accepted({ resumed: true, helloBroughtTicket: true, clientHasResumed: true }), policies);
});

test("R-TLS-34 who never resumed is let in by all policies but require", () => {
  assert.deepEqual(accepted({}), ["off", "offer", "adaptive"]);
});

test("S-08 adaptive demands resumption once the client has shown that it can, or brings a foreign ticket", () => {
  assert.deepEqual(accepted({ clientHasResumed: true }), ["off", "offer"]);
  assert.deepEqual(accepted({ helloBroughtTicket: true }), ["off", "offer"]);
  assert.deepEqual(accepted({ helloBroughtTicket: true, clientHasResumed: true, ticketsSpent: true }), [
    "off",
    "offer",
  ]);
});

test("RFC 8446 C.4 a client that has used up its tickets is not refused for having none", () => {
  assert.deepEqual(accepted({ clientHasResumed: true, ticketsSpent: true }), ["off", "offer", "adaptive"]);
});

test("S-30 R-4217-29 another client certificate is refused by every policy", () => {
  assert.deepEqual(accepted({ sameClientCertificate: false }), []);
  assert.deepEqual(accepted({ sameClientCertificate: false, resumed: true }), policies, "resumed ones inherit it");
});

test("R-FXP-01 another server of a transfer has no ticket and no certificate of the client; require keeps it out", () => {
  const server = { isOtherServer: true, clientHasResumed: true, sameClientCertificate: false };
  assert.deepEqual(accepted(server), ["off", "offer", "adaptive"]);
});

test("R-TLS-35 each cause says in plain words what to change", () => {
  assert.match(cause({ policy: "require" }), /turn on TLS resumption .* adaptive on the server/);
  assert.match(cause({ policy: "require", helloBroughtTicket: true }), /not from this control connection/);
  assert.match(cause({ helloBroughtTicket: true }), /not from this control connection/);
  assert.match(cause({ clientHasResumed: true }), /did so before/);
  assert.match(cause({ sameClientCertificate: false }), /another client certificate/);
});
