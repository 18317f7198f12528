import assert from "node:assert/strict";
import { test } from "node:test";
import type { Octets } from "@sallyport/protocol";
import { type Dialogue, download, secured } from "./user-pi-dialogue.ts";

const virtualHost = "files.example.org" as Octets;

/** Logged in, protected, with FEAT answered as given. */
function loggedIn(changes: Parameters<typeof secured>[0], features = "502 no FEAT"): Dialogue {
  const dialogue = secured(changes);
  for (const reply of ["331 password", "230 in", "200 ok", "200 P", features]) dialogue.answers(reply);
  return dialogue;
}

test("HOST goes ahead of USER, inside TLS, and again after every new beginning", () => {
  const dialogue = secured({ virtualHost });
  assert.deepEqual(
    dialogue.of("send").map(({ line }) => line),
    ["AUTH TLS", "HOST files.example.org"],
  );
  assert.deepEqual(dialogue.answers("220 that one"), ["USER alice"]);
  assert.deepEqual(secured({ virtualHost }).answers("502 what"), ["USER alice"], "one host, and it is served");
  const refused = secured({ virtualHost });
  assert.deepEqual(refused.answers("504 no such host"), ["QUIT"]);
  assert.equal(refused.of("close")[0]?.failure?.code, "SALLYPORT_LOGIN_REFUSED");
});

test("R-2640-06 a server that needs no OPTS UTF8 ON is not asked", () => {
  const dialogue = secured({ asksUtf8: false });
  for (const reply of ["331 password", "230 in", "200 ok", "200 P"]) dialogue.answers(reply);
  assert.deepEqual(dialogue.says("211-x\r\n UTF8\r\n211 End\r\n"), []);
  assert.equal(dialogue.pi.phase, "open");
});

test("R-4217-32 CCC is the last of the opening; nothing is sent until TLS is left, and data stays protected", () => {
  const dialogue = loggedIn({ clearsControl: true });
  assert.equal(dialogue.of("send").at(-1)?.line, "CCC");
  assert.deepEqual(dialogue.answers("200 in clear"), []);
  assert.equal(dialogue.of("end-tls").length, 1);
  assert.deepEqual(dialogue.asks(download), [], "the connection is on its way into the clear");
  assert.deepEqual(dialogue.happens({ kind: "tls-ended" }), ["EPSV"]);
  assert.equal(dialogue.pi.control, "clear");
  dialogue.answers("229 (|||2000|)");
  dialogue.happens({ kind: "data-connected", connection: 1 });
  assert.equal(dialogue.of("move-data")[0]?.protection, "P");
});

test("CCC that is refused leaves the control connection as it was", () => {
  const dialogue = loggedIn({ clearsControl: true });
  dialogue.answers("534 no");
  assert.deepEqual([dialogue.pi.phase, dialogue.pi.control], ["open", "tls"]);
  assert.equal(dialogue.of("end-tls").length, 0);
});

test("S-23 whatever else happens while TLS is left ends the connection", () => {
  for (const happens of [
    (dialogue: Dialogue) => dialogue.happens({ kind: "tls-failed", cause: new Error("cut") }),
    (dialogue: Dialogue) => dialogue.answers("226 out of turn"),
    (dialogue: Dialogue) => dialogue.waits(),
  ]) {
    const dialogue = loggedIn({ clearsControl: true });
    dialogue.answers("200 in clear");
    assert.deepEqual(happens(dialogue), []);
    assert.equal(dialogue.pi.phase, "closed");
  }
});
