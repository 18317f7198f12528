import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "@sallyport/testing";
import { runSallyport, scratchDirectory, type Outcome } from "./run-sallyport.ts";

scratchDirectory();
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
  assert.match(ssh.stdout, /^\{"failure":\{"kind":"not-ftp"/);
});

test("a wrong command line ends with 64 and a sentence", async () => {
  const cases = [
    [["--only", "Z9"], /--only takes checks with commas between, as in P1,T1 or C, not "Z9"/],
    [["--explicit-port", "1"], /name two ports/],
  ] as const;
  for (const [words, said] of cases) {
    const { code, stderr } = await inspect(words);
    assert.equal(code, 64, stderr);
    assert.match(stderr, said);
  }
});

function inspect(words: readonly string[]): Promise<Outcome> {
  const where = [`localhost:${server.explicitPort}`, "--implicit-port", String(server.implicitPort)];
  return runSallyport(["inspect", ...where, ...words], { environment: { SALLYPORT_PASSWORD: "secret" } });
}
