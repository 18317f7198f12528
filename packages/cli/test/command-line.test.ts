import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { launcher, runSallyport, scratchDirectory } from "./run-sallyport.ts";

const scratch = scratchDirectory();

describe("version and help", () => {
  test("--version tells what runs here, as text and as JSON", async () => {
    const { code, stdout } = await runSallyport(["--version"]);
    assert.equal(code, 0);
    assert.match(stdout, /^sallyport +\d+\.\d+\.\d+\nnode +26\.\d+\.\d+\nopenssl +3\.\d+\.\d+\n/);
    assert.match(stdout, /\nfeatures +explicit TLS, implicit TLS, /);
    const facts: unknown = JSON.parse((await runSallyport(["--version", "--json"])).stdout);
    assert.ok(typeof facts === "object" && facts !== null && "openssl" in facts && "features" in facts);
  });

  test("--version starts in under 150 ms on an idle machine; here ten times that is allowed", async () => {
    const started = performance.now();
    await runSallyport(["--version"]);
    assert.ok(performance.now() - started < 1500);
  });

  test("every command and group has help, which ends with 0 and names each flag", async () => {
    const groups = [
      [],
      ["serve"],
      ["start"],
      ["user"],
      ["user", "add"],
      ["user", "permit"],
      ["user", "import"],
      ["cert"],
      ["cert", "create"],
    ];
    for (const words of groups) {
      const { code, stdout, stderr } = await runSallyport([...words, "--help"]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`^USAGE\n  sallyport ?${words.join(" ")}`));
    }
    const { stdout } = await runSallyport(["serve", "--help"]);
    for (const flag of [
      "state",
      "listen",
      "explicit-port",
      "implicit-port",
      "standard-ports",
      "run-as",
      "plain",
      "require-tls",
      "data-resumption",
      "unclean-data-close",
      "durable",
      "passive-ports",
      "masquerade",
      "cert",
      "key",
      "max-connections",
      "max-per-host",
      "read-only",
      "json",
    ]) {
      assert.match(stdout, new RegExp(`--${flag}\\b`), flag);
    }
  });

  test("without a command it says what there is", async () => {
    const { code, stdout } = await runSallyport([]);
    assert.equal(code, 0);
    assert.match(stdout, /COMMANDS\n  start /);
  });
});

describe("accounts", () => {
  const state = join(scratch, "accounts");
  const user = (...words: string[]) =>
    runSallyport(["user", ...words, "--state", state], { input: "a secret word\r\nsecond line\n" });

  test("are added, listed, changed, permitted and removed", async () => {
    assert.deepEqual(await user("add", "alice", "--password-stdin", "--home", "/alice", "--quota", "5M"), {
      code: 0,
      stdout: "Added alice.\n",
      stderr: "",
    });
    assert.equal((await user("add", "böb", "--password-stdin", "--read-only")).code, 0);
    assert.equal(statSync(state).mode & 0o777, 0o700);
    assert.equal((await user("permit", "alice", "/in", "list,create")).stdout, "/in: list, create.\n");
    assert.equal((await user("set", "alice", "--require-tls", "none", "--no-read-only")).code, 0);
    const { stdout } = await user("list");
    assert.match(
      stdout,
      /^NAME +HOME +RIGHTS +QUOTA +RULES +LOGIN\nalice +\/alice +read and write +5M +\/in list,create +password\nböb +\/ +read +none +none +password\n$/,
    );
    const listed: unknown = JSON.parse((await user("list", "--json")).stdout);
    assert.ok(Array.isArray(listed));
    assert.equal(listed.length, 2);
    const [alice] = listed as readonly Record<string, unknown>[];
    assert.deepEqual(alice?.["permissions"], [{ path: "/in", allow: ["list", "create"] }]);
    assert.equal(alice?.["quotaBytes"], 5 * 1024 * 1024);
    assert.equal(alice?.["requireTls"], "none");
    assert.equal(JSON.stringify(listed).includes("argon2"), false);
    for (const [path, actions] of [
      ["/closed", "none"],
      ["/own", "all"],
    ] as const)
      // oxlint-disable-next-line no-await-in-loop -- one change of the database at a time
      assert.equal((await user("permit", "alice", path, actions)).code, 0);
    assert.match((await user("list")).stdout, / \/closed none; \/in list,create; 1 more +password\n/);
    for (const path of ["/in", "/closed", "/own"])
      // oxlint-disable-next-line no-await-in-loop -- one change of the database at a time
      assert.equal((await user("permit", "alice", path, "default")).code, 0);
    assert.equal((await user("remove", "böb")).code, 0);
    assert.equal((await user("password", "alice", "--password-stdin")).code, 0);
    assert.match((await user("list")).stdout, /\nalice +\/alice +read and write +5M +none +password\n$/);
  });

  test("take the first line of standard input as the password, whole and alone", async () => {
    const { AccountDatabase, PasswordHasher } = await import("@sallyport/server/accounts");
    await using database = await AccountDatabase.open(join(state, "accounts.db"));
    await using hasher = new PasswordHasher();
    const stored = await database.find("alice");
    assert.equal(await hasher.verify("a secret word", stored?.passwordHash ?? ""), "match");
  });
});

