import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { clientServer, password, writeBelow } from "./client-server.ts";
import { launcher, oneSentence, runSallyport, spawnSallyport } from "./run-sallyport.ts";

const { home, scratch, state, url, run, runBare } = clientServer();

before(() => {
  writeBelow(home, "hello.txt", "hello\n");
  writeBelow(home, "big.bin", new Uint8Array(8_000_000));
  writeBelow(home, "evil\u001B]0;owned\u0007\u001B[31m.txt", "");
});

/** One sentence on standard error, the exit code, and nothing on standard output. */
function refused(
  outcome: { readonly code: number | null; readonly stdout: string; readonly stderr: string },
  code: number,
  says: RegExp,
): void {
  assert.match(outcome.stderr, says);
  assert.match(outcome.stderr, oneSentence);
  assert.equal(outcome.stdout, "");
  assert.equal(outcome.code, code, outcome.stderr);
}

describe("what cannot be", { concurrency: 2 }, () => {
  const cases: readonly (readonly [words: readonly string[], code: number, says: RegExp])[] = [
    [["ls", "sftp://example.org/"], 64, /SSH and not FTP/],
    [["ls", "ftp://a b/"], 64, /neither a name nor an IP address/],
    [["get", "ftpes://127.0.0.1/a%0D%0ADELE b"], 64, /%0D/],
    [["put", "/nonexistent/file", "ftpes://127.0.0.1/"], 66, /"\/nonexistent\/file" does not exist/],
    [["ls", "ftps://127.0.0.1/", "--explicit"], 64, /ftps:\/\/, which means --implicit, not --explicit/],
    [["ls", "ftp://127.0.0.1/", "--plain", "--implicit"], 64, /contradict each other/],
    [["ls", "ftpes://127.0.0.1/", "--ports", "50000-50010"], 64, /give --active, too/],
    [["ls", "ftpes://127.0.0.1/", "--pin", "sha256/short"], 64, /--pin takes sha256\/ and the BASE64/],
    [["ls", "ftpes://127.0.0.1/", "--time-zone", "Paris"], 64, /No time zone is called "Paris"/],
    [["ls", "ftpes://alice@127.0.0.1/", "--user", "bob"], 64, /name two users/],
    [["ls", "ftpes://127.0.0.1/", "--ca", "/nonexistent.pem"], 66, /cannot be read/],
    [["ls", "ftpes://127.0.0.1/", "--ca", "/dev/null"], 78, /no certificate in PEM form/],
    [["ls", "ftpes://127.0.0.1/", "--proxy", "gopher://127.0.0.1"], 64, /proxy/],
    [["ls", "ftpes://127.0.0.1:1/"], 69, /refuses connections/],
    [["ls", "ftpes://nowhere.invalid/"], 69, /has no address/],
  ];
  for (const [words, code, says] of cases) {
    test(`${code} ${words.join(" ")}`, async () => refused(await runBare(words), code, says));
  }
});

describe("the wrong port, and servers that do not answer", () => {
  let silent: Server;
  const held: Socket[] = [];
  before(async () => {
    silent = createServer((socket) => void held.push(socket.on("error", () => undefined)));
    await once(silent.listen(0, "127.0.0.1"), "listening");
  });
  after(() => {
    for (const socket of held) socket.destroy();
    silent.close();
  });

  test("76 TLS on a port that begins in clear is named", async () => {
    const explicitPort = new URL(url.explicit).port;
    const outcome = await run(["ls", `ftps://alice@127.0.0.1:${explicitPort}/`]);
    refused(outcome, 76, /does not speak TLS here: it sent a plain FTP reply.*--explicit/);
  });

  test("76 FTP in clear on a port that wants TLS at once is named", async () => {
    const implicitPort = new URL(url.implicit).port;
    const outcome = await run(["ls", `ftpes://alice@127.0.0.1:${implicitPort}/`]);
    refused(outcome, 76, /wants TLS from the first octet.*--implicit/);
  });

  test("130 Ctrl-C ends what waits", async () => {
    const { port } = silent.address() as AddressInfo;
    const child = spawnSallyport(["ls", `ftpes://alice@127.0.0.1:${port}/`, "--state", state], {
      SALLYPORT_PASSWORD: password,
    });
    await once(silent, "connection");
    child.kill("SIGINT");
    const [code] = (await once(child, "close")) as [number | null];
    assert.equal(code, 130);
  });
});

