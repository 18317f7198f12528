import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { FtpDriver, needs, reachableCommand } from "@sallyport/testing";
import { RunningServer } from "./running-server.ts";
import { launcher, runSallyport, scratchDirectory, serveAsIs, spawnSallyport } from "./run-sallyport.ts";

const scratch = scratchDirectory();
let servers = 0;

interface Places {
  readonly root: string;
  readonly state: string;
}

/** A state directory with accounts, made once and copied. */
const template = join(scratch, "template");
before(async () => {
  for (const name of ["alice", "bob"]) {
    const words = ["user", "add", name, "--state", template, "--password-stdin"];
    const added = await runSallyport(words, { input: "secret word\n" });
    assert.equal(added.code, 0, added.stderr);
  }
});

function prepare(): Places {
  const [root, state] = [join(scratch, `root-${servers}`), join(scratch, `state-${servers++}`)];
  mkdirSync(root);
  cpSync(template, state, { recursive: true });
  chmodSync(state, 0o700);
  return { root, state };
}

function serve({ root, state }: Places, ...words: string[]): RunningServer {
  const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
  const workers = words.includes("--workers") ? [] : ["--workers", "1"];
  return new RunningServer(["serve", root, "--state", state, ...serveAsIs, ...ports, ...workers, ...words]);
}

async function logIn(server: RunningServer, user = "alice"): Promise<FtpDriver> {
  const driver = await FtpDriver.connect(await server.port("explicit"));
  await driver.reply();
  await driver.logIn(user, "secret word");
  await driver.expect("TYPE I", 200);
  return driver;
}

/** Begins an upload that does not end by itself. */
async function beginUpload(driver: FtpDriver, name: string) {
  const raw = await driver.openPassive();
  assert.equal((await driver.command(`STOR ${name}`)).code, 150);
  const data = await driver.secureData(raw);
  await new Promise((resolve) => data.write(randomBytes(3_000_000), resolve));
  return data;
}

const ask = ({ state }: Places, ...words: string[]) =>
  runSallyport([words[0] ?? "", "--state", state, ...words.slice(1)]);

