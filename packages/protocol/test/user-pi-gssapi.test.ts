import assert from "node:assert/strict";
import { test } from "node:test";
import { limitValues, type Octets, type UserPiPolicy } from "@sallyport/protocol";
import { Dialogue, download } from "./user-pi-dialogue.ts";

const token = (text: string) => ({ kind: "security-token", token: text as Octets }) as const;

/** Greeted, with AUTH GSSAPI accepted and one token sent. */
function exchanging(changes: Partial<UserPiPolicy> = {}): Dialogue {
  const dialogue = new Dialogue({ mechanisms: ["GSSAPI"], ...changes });
  assert.deepEqual(dialogue.answers("220 ready"), ["AUTH GSSAPI"]);
  dialogue.answers("334 go");
  assert.equal(dialogue.of("next-security-token")[0]?.step, "first");
  assert.deepEqual(dialogue.happens(token("YQ==")), ["ADAT YQ=="]);
  return dialogue;
}

/** Logged in by the ticket. */
function loggedIn(changes: Partial<UserPiPolicy> = {}): Dialogue {
  const dialogue = exchanging(changes);
  dialogue.answers("235 ADAT=Yg==");
  dialogue.happens({ kind: "security-established" });
  assert.deepEqual(dialogue.answers("232 authorized"), ["PBSZ 1048576"]);
  return dialogue;
}

test("R-GSS-03 after 235 the mechanism has the last word: no name is sent before it is complete", () => {
  const dialogue = exchanging();
  assert.deepEqual(dialogue.answers("235 ADAT=Yg=="), []);
  assert.deepEqual(dialogue.of("next-security-token")[1], { kind: "next-security-token", step: "last", token: "Yg==" });
  assert.deepEqual(dialogue.happens({ kind: "security-established" }), ["USER alice"]);
  assert.equal(dialogue.pi.control, "wrapped");
});

test("R-GSS-03 235 without a token asks the mechanism all the same; one in brackets is found", () => {
  const bare = exchanging();
  bare.answers("235 done");
  assert.deepEqual(bare.of("next-security-token")[1], { kind: "next-security-token", step: "last", token: undefined });
  const bracketed = exchanging();
  bracketed.answers("335 [ADAT=Yg==]");
  assert.equal(bracketed.of("next-security-token")[1]?.token, "Yg==");
});

test("R-2228-31 232 logs in without PASS; 331 asks for it, and gets it inside the protection alone", () => {
  loggedIn();
  const asked = exchanging();
  asked.answers("235 done");
  asked.happens({ kind: "security-established" });
  assert.deepEqual(asked.answers("331 password"), ["PASS s3cret"]);
});

test("R-2228-16 a mechanism that says no is left for the next of the order, and where there is none, said why", () => {
  const cause = new Error("no ticket");
  const next = new Dialogue({ mechanisms: ["GSSAPI", "TLS"] });
  next.answers("220 ready");
  next.answers("334 go");
  assert.deepEqual(next.happens({ kind: "security-failed", cause }), ["AUTH TLS"]);
  assert.deepEqual(next.answers("502 what"), ["QUIT"]);
  assert.equal(next.of("close")[0]?.failure?.code, "SALLYPORT_TLS_UNAVAILABLE");
  assert.equal(next.of("close")[0]?.failure?.cause, cause);
  const last = exchanging();
  last.answers("235 ADAT=Yg==");
  assert.deepEqual(last.happens({ kind: "security-failed", cause }), ["QUIT"]);
  assert.equal(last.of("close")[0]?.failure?.code, "SALLYPORT_GSSAPI_FAILED");
  assert.equal(last.of("close")[0]?.failure?.cause, cause);
});

test("R-2228-16 GSSAPI that is not offered is not asked for again under another name of the server", () => {
  for (const code of [500, 502, 504, 534, 431, 234]) {
    const dialogue = new Dialogue({ mechanisms: ["GSSAPI", "GSSAPI"] });
    dialogue.answers("220 ready");
    assert.deepEqual(dialogue.answers(`${code} no`), ["QUIT"], String(code));
    const failure = dialogue.of("close")[0]?.failure;
    assert.equal(failure?.code, "SALLYPORT_GSSAPI_NOT_OFFERED");
    assert.equal(failure?.reply?.code, code);
  }
});

