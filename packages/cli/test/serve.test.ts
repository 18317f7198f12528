import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { X509Certificate } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { freePort, needs } from "@sallyport/testing";
import { RunningServer } from "./running-server.ts";
import { runSallyport, scratchDirectory, serveAsIs, spawnSallyport } from "./run-sallyport.ts";

const scratch = scratchDirectory();
const run = promisify(execFile);
const has = (program: string) => spawnSync(program, ["--version"]).error === undefined;
const needsCurl = has("curl") ? {} : { skip: "curl is not installed" };
const needsOpenssl = spawnSync("openssl", ["version"]).error === undefined ? {} : { skip: "openssl is not installed" };
const asRoot = process.getuid?.() === 0;

let servers = 0;

async function prepare(): Promise<{ readonly root: string; readonly state: string }> {
  const [root, state] = [join(scratch, `root-${servers}`), join(scratch, `state-${servers++}`)];
  mkdirSync(root);
  writeFileSync(join(root, "hello.txt"), "hello\n");
  const added = await runSallyport(["user", "add", "alice", "--state", state, "--password-stdin"], {
    input: "secret word\n",
  });
  assert.equal(added.code, 0, added.stderr);
  return { root, state };
}

function serve({ root, state }: { readonly root: string; readonly state: string }, ...words: string[]): RunningServer {
  const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
  return new RunningServer(["serve", root, "--state", state, ...serveAsIs, ...ports, ...words]);
}

async function curl(state: string, url: string, ...words: string[]): Promise<string> {
  const trust = ["--cacert", join(state, "tls/ca.pem")];
  const { stdout } = await run("curl", ["-sS", "--max-time", "20", ...trust, "-u", "alice:secret word", ...words, url]);
  return stdout;
}

async function urls(server: RunningServer): Promise<readonly (readonly [string, ...string[]])[]> {
  return [
    [`ftp://localhost:${await server.port("explicit")}`, "--ssl-reqd"],
    [`ftps://localhost:${await server.port("implicit")}`],
  ];
}

