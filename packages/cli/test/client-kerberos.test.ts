import { type Kdc, kdcNeeds, needs, startKdc } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { writeBelow } from "./client-server.ts";
import { type Outcome, runSallyport, scratchDirectory, serveAsIs } from "./run-sallyport.ts";
import { RunningServer } from "./running-server.ts";

/**
 * A copy of a cache for a client whose clock is so many seconds ahead of that of the realm: the offset stands in the first
 * tag of its head, where the library notes it for clocks that are wrong.
 */
function inAnotherTime(tickets: string, seconds: number): string {
  const octets = readFileSync(tickets);
  assert.equal(octets.subarray(0, 8).toString("hex"), "0504000c00010008");
  octets.writeInt32BE(seconds, 8);
  const copy = `${tickets}.${seconds}`;
  writeFileSync(copy, octets);
  return copy;
}

void describe("client commands by a Kerberos ticket", { skip: needs(...kdcNeeds) }, () => {
  const scratch = scratchDirectory();
  const [served, state] = [join(scratch, "served"), join(scratch, "state")];
  mkdirSync(join(served, "alice/a"), { recursive: true });
  let kdc: Kdc;
  let server: RunningServer;
  let url = "";

  before(async () => {
    kdc = await startKdc();
    const account = ["alice", "--home", "/alice", "--no-password", "--gssapi", "required", "--state", state];
    const added = await runSallyport(["user", "add", ...account]);
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

  void test("an account without a password is listed with its ticket", async () => {
    const { stdout } = await runSallyport(["user", "list", "--state", state]);
    assert.match(stdout, /^alice .* ticket$/m);
  });

  void test("the shell tells what protects the connection", async () => {
    const said = await done(["shell", `${url}/a`], "ls\nstatus\n");
    assert.match(said, /up\.txt/);
    assert.match(said, /^security {2,}Kerberos \(GSSAPI\)$/m);
    assert.match(said, /^server is {2,}ftp@localhost$|^server is {2,}ftp\/localhost@SALLYPORT\.TEST$/m);
  });

  /** Cases: what is run, by which tickets, and how it ends. */
  const refused = async (
    cases: readonly (readonly [words: readonly string[], tickets: string, code: number, said: RegExp])[],
  ): Promise<void> => {
    for (const [words, tickets, code, said] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const outcome: Outcome = await run([...words, "--gssapi"], { KRB5CCNAME: tickets });
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, said);
    }
  };

  void test("what is wrong is told in a sentence, and by a code of its own", async () => {
    const alice = join(kdc.directory, "alice.tickets");
    const bob = await kdc.tickets("bob", { file: join(kdc.directory, "bob.tickets") });
    const unknown = /does not know this server .*--gssapi-service SERVICE@HOST/;
    const protection = /refuses MLSD: 534 .*send PROT S or P first; --gssapi-protection safe or private does\./;
    await refused([
      [["ls", url], "/nonexistent", 67, /There is no Kerberos ticket .*; kinit gets one\.$/m],
      [["ls", url, "--gssapi-service", "nfs"], alice, 79, unknown],
      [["ls", url], bob, 67, /refuses the login: 530 Kerberos principal bob@SALLYPORT\.TEST may not log in as alice\./],
      [["ls", url, "--gssapi-protection", "clear"], alice, 1, protection],
      [["ls", url, "--plain"], alice, 64, /--gssapi has Kerberos protect .*--plain/],
      [["ls", url.replace("ftp:", "ftps:")], alice, 64, /ftps:\/\//],
    ]);
  });

  void test("--explain names the cause, and what helps", async () => {
    const outcome = await run(["ls", url, "--gssapi", "--explain"], { KRB5CCNAME: "/nonexistent" });
    assert.equal(outcome.code, 67);
    assert.match(outcome.stderr.replaceAll(/\n {17}/g, " "), /Get one with kinit, and look at it with klist\./);
  });

  void test("clocks and tickets that are over are told apart, here and at the server", async () => {
    const [fresh, used] = [join(kdc.directory, "fresh.tickets"), join(kdc.directory, "alice.tickets")];
    await kdc.tickets("alice", { file: fresh });
    await refused([
      // The KDC is asked for a ticket to the server, and says it.
      [
        ["ls", url],
        inAnotherTime(fresh, 1_200),
        78,
        /^sallyport: The clocks of this machine and of the Kerberos realm/m,
      ],
      // There is one already, and the server says it.
      [["ls", url], inAnotherTime(used, 1_200), 67, /refuses the Kerberos ticket: 535 Clock skew too great/],
      [
        ["ls", url],
        inAnotherTime(used, 86_400),
        67,
        /^sallyport: The Kerberos ticket has expired .*kinit gets another/m,
      ],
    ]);
  });

  void test(
    "a keytab that is older than the realm's key is told, and the log says more",
    { timeout: 20_000 },
    async () => {
      await kdc.administer("cpw -randkey ftp/localhost");
      await kdc.administer("cpw -randkey host/localhost");
      const tickets = await kdc.tickets("alice", { file: join(kdc.directory, "newer.tickets") });
      const said = /refuses the Kerberos ticket: 535 No key for this ticket: the keytab of the server/;
      await refused([[["ls", url], tickets, 67, said]]);
      let cause: unknown;
      for (let at = 0; !/kvno 3 not found in keytab/.test(String(cause)); at++) {
        // oxlint-disable-next-line no-await-in-loop -- events come one after the other
        ({ cause } = await server.event("security-failed", at));
      }
    },
  );
});