describe("logging in", () => {
  const ls = (words: readonly string[], environment: Readonly<Record<string, string>> = {}, input?: string) =>
    runBare(["ls", ...words, "--names", "--state", state], { environment, ...(input !== undefined && { input }) });
  const listed = /hello\.txt\n/;

  test("67 for a wrong password, and it is never repeated", async () => {
    const outcome = await ls([url.explicit, "--verbose"], { SALLYPORT_PASSWORD: "not this one" });
    assert.equal(outcome.code, 67);
    assert.match(outcome.stderr, /→ PASS \*+\n← 530 /);
    assert.match(outcome.stderr, /sallyport: The server refuses the login: 530 Wrong user name or password\.\n/);
    assert.doesNotMatch(outcome.stderr + outcome.stdout, /not this one/);
  });

  test("64 where there is no password and nobody to ask", async () => {
    refused(await ls([url.explicit]), 64, /no password for alice at 127\.0\.0\.1, and no terminal/);
  });

  test("a password comes from standard input, or from the URL with a warning", async () => {
    assert.match((await ls([url.explicit, "--password-stdin"], {}, `${password}\n`)).stdout, listed);
    const inUrl = url.explicit.replace("alice@", `alice:${encodeURIComponent(password)}@`);
    const outcome = await ls([inUrl, inUrl]);
    assert.match(outcome.stdout, listed);
    assert.match(outcome.stderr, /^sallyport: The password in the URL can be seen [^\n]*\n$/);
  });

  test("a netrc is read, but not one that others can read or that is not understood", async () => {
    const netrc = join(scratch, "netrc");
    writeFileSync(netrc, `machine 127.0.0.1 login alice password "${password}"\n`, { mode: 0o600 });
    assert.match((await ls([url.explicit.replace("alice@", "")], { NETRC: netrc })).stdout, listed);
    chmodSync(netrc, 0o644);
    refused(await ls([url.explicit, "--netrc", netrc]), 78, /Others can read the passwords/);
    writeFileSync(netrc, "machine 127.0.0.1 login alice password two words\n");
    refused(await ls([url.explicit, "--netrc", netrc]), 78, /netrc, line 1: here a keyword is expected/);
    refused(await ls([url.explicit, "--netrc", "/nonexistent"]), 66, /cannot be read/);
  });

  test("a keyring is asked where there is one", { skip: process.platform !== "linux" }, async () => {
    const tools = join(scratch, "tools");
    // Stands in for libsecret's program, which needs a desktop; notes what it is asked.
    const program = writeBelow(
      tools,
      "secret-tool",
      `#!/bin/sh\necho "$@" > ${join(scratch, "asked")}\necho '${password}'\n`,
    );
    chmodSync(program, 0o755);
    const environment = {
      PATH: `${tools}:${process.env["PATH"] ?? ""}`,
      DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere",
    };
    assert.match((await ls([url.explicit], environment)).stdout, listed);
    assert.equal(
      readFileSync(join(scratch, "asked"), "utf8"),
      "lookup service sallyport server 127.0.0.1 user alice\n",
    );
  });

  const hasScript = spawnSync("script", ["--version"]).error === undefined;
  test(
    "a person is asked, and nothing that is typed is shown",
    { skip: !hasScript && "script(1) is not installed" },
    async () => {
      const words = `stty cols 100; ${launcher} ls ${url.explicit} --names --state ${state}`;
      const child = spawn("script", ["-qec", words, "/dev/null"], {
        env: { ...process.env, HOME: scratch, NETRC: "/nonexistent", SALLYPORT_PASSWORD: "" },
        stdio: ["pipe", "pipe", "inherit"],
      });
      let shown = "";
      child.stdout.on("data", (chunk: Buffer) => {
        const isAsked = shown.includes("Password for");
        shown += chunk.toString();
        if (!isAsked && shown.includes("Password for")) setTimeout(() => child.stdin.write(`${password}\r`), 300);
      });
      const impatience = setTimeout(() => child.kill(), 30_000);
      const [code] = (await once(child, "close")) as [number | null];
      clearTimeout(impatience);
      assert.equal(code, 0, shown);
      assert.match(shown, /Password for alice at 127\.0\.0\.1[^]*hello\.txt/);
      assert.doesNotMatch(shown, new RegExp(password));
    },
  );
});

