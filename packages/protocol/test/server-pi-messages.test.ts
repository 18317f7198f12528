import {
  initialServerPiState,
  newServerPi,
  type Octets,
  octetsFromText,
  reply,
  type ServerPi,
  type ServerPiEffect,
  type ServerPiPolicy,
  type ServerPiState,
  step,
  verbs,
} from "@sallyport/protocol";
import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";

const policy: ServerPiPolicy = {
  requireTlsForLogin: false,
  requireTlsForData: false,
  messageSecurity: "offer",
  messagesSuffice: false,
  strictProtectionOrder: false,
  capabilities: new Set(),
  commandQueueMax: 4,
  unknownVerbsMax: 3,
};
const fresh = initialServerPiState<string>("explicit", policy);
const loggedIn = { control: "wrapped", login: { kind: "logged-in", user: "alice", account: "alice" } } as const;

function wrapped(changes: Partial<ServerPiState<string>> = {}): ServerPi<string> {
  return newServerPi({ ...fresh, ...loggedIn, ...changes });
}

function line(text: string, level?: "MIC" | "ENC") {
  return { kind: "line", line: octetsFromText(text), ...(level && { level }) } as const;
}

/** Codes with the level of what they answer, and kinds of other effects. */
function told(effects: readonly ServerPiEffect[]): string[] {
  return effects.map((effect) => {
    const level = "level" in effect && effect.level !== undefined ? ` ${effect.level}` : "";
    return effect.kind === "send" ? `${effect.reply.code}${level}` : effect.kind + level;
  });
}

test("R-2228-10 clear commands are 533 but for AUTH and ADAT, whatever they are", () => {
  for (const text of ["NOOP", "QUIT", "XYZZY", "GET / HTTP/1.1", "USER alice", "TYPE"]) {
    assert.deepEqual(told(step(wrapped(), line(text)).effects), ["533"], text);
  }
  assert.deepEqual(told(step(wrapped(), line("AUTH TLS")).effects), ["run"]);
  assert.deepEqual(told(step(wrapped(), line("ADAT AAAA")).effects), ["run"]);
  assert.deepEqual(told(step(wrapped({ control: "cleared" }), line("NOOP")).effects), ["run"]);
});

test("R-2228-11 every reply has the level of its command, also behind others", () => {
  let { pi, effects } = step(wrapped(), line("RETR a", "ENC"));
  assert.deepEqual([told(effects), pi.level], [["run"], "ENC"]);
  ({ pi, effects } = step(pi, line("STAT", "MIC")));
  assert.deepEqual(told(effects), ["report-status MIC"]);
  ({ pi, effects } = step(pi, line("XYZZY", "MIC")));
  ({ pi, effects } = step(pi, line("NOOP")));
  ({ pi, effects } = step(pi, line("ABOR", "ENC")));
  assert.deepEqual(told(effects), ["abort-transfer"]);
  ({ pi, effects } = step(pi, { kind: "finished", reply: reply(426, ""), changes: {} }));
  assert.deepEqual([told(effects), pi.level], [["426 ENC", "run"], "ENC"]);
  ({ pi, effects } = step(pi, { kind: "finished", reply: reply(226, ""), changes: {} }));
  assert.deepEqual([told(effects), pi.level], [["226 ENC", "500 MIC", "533"], undefined]);
});

test("R-2228-10 a clear ABOR or STAT does not reach a transfer", () => {
  const { pi } = step(wrapped(), line("RETR a", "MIC"));
  assert.deepEqual(told(step(pi, line("ABOR")).effects), []);
  assert.deepEqual(told(step(pi, line("STAT")).effects), []);
});

test("R-2228-09 what cannot be opened is refused, and not for ever", () => {
  let pi = wrapped();
  const codes = [];
  for (const refusal of ["not-base64", "rejected", "not-one-line", "not-offered"] as const) {
    const result = step(pi, { kind: "envelope-refused", refusal });
    codes.push(told(result.effects));
    ({ pi } = result);
  }
  assert.deepEqual(codes, [["501"], ["535"], ["501"], ["421", "close"]]);
});

test("R-2228-14 data without the protection that policy demands is 534", () => {
  const demanding = { ...policy, requireTlsForData: true };
  for (const [suffices, level, expected] of [
    [true, "C", "534 MIC"],
    [true, "S", "run"],
    [true, "P", "run"],
    [false, "P", "534 MIC"],
  ] as const) {
    const pi = wrapped({ policy: { ...demanding, messagesSuffice: suffices }, protectionLevel: level });
    assert.deepEqual(told(step(pi, line("LIST", "MIC")).effects), [expected]);
  }
});

test("a context that is over ends the transfer and what waits, and everything begins anew", () => {
  let { pi, effects } = step(wrapped({ securityExchangesCount: 1 }), line("STOR a", "ENC"));
  ({ pi } = step(pi, line("DELE b", "ENC")));
  ({ pi, effects } = step(pi, { kind: "security-lost", fresh }));
  assert.deepEqual(told(effects), ["abort-transfer"]);
  ({ pi, effects } = step(pi, { kind: "finished", reply: reply(426, ""), changes: {} }));
  assert.deepEqual(told(effects), ["426 ENC", "535", "drop-security"]);
  assert.deepEqual(pi.state, { ...fresh, securityExchangesCount: 2 });
  const idle = step(wrapped(), { kind: "security-lost", fresh });
  assert.deepEqual(told(idle.effects), ["535", "drop-security"]);
  // A login that was under way belongs to what is over.
  ({ pi } = step(wrapped({ login: { kind: "greeted" } }), line("USER alice", "MIC")));
  ({ pi } = step(pi, { kind: "security-lost", fresh }));
  ({ pi } = step(pi, { kind: "finished", reply: reply(232, ""), changes: { login: loggedIn.login } }));
  assert.equal(pi.state.login.kind, "greeted");
});

test("R-GSS-06 commands of a context that REIN ended are 503", () => {
  let { pi, effects } = step(wrapped(), line("RETR a", "MIC"));
  for (const text of ["REIN", "PWD"]) ({ pi } = step(pi, line(text, "MIC")));
  ({ pi, effects } = step(pi, { kind: "finished", reply: reply(226, ""), changes: {} }));
  assert.deepEqual(told(effects), ["226 MIC", "run"]);
  ({ pi, effects } = step(pi, { kind: "finished", reply: undefined, changes: fresh }));
  assert.deepEqual(told(effects), ["503"]);
});

test("no input changes anything in the clear while commands have to be wrapped", () => {
  const word = fc.constantFrom(...Object.keys(verbs).filter((verb) => verb !== "AUTH" && verb !== "ADAT"), "?", "");
  const text = fc.tuple(word, fc.string({ maxLength: 20 })).map(([verb, rest]) => `${verb} ${rest}` as Octets);
  fc.assert(
    fc.property(text, (given) => {
      const { pi, effects } = step(wrapped(), { kind: "line", line: given });
      assert.deepEqual(told(effects), ["533"]);
      assert.deepEqual({ ...pi.state, unknownVerbsCount: 0 }, wrapped().state);
    }),
  );
});
