import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { clientServer, password } from "./client-server.ts";
import { runSallyport, serveAsIs } from "./run-sallyport.ts";
import { RunningServer } from "./running-server.ts";

const source = clientServer();
const secret = "other battery";
const state = join(source.scratch, "target-state");
const served = join(source.scratch, "target");
const environment = { SALLYPORT_FROM_PASSWORD: password, SALLYPORT_TO_PASSWORD: secret };
let target = "";
let server: RunningServer | undefined;

before(async () => {
  mkdirSync(served);
  const added = await runSallyport(["user", "add", "bob", "--state", state, "--password-stdin"], {
    input: `${secret}\n`,
  });
  assert.equal(added.code, 0, added.stderr);
  // Hooks of a file begin at the same time.
  while (source.url.implicit === "") await pause(20);
  const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
  const others = ["--fxp", "127.0.0.1", "--fxp-ca", join(source.state, "tls/ca.pem")];
  server = new RunningServer(["serve", served, "--state", state, ...serveAsIs, ...ports, ...others]);
  target = `ftpes://bob@127.0.0.1:${await server.port("explicit")}`;
  mkdirSync(join(source.home, "tree/below"), { recursive: true });
  for (const name of ["one.txt", "tree/two.txt", "tree/below/three.txt"]) {
    writeFileSync(join(source.home, name), `${name}\n`);
  }
});
after(() => server?.stop("SIGKILL"));

const trust = () => ["--from-ca", join(source.state, "tls/ca.pem"), "--to-ca", join(state, "tls/ca.pem")];
const fxp = (words: readonly string[], options: Parameters<typeof source.runBare>[1] = { environment }) =>
  source.runBare(["fxp", ...words, ...trust()], options);

test("R-FXP-01 R-FXP-02 a file goes from one server to the other, each with its own trust and password", async () => {
  const words = [`${source.url.explicit}/one.txt`, `${target}/copy.txt`, "--password-stdin"];
  const { code, stdout, stderr } = await fxp(words, { input: `${password}\n${secret}\n` });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^1 file, 8 B in [^]*\nFrom server to server, under TLS by (?:SSCN|CPSV)\.\n$/);
  assert.equal(readFileSync(join(served, "copy.txt"), "utf8"), "one.txt\n");
});

test("a tree goes with its directories, through here where that is wanted", async () => {
  const words = [`${source.url.implicit}/tree`, `${target}/`, "--recursive", "--mode", "relay", "--json"];
  const { code, stdout, stderr } = await fxp(words);
  assert.equal(code, 0, stderr);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.slice(0, 2).map(({ from, to, outcome, route }) => ({ from, to, outcome, route })),
    ["tree/two.txt", "tree/below/three.txt"].map((path) => ({
      from: path,
      to: path,
      outcome: "done",
      route: { kind: "relay", because: [] },
    })),
  );
  assert.partialDeepStrictEqual(lines[2], { summary: { files: 2, failed: 0 } });
  assert.equal(readFileSync(join(served, "tree/below/three.txt"), "utf8"), "tree/below/three.txt\n");
});

test("what fails has the exit code of its kind", async () => {
  const missing = await fxp([`${source.url.explicit}/nothing.txt`, `${target}/x`]);
  assert.equal(missing.code, 66, missing.stderr);
});

test("a file of this machine in place of a server is said to be no server", async () => {
  const { code, stderr } = await fxp([`${source.url.explicit}/one.txt`, "/tmp/x"]);
  assert.equal(code, 64, stderr);
  assert.match(stderr, /^sallyport: TO must be the URL of a server.*sallyport get brings files here/);
});

test("a password that is one server's does not go to another", async () => {
  const elsewhere = target.replace("127.0.0.1", "localhost");
  const { code, stderr } = await fxp([`${source.url.explicit}/one.txt`, `${elsewhere}/x`], {
    environment: { SALLYPORT_FROM_PASSWORD: password, SALLYPORT_PASSWORD: secret },
  });
  assert.equal(code, 64, stderr);
  assert.match(stderr, /^sallyport: The target: .*SALLYPORT_TO_PASSWORD/);
});
