import { type Kdc, kdcNeeds, needs, startKdc } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { writeBelow } from "./client-server.ts";
import { type Outcome, runSallyport, scratchDirectory, serveAsIs } from "./run-sallyport.ts";
import { RunningServer } from "./running-server.ts";

void describe("client commands by a Kerberos ticket", { skip: needs(...kdcNeeds) }, () => {
  const scratch = scratchDirectory();
  const [served, state] = [join(scratch, "served"), join(scratch, "state")];
  mkdirSync(join(served, "alice/a"), { recursive: true });
  let kdc: Kdc;
  let server: RunningServer;
  let url = "";

  before(async () => {
    kdc = await startKdc();
    const account = ["user", "add", "alice", "--home", "/alice", "--gssapi", "login", "--state", state];
    const added = await runSallyport([...account, "--password-stdin"], { input: "not to be used\n" });
    if (added.code !== 0) throw new Error(added.stderr);
    const kerberos = ["--gssapi", "--gssapi-suffices", "--keytab", kdc.keytab];
    const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
    const words = ["serve", served, "--state", state, ...serveAsIs, ...ports, ...kerberos];
    server = new RunningServer(words, kdc.environment);
    url = `ftp://alice@localhost:${await server.port("explicit")}`;
    await kdc.tickets("alice");
  });
  after(async () => {
    await server.stop("SIGKILL");
    await kdc[Symbol.asyncDispose]();
  });

  const run = (words: readonly string[], environment: Readonly<Record<string, string>> = {}, input = "") =>
    runSallyport(words, {
      input,
      environment: {
        ...kdc.environment,
        KRB5CCNAME: join(kdc.directory, "alice.tickets"),
        HOME: scratch,
        NETRC: "/nonexistent",
        ...environment,
      },
    });
  const done = async (words: readonly string[], input?: string): Promise<string> => {
    const outcome = await run([...words, "--gssapi"], {}, input);
    assert.equal(outcome.code, 0, outcome.stderr);
    return outcome.stdout;
  };

  void test("files go up, are listed, come back and are mirrored", async () => {
    const file = writeBelow(scratch, "up.txt", "by ticket\n");
    await done(["put", file, `${url}/a/up.txt`, "--gssapi-protection", "safe"]);
    assert.match(await done(["ls", `${url}/a`]), / up\.txt\n/);
    assert.equal(await done(["cat", `${url}/a/up.txt`, "--gssapi-service", "host@localhost"]), "by ticket\n");
    await done(["mirror", `${url}/a`, join(scratch, "copy")]);
    assert.equal(readFileSync(join(scratch, "copy/up.txt"), "utf8"), "by ticket\n");
    await done(["fxp", `${url}/a/up.txt`, `${url}/b.txt`]);
    assert.equal(readFileSync(join(served, "alice/b.txt"), "utf8"), "by ticket\n");
  });

  void test("the shell tells what protects the connection", async () => {
    const said = await done(["shell", `${url}/a`], "ls\nstatus\n");
    assert.match(said, /up\.txt/);
    assert.match(said, /^security {2,}Kerberos \(GSSAPI\)$/m);
    assert.match(said, /^server is {2,}ftp@localhost$|^server is {2,}ftp\/localhost@SALLYPORT\.TEST$/m);
  });

  void test("what is wrong is told in a sentence, and by a code of its own", async () => {
    const other = join(kdc.directory, "old.tickets");
    await kdc.tickets("bob", { file: other });
    const cases: readonly (readonly [
      words: readonly string[],
      environment: Readonly<Record<string, string>>,
      code: number,
      said: RegExp,
    ])[] = [
      [["ls", url], { KRB5CCNAME: "/nonexistent" }, 67, /There is no Kerberos ticket .*; kinit gets one\.$/m],
      [["ls", url, "--gssapi-service", "nfs"], {}, 79, /does not know this server .*--gssapi-service SERVICE@HOST/],
      [["ls", url], { KRB5CCNAME: other }, 67, /The server refuses the login: 530/],
      [["ls", url, "--plain"], {}, 64, /--gssapi has Kerberos protect .*--plain/],
      [["ls", url.replace("ftp:", "ftps:")], {}, 64, /ftps:\/\//],
    ];
    for (const [words, environment, code, said] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const outcome: Outcome = await run([...words, "--gssapi"], environment);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, said);
    }
  });

  void test("--explain names the cause, and what helps", async () => {
    const outcome = await run(["ls", url, "--gssapi", "--explain"], { KRB5CCNAME: "/nonexistent" });
    assert.equal(outcome.code, 67);
    assert.match(outcome.stderr.replaceAll(/\n {17}/g, " "), /Get one with kinit, and look at it with klist\./);
  });
});
