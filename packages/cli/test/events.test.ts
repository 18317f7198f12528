import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { kill } from "node:process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { FtpDriver, needs } from "@sallyport/testing";
import { RunningServer } from "./running-server.ts";
import { runSallyport, scratchDirectory, serveAsIs } from "./run-sallyport.ts";

const scratch = scratchDirectory();
const run = promisify(execFile);
const needsCurl = { skip: spawnSync("curl", ["--version"]).error !== undefined && "curl is not installed" };

interface Places {
  readonly root: string;
  readonly state: string;
  /** A program that appends the documents that it gets to the file `told`. */
  readonly program: string;
  readonly told: string;
}

async function prepare(name: string): Promise<Places> {
  const [root, state] = [join(scratch, `${name}-root`), join(scratch, `${name}-state`)];
  const [program, told] = [join(scratch, `${name}.sh`), join(scratch, `${name}-told`)];
  mkdirSync(root);
  writeFileSync(program, `#!/bin/sh\nd=$(cat); printf '%s\\n' "$d" >> ${told}\n`);
  chmodSync(program, 0o755);
  const added = await runSallyport(["user", "add", "alice", "--state", state, "--password-stdin"], {
    input: "secret word\n",
  });
  assert.equal(added.code, 0, added.stderr);
  return { root, state, program, told };
}

function serve({ root, state }: Places, ...words: string[]): RunningServer {
  const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
  return new RunningServer(["serve", root, "--state", state, ...ports, ...serveAsIs, ...words]);
}

async function upload(
  server: RunningServer,
  { state }: Places,
  name: string,
  octets: Uint8Array,
  ...words: readonly string[]
): Promise<void> {
  const file = join(scratch, "sent");
  writeFileSync(file, octets);
  const url = `ftps://localhost:${await server.port("implicit")}/${name}`;
  await run("curl", [
    "-sS",
    "--cacert",
    join(state, "tls/ca.pem"),
    "-u",
    "alice:secret word",
    "-T",
    file,
    ...words,
    url,
  ]);
}