describe(
  "the password prompt",
  { skip: spawnSync("script", ["--version"]).error !== undefined && "script(1) is not installed" },
  () => {
    const state = join(scratch, "prompt");

    /** Ctrl-D. */
    const endOfInput = "\u0004";

    /** Types into a terminal, one line after each prompt. */
    async function type(
      words: string,
      lines: readonly string[],
    ): Promise<{ readonly code: number | null; readonly shown: string }> {
      const child = spawn(
        "script",
        ["-qec", `stty cols 100 rows 30; ${launcher} ${words} --state ${state}`, "/dev/null"],
        {
          stdio: ["pipe", "pipe", "inherit"],
        },
      );
      let shown = "";
      let typed = 0;
      child.stdout.on("data", (chunk: Buffer) => {
        shown += chunk.toString();
        const asked = shown.includes("The same again") ? 2 : shown.includes("Password for") ? 1 : 0;
        if (typed >= asked) return;
        const line = lines[typed++] ?? "";
        setTimeout(() => child.stdin.write(line === endOfInput ? line : `${line}\r`), 300);
      });
      const impatience = setTimeout(() => child.kill(), 30_000);
      const [code] = await once(child, "close");
      clearTimeout(impatience);
      return { code: Number(code), shown: stripVTControlCharacters(shown) };
    }

    test("asks twice, shows no password, and adds nothing where the two differ", { timeout: 60_000 }, async () => {
      const differ = await type("user add carl", ["secret-one", "secret-two"]);
      assert.equal(differ.code, 64);
      assert.match(differ.shown, /The two passwords differ/);
      const same = await type("user add carl", ["secret-one", "secret-one"]);
      assert.equal(same.code, 0, same.shown);
      assert.match(same.shown, /Added carl\./);
      assert.doesNotMatch(differ.shown + same.shown, /secret/);
    });

    test("64 Ctrl-D at either prompt gives no password", { timeout: 60_000 }, async () => {
      for (const lines of [[endOfInput], ["secret-one", endOfInput]]) {
        // oxlint-disable-next-line no-await-in-loop -- one terminal at a time
        const ended = await type("user add dora", lines);
        assert.match(ended.shown, /No password was given, and nothing was changed\./);
        assert.doesNotMatch(ended.shown, /Warning|await/);
        assert.equal(ended.code, 64);
      }
    });
  },
);

describe("import", () => {
  const state = join(scratch, "imports");
  const importFile = (file: string, ...words: string[]) =>
    runSallyport(["user", "import", file, "--state", state, ...words]);

  test("takes over a file whole, tells what it leaves out, and refuses half of one", async () => {
    const file = join(scratch, "passwd");
    const bcrypt = "$2b$10$7EqJtq98hPqEX7fNZaFWoOa5hgJ8QK0p8QZ3bXwS0h9kX1Xc8mC2e";
    writeFileSync(file, `carol:${bcrypt}\ndave\n`);
    const refused = await importFile(file, "--format", "htpasswd");
    assert.equal(refused.code, 78);
    assert.match(refused.stderr, /^sallyport: Line 2: [^\n]*nothing was imported; mend the file[^\n]*\n$/);
    assert.equal(existsSync(state), false);
    const taken = await importFile(file, "--format", "htpasswd", "--skip-malformed");
    assert.equal(taken.code, 0, taken.stderr);
    assert.equal(taken.stdout, "Imported 1 account.\n");
    assert.match(taken.stderr, /passwd:2: left out: /);
    assert.equal((await importFile(file, "--format", "htpasswd", "--skip-malformed")).code, 73);
    const skipped = await importFile(file, "--format", "htpasswd", "--skip-malformed", "--on-existing", "skip");
    assert.equal(skipped.stdout, "Imported 0 accounts; left as they were: carol.\n");
  });

  test("cuts homes to the served directory", async () => {
    const file = join(scratch, "proftpd.passwd");
    writeFileSync(
      file,
      "erin:$5$rounds=5000$saltsalt$LBRBuOkUrFRx2yxNvRBzTtvhjYhzD8Kr5E2RhJNVwyC:1000:1000::/srv/ftp/erin:/bin/false\n",
    );
    const taken = await importFile(file, "--format", "proftpd", "--served", "/srv/ftp");
    assert.equal(taken.code, 0, taken.stderr);
    assert.match((await runSallyport(["user", "list", "--state", state])).stdout, /\nerin +\/erin /);
  });

  test("64 and 66 without a format, or without a file", async () => {
    assert.equal(
      (await importFile("/nowhere")).stderr,
      "sallyport: Say which program wrote FILE: give --format htpasswd, proftpd, pureftpd or vsftpd.\n",
    );
    assert.equal((await importFile("/nowhere")).code, 64);
    assert.equal((await importFile("/nowhere", "--format", "vsftpd")).code, 66);
  });
});

describe("certificates", () => {
  test("are made, shown as text and as JSON, and made anew for another name", async () => {
    const state = join(scratch, "certificates");
    const made = await runSallyport(["cert", "create", "--state", state]);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /names +localhost, 127\.0\.0\.1, ::1/);
    assert.match(made.stdout, /New authority: give clients .*ca\.pem/);
    const shown = await runSallyport(["cert", "show", "--state", state]);
    assert.match(shown.stdout, /^file +.*cert\.pem\nsubject +CN=.*\nissuer +CN=Sallyport authority /);
    assert.match(shown.stdout, /\nSHA-256 +([0-9A-F]{2}:){31}[0-9A-F]{2}\n$/);
    const json: unknown = JSON.parse((await runSallyport(["cert", "show", "--state", state, "--json"])).stdout);
    assert.ok(typeof json === "object" && json !== null && "fingerprint" in json);
    const again = await runSallyport(["cert", "create", "--state", state, "--name", "a.localhost"]);
    assert.doesNotMatch(again.stdout, /New authority/);
    assert.match(
      (await runSallyport(["cert", "create", "--state", state, "--name", "ftp.example.org"])).stdout,
      /New authority/,
    );
  });
});