describe("trust", () => {
  const environment = { SALLYPORT_PASSWORD: password };
  const ls = (...words: string[]) => runBare(["ls", url.explicit, "--names", ...words], { environment });
  const elsewhere = ["--state", "/nonexistent"];

  test("79 for a certificate that nobody vouches for; the flags that help are named", async () => {
    const outcome = await ls(...elsewhere);
    refused(outcome, 79, /not trusted here.*--pin.*--ca FILE.*--trust-on-first-use/);
    const [, pin = ""] = /pin it as (sha256\/\S+) \(--pin\), or/.exec(outcome.stderr) ?? [];
    assert.equal((await ls(...elsewhere, "--pin", pin)).code, 0);
    const other = `sha256/${"A".repeat(43)}=`;
    refused(await ls(...elsewhere, "--pin", other), 79, /matches no pin/);
  });

  test("--ca names the authority, --insecure is loud", async () => {
    assert.equal((await ls(...elsewhere, "--ca", join(state, "tls/ca.pem"))).stderr, "");
    const outcome = await ls(...elsewhere, "--insecure");
    assert.equal(outcome.code, 0);
    assert.match(outcome.stderr, /^sallyport: WARNING: --insecure: whoever is between [^\n]*\n$/);
  });

  test("--trust-on-first-use holds a server to its key", async () => {
    assert.equal((await ls(...elsewhere, "--trust-on-first-use")).code, 0);
    const known = join(scratch, "own/.config/sallyport/known-servers");
    writeFileSync(known, readFileSync(known, "utf8").replace(/sha256\/[^"]*/, `sha256/${"A".repeat(43)}=`));
    refused(await ls(...elsewhere, "--trust-on-first-use"), 79, /another machine may be answering for it/);
  });
});

describe("--explain", () => {
  const words = () => ["cat", `${url.explicit}/missing`];

  test("says why, which setting decides and what helps; without it, that it can be asked", async () => {
    const hinted = await run(words());
    assert.match(hinted.stderr, /\.\nsallyport: The same command with --explain [^\n]*\n$/);
    const { code, stderr } = await run([...words(), "--explain"]);
    assert.equal(code, 66);
    assert.match(
      stderr,
      /^sallyport: The server refuses [^\n]*\n {2}What happened {2}The login was taken, under TLSv1\.3/,
    );
    assert.match(stderr, /\n {2}Server +Sallyport, going by /);
    assert.match(stderr, /\n {2}Why +\(likely\) Nothing has this name where it was looked for\./);
    assert.match(stderr, /\n {2}At the server {2,}sallyport serve: "sallyport user set NAME --home PATH"\n/);
    assert.match(stderr, /\n {2}Here +See what there is with ls/);
    assert.equal((await run([...words(), "--quiet"])).stderr.split("\n").length, 2);
  });

  test("--json has the explanation as an object", async () => {
    const { stdout } = await run([...words(), "--explain", "--json"]);
    const { error } = JSON.parse(stdout) as {
      readonly error: { readonly explanation: { readonly causes: unknown[] } };
    };
    assert.partialDeepStrictEqual(error.explanation.causes[0], { id: "not-there", likelihood: "likely" });
  });
});

describe("files", () => {
  test("66 what is not there, 77 what may not be, and --json says the same", async () => {
    refused(await run(["get", `${url.explicit}/missing`, "--output", join(scratch, "x")]), 66, /RETR missing: 550 /);
    assert.ok(!existsSync(join(scratch, "x")));
    const permit = await runSallyport(["user", "permit", "alice", "/closed", "list,read", "--state", state]);
    assert.equal(permit.code, 0, permit.stderr);
    mkdirSync(join(home, "closed"));
    const outcome = await run(["put", join(home, "hello.txt"), `${url.explicit}/closed/`, "--json"]);
    assert.equal(outcome.code, 77, outcome.stderr);
    const [first] = outcome.stdout.split("\n");
    assert.match(
      first ?? "",
      /^\{"error":\{"code":"SALLYPORT_COMMAND_REFUSED","message":".*","exitCode":77,.*"reply":\{"code":55\d/,
    );
    assert.deepEqual(readdirSync(join(home, "closed")), []);
  });

  test("73 a disk that is full leaves what was there", { skip: process.getuid?.() !== 0 && "needs root" }, async () => {
    const small = join(scratch, "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
    try {
      const target = writeBelow(small, "big.bin", "what was there");
      refused(await run(["get", `${url.explicit}/big.bin`, "--output", target]), 73, /the disk is full/);
      assert.equal(readFileSync(target, "utf8"), "what was there");
      assert.deepEqual(readdirSync(small), ["big.bin"]);
    } finally {
      execFileSync("umount", [small]);
    }
  });

  test("names and replies cannot steer the terminal", async () => {
    const name = encodeURIComponent("gone\u001B[2J");
    for (const words of [
      ["ls", url.explicit],
      ["tree", url.explicit],
      ["ls", url.explicit, "--json"],
      ["get", `${url.explicit}/${name}`, "--verbose"],
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one command at a time
      const { stdout, stderr } = await run(words);
      // oxlint-disable-next-line no-control-regex -- control characters are what must not come through
      assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/, words.join(" "));
      assert.match(stdout + stderr, /\\x1B\[|\\u001b\[/);
    }
  });
});