function documentsIn(path: string): Record<string, unknown>[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    // oxlint-disable-next-line no-await-in-loop -- polling
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

for (const workers of [[], ["--workers", "2"]]) {
  test(`--notify runs a program with the digest of the file that came ${workers.join(" ")}`, needsCurl, async () => {
    const places = await prepare(`program${workers.length}`);
    await using server = serve(places, "--notify", places.program, ...workers);
    const octets = randomBytes(200_000);
    await upload(server, places, "a%20b.bin", octets);
    await until(() => documentsIn(places.told).length === 1, "it was told");
    const [document] = documentsIn(places.told);
    assert.equal(document?.["event"], "published");
    assert.equal(document["sha256"], createHash("sha256").update(octets).digest("hex"));
    assert.equal(document["file"], join(places.root, "a b.bin"));
    assert.deepEqual(readFileSync(document["file"]), octets);
    assert.equal(document["replaced"], false);
    await upload(server, places, "a%20b.bin", Buffer.from("tail"), "--append");
    await until(() => documentsIn(places.told).length === 2, "what was appended was told");
    const { sha256, sizeBytes, replaced } = documentsIn(places.told)[1] ?? {};
    const whole = Buffer.concat([octets, Buffer.from("tail")]);
    assert.deepEqual([sha256, sizeBytes, replaced], [createHash("sha256").update(whole).digest("hex"), 200_004, true]);
    assert.equal(await server.stop(), 0);
  });
}

test(
  "what a receiver that is down was not told survives kill -9, is listed, and is told after the next start",
  needsCurl,
  async () => {
    const places = await prepare("killed");
    const received: Record<string, unknown>[] = [];
    const receiver = createServer((request, response) => {
      void text(request).then((body) => {
        received.push(JSON.parse(body) as Record<string, unknown>);
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const { port } = receiver.address() as AddressInfo;
    await new Promise((resolve) => receiver.close(resolve));
    const url = `http://127.0.0.1:${port}/?token=hidden`;
    const log: string[] = [];
    {
      await using server = serve(places, "--notify", url);
      for (const name of ["one", "two", "three"]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await upload(server, places, name, Buffer.from(name));
      }
      await server.event("notify-unreachable");
      // An event is written down right behind the reply that the client has.
      await pause(1_000);
      log.push(JSON.stringify(server.events));
      await server.stop("SIGKILL");
    }
    const listed = await runSallyport(["events", "--state", places.state, "--json"]);
    const entries = listed.stdout.trimEnd().split("\n");
    assert.equal(entries.length, 3, listed.stdout + listed.stderr);
    const shown = await runSallyport(["events", "--state", places.state]);
    assert.match(shown.stdout, new RegExp(`published +http://127.0.0.1:${port}  \\d attempts?  due .*  /one`));
    await using server = serve(places, "--notify", url);
    await server.event("notify-unreachable");
    await new Promise<void>((resolve) => receiver.listen(port, "127.0.0.1", resolve));
    try {
      await until(() => received.length === 3, "all three were told");
      assert.deepEqual(
        received.map(({ path }) => path),
        ["/one", "/two", "/three"],
      );
      assert.equal(new Set(received.map(({ id }) => id)).size, 3);
      await server.event("notify-reached");
      log.push(JSON.stringify(server.events), listed.stdout, shown.stdout);
      assert.equal(
        log.some((said) => said.includes("hidden")),
        false,
        "the token of the URL is nowhere",
      );
      assert.equal((await runSallyport(["events", "--state", places.state])).stdout, "");
    } finally {
      receiver.closeAllConnections();
      receiver.close();
    }
  },
);

test("a file whose 226 was read is told also where the server is killed in that moment", async () => {
  const places = await prepare("moment");
  const acknowledged: string[] = [];
  for (const count of [1, 4, 9]) {
    await using server = serve(places, "--workers", "1", "--notify", "http://127.0.0.1:9/");
    const port = await server.port("explicit");
    const process = (await server.event("service-started"))["process"];
    await using client = await FtpDriver.connect(port);
    await client.reply();
    await client.logIn("alice", "secret word");
    await client.expect("TYPE I", 200);
    for (let number = 0; number < count; number++) {
      const { completion } = await client.store(`STOR ${count}-${number}`, Buffer.from("abc"));
      assert.equal(completion?.code, 226);
      acknowledged.push(`/${count}-${number}`);
    }
    kill(Number(process), "SIGKILL");
    await server.stop("SIGKILL");
  }
  const listed = await runSallyport(["events", "--state", places.state, "--json"]);
  const entries = listed.stdout.trimEnd().split("\n");
  const paths = entries.map((line) => (JSON.parse(line) as { document: { path: string } }).document.path);
  assert.deepEqual(paths, acknowledged);
});

test("--notify-events chooses, and a program that fails is in the log with its words", needsCurl, async () => {
  const places = await prepare("failing");
  const failing = join(scratch, "failing-program.sh");
  writeFileSync(failing, "#!/bin/sh\necho no room left >&2; sleep 0.1; exit 7\n");
  chmodSync(failing, 0o755);
  await using server = serve(places, "--notify", failing, "--notify-events", "login,deleted");
  await upload(server, places, "a.bin", Buffer.from("a"));
  const postponed = await server.event("notify-postponed");
  assert.equal(postponed["notified"], "login");
  assert.equal(postponed["cause"], "exit code 7: no room left");
  assert.equal(server.events.filter(({ event }) => event === "notify-postponed").length, 1);
});

test(
  "--run-as: programs run as that user, which the check has asked for, also with workers",
  { skip: needs("root", "reachable-checkout", "curl") },
  async () => {
    const places = await prepare("runas");
    for (const path of [scratch, places.root]) chmodSync(path, 0o777);
    const who = join(places.root, "who");
    const program = join(scratch, "who.sh");
    writeFileSync(
      program,
      `#!/bin/sh\ncat > /dev/null; id -u -r > ${who}; id -u >> ${who}; id -G >> ${who}; pwd >> ${who}\n`,
    );
    chmodSync(program, 0o700);
    const line = ["serve", places.root, "--state", places.state, "--run-as", "nobody", "--notify", program];
    const refused = await runSallyport([...line, "--explicit-port", "0", "--implicit-port", "0"]);
    assert.match(refused.stderr, /cannot be run by this user/);
    chmodSync(program, 0o755);
    const ids = await Promise.all(["-u", "-G"].map((flag) => run("id", [flag, "nobody"])));
    const [user, groups] = ids.map(({ stdout }) => stdout.trim());
    const words = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0", "--workers", "2"];
    await using server = new RunningServer([...line, ...words]);
    await upload(server, places, "a.bin", Buffer.from("a"));
    await until(() => existsSync(who) && readFileSync(who, "utf8").split("\n").length === 5, "it was told");
    assert.deepEqual(readFileSync(who, "utf8").trimEnd().split("\n"), [user, user, groups, places.state]);
  },
);

test("a target that cannot be used keeps the server from starting, and the sentence says why", async () => {
  const places = await prepare("refused");
  const open = join(scratch, "open-secret");
  writeFileSync(open, "x".repeat(40));
  chmodSync(open, 0o644);
  const inside = join(places.root, "program");
  writeFileSync(inside, "#!/bin/sh\n");
  chmodSync(inside, 0o755);
  const words: [string[], RegExp][] = [
    [["--notify", "/no/such/program"], /cannot be reached \(ENOENT\)/],
    [["--notify", inside], /an upload could replace it/],
    [["--notify", "http://hook.example/?token=hidden"], /in the clear/],
    [["--notify", "program"], /neither an absolute path nor an https URL/],
    [["--notify", "https://hook.example/", "--notify-secret-file", open], /chmod go-rwx/],
    [["--notify", "https://hook.example/", "--notify-ca", "/no/such.pem"], /cannot be read/],
  ];
  const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
  for (const [flags, expected] of words) {
    const line = ["serve", places.root, "--state", places.state, ...ports, ...serveAsIs, ...flags];
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { code, stderr } = await runSallyport(line);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /hidden/);
    assert.ok(code !== 0 && code !== 70 && code !== null, `${code}`);
  }
});