test("R-GSS-02 a token that is refused is followed by another exchange, as long as the order has one", () => {
  const dialogue = exchanging({ mechanisms: ["GSSAPI", "GSSAPI"] });
  assert.deepEqual(dialogue.answers("535 wrong key"), ["AUTH GSSAPI"]);
  dialogue.answers("334 go");
  assert.equal(dialogue.of("next-security-token")[1]?.step, "first");
  dialogue.happens(token("Yw=="));
  assert.deepEqual(dialogue.answers("535 wrong key"), ["QUIT"]);
  assert.equal(dialogue.of("close")[0]?.failure?.code, "SALLYPORT_GSSAPI_REFUSED");
});

test("R-GSS-03 a server that never has enough of tokens is left", () => {
  const dialogue = exchanging();
  const { securityTokensCount } = limitValues();
  for (let count = 1; count < securityTokensCount; count++) {
    dialogue.answers("335 ADAT=Yg==");
    assert.deepEqual(dialogue.happens(token("Yw==")), ["ADAT Yw=="]);
  }
  dialogue.answers("335 ADAT=Yg==");
  assert.deepEqual(dialogue.happens(token("Yw==")), ["QUIT"]);
  assert.equal(dialogue.of("close")[0]?.failure?.code, "SALLYPORT_REPLY_UNEXPECTED");
});

test("R-2228-06 both use the smaller of two sizes, and a size that is worth nothing is none", () => {
  const sizeAfter = (reply: string): number | undefined => {
    const dialogue = loggedIn();
    if (dialogue.answers(reply)[0] !== "PROT P") return undefined;
    return dialogue.pi.opening.tokenBytesMax;
  };
  assert.equal(sizeAfter("200 PBSZ=65536"), 65_536);
  assert.equal(sizeAfter("200 as you wish"), 1_048_576);
  assert.equal(sizeAfter("200 PBSZ=4294967295"), 1_048_576);
  assert.equal(sizeAfter("200 PBSZ=0"), undefined);
  assert.equal(sizeAfter("200 PBSZ=100"), undefined);
  assert.equal(sizeAfter("501 no"), undefined);
});

test("R-GSS-05 data connections have the level that was asked for and the size that was agreed", () => {
  for (const level of ["C", "S", "P"] as const) {
    const dialogue = loggedIn({ dataProtection: level });
    assert.deepEqual(dialogue.answers("200 PBSZ=4096"), [`PROT ${level}`]);
    dialogue.answers("200 ok");
    dialogue.answers("502 no FEAT");
    dialogue.asks(download);
    dialogue.answers("229 (|||2000|)");
    dialogue.happens({ kind: "data-connected", connection: 1 });
    assert.equal(dialogue.of("move-data")[0]?.protection, level);
    assert.equal(dialogue.of("move-data")[0]?.tokenBytesMax, 4096);
  }
  const refused = loggedIn({ dataProtection: "S" });
  refused.answers("200 ok");
  assert.deepEqual(refused.answers("536 no"), ["QUIT"]);
  assert.equal(refused.of("close")[0]?.failure?.code, "SALLYPORT_PROTECTION_REFUSED");
});

test("R-GSS-06 a message that fails ends the connection, and another one may be opened", () => {
  const dialogue = loggedIn();
  const cause = new Error("expired");
  assert.deepEqual(dialogue.happens({ kind: "security-failed", cause }), []);
  const [closed] = dialogue.of("close");
  assert.equal(closed?.reconnect, "now");
  assert.equal(closed?.failure?.code, "SALLYPORT_GSSAPI_FAILED");
});

test("R-2228-10 a reply in clear ends the connection, and only one that says good-bye lets another be opened", () => {
  for (const [line, reconnect, message] of [
    ["226 done", "never", /outside the protection/],
    ["421 gone", "later", /ended the connection by 421 outside its protection/],
    ["535 expired", "later", /by 535 outside/],
    ["4210 gone", "never", /outside the protection/],
  ] as const) {
    const dialogue = loggedIn();
    dialogue.happens({ kind: "failure", failure: "reply-unprotected", line: line as Octets });
    const [closed] = dialogue.of("close");
    assert.equal(closed?.failure?.code, "SALLYPORT_REPLY_UNPROTECTED");
    assert.match(closed?.failure?.message ?? "", message);
    assert.equal(closed?.reconnect, reconnect, line);
  }
});
