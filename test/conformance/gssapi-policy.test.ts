import { encodeBase64, octetsFromText, parseAdat } from "@sallyport/protocol";
import { parsePrincipals } from "@sallyport/server";
import { type FtpDriver, mockMechanism, SealedDriver, startTestServer, tokenOf } from "@sallyport/testing";
import { type SecurityMechanism, SecurityMechanismError, type SecurityMechanismFault } from "@sallyport/transport";
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { mockRoom, type MockRoom } from "./gssapi-room.ts";

const faults: readonly SecurityMechanismFault[] = [
  "unavailable",
  "no-credentials",
  "credentials-expired",
  "unknown-principal",
  "clock-skew",
  "wrong-key",
  "token-rejected",
  "message-rejected",
  "context-expired",
  "failed",
];

async function loggedIn(room: MockRoom, options: { level?: string; user?: string } = {}): Promise<SealedDriver> {
  return SealedDriver.logIn(await room.server.greeted(), room.client, options);
}

async function features(driver: FtpDriver): Promise<string> {
  return (await driver.expect("FEAT", 211)).text;
}

describe("AUTH GSSAPI by policy", () => {
  it("R-2228-01 without a mechanism it is 504 and FEAT is silent, refused on a listener 534", async () => {
    await using server = await startTestServer();
    await using driver = await server.greeted();
    await driver.expect("AUTH GSSAPI", 504);
    assert.doesNotMatch(await features(driver), /GSSAPI/);
    await using off = await mockRoom({ listener: { gssapi: "off" } });
    await using refused = await off.server.greeted();
    await refused.expect("AUTH GSSAPI", 534);
    assert.doesNotMatch(await features(refused), /GSSAPI/);
  });

  it("R-2228-01 a mechanism that does not work is 431, which goes to the log", async () => {
    await using room = await mockRoom();
    room.mechanism.failNext("accept", "unavailable");
    await using driver = await room.server.greeted();
    await driver.expect("AUTH GSSAPI", 431);
    await room.server.event("security-failed");
    await driver.expect("AUTH GSSAPI", 334);
  });

  it("where TLS is required, Kerberos does only where the setting says so", async () => {
    const mechanism = mockMechanism();
    await using room = await mockRoom({ gssapi: { mechanism, suffices: false } });
    await using driver = await room.server.greeted();
    await driver.expect("AUTH GSSAPI", 534);
    assert.doesNotMatch(await features(driver), /GSSAPI/);
    await using loose = await mockRoom({
      gssapi: { mechanism, suffices: false },
      capabilities: ["ccc"],
      listener: { requireTls: "data" },
    });
    await using client = await loggedIn(loose);
    assert.equal((await client.retrieve("NLST")).opening.code, 534);
    await client.expect("CCC", 534);
  });

  it("a listener can require it: USER in the clear and inside TLS is 530", async () => {
    await using room = await mockRoom({ listener: { gssapi: "require", requireTls: "none" } });
    await using driver = await room.server.greeted();
    await driver.expect("USER alice", 530);
    await driver.expect("AUTH TLS", 234);
    await driver.startTls({ rejectUnauthorized: false });
    await driver.expect("USER alice", 530);
    await using client = await loggedIn(room);
    await client.expect("PWD", 257);
  });

  it("a map of principals gives accounts and takes them", async () => {
    const principals = parsePrincipals(
      "# who is who\nalice@MOCK.TEST bob, carol # two\ndave@MOCK.TEST alice\ndave@MOCK.TEST bob\neve@MOCK.TEST\n",
    );
    assert.deepEqual(
      [...principals],
      [
        ["alice@MOCK.TEST", ["bob", "carol"]],
        ["dave@MOCK.TEST", ["alice", "bob"]],
        ["eve@MOCK.TEST", []],
      ],
    );
    const mechanism = mockMechanism();
    await using room = await mockRoom({ gssapi: { mechanism, suffices: true, principals } });
    await using client = await SealedDriver.authenticate(await room.server.greeted(), room.client);
    const refusal = (await client.expect("USER alice", 530)).text;
    assert.match(refusal, /Kerberos principal alice@MOCK\.TEST may not log in as alice\./);
    // Nobody learns who has an account.
    assert.equal((await client.expect("USER nobody", 530)).text, refusal.replace("as alice", "as nobody"));
    await client.expect("USER carol", 530);
    await client.expect("USER bob", 232);
    await using eve = await SealedDriver.authenticate(
      await room.server.greeted(),
      mockMechanism({ user: "eve@MOCK.TEST" }),
    );
    await eve.expect("USER eve", 530);
  });

  it("R-GSS-03 one, two and three tokens: 235 without one, 235 with one, 335 before", async () => {
    for (const legs of [1, 2, 3] as const) {
      await using room = await mockRoom({}, { legs });
      await using client = await loggedIn(room);
      await client.expect("PWD", 257);
    }
  });

  it("R-GSS-05 without confidentiality PROT P is 536, without integrity there is no context", async () => {
    await using room = await mockRoom({}, { confidentiality: false });
    await using client = await SealedDriver.authenticate(await room.server.greeted(), room.client);
    await client.expect("PBSZ 65536", 200);
    await client.expect("PROT P", 536);
    await client.expect("PROT S", 200);
    await using bare = await mockRoom({}, { integrity: false });
    const authenticating = SealedDriver.authenticate(await bare.server.greeted(), bare.client);
    await assert.rejects(authenticating, /ADAT was answered 535/);
  });

  it("R-GSS-06 a context that detects no replays is 535, which says so, and the connection goes on", async () => {
    await using room = await mockRoom({}, { detectsReplays: false });
    await using driver = await room.server.greeted();
    await driver.expect("AUTH GSSAPI", 334);
    const { token } = await (await room.client.initiate("ftp@localhost")).step(undefined);
    const refusal = await driver.expect(`ADAT ${encodeBase64(token ?? new Uint8Array())}`, 535);
    assert.match(refusal.text, /detect replays/);
    assert.match((await room.server.event("security-failed")).cause, /detects no replays/);
    await driver.expect("AUTH GSSAPI", 334);
  });

  it("R-GSS-03 535 says of what kind the fault is, where the peer can mend it", async () => {
    await using room = await mockRoom();
    await using driver = await room.server.greeted();
    const saying = async (fault: SecurityMechanismFault): Promise<string> => {
      await driver.expect("AUTH GSSAPI", 334);
      room.mechanism.failNext("step", fault);
      return (await driver.expect("ADAT AAAA", 535)).text;
    };
    assert.match(await saying("clock-skew"), /Clock skew too great/);
    assert.match(await saying("wrong-key"), /No key for this ticket/);
    assert.match(await saying("credentials-expired"), /Ticket expired/);
    assert.match(await saying("token-rejected"), /damaged, or was used before/);
    // The words of the mechanism are for the log.
    for (const fault of faults) assert.doesNotMatch(await saying(fault), /the test lets/);
  });

  it("R-2228-08 CCC where it is allowed: 200 sealed, then clear commands are answered in the clear", async () => {
    await using room = await mockRoom({ capabilities: ["ccc"], listener: { requireTls: "none" } });
    await using client = await loggedIn(room);
    const cleared = await client.command("CCC");
    assert.deepEqual([cleared.outer, cleared.code], [631, 200]);
    await client.driver.expect("PWD", 257);
    assert.equal((await client.command("PWD", "ENC")).outer, 632);
    await client.driver.expect("PROT C", 503);
    await client.driver.expect("AUTH GSSAPI", 534);
    writeFileSync(join(room.server.directory, "f"), "still protected");
    const data = await client.openPassive();
    await client.driver.expect("RETR f", 150);
    assert.equal((await client.openBlocks(data)).octets.toString(), "still protected");
    assert.equal((await client.driver.reply()).code, 226);
  });

  it("PROT C is clear data where policy lets it be", async () => {
    await using room = await mockRoom({ listener: { requireTls: "login" } });
    await using client = await loggedIn(room, { level: "C" });
    writeFileSync(join(room.server.directory, "f"), "in the clear");
    const data = await client.openPassive();
    await client.expect("RETR f", 150);
    assert.equal(Buffer.concat(await Array.fromAsync(data as AsyncIterable<Buffer>)).toString(), "in the clear");
    assert.equal((await client.reply()).code, 226);
  });

  it("R-2228-13 ADAT has 128 KiB before login, other commands do not", async () => {
    await using room = await mockRoom();
    await using driver = await room.server.greeted();
    await driver.expect(`NOOP ${"A".repeat(60 * 1024)}`, 500);
    await driver.expect("AUTH GSSAPI", 334);
    await driver.expect(`ADAT ${"A".repeat(127 * 1024)}`, 535);
    await driver.expect(`ADAT ${"A".repeat(129 * 1024)}`, 500);
    await driver.expect("NOOP", 200);
  });
});

