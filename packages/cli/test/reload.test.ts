import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { once } from "node:events";
import { FtpDriver } from "@sallyport/testing";
import { runSallyport, scratchDirectory } from "./run-sallyport.ts";
import { RunningServer } from "./running-server.ts";

const scratch = scratchDirectory();
const needsOpenssl = spawnSync("openssl", ["version"]).error === undefined ? {} : { skip: "openssl is not installed" };
const names = ["alice", "bob", "carol", "dave", "erin"] as const;
const template = join(scratch, "template");
let servers = 0;

before(async () => {
  for (const name of names) {
    const words = ["user", "add", name, "--state", template, "--password-stdin"];
    assert.equal((await runSallyport(words, { input: "secret word\n" })).code, 0);
  }
});

/** A server of a configuration file, which tests write anew. */
class Configured implements AsyncDisposable {
  readonly folder = join(scratch, `server-${servers++}`);
  readonly file = join(this.folder, "sallyport.toml");
  readonly state = join(this.folder, "state");
  readonly server: RunningServer;
  #reloads = 0;
  #failures = 0;

  constructor(workers: number, lines: readonly string[] = []) {
    mkdirSync(join(this.folder, "root"), { recursive: true });
    cpSync(template, this.state, { recursive: true });
    chmodSync(this.state, 0o700);
    this.write(workers, lines);
    this.server = new RunningServer(["serve", "--config", this.file]);
  }

  write(workers: number, lines: readonly string[]): void {
    const fixed = [
      'root = "root"',
      'state = "state"',
      'listen = ["127.0.0.1"]',
      "explicit-port = 0",
      "implicit-port = 0",
    ];
    const mine = ["allow-root = true", `workers = ${workers}`];
    writeFileSync(this.file, `${[...fixed, ...mine, ...lines].join("\n")}\n`);
  }

