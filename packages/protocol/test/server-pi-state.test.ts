import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defaultFactSelection,
  initialServerPiState,
  rootPath,
  type ServerPiPolicy,
  type ServerPiState,
  stateAfterAuth,
  stateAfterRein,
} from "@sallyport/protocol";

const policy: ServerPiPolicy = {
  requireTlsForLogin: true,
  requireTlsForData: true,
  messageSecurity: "off",
  messagesSuffice: false,
  strictProtectionOrder: false,
  capabilities: new Set(),
  commandQueueMax: 4,
  unknownVerbsMax: 3,
};
const greeted: ServerPiState<string> = {
  tlsMode: "explicit",
  policy,
  login: { kind: "greeted" },
  control: "clear",
  protectionBufferBytes: undefined,
  protectionLevel: "C",
  parameters: { type: "A", typeName: "A", structure: "F", mode: "S" },
  deflateLevel: 6,
  restart: { kind: "none" },
  announcedBytes: undefined,
  pair: { kind: "none" },
  workingDirectory: rootPath,
  epsvAll: false,
  secureClientMethod: false,
  facts: defaultFactSelection,
  hashAlgorithm: "SHA-256",
  host: undefined,
  clientName: undefined,
  idleSeconds: undefined,
  unknownVerbsCount: 0,
  securityExchangesCount: 0,
  loginFailuresCount: 0,
};

test("after the greeting: RFC 959's defaults, in clear or, on the implicit port, protected", () => {
  assert.deepEqual(initialServerPiState("explicit", policy), greeted);
  assert.deepEqual(initialServerPiState("implicit", policy), {
    ...greeted,
    tlsMode: "implicit",
    control: "tls",
    protectionBufferBytes: 0,
    protectionLevel: "P",
  });
});

test("R-4217-04 AUTH and REIN forget everything but the counters of abuse", () => {
  const planted: ServerPiState<string> = {
    ...greeted,
    login: { kind: "logged-in", user: "alice", account: "alice" },
    restart: { kind: "offset", offset: 9n },
    epsvAll: true,
    facts: [],
    host: "a.example",
    unknownVerbsCount: 1,
    securityExchangesCount: 2,
    loginFailuresCount: 3,
  };
  const counters = { unknownVerbsCount: 1, securityExchangesCount: 3, loginFailuresCount: 3 };
  assert.deepEqual(stateAfterRein(planted, greeted), { ...greeted, ...counters });
  assert.deepEqual(stateAfterAuth(planted, greeted, { control: "tls", protectionLevel: "P" }), {
    ...greeted,
    ...counters,
    control: "tls",
    protectionLevel: "P",
  });
});
