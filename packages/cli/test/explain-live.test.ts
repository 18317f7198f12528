import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "@sallyport/testing";
import { runSallyport, scratchDirectory, spawnSallyport, type Outcome } from "./run-sallyport.ts";
import { noTerminal, Typist } from "./shell/terminal.ts";

const scratch = scratchDirectory();
const password = { SALLYPORT_PASSWORD: "secret" };
let server: TestServer;

before(async () => {
  server = await startTestServer();
});
after(() => server[Symbol.asyncDispose]());

test("--user shows the data connection, which continues the TLS of the login", async () => {
  const file = join(scratch, "login.pcapng");
  const words = ["--user", "alice", "--capture", file];
  const { code, stdout, stderr } = await explain(words, { ...password, COLUMNS: "160" });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /━━ data connection ━━/);
  assert.equal(stdout.match(/║ {3}handshake finished: it continues the TLS of the control connection/g)?.length, 2);
  assert.match(stdout, /inside: PASS \*\*\*\*/);
  assert.doesNotMatch(stdout, /PASS secret/);
  const keys = readFileSync(file, "latin1").match(/CLIENT_TRAFFIC_SECRET_0/g) ?? [];
  assert.equal(keys.length, 2, "the keys of the two data connections, not of those that carried the password");
});

test("the password goes to nobody whose certificate is not verified", async () => {
  const earlier = loginsCount();
  const words = ["--explicit-port", `${server.explicitPort}`, "--implicit-port", `${server.implicitPort}`];
  const { code, stdout } = await runSallyport(["explain", "localhost", ...words, "--user", "alice"], {
    environment: password,
  });
  assert.equal(code, 1);
  assert.match(stdout, /The password stays here/);
  assert.equal(loginsCount(), earlier);
});

test("S-03 --stripped shows what becomes of a client that takes TLS if there is any, and the server hears nothing of it", async () => {
  const earlier = loginsCount();
  const willing = await explain(["--stripped", "if-available"]);
  assert.match(willing.stdout, /→ USER alice +□[^]*→ PASS \*\*\*\* +□[^]*← 230 Logged in\. +□/);
  assert.match(willing.stdout, /somebody in between, who took AUTH\s+away[^]*the client noticed\s+nothing/);
  assert.doesNotMatch(willing.stdout, /Enable TLS on the server/);
  const strict = await explain(["--stripped", "required"]);
  assert.match(strict.stdout, /← 502 Command not implemented\./);
  assert.doesNotMatch(strict.stdout, /USER alice/);
  assert.equal(loginsCount(), earlier);
});

test("--web serves the page of one server until a signal comes", async () => {
  const child = spawnSallyport(["explain", ...place(), "--web"]);
  child.stderr.resume();
  const ended = once(child, "exit");
  try {
    const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    const [url = ""] = /http:\/\/127\.0\.0\.1:\d+\/\S+\//.exec(line) ?? [];
    const page = await fetch(url);
    assert.match(page.headers.get("content-type") ?? "", /text\/html/);
    assert.match(await page.text(), /<sallyport-explain src="\/[\w-]+\/events">/);
    const events = await (await fetch(`${url}events?between=none`)).text();
    assert.match(events, /"kind":"secured"[^]*event: over\n/);
    assert.equal((await fetch(new URL("/", url))).status, 404);
  } finally {
    child.kill("SIGTERM");
  }
  assert.deepEqual(await ended, [0, null]);
});

test("--step goes through it by keys, with octets, and saves a capture", { skip: noTerminal }, async () => {
  const file = join(scratch, "stepped.pcapng");
  const words = ["explain", ...place(), "--step", "--user", "alice", "--capture", file];
  await using typist = new Typist(words, password);
  await typist.sees(/step 1 of \d+/);
  typist.type("\x1b[C\x1b[C\x1b[C");
  await typist.sees(/step 4 of/);
  typist.type("\x1b[D");
  await typist.sees(/step 3 of/);
  typist.type("d");
  await typist.sees(/data connection: /);
  typist.type("p");
  await typist.sees("stepped.pcapng written");
  assert.ok(existsSync(file));
  typist.type("\x1b[F");
  await typist.sees(/step (\d+) of \1\b/);
  typist.type("q");
  assert.equal(await typist.ends(), 0);
});

test("two ways to show it are refused, and so is a login that has nowhere to go", async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--web", "--step"], /two ways to show it/],
    [["--stripped", "required", "--user", "alice"], /logs in nowhere/],
    [["--web", "--html", "x.html"], /asks anew each time/],
  ];
  for (const [words, says] of cases) {
    const { code, stderr } = await explain(words);
    assert.equal(code, 64);
    assert.match(stderr, says);
  }
});

function loginsCount(): number {
  return server.events.filter(({ kind }) => kind === "login" || kind === "login-failed").length;
}

function place(): string[] {
  const ports = ["--explicit-port", `${server.explicitPort}`, "--implicit-port", `${server.implicitPort}`];
  return ["localhost", ...ports, "--ca", server.identity.caFile];
}

function explain(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return runSallyport(["explain", ...place(), ...words], { environment });
}
