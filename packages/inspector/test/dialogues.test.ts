import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import {
  renderDialogueLine,
  runDialogue,
  type DialogueLine,
  type DialogueName,
  type ExplainOptions,
} from "@sallyport/inspector";
import { makeTestIdentity, needs, startScriptedPeer, startTestServer, type ScriptedPeer } from "@sallyport/testing";

const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });
const tls = { key: identity.key, cert: identity.certificate };

test("T-01 telnet to the implicit port: HELP in clear closes the connection, and nothing is said", async () => {
  await using peer = await startScriptedPeer({ tls });
  const lines = await play("telnet-implicit", peer);
  assert.deepEqual(kindsAndTexts(lines), [
    ["started", `telnet localhost ${peer.implicitPort}`],
    ["said", "Connected to localhost."],
    ["said", "(nothing for 1 s)"],
    ["typed", "HELP"],
    ["said", "Connection closed by foreign host."],
    ["outcome", "The port takes nothing but TLS: clear text is dropped without a reply of FTP."],
  ]);
  assert.equal(lines.at(-1)?.asExpected, true);
  assert.deepEqual(peer.heard, []);
});

test("T-01 a server that answers in clear on the implicit port, or keeps the connection, is told", async () => {
  await using clear = await startScriptedPeer({ tls, clearOnImplicit: "220 hello\r\n" });
  const spoke = await play("telnet-implicit", clear);
  assert.deepEqual(spoke.at(-2)?.text, "220 hello");
  assert.equal(spoke.at(-1)?.asExpected, false);
  await using deaf = await startScriptedPeer({ tls, stallAt: "handshake" });
  const kept = await play("telnet-implicit", deaf, { timeoutMs: 1500 });
  assert.match(kept.at(-1)?.text ?? "", /still open 1\.5 s after clear text/);
  assert.equal(kept.at(-1)?.asExpected, false);
});

test("T-02 s_client to the implicit port: TLS 1.3 with the verified chain, then 220", async () => {
  await using peer = await startScriptedPeer({ tls });
  const lines = await play("s_client-implicit", peer);
  const texts = lines.map((line) => line.text);
  for (const expected of [
    " 0 s: CN=localhost",
    "   i: CN=Test authority default",
    " 1 s: CN=Test authority default",
    "   key: EC P-256, 256 bits; signature: ecdsa-with-SHA256",
    "Peer signature: ecdsa_secp256r1_sha256",
    "Key exchange group: X25519MLKEM768",
    "Verification: OK",
    "New, TLS 1.3, cipher TLS_AES_256_GCM_SHA384",
    "Server public key: EC P-256, 256 bits",
    "No ALPN negotiated",
    "Early data was not sent",
    "Verify return code: 0 (ok)",
  ]) {
    assert.ok(texts.includes(expected), `${expected} in\n${texts.join("\n")}`);
  }
  const greeting = lines.at(-2);
  assert.deepEqual([greeting?.kind, greeting?.text, greeting?.clear], ["received", "220 ready", false]);
  assert.equal(lines.at(-1)?.asExpected, true);
  assert.ok(
    lines.slice(0, -2).every(({ kind }) => kind !== "received"),
    "nothing of FTP comes before TLS",
  );
});

test("T-02 what s_client tells of the same server agrees", { skip: needs("openssl") }, async () => {
  await using peer = await startScriptedPeer({ tls: { ...tls, ecdhCurve: "X25519" } });
  const theirs = await sclient([
    "-connect",
    `127.0.0.1:${peer.implicitPort}`,
    "-CAfile",
    identity.caFile,
    "-curves",
    "X25519",
  ]);
  const ours = (await play("s_client-implicit", peer)).map((line) => line.text).join("\n");
  const pairs: readonly (readonly [RegExp, RegExp])[] = [
    [/New, TLSv1\.3, Cipher is (\S+)/, /New, TLS 1\.3, cipher (\S+)/],
    [/Verify return code: (.*)/, /Verify return code: (.*)/],
    [/ 0 s:CN = (\S+)/, / 0 s: CN=(\S+)/],
    [/ 1 s:CN = (.*)/, / 1 s: CN=(.*)/],
    [/(No ALPN negotiated)/, /(No ALPN negotiated)/],
    [/(Early data was not sent)/, /(Early data was not sent)/],
    [/Server public key is (\d+) bit/, /Server public key: .* (\d+) bits/],
  ];
  for (const [their, our] of pairs) {
    const told = their.exec(theirs)?.[1];
    assert.ok(told !== undefined, `${their} in\n${theirs}`);
    assert.equal(our.exec(ours)?.[1], told);
  }
  const read = Number(/has read (\d+) bytes/.exec(theirs)?.[1]);
  const ourRead = Number(/has read (\d+) octets/.exec(ours)?.[1]);
  // ECDSA signatures of two handshakes differ by a few octets.
  assert.ok(Math.abs(ourRead - read) <= 6, `${ourRead} octets, s_client ${read}`);
});