describe("serve", needsCurl, () => {
  test("curl lists, gets and puts in both modes, and the log tells the TLS of both connections", async () => {
    const places = await prepare();
    await using server = serve(places);
    for (const [url, ...words] of await urls(server)) {
      assert.match(await curl(places.state, `${url}/`, ...words), /hello\.txt/);
      assert.equal(await curl(places.state, `${url}/hello.txt`, ...words), "hello\n");
      await curl(places.state, `${url}/up.txt`, ...words, "-T", join(places.root, "hello.txt"));
      assert.equal(readFileSync(join(places.root, "up.txt"), "utf8"), "hello\n");
    }
    const upload = server.events.find(({ event, direction }) => event === "transfer" && direction === "upload");
    assert.equal(upload?.["path"], "/up.txt");
    assert.equal(upload?.["account"], "alice");
    assert.equal(upload?.["complete"], true);
    assert.ok(upload?.["dataTls"]);
    assert.equal(await server.stop(), 0);
    assert.equal(server.events.at(-1)?.event, "service-stopped");
    assert.equal(JSON.stringify(server.events).includes("secret word"), false);
  });

  test("a login that fails is logged in the form that the filter reads", async () => {
    const places = await prepare();
    await using server = serve(places);
    const [url] = (await urls(server))[1] ?? [""];
    await assert.rejects(run("curl", ["-sS", "-k", "-u", "mallory:guess", `${url}/`]));
    const failed = await server.event("login-failed");
    assert.deepEqual([failed["user"], failed["remoteAddress"], failed["level"]], ["mallory", "127.0.0.1", "warn"]);
    assert.equal(JSON.stringify(server.events).includes("guess"), false);
  });

  test("--read-only refuses uploads, --plain lets clients in without TLS, --verbose writes the masked protocol", async () => {
    const places = await prepare();
    await using server = serve(places, "--read-only", "--plain", "--verbose");
    const url = `ftp://localhost:${await server.port("explicit")}`;
    assert.equal(await curl(places.state, `${url}/hello.txt`), "hello\n");
    await assert.rejects(curl(places.state, `${url}/up.txt`, "-T", join(places.root, "hello.txt")));
    const lines = server.events.filter(({ event }) => event === "command").map(({ line }) => line);
    assert.ok(lines.includes("USER alice") && lines.includes("PASS ****"), lines.join("\n"));
    assert.match(String((await server.event("service-warning", asRoot ? 1 : 0))["cause"]), /in the clear/);
  });

  test("--client-ca lets a mapped certificate log in without a password", needsOpenssl, async () => {
    const places = await prepare();
    const [certificate, key] = [join(scratch, "client.pem"), join(scratch, "client.key")];
    const subject = ["-subj", "/CN=alice", "-days", "2", "-nodes"];
    await run("openssl", [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      ...subject,
      "-keyout",
      key,
      "-out",
      certificate,
    ]);
    const fingerprint = new X509Certificate(readFileSync(certificate)).fingerprint256;
    const mapped = await runSallyport([
      "user",
      "set",
      "alice",
      "--state",
      places.state,
      "--certificate-fingerprint",
      fingerprint,
    ]);
    assert.equal(mapped.code, 0, mapped.stderr);
    await using server = serve(places, "--client-ca", certificate);
    for (const [url, ...words] of await urls(server)) {
      const shown = ["--cert", certificate, "--key", key, "-u", "alice:not the password"];
      assert.equal(await curl(places.state, `${url}/hello.txt`, ...words, ...shown), "hello\n");
    }
    assert.equal((await server.event("login"))["method"], "client-certificate");
    const [url] = (await urls(server))[1] ?? [""];
    await assert.rejects(curl(places.state, `${url}/hello.txt`, "-u", "alice:not the password"));
  });

  test("--anonymous lists and downloads and does no more; --min-tls 1.3 refuses TLS 1.2", async () => {
    const places = await prepare();
    await using server = serve(places, "--anonymous", "--min-tls", "1.3");
    const warning = await server.event("service-warning");
    assert.equal(
      warning["cause"],
      `Everybody can read the whole of ${places.root} as anonymous, homes of accounts included`,
    );
    assert.match(String(warning["fix"]), /to confine that, serve a directory that holds public files alone/);
    const [url] = (await urls(server))[1] ?? [""];
    const guest = ["-u", "anonymous:me@example.org"];
    assert.equal(await curl(places.state, `${url}/hello.txt`, ...guest), "hello\n");
    await assert.rejects(curl(places.state, `${url}/up.txt`, ...guest, "-T", join(places.root, "hello.txt")));
    await assert.rejects(curl(places.state, `${url}/hello.txt`, ...guest, "--tls-max", "1.2"));
    await server.event("tls-failed");
  });

  test("certificates given by file are shown by host name", needsOpenssl, async () => {
    const places = await prepare();
    const words: string[] = [];
    for (const host of ["one.example", "two.example"]) {
      const [certificate, key] = [join(scratch, `${host}.pem`), join(scratch, `${host}.key`)];
      const subject = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`, "-days", "2", "-nodes"];
      await run("openssl", [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        ...subject,
        "-keyout",
        key,
        "-out",
        certificate,
      ]);
      words.push("--cert", certificate, "--key", key);
    }
    await using server = serve(places, ...words);
    const port = await server.port("implicit");
    for (const host of ["one.example", "two.example"]) {
      const trust = ["--cacert", join(scratch, `${host}.pem`), "--resolve", `${host}:${port}:127.0.0.1`];
      const { stdout } = await run("curl", [
        "-sS",
        ...trust,
        "-u",
        "alice:secret word",
        `ftps://${host}:${port}/hello.txt`,
      ]);
      assert.equal(stdout, "hello\n");
    }
    assert.equal(existsSync(join(places.state, "tls")), false);
  });

  test("--xferlog has a line for each transfer", async () => {
    const places = await prepare();
    const xferlog = join(scratch, "xferlog");
    await using server = serve(places, "--xferlog", xferlog);
    const [url] = (await urls(server))[1] ?? [""];
    await curl(places.state, `${url}/hello.txt`);
    await server.event("transfer");
    assert.match(
      readFileSync(xferlog, "utf8"),
      /^\w{3} \w{3} [ \d]\d [\d:]{8} \d{4} 1 127\.0\.0\.1 6 \/hello\.txt b _ o r alice ftp 0 \* c\n$/,
    );
  });
});

describe("the life of a service", () => {
  test("69 a second server on the same state is told who runs there, and the first goes on", async () => {
    const places = await prepare();
    await using server = serve(places);
    await server.event("service-started");
    const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
    const second = await runSallyport(["serve", places.root, "--state", places.state, ...serveAsIs, ...ports]);
    assert.equal(second.code, 69);
    assert.match(second.stderr, new RegExp(`in use by another server \\(process ${server.child.pid}\\)`));
    assert.equal(await server.stop("SIGINT"), 0);
  });

  test("SIGHUP takes up a new certificate without dropping connections; a damaged one leaves the old in use", async () => {
    const places = await prepare();
    await using server = serve(places);
    const socket = connect(await server.port("explicit"), "127.0.0.1");
    await once(socket, "data");
    const before = (await server.event("certificate-loaded"))["fingerprint"];
    assert.equal((await runSallyport(["cert", "create", "--state", places.state, "--new-key"])).code, 0);
    server.child.kill("SIGHUP");
    await server.event("service-reloaded");
    const after = (await server.event("certificate-loaded", 1))["fingerprint"];
    assert.notEqual(after, before);
    writeFileSync(join(places.state, "tls/key.pem"), "garbage", { mode: 0o600 });
    server.child.kill("SIGHUP");
    const failed = await server.event("reload-failed");
    assert.match(String(failed["cause"]), /key\.pem/);
    socket.write("NOOP\r\n");
    const [reply] = await once(socket, "data");
    assert.match(String(reply), /^[245]\d\d /);
    socket.destroy();
    assert.equal(await server.stop(), 0);
  });

  test("a first signal lets connections end, a second ends the process at once", async () => {
    const places = await prepare();
    await using server = serve(places, "--grace", "30");
    const socket = connect(await server.port("explicit"), "127.0.0.1");
    await once(socket, "data");
    server.child.kill("SIGTERM");
    await server.event("service-stopping");
    socket.on("error", () => undefined);
    const code = await server.stop("SIGTERM");
    assert.equal(code, 143);
  });

  test("a reader of the log who stops reading stops neither the server nor its end", { timeout: 60_000 }, async () => {
    const places = await prepare();
    const child = spawnSallyport([
      "serve",
      places.root,
      "--state",
      places.state,
      ...serveAsIs,
      "--listen",
      "127.0.0.1",
      "--explicit-port",
      String(await freePort()),
      "--implicit-port",
      "off",
      "--verbose",
    ]);
    const first = String((await once(child.stdout, "data"))[0]);
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(first)?.[1]);
    child.stdout.pause();
    // 2,000 commands with their replies are more than a pipe holds.
    const socket = connect(port, "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString()));
    for (let sent = 0; sent < 2000; sent++) socket.write(`NOOP ${"x".repeat(40)}\r\n`);
    socket.write("QUIT\r\n");
    await once(socket, "close");
    assert.match(received, /\r\n221 /);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
    child.stdout.destroy();
  });
});

