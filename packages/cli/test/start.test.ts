import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { type Sallyport, scratchDirectory, spawnSallyport } from "./run-sallyport.ts";

const scratch = scratchDirectory();
const state = join(scratch, "state");
const run = promisify(execFile);
const needs = (program: string) =>
  spawnSync(program, ["--version"]).error === undefined ? {} : { skip: `${program} is not installed` };

let child: Sallyport;
let page = "";
let explicitPort = 0;
let implicitPort = 0;

async function start(...words: string[]): Promise<void> {
  page = "";
  const ports = ["--explicit-port", String(explicitPort), "--implicit-port", String(implicitPort)];
  child = spawnSallyport(["start", "--state", state, "--web-port", "0", ...ports, ...words]);
  const errors: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  for await (const chunk of child.stdout) {
    page += String(chunk);
    if (/Ctrl-C stops|"demo-ready"/.test(page)) break;
  }
  assert.notEqual(page, "", errors.join(""));
}

async function stop(): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
  return child.exitCode;
}

/** The lines of a program on the page: what stands behind the mark. */
function linesOf(program: string): string[] {
  return [...page.matchAll(new RegExp(`^    [□■] (${program} .*)$`, "gm"))].map((match) => match[1] ?? "");
}

before(async () => {
  await using one = createServer();
  await using two = createServer();
  await Promise.all([one, two].map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bound to TCP
  [explicitPort, implicitPort] = [one, two].map((server) => (server.address() as AddressInfo).port) as [number, number];
});

describe("start", () => {
  before(() => start());
  after(() => stop());

  test("shows both modes, by words and signs", () => {
    assert.match(page, /▯▮ {2}Sallyport \d/);
    assert.match(
      page,
      new RegExp(`□ explicit {2}ftp://localhost:${explicitPort} +clear until AUTH TLS, then encrypted`),
    );
    assert.match(page, new RegExp(`■ implicit {2}ftps://localhost:${implicitPort} +encrypted from the first octet`));
    assert.match(page, /Require explicit FTP over TLS.*\n.*Require implicit FTP over TLS/);
  });

  test("keeps the password in a file for its owner alone, and the hash elsewhere", () => {
    const password = readFileSync(join(state, "demo-password"), "utf8").trim();
    assert.match(password, /^([a-z2-9]{4}-){3}[a-z2-9]{4}$/);
    assert.ok(page.includes(`password   ${password}\n`));
    assert.equal(statSync(join(state, "demo-password")).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(state, "accounts.db"), "latin1").includes(password), false);
  });

  test("its curl lines list the directory in both modes", needs("curl"), async () => {
    const lines = linesOf("curl");
    assert.equal(lines.length, 2);
    for (const line of lines)
      assert.match((await run("sh", ["-c", `${line} -sS --max-time 20`])).stdout, /welcome\.txt/);
  });

  test("its lftp lines list the directory in both modes", needs("lftp"), async () => {
    const lines = linesOf("lftp");
    assert.equal(lines.length, 2);
    for (const line of lines) {
      const { stdout } = await run("sh", ["-c", line.replace("; ls'", "; ls; bye'")], { timeout: 20_000 });
      assert.match(stdout, /welcome\.txt/);
    }
  });

  test("its openssl lines verify the chain in TLS 1.3 in both modes", needs("openssl"), async () => {
    const lines = linesOf("openssl");
    assert.equal(lines.length, 2);
    for (const line of lines) {
      const { stdout } = await run("sh", ["-c", `(sleep 1; echo QUIT; sleep 1) | ${line}`], { timeout: 20_000 });
      assert.match(stdout, /TLSv1\.3/);
      assert.match(stdout, /Verif(ication|y return code): (OK|0 \(ok\))/);
      assert.match(stdout, /\n221 /);
    }
  });

  test("what its telnet lines promise holds: 220 and 234 in the clear, and a silent end of the implicit port", async () => {
    const explicit = connect(explicitPort, "127.0.0.1");
    assert.match(String((await once(explicit, "data"))[0]), /^220 /);
    explicit.write("AUTH TLS\r\n");
    assert.match(String((await once(explicit, "data"))[0]), /^234 /);
    explicit.destroy();
    const implicit = connect(implicitPort, "127.0.0.1");
    const heard: Buffer[] = [];
    implicit.on("data", (chunk: Buffer) => void heard.push(chunk));
    implicit.write("HELP\r\n");
    await once(implicit, "close");
    assert.equal(Buffer.concat(heard).length, 0);
  });

  test("both modes can be watched live, by a link that names both ports", () => {
    const [, explicit = "", implicit = ""] =
      /live +http:\/\/127\.0\.0\.1:\d+\/#explain\?host=localhost&explicit=(\d+)&implicit=(\d+)/.exec(page) ?? [];
    assert.match(page, new RegExp(`ftp://localhost:${explicit}\\b`));
    assert.match(page, new RegExp(`ftps://localhost:${implicit}\\b`));
  });

  test("the address for browsers has a page that reaches the server, with its certificate verified", async () => {
    const [, url = "", server = ""] = /browser +(http:\/\/127\.0\.0\.1:\d+\/)#ftpes:\/\/demo@(\S+)/.exec(page) ?? [];
    assert.match(await (await fetch(url)).text(), /<title>Sallyport/);
    const password = readFileSync(join(state, "demo-password"), "utf8").trim();
    const response = await fetch(`${url}api/logins`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Sallyport": "1" },
      body: JSON.stringify({ address: server, security: "auto", user: "demo", password }),
    });
    const login = (await response.json()) as {
      readonly security: string;
      readonly tls: { readonly trustedBy: string };
    };
    assert.deepEqual([response.status, login.security, login.tls.trustedBy], [201, "explicit", "authorities"]);
  });

  test("listens on the loopback addresses alone", () => {
    const addresses = [...page.matchAll(/listening .* on (\S+):\d+$/gm)].map((match) => match[1]);
    assert.deepEqual(new Set(addresses), new Set(page.includes("[::1]") ? ["127.0.0.1", "[::1]"] : ["127.0.0.1"]));
  });
});

describe("a later start", () => {
  test("ends with 0, prints the same password, keeps the certificate; with --json it prints no password", async () => {
    const password = readFileSync(join(state, "demo-password"), "utf8").trim();
    const certificate = readFileSync(join(state, "tls/cert.pem"), "utf8");
    await start();
    assert.ok(page.includes(`password   ${password}\n`));
    assert.equal(await stop(), 0);
    await start("--json");
    assert.equal(page.includes(password), false);
    assert.match(page, new RegExp(`"event":"demo-ready".*"passwordFile":"${join(state, "demo-password")}"`));
    assert.equal(await stop(), 0);
    assert.equal(readFileSync(join(state, "tls/cert.pem"), "utf8"), certificate);
    assert.equal(existsSync(join(state, "server.pid")), false);
  });
});