test("T-02 TLS 1.2 and an RSA key are told exactly, an unknown authority as s_client does", async () => {
  const rsa = makeTestIdentity({ names: ["localhost"], keyType: "rsa" });
  await using peer = await startScriptedPeer({ tls: { key: rsa.key, cert: rsa.certificate, maxVersion: "TLSv1.2" } });
  const texts = (await play("s_client-implicit", peer, { ca: "" })).map((line) => line.text);
  assert.ok(texts.includes("Peer signature: rsa_pss_rsae_sha256"));
  assert.ok(texts.includes("Server public key: RSA, 2048 bits"));
  assert.ok(texts.includes("Verification: SELF_SIGNED_CERT_IN_CHAIN"));
  assert.match(texts.at(-1) ?? "", /the certificate is not verified/);
});

test("T-03 telnet to the explicit port: 220, AUTH TLS, 234", async () => {
  await using peer = await startScriptedPeer({ tls, greeting: "220-two\r\n220 lines\r\n" });
  const lines = await play("telnet-explicit", peer);
  assert.deepEqual(kindsAndTexts(lines).slice(2, -1), [
    ["received", "220-two"],
    ["received", "220 lines"],
    ["typed", "AUTH TLS"],
    ["received", "234 proceed"],
  ]);
  assert.ok(lines.slice(2, -1).every(({ clear }) => clear));
  assert.equal(lines.at(-1)?.asExpected, true);
});

test("T-03 a refused AUTH is the outcome", async () => {
  await using peer = await startScriptedPeer({ tls, authReply: "502 no\r\n" });
  const lines = await play("telnet-explicit", peer);
  assert.match(lines.at(-1)?.text ?? "", /refuses TLS \(502 no\)/);
  assert.equal(lines.at(-1)?.asExpected, false);
});

test("T-01 T-02 T-03 our own server passes all three", async () => {
  await using server = await startTestServer();
  for (const name of ["telnet-implicit", "s_client-implicit", "telnet-explicit"] as const) {
    const ports = { explicit: server.explicitPort, implicit: server.implicitPort };
    const lines = await collect(name, "127.0.0.1", { ports, insecure: true, timeoutMs: 15_000 });
    assert.equal(lines.at(-1)?.asExpected, true, lines.map((line) => line.text).join("\n"));
  }
});

test("a port where nothing listens is the outcome, not an error", async () => {
  await using peer = await startScriptedPeer({ tls });
  await peer[Symbol.asyncDispose]();
  const lines = await play("telnet-explicit", peer);
  assert.deepEqual(
    lines.map(({ kind }) => kind),
    ["started", "outcome"],
  );
});

test("lines are drawn with a sign for who can read them", () => {
  const drawn = (line: Omit<DialogueLine, "atMs">) =>
    renderDialogueLine({ atMs: 0, ...line }, { width: 40, colour: false });
  assert.deepEqual(drawn({ kind: "typed", text: "HELP", clear: true }), ["□ > HELP"]);
  assert.deepEqual(drawn({ kind: "received", text: "220 hi", clear: false }), ["■ 220 hi"]);
  assert.deepEqual(drawn({ kind: "started", text: "telnet a 990", clear: false }), ["  $ telnet a 990"]);
});

async function play(name: DialogueName, peer: ScriptedPeer, changes: ExplainOptions = {}): Promise<DialogueLine[]> {
  const ports = { explicit: peer.explicitPort, implicit: peer.implicitPort };
  return collect(name, "localhost", { ports, ca: identity.ca, timeoutMs: 15_000, ...changes });
}

async function collect(name: DialogueName, host: string, options: ExplainOptions): Promise<DialogueLine[]> {
  const lines: DialogueLine[] = [];
  for await (const line of runDialogue(name, host, options)) lines.push(line);
  return lines;
}

function kindsAndTexts(lines: readonly DialogueLine[]): (readonly [string, string])[] {
  return lines.map(({ kind, text: said }) => [kind, said] as const);
}

async function sclient(words: readonly string[]): Promise<string> {
  const child = spawn("openssl", ["s_client", "-servername", "localhost", ...words], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.end();
  return text(child.stdout);
}