test("a server that may open fewer files than connections warns of it", async () => {
  const places = await prepare();
  await using server = serve(places, "--max-connections", "1000000");
  await server.event("service-started");
  const most = Number(spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).stdout);
  if (!(most < 1_000_000)) return;
  const warning = await server.event("service-warning", asRoot ? 1 : 0);
  assert.match(String(warning["cause"]), new RegExp(`may have ${most} files open`));
  assert.match(String(warning["fix"]), /ulimit -n.*--max-connections, which is 1000000/);
});

describe("started as root", { skip: needs("root", "reachable-checkout") }, () => {
  const nobody = { uid: 65_534, gid: 65_534 };

  test(
    "binds 21 and 990, becomes --run-as for good, and hands over the state",
    { skip: !portsFree([21, 990]) && "ports 21 and 990 are in use" },
    async () => {
      const { root, state } = await prepare();
      chmodSync(scratch, 0o755);
      chownSync(root, nobody.uid, nobody.gid);
      await using server = new RunningServer([
        "serve",
        root,
        "--state",
        state,
        "--listen",
        "127.0.0.1",
        "--standard-ports",
        "--run-as",
        "nobody",
      ]);
      const started = await server.event("service-started");
      assert.equal(started["runAs"], "nobody");
      assert.deepEqual([await server.port("explicit"), await server.port("implicit")], [21, 990]);
      const status = readFileSync(`/proc/${server.child.pid}/status`, "utf8");
      assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
      assert.match(status, /^Gid:\t65534\t65534\t65534\t65534$/m);
      assert.match(status, /^Groups:\t65534 $/m);
      assert.match(status, /^CapEff:\t0+$/m);
      for (const thread of threadsOf(server.child.pid)) assert.match(thread, /^Uid:\t65534\t65534\t65534\t65534$/m);
      if (has("curl")) {
        await curl(state, "ftps://localhost/new.txt", "-T", join(root, "hello.txt"));
        assert.equal(statSync(join(root, "new.txt")).uid, nobody.uid);
        assert.match(await curl(state, "ftp://localhost/", "--ssl-reqd"), /new\.txt/);
      }
      // What root adds from here on is the server's to read.
      const added = await runSallyport(["user", "add", "bob", "--state", state, "--password-stdin"], {
        input: "other word\n",
      });
      assert.equal(added.code, 0, added.stderr);
      for (const name of ["accounts.db", "tls/key.pem", "server.lock"])
        assert.equal(statSync(join(state, name)).uid, nobody.uid, name);
      assert.equal(await server.stop(), 0);
    },
  );

  test("73 says so when the user may not write to the directory", async () => {
    const { root, state } = await prepare();
    const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
    const { code, stderr } = await runSallyport(["serve", root, "--state", state, "--run-as", "nobody", ...ports]);
    assert.match(stderr, /cannot be written by user number 65534: .*--read-only/);
    assert.equal(code, 73);
  });
});

function threadsOf(pid: number | undefined): string[] {
  const { stdout } = spawnSync("sh", ["-c", `cat /proc/${pid}/task/*/status`], { encoding: "utf8" });
  return stdout.split(/^(?=Name:)/m).filter((text) => text !== "");
}

function portsFree(ports: readonly number[]): boolean {
  const inUse = spawnSync("sh", ["-c", "cat /proc/net/tcp /proc/net/tcp6"], { encoding: "utf8" }).stdout;
  return ports.every(
    (port) => !new RegExp(`:${port.toString(16).toUpperCase().padStart(4, "0")} 0+:0000 0A`).test(inUse),
  );
}
