import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeTestIdentity, startScriptedPeer, type ScriptedPeer } from "@sallyport/testing";
import { runSallyport, scratchDirectory, type Outcome } from "./run-sallyport.ts";

const scratch = scratchDirectory();
const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });
const tls = { key: identity.key, cert: identity.certificate };
let peer: ScriptedPeer;

before(async () => {
  peer = await startScriptedPeer({ tls });
});
after(() => peer[Symbol.asyncDispose]());

test("both modes stand side by side, and the last line says what to do", async () => {
  const { code, stdout, stderr } = await explain(["--ca", identity.caFile], { COLUMNS: "100" });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /EXPLICIT :\d+ +begins in clear +IMPLICIT :\d+ +begins in TLS/);
  assert.match(stdout, /← 220 ready +□/);
  assert.match(stdout, /round trips before USER can go +4 +3\n/);
  assert.match(stdout, /FTP octets in clear +34 +0\n/);
  assert.match(stdout, /Both modes keep the login secret[^\n]*\n?[^\n]*\n$/);
  assert.ok(stdout.split("\n").every((line) => line.length <= 100));
});

test("--quiet prints the summary alone", async () => {
  const { code, stdout } = await explain(["--ca", identity.caFile, "--quiet"]);
  assert.equal(code, 0);
  assert.match(stdout, /^ +EXPLICIT +IMPLICIT\nseen on the wire by anyone/);
  assert.doesNotMatch(stdout, /TCP connect/);
});

test("the explicit port may stand behind the host, as for inspect", async () => {
  const words = [`localhost:${peer.explicitPort}`, "--implicit-port", `${peer.implicitPort}`, "--ca", identity.caFile];
  const { code, stdout, stderr } = await runSallyport(["explain", ...words, "--quiet"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Both modes keep the login secret/);
});

test("--json writes one line for each event and one for the conclusion", async () => {
  const { code, stdout } = await explain(["--ca", identity.caFile, "--json"]);
  assert.equal(code, 0);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const conclusion = lines.pop();
  assert.equal(conclusion?.["kind"], "conclusion");
  assert.equal(conclusion["verdict"], "sound");
  const fields = ["atMs", "connection", "mode", "direction", "offset", "length", "layer", "clear", "tree"];
  for (const line of lines) for (const field of fields) assert.ok(field in line, `${field} in ${JSON.stringify(line)}`);
  assert.ok(lines.some(({ kind, mode }) => kind === "secured" && mode === "implicit"));
});

test("--capture writes a file for Wireshark with the keys in it, for the owner alone", async () => {
  const file = join(scratch, "explained.pcapng");
  const { code, stderr } = await explain(["--ca", identity.caFile, "--quiet", "--capture", file]);
  assert.equal(code, 0, stderr);
  const octets = readFileSync(file);
  assert.equal(octets.readUInt32LE(0), 0x0a0d0d0a);
  assert.match(octets.toString("latin1"), /SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} /);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const nowhere = await explain(["--ca", identity.caFile, "--quiet", "--capture", join(scratch, "no/where")]);
  assert.equal(nowhere.code, 73);
  assert.match(nowhere.stderr, /^sallyport: .*no\/where cannot be written \(ENOENT\)/m);
});

test("colour is forced, not guessed, where there is no terminal", async () => {
  const forced = await explain(["--ca", identity.caFile], { FORCE_COLOR: "1" });
  assert.ok(forced.stdout.includes("\x1b[33m") && forced.stdout.includes("\x1b[36m"));
});

test("the authority of a state directory is trusted, and of no other", async () => {
  const state = join(scratch, "state");
  mkdirSync(join(state, "tls"), { recursive: true });
  copyFileSync(identity.caFile, join(state, "tls/ca.pem"));
  assert.equal((await explain(["--state", state, "--quiet"])).code, 0);
  const stranger = await explain(["--state", join(scratch, "nowhere"), "--quiet"]);
  assert.equal(stranger.code, 1);
  assert.match(stranger.stdout, /not verified: the authority at the end of/);
  assert.equal((await explain(["--insecure", "--quiet"])).code, 0);
});

test("a server that refuses TLS ends with 1, one that is not there with 69", async () => {
  await using refusing = await startScriptedPeer({ tls, authReply: "534 policy\r\n" });
  const refused = await explain(["--ca", identity.caFile], {}, refusing);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /refuses TLS \(534 policy\)/);
  await refusing[Symbol.asyncDispose]();
  const gone = await explain([], {}, refusing);
  assert.equal(gone.code, 69);
  assert.match(gone.stdout, /Nothing answers at localhost/);
  assert.equal(gone.stderr, "");
});

test("T-01 T-02 T-03 the dialogues are replayed", async () => {
  const ends = { "telnet-implicit": /HELP/, "s_client-implicit": /■ 220 ready/, "telnet-explicit": /□ 234 proceed/ };
  for (const [dialogue, expected] of Object.entries(ends)) {
    const { code, stdout } = await explain(["--ca", identity.caFile, "--dialogue", dialogue]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, expected);
  }
  const json = await explain(["--ca", identity.caFile, "--dialogue", "telnet-explicit", "--json"]);
  const last = JSON.parse(json.stdout.trimEnd().split("\n").at(-1) ?? "") as Record<string, unknown>;
  assert.deepEqual([last["kind"], last["asExpected"]], ["outcome", true]);
});

test("bad input is one sentence and the exit code of sysexits", async () => {
  const noPem = join(scratch, "no.pem");
  writeFileSync(noPem, "nothing\n");
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["explain"], 64, /HOST\[:PORT\] is missing/],
    [["explain", "localhost:21", "--explicit-port", "2121"], 64, /HOST:PORT and --explicit-port name two ports/],
    [["explain", "localhost:ftp"], 64, /HOST\[:PORT\] takes a host name or an address.*not "localhost:ftp"/],
    [["explain", "ftp://localhost"], 64, /HOST\[:PORT\] takes a host name/],
    [["explain", "-v"], 64, /no flag -v/],
    [["explain", "localhost", "--explicit-port", "0"], 64, /--explicit-port takes a port from 1 to 65535/],
    [["explain", "localhost", "--timeout", "0"], 64, /--timeout takes seconds from 0\.1 to 600/],
    [["explain", "localhost", "--dialogue", "telnet"], 64, /--dialogue takes telnet-implicit \| s_client-implicit/],
    [["explain", "localhost", "--ca", join(scratch, "absent.pem")], 66, /cannot be read: there is no such file/],
    [["explain", "localhost", "--ca", noPem], 78, /holds no certificate/],
  ];
  for (const [words, code, says] of cases) {
    const outcome = await runSallyport(words);
    assert.match(outcome.stderr, says, words.join(" "));
    assert.match(outcome.stderr, /^sallyport: [^\n]+\n$/, words.join(" "));
    assert.equal(outcome.code, code, words.join(" "));
    assert.equal(outcome.stdout, "", words.join(" "));
  }
});

function explain(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  { explicitPort, implicitPort }: ScriptedPeer = peer,
): Promise<Outcome> {
  const ports = ["--explicit-port", `${explicitPort}`, "--implicit-port", `${implicitPort}`, "--timeout", "30"];
  const settings = { LANG: "C.UTF-8", LC_ALL: "", HOME: scratch, ...environment };
  return runSallyport(["explain", "localhost", ...ports, ...words], { environment: settings });
}