describe("who", () => {
  test("shows everybody with what they do, in a table, in a narrow one, and as JSON", async () => {
    const places = prepare();
    await using server = serve(places);
    await server.event("service-started");
    assert.deepEqual(await ask(places, "who"), { code: 0, stdout: "Nobody is connected.\n", stderr: "" });
    await using clear = await FtpDriver.connect(await server.port("explicit"));
    await clear.reply();
    await using idle = await logIn(server, "bob");
    await using busy = await logIn(server);
    const name = `quarterly report ${"x".repeat(60)}.pdf`;
    const data = await beginUpload(busy, name);
    const { code, stdout, stderr } = await ask(places, "who");
    assert.equal(code, 0, stderr);
    const [heading = "", ...lines] = stdout.split("\n");
    assert.match(heading, /^# +ACCOUNT +ADDRESS +CONTROL +DOES +MOVED +RATE +SINCE$/);
    assert.match(lines[0] ?? "", /^1  - +127\.0\.0\.1  □ explicit, clear +logging in +[\d.]+ m?s$/);
    assert.match(lines[1] ?? "", /^2  bob +127\.0\.0\.1  ■ explicit TLS 1\.3  idle for [\d.]+ m?s +[\d.]+ m?s$/);
    assert.match(
      lines[2] ?? "",
      new RegExp(
        `^3  alice +127\\.0\\.0\\.1  ■ explicit TLS 1\\.3  ■ upload /${name} +[\\d.]+ MB +[\\d.]+ [kM]?B/s +[\\d.]+ m?s$`,
      ),
    );
    assert.match(
      lines[4] ?? "",
      /^3 connected, 2 logged in, 1 transferring at .*"sallyport kick NUMBER" closes one\.$/,
    );
    const narrow = await runSallyport(["who", "--state", places.state], { environment: { COLUMNS: "90" } });
    for (const line of narrow.stdout.split("\n").slice(0, 4)) assert.ok(line.length <= 90, line);
    assert.match(narrow.stdout, /■ upl[^ ]*….*x\.pdf  /);
    const json = JSON.parse((await ask(places, "who", "--json")).stdout) as (Record<string, unknown> & {
      readonly activity: { readonly path?: string };
    })[];
    assert.deepEqual(
      json.map(({ connection, account, tlsMode }) => [connection, account, tlsMode]),
      [
        [1, undefined, "explicit"],
        [2, "bob", "explicit"],
        [3, "alice", "explicit"],
      ],
    );
    assert.equal(json[2]?.activity.path, `/${name}`);
    data.destroy();
    await idle.expect("NOOP", 200);
  });

  test("69 no server runs there, 66 no state directory, and a server that was killed leaves nothing in the way", async () => {
    const places = prepare();
    const none = await ask(places, "who");
    assert.deepEqual([none.code, none.stdout], [69, ""]);
    assert.match(none.stderr, /^sallyport: No server runs on the state directory .*: start one with .*\n$/);
    assert.equal((await runSallyport(["who", "--state", join(scratch, "none")])).code, 66);
    {
      await using server = serve(places);
      await server.event("service-started");
      assert.equal((await ask(places, "who")).code, 0);
      assert.equal(statSync(join(places.state, "server.sock")).mode & 0o777, 0o600);
      await server.stop("SIGKILL");
    }
    assert.equal((await ask(places, "who")).code, 69);
    await using again = serve(places);
    await again.event("service-started");
    assert.equal((await ask(places, "who")).code, 0);
    assert.equal(await again.stop(), 0);
    assert.equal(existsSync(join(places.state, "server.sock")), false);
  });

  test(
    "77 others may not ask; root may, also a server that has become another user",
    { skip: needs("root", "reachable-checkout") },
    async () => {
      const places = prepare();
      for (const path of [scratch, places.root]) chmodSync(path, 0o755);
      chownSync(places.root, 65_534, 65_534);
      await using server = new RunningServer([
        ...["serve", places.root, "--state", places.state, "--run-as", "nobody", "--listen", "127.0.0.1"],
        ...["--explicit-port", "0", "--implicit-port", "0"],
      ]);
      await server.event("service-started");
      assert.equal(statSync(join(places.state, "server.sock")).uid, 65_534);
      assert.equal((await ask(places, "who")).stdout, "Nobody is connected.\n");
      const somebodyElse = ["setpriv", "--reuid=1", "--regid=1", "--clear-groups"];
      const [file, words] = reachableCommand([...somebodyElse, launcher, "who", "--state", places.state]);
      const { status, stderr } = spawnSync(file, words, { encoding: "utf8" });
      assert.equal(status, 77, stderr);
      assert.match(stderr, /belongs to user number 65534/);
    },
  );

  test("--watch goes on until the server is gone", async () => {
    const places = prepare();
    await using server = serve(places);
    await server.event("service-started");
    const watching = spawnSallyport(["who", "--state", places.state, "--watch"]);
    const printed = text(watching.stdout);
    const ended = once(watching, "close");
    await once(watching.stdout, "data");
    await server.stop();
    assert.deepEqual(await ended, [69, null]);
    assert.match(await printed, /^(?:Nobody is connected\.\n)+$/);
  });
});

describe("kick", () => {
  test("closes by number, account and address, publishes nothing torn, and says what it did", async () => {
    const places = prepare();
    await using server = serve(places, "--workers", "2");
    await using one = await logIn(server);
    await using two = await logIn(server);
    await using three = await logIn(server, "bob");
    const data = await beginUpload(two, "torn.bin");
    const byNumber = await ask(places, "kick", "1");
    assert.deepEqual([byNumber.code, byNumber.stdout], [0, "Closed #1 (alice from 127.0.0.1).\n"]);
    assert.match((await one.reply()).text, /^421 Closed by the administrator\.$/);
    const byAccount = await ask(places, "kick", "--account", "alice", "--json");
    assert.deepEqual(JSON.parse(byAccount.stdout), {
      closed: [{ connection: 2, account: "alice", remoteAddress: "127.0.0.1" }],
      bans: [],
    });
    assert.equal(await two.waitForEnd(), true);
    assert.equal((await server.event("transfer"))["complete"], false);
    assert.equal(existsSync(join(places.root, "torn.bin")), false);
    assert.equal((await server.event("connection-closed", 1))["cause"], "closed by the administrator");
    data.destroy();
    assert.equal((await ask(places, "kick", "--address", "127.0.0.1")).code, 0);
    assert.equal((await three.reply()).code, 421);
  });

  test("1 nothing fits, 64 nobody or two ways to mean them", async () => {
    const places = prepare();
    await using server = serve(places);
    await server.event("service-started");
    const missed = await ask(places, "kick", "--account", "carol");
    assert.deepEqual(missed, {
      code: 1,
      stdout: "",
      stderr: "sallyport: Nobody is connected as carol: nothing is closed.\n",
    });
    assert.equal(
      (await ask(places, "kick", "7", "8")).stderr,
      "sallyport: There is no connection #7, #8: nothing is closed.\n",
    );
    for (const words of [[], ["--account", "a", "3"], ["x"], ["--address", "everywhere"]]) {
      assert.equal((await ask(places, "kick", ...words)).code, 64, words.join(" "));
    }
  });

  test("--ban keeps the address out, with a fitting 421, until unban", async () => {
    const places = prepare();
    await using server = serve(places);
    await using client = await logIn(server);
    const kicked = await ask(places, "kick", "--account", "alice", "--ban");
    assert.match(
      kicked.stdout,
      /^Closed #1 \(alice from 127\.0\.0\.1\)\.\nBanned 127\.0\.0\.1 for 15 min, until \d{4}-\d\d-\d\dT[\d:]{8}Z\.\n$/,
    );
    assert.equal((await client.reply()).code, 421);
    await using banned = await FtpDriver.connect(await server.port("explicit"));
    assert.match((await banned.reply()).text, /^421 This address is not served at the moment\.$/);
    assert.match(String((await server.event("connection-refused"))["cause"]), /banned by the administrator/);
    const event = await server.event("address-banned");
    assert.deepEqual([event["host"], event["cause"], event["level"]], ["127.0.0.1", "by the administrator", "warn"]);
    assert.deepEqual(await ask(places, "unban", "127.0.0.1"), {
      code: 0,
      stdout: "127.0.0.1 is no longer banned.\n",
      stderr: "",
    });
    await using again = await logIn(server);
    await again.expect("NOOP", 200);
    assert.equal((await ask(places, "unban", "127.0.0.1")).code, 1);
    const absent = await ask(places, "kick", "--address", "192.0.2.1", "--ban");
    assert.equal(absent.code, 0);
    assert.match(absent.stdout, /^Nobody is connected from 192\.0\.2\.1\.\nBanned 192\.0\.2\.1 for 15 min/);
  });
});

describe("signals", () => {
  test("a first SIGTERM refuses newcomers, lets the transfer end, says 421 to the rest, and ends with 0", async () => {
    const places = prepare();
    await using server = serve(places, "--grace", "30");
    await using idle = await logIn(server, "bob");
    await using busy = await logIn(server);
    const data = await beginUpload(busy, "whole.bin");
    const ended = server.stop("SIGTERM");
    assert.equal((await idle.reply()).code, 421);
    await assert.rejects(FtpDriver.connect(await server.port("explicit")));
    // Who is left can still be asked.
    assert.match((await ask(places, "who")).stdout, /upload \/whole\.bin/);
    data.resume();
    data.end();
    assert.equal((await busy.reply()).code, 226);
    assert.equal((await busy.reply()).code, 421);
    assert.equal(await ended, 0);
    assert.equal(statSync(join(places.root, "whole.bin")).size, 3_000_000);
    assert.deepEqual(leftIn(places), []);
  });

  test("a second one cuts at once: the last lines are written, pid and socket are gone, and nothing torn is there", async () => {
    const places = prepare();
    await using server = serve(places, "--grace", "30", "--workers", "2");
    await using busy = await logIn(server);
    const data = await beginUpload(busy, "torn.bin");
    assert.deepEqual(leftIn(places), ["server.pid", "server.sock"]);
    server.child.kill("SIGTERM");
    await server.event("service-stopping");
    assert.equal(await server.stop("SIGINT"), 130);
    assert.equal(server.events.at(-1)?.event, "service-cut");
    assert.deepEqual(leftIn(places), []);
    assert.equal(existsSync(join(places.root, "torn.bin")), false);
    data.destroy();
  });

  test("SIGUSR2 writes to the log who is connected", async () => {
    const places = prepare();
    await using server = serve(places);
    await using client = await logIn(server);
    server.child.kill("SIGUSR2");
    const shown = await server.event("connection-shown");
    assert.deepEqual([shown["connection"], shown["account"], shown["tlsMode"]], [1, "alice", "explicit"]);
    assert.match(String(shown["activity"]), /^idle for/);
    const { connectionsCount, loginsCount, transfersCount } = await server.event("connections-shown");
    assert.deepEqual([connectionsCount, loginsCount, transfersCount], [1, 1, 0]);
    await client.expect("NOOP", 200);
  });

  test("SIGUSR1 goes on in a new log, where it is a file", async () => {
    const places = prepare();
    const log = join(scratch, "server.log");
    const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "off"];
    const child = spawnSallyport(["serve", places.root, "--state", places.state, ...serveAsIs, ...ports, "--log", log]);
    const holds = async (wanted: RegExp) => {
      const deadline = Date.now() + 20_000;
      while (!(existsSync(log) && wanted.test(readFileSync(log, "utf8")))) {
        if (Date.now() > deadline) throw new Error(`${wanted.source} is not in the log`);
        await pause(20);
      }
    };
    await holds(/ certificate /);
    renameSync(log, `${log}.1`);
    child.kill("SIGUSR1");
    await holds(/^$/);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
    assert.match(readFileSync(`${log}.1`, "utf8"), / started .*\n.* certificate /s);
    assert.match(readFileSync(log, "utf8"), /^[^\n]* stopping +SIGTERM\n[^\n]* stopped .*\n$/);
  });

  test("SIGUSR1 goes on in a new transfer log", async () => {
    const places = prepare();
    const xferlog = join(scratch, "xferlog");
    await using server = serve(places, "--xferlog", xferlog);
    await using client = await logIn(server);
    await client.store("STOR one", Buffer.from("1"));
    await server.event("transfer");
    renameSync(xferlog, `${xferlog}.1`);
    server.child.kill("SIGUSR1");
    const deadline = Date.now() + 5000;
    while (!existsSync(xferlog) && Date.now() < deadline) await pause(10);
    await client.store("STOR two", Buffer.from("2"));
    await server.event("transfer", 1);
    assert.match(readFileSync(`${xferlog}.1`, "utf8"), / \/one b _ i r alice ftp 0 \* c\n$/);
    assert.match(readFileSync(xferlog, "utf8"), /^[^\n]* \/two b _ i r alice ftp 0 \* c\n$/);
  });
});

function leftIn({ state }: Places): string[] {
  return readdirSync(state).filter((name) => /^server\.(pid|sock)$/.test(name));
}
