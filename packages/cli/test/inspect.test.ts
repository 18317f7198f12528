import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "@sallyport/testing";
import { runSallyport, scratchDirectory, spawnSallyport, type Outcome } from "./run-sallyport.ts";

const scratch = scratchDirectory();
let server: TestServer;

before(async () => {
  server = await startTestServer();
});
after(() => server[Symbol.asyncDispose]());

test("a sound server ends with 0, with a grade, its reasons and the connections that it took", async () => {
  const { code, stdout, stderr } = await inspect(["--ca", server.identity.caFile, "--user", "alice"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^localhost \(127\.0\.0\.1\) {3}grade A \(TLS A, FTP A\)\n/);
  assert.match(stdout, /\[ok\] {3}D5 {4}A ticket of another login is refused/);
  assert.match(stdout, /\d+ of 40 control connections, \d+ data connections · \d/);
});

test("an unknown authority costs the grade, and keeps the password here", async () => {
  const loginsCount = () => server.events.filter(({ kind }) => kind === "login" || kind === "login-failed").length;
  const earlierCount = loginsCount();
  const { code, stdout } = await inspect(["--user", "alice", "--only", "C1,D4"]);
  assert.equal(code, 1);
  assert.match(stdout, /grade T \(TLS T, A if it were trusted, FTP A as far as seen without a login; of C1,D4 alone\)/);
  assert.match(stdout, /D4: the password stays here, for nobody vouches for the server/);
  assert.equal(loginsCount(), earlierCount);
});

test("what to run after mending reaches the same server in the same way, and tells no password", async () => {
  const where = [`localhost:${server.explicitPort}`, "--implicit-port", String(server.implicitPort)];
  const { stdout } = await inspect(["--state", "my state", "--user", "alice", "--insecure", "--only", "C1"]);
  const said = /^after mending:\s(.*)$/m.exec(stdout)?.[1];
  assert.equal(
    said,
    `sallyport inspect ${where.join(" ")} --state 'my state' --user alice --insecure --only C1`,
    stdout,
  );
});

test("--require fails what could not be tested", async () => {
  const trust = ["--ca", server.identity.caFile, "--quiet", "--only", "P1,D4"];
  assert.equal((await inspect([...trust, "--require", "P1"])).code, 0);
  assert.equal((await inspect([...trust, "--require", "D4"])).code, 1);
});

test("nothing there, and what is not FTP, have exit codes of their own", async () => {
  const nobody = await runSallyport(["inspect", "localhost:1", "--implicit-port", "off"]);
  assert.deepEqual([nobody.code, nobody.stdout], [3, ""]);
  assert.match(nobody.stderr, /^sallyport: Nothing answers at localhost \(port 1: ECONNREFUSED\)/);
  const other = net.createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const ssh = await runSallyport(["inspect", `127.0.0.1:${port}`, "--implicit-port", "off", "--json"]);
  other.close();
  assert.equal(ssh.code, 4);
  assert.match(ssh.stdout, /^\{\s+"failure": \{\s+"kind": "not-ftp"/);
});

test("what is wrong with the command line or a file it names ends with 2 and a sentence", async (t) => {
  const file = (name: string, text: string): string => {
    const path = join(scratch, name);
    writeFileSync(path, text);
    return path;
  };
  const cases = [
    [["--only", "Z9"], /--only takes checks with commas between, as in P1,T1 or C, not "Z9"/],
    [["--explicit-port", "1"], /name two ports/],
    [["--explain", "Z9"], /--explain takes the ID of a check, as in D4, not "Z9"/],
    [["--ca", "nowhere.pem"], /nowhere\.pem/],
    [["--policy", file("letter.toml", '\nmin-grade = "Z"\n')], /letter\.toml:2:1: min-grade takes a grade: A\+, A, /],
  ] as const;
  for (const [words, said] of cases) {
    await t.test(words.join(" "), async () => {
      const { code, stdout, stderr } = await inspect(words);
      assert.match(stderr, said);
      assert.deepEqual([code, stdout], [2, ""], stderr);
    });
  }
  await t.test("no server at all", async () => {
    const { code, stderr } = await runSallyport(["inspect"]);
    assert.deepEqual([code, stderr], [2, "sallyport: HOST is missing: name a server, or --targets FILE.\n"]);
  });
});

test("several servers have a report each, a table, and the highest exit code", async () => {
  const { explicitPort, implicitPort } = server;
  const list = join(scratch, "targets.txt");
  writeFileSync(
    list,
    `# ours\nlocalhost:${explicitPort} ${implicitPort}\n\n127.0.0.1:1 off # nobody\nnothing.invalid\n`,
  );
  const words = ["--targets", list, "--ca", server.identity.caFile, "--only", "P1"];
  const { code, stdout, stderr } = await runSallyport(["inspect", `127.0.0.1:${explicitPort}`, ...words]);
  assert.equal(code, 3);
  assert.match(stderr, /^sallyport: Nothing answers at 127\.0\.0\.1 \(port 1: ECONNREFUSED\)/);
  assert.match(stderr, /^sallyport: No address is known for nothing\.invalid: check the name\.$/m);
  const table = stdout.slice(stdout.indexOf("Grade  TLS"));
  assert.match(table, new RegExp(`^A      A    A    127\\.0\\.0\\.1:${explicitPort}  `, "m"));
  assert.match(table, new RegExp(`^A      A    A    localhost:${explicitPort}  +TLS 1\\.3 +TLS 1\\.3$`, "m"));
  assert.match(table, /^-      -    -    127\.0\.0\.1:1 +no answer$/m);
  assert.match(table, /^4 servers · 2 as demanded · 0 not · 2 not inspected$/m);
});

test("--jsonl writes each finding as it comes, and the rest of the report behind them", async () => {
  const { stdout } = await inspect(["--ca", server.identity.caFile, "--only", "P1,P5,M1", "--jsonl"]);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const events = lines.map(({ event }) => event);
  assert.deepEqual([events[0], events.at(-1)], ["target", "report"]);
  const findings = lines.filter(({ event }) => event === "finding");
  assert.deepEqual(new Set(findings.map(({ id }) => id)), new Set(["P1", "P5", "M1"]));
  assert.equal(lines.at(-1)?.["findingsCount"], findings.length);
  assert.ok(lines.every(({ target }) => target === `localhost:${server.explicitPort}`));
});

test("a policy says what is good enough, in TOML and in JSON, and which servers may be inspected", async () => {
  const strict = join(scratch, "strict.toml");
  writeFileSync(strict, 'min-grade = "A"\nmin-certificate-days = 3000\nonly = ["P1", "C3"]\n');
  const trust = ["--ca", server.identity.caFile, "--quiet"];
  const poor = await inspect([...trust, "--policy", strict]);
  assert.equal(poor.code, 1);
  assert.match(poor.stdout, /unmet +the certificate holds for \d+ days, and should for 3000 or more/);
  const mild = join(scratch, "mild.json");
  writeFileSync(mild, JSON.stringify({ "min-policy": "A", require: ["P1"], only: ["P"], accept: ["P2", "P3"] }));
  assert.equal((await inspect([...trust, "--policy", mild])).code, 0);
  const guarded = join(scratch, "guarded.toml");
  writeFileSync(guarded, "[targets]\nprivate = false\n");
  const refused = await inspect([...trust, "--policy", guarded]);
  assert.deepEqual([refused.code, refused.stdout], [6, ""]);
  assert.match(refused.stderr, /^sallyport: Localhost leads to 127\.0\.0\.1, which the policy does not let/i);
  writeFileSync(guarded, '[targets]\nprivate = false\nonly-allowed = true\nallow = ["127.0.0.0/8"]\nonly = 1\n');
  assert.match((await inspect([...trust, "--policy", guarded])).stderr, /there is no "only" here/);
  writeFileSync(guarded, 'only = "P1"\n[targets]\nprivate = false\nonly-allowed = true\nallow = ["127.0.0.0/8"]\n');
  assert.equal((await inspect([...trust, "--policy", guarded])).code, 0);
});

test("--output replaces a file, which its reader always finds whole", async () => {
  const file = join(scratch, "inspect.prom");
  writeFileSync(file, "old");
  const words = ["--ca", server.identity.caFile, "--only", "P1", "--format", "prometheus", "--output"];
  const { code, stdout } = await inspect([...words, file]);
  assert.deepEqual([code, stdout], [0, ""]);
  assert.match(readFileSync(file, "utf8"), /^sallyport_inspect_up\{host="localhost"\} 1$/m);
  const nowhere = await inspect([...words, join(scratch, "no", "such")]);
  assert.equal(nowhere.code, 73, nowhere.stderr);
});

test("--watch inspects again, and shows what changed alone", async () => {
  const peer = await startTestServer();
  const { explicitPort } = peer;
  const words = [`127.0.0.1:${explicitPort}`, "--implicit-port", "off", "--ca", peer.identity.caFile, "--only", "P1"];
  const watching = spawnSallyport(["inspect", ...words, "--watch", "0.3", "--jsonl"]);
  const seen: string[] = [];
  for await (const line of createInterface({ input: watching.stdout })) {
    seen.push(line);
    const reports = seen.filter((one) => one.startsWith('{"event":"report"')).length;
    if (reports === 2) await peer[Symbol.asyncDispose]();
    if (line.startsWith('{"event":"change"')) watching.kill("SIGINT");
  }
  const changes = seen.filter((line) => line.startsWith('{"event":"change"'));
  assert.equal(changes.length, 1, seen.join("\n"));
  const change = JSON.parse(changes[0] ?? "") as Readonly<Record<string, string>>;
  assert.deepEqual([change["what"], change["before"]], ["server", "inspected, grade A"]);
  assert.match(change["after"] ?? "", /^Nothing answers at 127\.0\.0\.1/);
});

function inspect(words: readonly string[]): Promise<Outcome> {
  const where = [`localhost:${server.explicitPort}`, "--implicit-port", String(server.implicitPort)];
  return runSallyport(["inspect", ...where, ...words], { environment: { SALLYPORT_PASSWORD: "secret" } });
}