describe("what goes wrong with a security context", () => {
  it("R-GSS-06 a token is good for one exchange, and an exchange without end is ended", async () => {
    await using room = await mockRoom();
    const context = await room.client.initiate("ftp@localhost");
    const { token } = await context.step(undefined);
    const line = `ADAT ${encodeBase64(token ?? new Uint8Array())}`;
    await using first = await room.server.greeted();
    await first.expect("AUTH GSSAPI", 334);
    await first.expect(line, 235);
    await using second = await room.server.greeted();
    await second.expect("AUTH GSSAPI", 334);
    await second.expect(line, 535);
    await using endless = await startTestServer({ gssapi: { mechanism: asksForEver(), suffices: true } });
    await using driver = await endless.greeted();
    await driver.expect("AUTH GSSAPI", 334);
    for (let at = 0; at < 16; at++) await driver.expect("ADAT AAAA", 335);
    await driver.expect("ADAT AAAA", 535);
    await driver.expect("ADAT AAAA", 503);
  });

  it("what was said while tokens were exchanged counts no more behind them", async () => {
    await using room = await mockRoom({ listener: { requireTls: "none" } });
    await using driver = await room.server.greeted();
    await driver.expect("AUTH GSSAPI", 334);
    await driver.expect("USER bob", 331);
    await driver.expect("PASS secret", 230);
    const context = await room.client.initiate("ftp@localhost");
    const { token } = await context.step(undefined);
    const last = await driver.expect(`ADAT ${encodeBase64(token ?? new Uint8Array())}`, 235);
    const theirs = parseAdat(octetsFromText(last.text));
    assert.ok(theirs instanceof Uint8Array);
    await context.step(theirs);
    const answer = await driver.command(`MIC ${encodeBase64(await context.wrap(Buffer.from("PWD"), false))}`);
    const { octets } = await context.unwrap(tokenOf(answer.text));
    assert.match(Buffer.from(octets).toString(), /^530 /);
    assert.equal(room.server.server.connections()[0]?.account, undefined);
  });

  it("a context that expires is 535, and the connection needs a new AUTH", async () => {
    await using room = await mockRoom();
    await using client = await loggedIn(room);
    const late = await client.envelope("PWD");
    room.mechanism.expire();
    await client.driver.expect(late, 535);
    await client.driver.expect("PWD", 530);
    await client.driver.expect(late, 503);
    await using again = await SealedDriver.logIn(client.driver, room.client);
    await again.expect("PWD", 257);
  });

  it("a context that expires in a transfer ends it", async () => {
    await using room = await mockRoom();
    await using client = await loggedIn(room);
    writeFileSync(join(room.server.directory, "large"), randomBytes(4_000_000));
    const data = await client.openPassive();
    await client.expect("RETR large", 150);
    room.mechanism.expire();
    data.resume();
    assert.equal((await client.driver.reply()).code, 535);
    await client.driver.expect("NOOP", 200);
    await client.driver.expect("PWD", 530);
  });

  it("a mechanism whose process dies costs its connections a clear 421, and nobody else anything", async () => {
    await using room = await mockRoom();
    await using idle = await loggedIn(room);
    await using moving = await loggedIn(room);
    await using other = await room.server.loggedIn();
    writeFileSync(join(room.server.directory, "large"), randomBytes(4_000_000));
    const data = await moving.openPassive();
    await moving.expect("RETR large", 150);
    const envelope = await idle.envelope("PWD");
    room.mechanism.die();
    data.resume();
    await idle.driver.expect(envelope, 421);
    assert.equal((await moving.driver.reply()).code, 421);
    assert.ok((await idle.driver.waitForEnd()) && (await moving.driver.waitForEnd()));
    await other.expect("PWD", 257);
    await using again = await loggedIn(room);
    await again.expect("PWD", 257);
  });

  for (const fault of faults) {
    it(`${fault} anywhere is a refusal, and the server lives`, async () => {
      await using room = await mockRoom();
      await using starting = await room.server.greeted();
      room.mechanism.failNext("accept", fault);
      await starting.expect("AUTH GSSAPI", 431);
      await starting.expect("AUTH GSSAPI", 334);
      const context = await room.client.initiate("ftp@localhost");
      const { token } = await context.step(undefined);
      room.mechanism.failNext("step", fault);
      await starting.expect(`ADAT ${encodeBase64(token ?? new Uint8Array())}`, 535);
      for (const [call, line] of [
        ["unwrap", "NOOP"],
        ["wrap", "NOOP"],
        ["wrapSizeLimit", "PBSZ 1000"],
      ] as const) {
        await using client = await loggedIn(room);
        const envelope = await client.envelope(line);
        room.mechanism.failNext(call, fault);
        const { code } = await client.open(await client.driver.command(envelope));
        assert.ok(code === 535 || code === 421, `${call} was answered ${code}`);
      }
      await using client = await loggedIn(room);
      await client.expect("PWD", 257);
    });
  }

  it("a slow mechanism holds up nobody else, and commands keep their order", async () => {
    await using room = await mockRoom();
    await using client = await loggedIn(room);
    await using other = await room.server.loggedIn();
    const lines = [];
    for (const line of ["PWD", "NOOP", "SYST"]) lines.push(`${await client.envelope(line)}\r\n`);
    const release = room.mechanism.hold();
    client.driver.send(lines.join(""));
    await other.expect("PWD", 257);
    assert.equal(client.driver.pendingText, "");
    release();
    const codes = [];
    for (let at = 0; at < 3; at++) codes.push((await client.reply()).code);
    assert.deepEqual(codes, [257, 200, 215]);
  });

  it("S-15 replies that wait for the mechanism hold commands back", async () => {
    await using room = await mockRoom();
    await using client = await loggedIn(room);
    const { socket } = client.driver;
    const flood = Buffer.from("AUTH X\r\n".repeat(4_096));
    const release = room.mechanism.hold();
    // More than the system's buffers take.
    for (let count = 0; count < 512; count++) socket.write(flood);
    let left = socket.writableLength;
    for (let sameMs = 0; sameMs < 200; sameMs += 20) {
      await sleep(20);
      if (socket.writableLength !== left) sameMs = 0;
      left = socket.writableLength;
    }
    release();
    assert.ok(left > 0, "the server took all");
    // It goes on where it stopped.
    for (let count = 0; count < 3_000; count++) assert.equal((await client.reply()).code, 504);
  });

  it("junk in every form is answered, and ends with 421", async () => {
    await using room = await mockRoom();
    for (let round = 0; round < 20; round++) {
      await using client = await loggedIn(room);
      const good = await client.envelope("NOOP", round % 2 === 0 ? "MIC" : "ENC");
      const codes = [];
      for (let at = 0; codes.at(-1) !== 421; at++) {
        assert.ok(at < 20, "it has no end");
        const cut = good.slice(0, randomInt(1, good.length));
        const junk = [
          `MIC ${randomBytes(randomInt(1, 300)).toString("base64")}`,
          `ENC ${cut}`,
          cut,
          `CONF ${cut}`,
          "MIC",
        ];
        client.driver.send(`${junk[randomInt(junk.length)]}\r\n`);
        codes.push((await client.reply()).code);
      }
      assert.ok(
        codes.every((code) => [421, 501, 533, 535, 537].includes(code)),
        codes.join(),
      );
    }
  });

  it("contexts are released however connections end", async () => {
    await using room = await mockRoom();
    const ends: readonly ((client: SealedDriver) => Promise<unknown>)[] = [
      (client) => client.command("QUIT"),
      (client) => client.command("REIN"),
      async (client) => client.driver.socket.destroy(),
      (client) => client.driver.expect("AUTH GSSAPI", 334),
      async () => room.server.server.disconnect({ account: "alice" }, "Go."),
    ];
    for (const end of ends) {
      const client = await loggedIn(room);
      await end(client);
      await client[Symbol.asyncDispose]();
    }
    for (let waitedMs = 0; room.mechanism.openContextsCount > 0 && waitedMs < 3000; waitedMs += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(room.mechanism.openContextsCount, 0);
  });

  it("QUIT, 421 and a kick are the last words, sealed", async () => {
    await using room = await mockRoom();
    await using client = await loggedIn(room);
    const bye = await client.command("QUIT", "ENC");
    assert.deepEqual([bye.outer, bye.code], [632, 221]);
    assert.ok(await client.driver.waitForEnd());
    await using kicked = await loggedIn(room);
    room.server.server.disconnect({ account: "alice" }, "Go.");
    assert.equal((await kicked.reply()).text, "421 Go.");
    await using flooding = await loggedIn(room);
    for (let at = 0; at < 10; at++) assert.equal((await flooding.open(await flooding.driver.command("PWD"))).code, 533);
    assert.equal((await flooding.open(await flooding.driver.command("PWD"))).code, 421);
  });
});

/** A mechanism that is never content. */
function asksForEver(): SecurityMechanism {
  const never = async (): Promise<never> => {
    throw new SecurityMechanismError("failed", "not complete");
  };
  return {
    name: "GSSAPI",
    accept: async () => ({
      step: async () => ({ token: new Uint8Array(3), facts: undefined }),
      wrap: never,
      unwrap: never,
      wrapSizeLimit: never,
      [Symbol.asyncDispose]: async () => undefined,
    }),
    initiate: never,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
