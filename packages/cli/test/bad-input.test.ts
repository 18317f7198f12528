import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { LocalCertificates } from "@sallyport/daemon/certificates";
import { needs } from "@sallyport/testing";
import { runSallyport, scratchDirectory, serveAsIs, snapshot } from "./run-sallyport.ts";

const scratch = scratchDirectory();
const root = join(scratch, "served");
const state = join(scratch, "state");
const otherState = join(scratch, "other-state");
const asRoot = process.getuid?.() === 0;

before(async () => {
  mkdirSync(root);
  for (const path of [state, otherState]) {
    const made = await runSallyport(["user", "add", "alice", "--state", path, "--password-stdin"], {
      input: "secret word\n",
    });
    assert.equal(made.code, 0, made.stderr);
    assert.equal((await runSallyport(["cert", "create", "--state", path])).code, 0);
  }
});

interface Case {
  readonly words: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

/** One sentence on standard error, nothing on standard output, the exit code, and nothing changed. */
async function refuses({ words, code, says }: Case): Promise<void> {
  const untouched = snapshot(scratch);
  const outcome = await runSallyport(words, { input: "a password\n" });
  const label = words.join(" ");
  assert.match(outcome.stderr, /^sallyport: [A-Z/-][^\n]*[.?]\n$/, label);
  assert.match(outcome.stderr, says, label);
  assert.equal(outcome.stdout, "", label);
  assert.equal(outcome.code, code, label);
  assert.deepEqual(snapshot(scratch), untouched, label);
}

function serve(...words: readonly string[]): string[] {
  const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
  return ["serve", root, "--state", state, ...serveAsIs, ...ports, ...words];
}

describe("64 the command line is wrong", { concurrency: 2 }, () => {
  const cases: readonly Case[] = [
    { words: ["srve"], code: 64, says: /no command "srve": did you mean "serve"\?/ },
    { words: ["frobnicate"], code: 64, says: /no command "frobnicate": "sallyport --help" lists them/ },
    { words: ["user", "lst"], code: 64, says: /no command "lst": did you mean "list"\?/ },
    { words: ["--state", "x", "serve"], code: 64, says: /no flag --state before a command/ },
    {
      words: ["serve", "x", "--explicit-prt", "21"],
      code: 64,
      says: /no flag --explicit-prt: did you mean --explicit-port\?/,
    },
    { words: ["start", "--port", "21"], code: 64, says: /no flag --port: "sallyport start --help"/ },
    { words: ["serve", "x", "-z"], code: 64, says: /no flag -z: "sallyport serve --help"/ },
    { words: ["serve"], code: 64, says: /DIR is missing: "sallyport serve --help"/ },
    { words: ["serve", "x", "y"], code: 64, says: /one word too many, "y"/ },
    { words: ["serve", "x", "--explicit-port"], code: 64, says: /--explicit-port needs a value/ },
    {
      words: ["serve", "x", "--explicit-port", "70000"],
      code: 64,
      says: /--explicit-port takes a port .*, not "70000"/,
    },
    {
      words: ["serve", "x", "--explicit-port", "1", "--explicit-port", "2"],
      code: 64,
      says: /--explicit-port is given twice/,
    },
    { words: ["serve", "x", "--listen", "localhost"], code: 64, says: /--listen takes an IPv4 or IPv6 address/ },
    {
      words: ["serve", "x", "--require-tls", "maybe"],
      code: 64,
      says: /--require-tls takes login,data \| login \| data \| none, not "maybe"/,
    },
    { words: ["serve", "x", "--passive-ports", "60000-50000"], code: 64, says: /--passive-ports takes two ports/ },
    { words: ["serve", "x", "--masquerade", "::1"], code: 64, says: /--masquerade takes an IPv4 address/ },
    { words: ["serve", "x", "--max-connections", "0"], code: 64, says: /--max-connections takes a whole number/ },
    { words: ["serve", "x", "--cert", "a.pem"], code: 64, says: /--cert is given once and --key 0 times: give/ },
    { words: ["serve", "x", "--plain", "--require-tls", "login"], code: 64, says: /contradict each other/ },
    { words: ["serve", "x", "--explicit-port", "off", "--implicit-port", "off"], code: 64, says: /Both ports are off/ },
    {
      words: ["serve", "x", "--standard-ports", "--explicit-port", "2121"],
      code: 64,
      says: /--standard-ports and --explicit-port 2121 contradict each other/,
    },
    {
      words: ["serve", "x", "--standard-ports", "--explicit-port", "off", "--implicit-port", "0"],
      code: 64,
      says: /--standard-ports and --implicit-port 0 contradict each other/,
    },
    {
      words: ["serve", "x", "--explicit-port", "2990"],
      code: 64,
      says: /--explicit-port and --implicit-port are both 2990/,
    },
    {
      words: ["start", "--state", join(scratch, "fresh"), "--explicit-port", "2500", "--implicit-port", "2500"],
      code: 64,
      says: /--explicit-port and --implicit-port are both 2500/,
    },
    { words: ["serve", "x", "--client-certificates", "require"], code: 64, says: /give --client-ca/ },
    { words: ["serve", "x", "--fxp-ca", "ca.pem"], code: 64, says: /give --fxp ADDRESS/ },
    { words: ["user", "add", "--state", state, "--password", "hunter2", "bob"], code: 64, says: /no flag --password/ },
    {
      words: ["user", "permit", "alice", "/", "fly", "--state", state],
      code: 64,
      says: /ACTIONS takes all, read, none/,
    },
    { words: ["user", "set", "alice", "--state", state], code: 64, says: /nothing to change/ },
    {
      words: ["user", "add", "bob", "--state", state, "--password-stdin", "--home", "../etc"],
      code: 64,
      says: /--home takes a path without \.\. components.*, not "\.\.\/etc"/,
    },
    {
      words: ["user", "set", "alice", "--state", state, "--home", "/in/../alice"],
      code: 64,
      says: /--home takes a path without/,
    },
    { words: ["user", "permit", "alice", "/..", "all", "--state", state], code: 64, says: /PATH takes a path without/ },
    { words: ["user", "add", "bob", "--state", state, "--quota", "much"], code: 64, says: /--quota takes a size/ },
    {
      words: ["cert", "create", "--state", state, "--name", "a b"],
      code: 64,
      says: /--name takes a host name or an address/,
    },
  ];
  for (const badInput of cases) test(badInput.words.join(" ").replaceAll(scratch, ""), () => refuses(badInput));

  test("control characters of an argument do not reach the terminal", () =>
    refuses({ words: ["\u001b[2Jx"], code: 64, says: /no command "\?\[2Jx"/ }));

  test("no password, and one that is too long", async () => {
    const words = ["user", "add", "bob", "--state", state];
    await refuses({ words, code: 64, says: /no terminal .* --password-stdin/ });
    for (const [input, says] of [
      ["", /no password on standard input/],
      ["\n", /no password/],
      ["x".repeat(1025), /longer than 1024/],
    ] as const) {
      const { code, stderr } = await runSallyport([...words, "--password-stdin"], { input });
      assert.match(stderr, says);
      assert.equal(code, 64);
    }
  });
});

describe("files, directories and ports", () => {
  test("66 the directory is missing or a file", async () => {
    const words = ["--state", state, ...serveAsIs];
    await refuses({ words: ["serve", join(scratch, "nowhere"), ...words], code: 66, says: /no directory .*nowhere/ });
    await refuses({ words: ["serve", join(state, "accounts.db"), ...words], code: 66, says: /not a directory/ });
  });

  test("66 certificate or key cannot be read", async () => {
    const { certificate, key } = { certificate: join(state, "tls/cert.pem"), key: join(state, "tls/key.pem") };
    await refuses({
      words: serve("--cert", "/nowhere.pem", "--key", key),
      code: 66,
      says: /certificate \/nowhere\.pem cannot be read/,
    });
    await refuses({
      words: serve("--cert", certificate, "--key", "/nowhere.key"),
      code: 66,
      says: /key \/nowhere\.key cannot be read/,
    });
    await refuses({ words: serve("--cert", scratch, "--key", key), code: 66, says: /it is a directory/ });
    await refuses({ words: ["cert", "show", "/nowhere.pem"], code: 66, says: /nowhere\.pem cannot be read/ });
  });

  test("78 certificate and key do not fit, or are none", async () => {
    const certificate = join(state, "tls/cert.pem");
    const key = join(state, "tls/key.pem");
    const foreign = join(otherState, "tls/key.pem");
    const garbage = join(scratch, "garbage.pem");
    writeFileSync(garbage, "no PEM at all\n");
    await refuses({
      words: serve("--cert", certificate, "--key", foreign),
      code: 78,
      says: /key does not belong .*other-state\/tls\/key\.pem/,
    });
    await refuses({ words: serve("--cert", garbage, "--key", key), code: 78, says: /garbage\.pem/ });
    await refuses({ words: serve("--cert", certificate, "--key", garbage), code: 78, says: /garbage\.pem/ });
    await refuses({ words: ["cert", "show", garbage], code: 78, says: /garbage\.pem holds no certificate/ });
  });

  test("78 the name of a file keeps its small letter", async () => {
    const name = `small-${process.pid}.pem`;
    writeFileSync(name, "no PEM at all\n");
    try {
      const says = new RegExp(`The file ${name.replace(".", "\\.")} holds no PEM certificate`);
      await refuses({ words: serve("--cert", name, "--key", name), code: 78, says });
    } finally {
      rmSync(name);
    }
  });

  test("66 and 78 authorities of others that cannot be read, also for a state directory that does not exist yet", async () => {
    const garbage = join(scratch, "garbage.pem");
    const words = ["serve", root, "--state", join(scratch, "fresh"), ...serveAsIs, "--listen", "127.0.0.1"];
    const ports = ["--explicit-port", "0", "--implicit-port", "0"];
    await refuses({ words: [...words, ...ports, "--client-ca", "/nowhere.pem"], code: 66, says: /nowhere\.pem/ });
    const kerberos = ["--gssapi", "--gssapi-suffices"];
    for (const file of ["--keytab", "--gssapi-principals"]) {
      await refuses({
        words: [...words, ...ports, ...kerberos, file, "/nowhere"],
        code: 66,
        says: /nowhere cannot be read/,
      });
    }
    await refuses({
      words: [...words, ...ports, "--client-ca", garbage],
      code: 78,
      says: /garbage\.pem holds no certificate/,
    });
    const fxp = ["--fxp", "192.0.2.1", "--fxp-ca"];
    await refuses({
      words: [...words, ...ports, ...fxp, garbage],
      code: 78,
      says: /garbage\.pem holds no certificate/,
    });
  });

  test("78 an expired certificate, a key with a passphrase", async () => {
    const directory = join(scratch, "expired");
    const nowMs = Date.now() - 500 * 86_400_000;
    const { identityFiles } = await LocalCertificates.open(directory, { names: [], nowMs });
    const { certificateFile, keyFile } = identityFiles;
    const locked = join(scratch, "locked.key");
    const cipher = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" } as const;
    writeFileSync(locked, createPrivateKey(readFileSync(keyFile)).export(cipher));
    const expired = serve("--cert", certificateFile, "--key", keyFile);
    await refuses({ words: expired, code: 78, says: /cert\.pem.* expired on/ });
    await refuses({
      words: serve("--cert", certificateFile, "--key", locked),
      code: 78,
      says: /The key .*locked\.key is encrypted.*: decrypt it with "openssl pkey -in .*locked\.key -out NEW"/,
    });
  });

  test("69 an occupied port, also for a state directory that does not exist yet", async () => {
    await using holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const bound = holder.address();
    const port = String(typeof bound === "object" && bound !== null ? bound.port : 0);
    const says = new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use by another program: .*--implicit-port`);
    const endpoints = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", port];
    await refuses({ words: ["serve", root, "--state", state, ...serveAsIs, ...endpoints], code: 69, says });
    await refuses({
      words: ["serve", root, "--state", join(scratch, "fresh"), ...serveAsIs, ...endpoints],
      code: 69,
      says,
    });
    await refuses({ words: ["start", "--state", join(scratch, "fresh"), ...endpoints], code: 69, says });
    await refuses({ words: serve("--listen", "203.0.113.7"), code: 69, says: /no address 203\.0\.113\.7/ });
  });

  test(
    "77 a port that only root may bind, and what only root may ask for",
    { skip: asRoot && "root may" },
    async () => {
      await refuses({
        words: ["serve", root, "--state", state, "--standard-ports", "--listen", "127.0.0.1"],
        code: 77,
        says: /may not listen on port 21/,
      });
      await refuses({ words: serve("--run-as", "nobody"), code: 77, says: /Only root can become another user/ });
    },
  );

  test(
    "77 and 78 root does not serve as root, nor as a user that does not exist",
    { skip: !asRoot && "needs root" },
    async () => {
      const words = ["serve", root, "--state", state];
      await refuses({ words, code: 77, says: /does not run as root: .*--run-as/ });
      await refuses({ words: [...words, "--run-as", "root"], code: 77, says: /would keep the rights of root/ });
      await refuses({ words: [...words, "--run-as", "no-such-user"], code: 78, says: /no user no-such-user/ });
    },
  );

  test("73 a directory that cannot be written", { skip: asRoot && "root may write everywhere" }, async () => {
    const closed = join(scratch, "closed");
    mkdirSync(closed, { mode: 0o500 });
    await refuses({
      words: ["serve", closed, "--state", state],
      code: 73,
      says: /closed cannot be written .*--read-only/,
    });
    await refuses({
      words: ["user", "add", "bob", "--state", join(closed, "state"), "--password-stdin"],
      code: 73,
      says: /cannot be created \(EACCES\)/,
    });
    chmodSync(closed, 0o700);
  });

  test(
    "73 and 66 a directory that the user of --run-as cannot write or reach changes no owner",
    { skip: needs("root", "reachable-checkout") },
    async () => {
      const words = ["--state", state, "--run-as", "nobody", "--listen", "127.0.0.1"];
      const ports = ["--explicit-port", "0", "--implicit-port", "0"];
      await refuses({ words: ["serve", root, ...words, ...ports], code: 66, says: /cannot be reached by user number/ });
      chmodSync(scratch, 0o755);
      const says = /served cannot be written by user number \d+: .*--read-only/;
      await refuses({ words: ["serve", root, ...words, ...ports], code: 73, says });
      const fresh = ["--state", join(scratch, "fresh"), ...words.slice(2)];
      await refuses({ words: ["serve", root, ...fresh, ...ports], code: 73, says });
      chmodSync(root, 0o730);
      chownSync(root, 0, 65_534);
      await refuses({ words: ["serve", root, ...fresh, ...ports], code: 66, says: /cannot be read by user number/ });
      chmodSync(root, 0o755);
      chmodSync(scratch, 0o700);
    },
  );

  test("73 a state directory that is a file, 66 one that is missing", async () => {
    const file = join(scratch, "file");
    writeFileSync(file, "");
    await refuses({
      words: ["serve", root, "--state", file, ...serveAsIs, "--explicit-port", "0", "--implicit-port", "0"],
      code: 73,
      says: /is a file/,
    });
    await refuses({
      words: ["user", "list", "--state", join(scratch, "missing")],
      code: 66,
      says: /no state directory .*missing/,
    });
    await refuses({
      words: ["cert", "show", "--state", join(scratch, "missing")],
      code: 66,
      says: /no state directory/,
    });
  });

  test("73 a log that cannot be written", () =>
    refuses({
      words: serve("--log", join(scratch, "nowhere/log")),
      code: 73,
      says: /The log .* cannot be written/,
    }));

  test("73 a transfer log that cannot be written", () =>
    refuses({
      words: serve("--xferlog", join(scratch, "nowhere/xferlog")),
      code: 73,
      says: /transfer log .* cannot be written/,
    }));
});

describe("78 the state is damaged", () => {
  const damaged = join(scratch, "damaged");
  const words = [
    "serve",
    root,
    "--state",
    damaged,
    ...serveAsIs,
    "--listen",
    "127.0.0.1",
    "--explicit-port",
    "0",
    "--implicit-port",
    "0",
  ];

  before(() => {
    mkdirSync(join(damaged, "tls"), { recursive: true, mode: 0o700 });
  });

  test("a database that is none, is cut off, or belongs to another program", async () => {
    const database = join(damaged, "accounts.db");
    const good = readFileSync(join(state, "accounts.db"));
    const contents = [
      Buffer.from("garbage"),
      good.subarray(0, 5000),
      Buffer.concat([good.subarray(0, 68), Buffer.from("ABCD"), good.subarray(72)]),
    ];
    for (const content of contents) {
      writeFileSync(database, content, { mode: 0o600 });
      await refuses({ words, code: 78, says: /account database .*accounts\.db/ });
      await refuses({ words: ["user", "list", "--state", damaged], code: 78, says: /account database .*accounts\.db/ });
      await refuses({
        words: ["user", "add", "bob", "--state", damaged, "--password-stdin"],
        code: 78,
        says: /account database/,
      });
    }
    copyFileSync(join(state, "accounts.db"), database);
  });

  test("an authority whose key is damaged, a certificate that is none", async () => {
    for (const name of ["ca.pem", "ca.key", "cert.pem", "key.pem"])
      copyFileSync(join(state, "tls", name), join(damaged, "tls", name));
    writeFileSync(join(damaged, "tls/ca.key"), "garbage", { mode: 0o600 });
    await refuses({
      words: ["cert", "create", "--state", damaged],
      code: 78,
      says: /local authority .*ca\.pem .*cannot be used/,
    });
    copyFileSync(join(state, "tls/ca.key"), join(damaged, "tls/ca.key"));
    writeFileSync(join(damaged, "tls/cert.pem"), "garbage");
    await refuses({ words: ["cert", "show", "--state", damaged], code: 78, says: /cert\.pem holds no certificate/ });
  });

  test("a key that others may read, with the command that closes it", async () => {
    chmodSync(join(damaged, "tls/key.pem"), 0o644);
    await refuses({
      words: ["cert", "show", "--state", damaged],
      code: 78,
      says: /key\.pem can be read by other users .*chmod go-rwx/,
    });
  });
});

// By itself: it opens the database, whose companions the snapshot of another test would see.
test("64 a name that could be a path", () =>
  refuses({
    words: ["user", "add", "a/b", "--state", state, "--password-stdin"],
    code: 64,
    says: /name could be mistaken for a path/,
  }));

test("78 a home with .. in a file to import", async () => {
  const file = join(scratch, "passwd");
  writeFileSync(file, "bob:$1$JYajHcIo$zL.kfe1vxEQiGN4uGxkCF1:1:1::/srv/../etc:/bin/sh\n");
  await refuses({
    words: ["user", "import", file, "--format", "proftpd", "--state", state],
    code: 78,
    says: /Line 1: the home directory has a \.\. component/,
  });
});

test("67 and 73 accounts that do not exist, or do already", async () => {
  await refuses({
    words: ["user", "remove", "bob", "--state", state],
    code: 67,
    says: /no account bob; "sallyport user list"/,
  });
  await refuses({
    words: ["user", "password", "bob", "--state", state, "--password-stdin"],
    code: 67,
    says: /no account bob/,
  });
  await refuses({
    words: ["user", "add", "alice", "--state", state, "--password-stdin"],
    code: 73,
    says: /an account alice already/,
  });
});

after(() => assert.equal(existsSync(join(scratch, "fresh")), false));