  /** What the server says about having read everything again. */
  reload() {
    this.server.child.kill("SIGHUP");
    return this.server.event("service-reloaded", this.#reloads++);
  }

  async failedReload(): Promise<string> {
    this.server.child.kill("SIGHUP");
    return String((await this.server.event("reload-failed", this.#failures++))["cause"]);
  }

  async greeting(): Promise<string> {
    await using driver = await this.#connect();
    return (await driver.reply()).text;
  }

  async logIn(user: string): Promise<FtpDriver> {
    const driver = await this.#connect();
    await driver.reply();
    await driver.logIn(user, "secret word");
    await driver.expect("TYPE I", 200);
    return driver;
  }

  async fingerprint(): Promise<string> {
    const socket: TLSSocket = connect({ port: await this.server.port("implicit"), rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  }

  async change(...words: string[]): Promise<void> {
    const { code, stderr } = await runSallyport(["user", ...words, "--state", this.state], { input: "another word\n" });
    assert.equal(code, 0, stderr);
  }

  async #connect(): Promise<FtpDriver> {
    return FtpDriver.connect(await this.server.port("explicit"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

for (const workers of [1, 2]) {
  describe(`SIGHUP with ${workers === 1 ? "one process" : "workers"}`, { timeout: 120_000 }, () => {
    test("takes up limits and policies for new connections; the others keep theirs and go on", async () => {
      await using configured = new Configured(workers, ['passive-ports = "42000-42999"']);
      await using old = await configured.logIn("alice");
      const changed = [
        'greeting = "Changed."',
        'require-tls = "none"',
        'passive-ports = "43000-43999"',
        "durable = true",
      ];
      configured.write(workers, [...changed, "[limits]", 'idleMs = "2 s"', "connectionsPerHostCount = 2"]);
      const told = await configured.reload();
      assert.deepEqual(told["changed"], ["require-tls", "greeting", "limits.idleMs", "limits.connectionsPerHostCount"]);
      assert.deepEqual(told["needRestart"], ["durable", "passive-ports"]);
      await using clear = await FtpDriver.connect(await configured.server.port("explicit"));
      assert.equal((await clear.reply()).text, "220 Changed.");
      assert.match(await configured.greeting(), /^421 /);
      await clear.expect("USER alice", 331);
      await clear.expect("PASS secret word", 230);
      assert.equal((await clear.reply()).code, 421);
      await old.expect("NOOP", 200);
      await old.store("STOR file", Buffer.from("x"));
      assert.match((await old.expect("PASV", 227)).text, /,16[4-7],\d+\)/);
    });

    test("a file that is not in order changes nothing, and the log says where and why", async () => {
      await using configured = new Configured(workers, ['greeting = "Before."']);
      await configured.greeting();
      configured.write(workers, ['greeting = "After."', "pasv_min_port = 3"]);
      assert.match(
        await configured.failedReload(),
        /^In .*sallyport\.toml:9:1: "pasv_min_port" is vsftpd's name: here it is passive-ports/,
      );
      assert.match(await configured.greeting(), /Before/);
      configured.write(workers, ['greeting = "After."', 'cert = "missing.pem"', 'key = "missing.key"']);
      assert.match(await configured.failedReload(), /missing\.pem cannot be read/);
      assert.match(await configured.greeting(), /Before/);
      configured.write(workers, ['greeting = "After."']);
      assert.deepEqual((await configured.reload())["changed"], ["greeting"]);
      assert.match(await configured.greeting(), /After/);
    });

    test("takes up certificates that the file names, and goes back", needsOpenssl, async () => {
      await using configured = new Configured(workers);
      const own = await configured.fingerprint();
      await using old = await configured.logIn("alice");
      const [cert, key] = ["cert.pem", "key.pem"].map((name) => join(configured.folder, name));
      const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-nodes"];
      const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
      spawnSync("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", key ?? "", "-out", cert ?? ""]);
      configured.write(workers, ['cert = "cert.pem"', 'key = "key.pem"', 'min-tls = "1.3"']);
      assert.deepEqual((await configured.reload())["changed"], ["cert", "key", "min-tls"]);
      assert.equal(await configured.fingerprint(), new X509Certificate(readFileSync(cert ?? "")).fingerprint256);
      await old.store("STOR file", Buffer.from("x"));
      configured.write(workers, []);
      await configured.reload();
      assert.equal(await configured.fingerprint(), own);
    });

    test("ends logins of accounts that are gone, closed or have another password; others go on with the rights of now", async () => {
      await using configured = new Configured(workers);
      const drivers: FtpDriver[] = [];
      for (const name of names) drivers.push(await configured.logIn(name));
      const [alice, bob, carol, dave, erin] = drivers;
      assert.ok(alice && bob && carol && dave && erin);
      await configured.change("set", "alice", "--disabled");
      await configured.change("remove", "bob");
      await configured.change("password", "carol", "--password-stdin");
      await configured.change("set", "dave", "--read-only");
      const raw = await alice.openPassive();
      assert.equal((await alice.command("STOR cut")).code, 150);
      const data = await alice.secureData(raw);
      data.on("error", () => undefined);
      data.write("half");
      const told = await configured.reload();
      assert.deepEqual([told["endedCount"], told["refreshedCount"]], [3, 1]);
      for (const ended of [alice, bob, carol]) assert.match((await ended.reply()).text, /^421 /);
      for (const ended of [alice, bob, carol]) await ended[Symbol.asyncDispose]();
      await configured.server.event("connection-closed", 2);
      const causes = configured.server.events.filter(({ event }) => event === "connection-closed");
      const texts = causes.map(({ account, cause }) => `${String(account)}: ${String(cause)}`).toSorted();
      assert.deepEqual(texts, [
        "alice: the account is disabled",
        "bob: the account was removed",
        "carol: the password was changed",
      ]);
      assert.equal(existsSync(join(configured.folder, "root/cut")), false);
      await dave.expect("DELE nothing", 550);
      await erin.store("STOR file", Buffer.from("x"));
      assert.equal((await dave.retrieve("RETR file")).octets.toString(), "x");
      await dave.expect("DELE file", 550);
      await erin.expect("DELE file", 250);
      for (const driver of [dave, erin]) await driver[Symbol.asyncDispose]();
    });
  });
}

describe("a configuration", () => {
  test("listeners have policies of their own", async () => {
    const listeners = ['[[listener]]\nmode = "explicit"\naddress = "127.0.0.1"\nport = 0\nrequire-tls = "none"'];
    const folder = join(scratch, `server-${servers++}`);
    mkdirSync(join(folder, "root"), { recursive: true });
    const file = join(folder, "sallyport.toml");
    listeners.push('[[listener]]\nmode = "implicit"\naddress = "127.0.0.1"\nport = 0');
    writeFileSync(file, ['root = "root"', 'state = "state"', "allow-root = true", ...listeners].join("\n"));
    cpSync(template, join(folder, "state"), { recursive: true });
    chmodSync(join(folder, "state"), 0o700);
    await using server = new RunningServer(["serve", "--config", file, "--workers", "1"]);
    await using clear = await FtpDriver.connect(await server.port("explicit"));
    await clear.reply();
    await clear.expect("USER alice", 331);
    await clear.expect("PASS secret word", 230);
    await using implicit = await FtpDriver.connect(await server.port("implicit"), {
      tls: { rejectUnauthorized: false },
    });
    await implicit.reply();
    assert.match(String((await server.event("service-warning", 0))["cause"]), /root|in the clear/);
  });
});
