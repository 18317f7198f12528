import {
  encodeReply,
  initialServerPiState,
  newServerPi,
  type Octets,
  octetsFromText,
  reply,
  type ServerPi,
  type ServerPiEffect,
  type ServerPiPolicy,
  type ServerPiState,
  step,
  verbs,
} from "@sallyport/protocol";
import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const policy: ServerPiPolicy = {
  requireTlsForLogin: true,
  requireTlsForData: true,
  messageSecurity: "off",
  messagesSuffice: false,
  strictProtectionOrder: false,
  capabilities: new Set(),
  commandQueueMax: 4,
  unknownVerbsMax: 3,
};

function piWith(changes: Partial<ServerPiState<string>> = {}): ServerPi<string> {
  return newServerPi({ ...initialServerPiState("explicit", policy), ...changes });
}

const loggedIn = { login: { kind: "logged-in", user: "alice", account: "alice" } } as const;
const running = (): ServerPi<string> => give(piWith({ ...loggedIn, protectionLevel: "P" }), "RETR a").pi;

function give(pi: ServerPi<string>, text: string) {
  return step(pi, { kind: "line", line: octetsFromText(text) });
}

function codes(effects: readonly ServerPiEffect[]): (number | string)[] {
  return effects.map((effect) => (effect.kind === "send" ? effect.reply.code : effect.kind));
}

describe("server-PI", () => {
  const table: readonly [string, string, Partial<ServerPiState<string>>, (number | string)[]][] = [
    ["R-959-11 unknown verb", "XYZZY", {}, [500]],
    ["R-959-11 known, left out", "SMNT /x", loggedIn, [502]],
    ["R-959-11 known parameter error", "TYPE Q", loggedIn, [504]],
    ["R-959-11 missing argument", "TYPE", loggedIn, [501]],
    ["R-959-11 wrong order", "RNTO x", loggedIn, [503]],
    ["R-959-11 not logged in", "PWD", {}, [530]],
    ["R-959-11 not logged in comes before syntax", "TYPE", {}, [530]],
    ["R-959-15 empty line", "", {}, []],
    ["R-1123-07 X forms", "XPWD", loggedIn, ["run"]],
    ["R-1123-14 TYPE L without size", "TYPE L", loggedIn, [501]],
    ["R-1123-14 TYPE L 7", "TYPE L 7", loggedIn, [504]],
    ["R-959-33 STRU P", "STRU P", loggedIn, [504]],
    ["R-959-34 MODE Q", "MODE Q", loggedIn, [504]],
    ["R-959-43 ALLO x", "ALLO x", loggedIn, [501]],
    ["R-2389-01 FEAT with argument", "FEAT x", {}, [501]],
    ["R-3659-06 REST -1", "REST -1", loggedIn, [501]],
    ["R-3659-06 REST 1x", "REST 1x", loggedIn, [501]],
    ["R-RANG-01 range backwards", "RANG 5 4", loggedIn, [501]],
    ["R-2228-06 PBSZ x", "PBSZ x", {}, [501]],
    ["R-2228-06 PBSZ over 32 bits", "PBSZ 4294967296", {}, [501]],
    ["R-2228-07 PROT X", "PROT X", {}, [504]],
    ["R-2228-07 PROT without letter", "PROT", {}, [501]],
    ["R-2228-05 ADAT that is not base64", "ADAT !!!", {}, [501]],
    ["R-2428-01 EPRT unknown family", "EPRT |7|x|1|", loggedIn, [522]],
    ["R-959-72 PORT with seven numbers", "PORT 1,2,3,4,5,6,7", loggedIn, [501]],
    ["R-4217-25 level C where P is required", "LIST", loggedIn, [521]],
    ["R-4217-25 level P", "LIST", { ...loggedIn, protectionLevel: "P" }, ["run"]],
    ["R-4217-25 the level does not matter to EPSV", "EPSV", loggedIn, ["run"]],
    ["R-2428-03 PASV after EPSV ALL", "PASV", { ...loggedIn, epsvAll: true }, [503]],
    ["R-2428-03 EPSV after EPSV ALL", "EPSV", { ...loggedIn, epsvAll: true }, ["run"]],
    ["R-FXP-01 FXP is off", "CPSV", loggedIn, [502]],
    ["R-MFXX-01 MFMT of February 29 in 2001", "MFMT 20010229000000 a", loggedIn, [501]],
  ];
  for (const [name, line, changes, expected] of table) {
    it(`${name}: ${line || "nothing"}`, () => {
      assert.deepEqual(codes(give(piWith(changes), line).effects), expected);
    });
  }

  it("R-3659-06 REST and ALLO are used up by the next transfer, also by one that failed", () => {
    const waiting = { restart: { kind: "offset", offset: 1000n }, announcedBytes: 5n } as const;
    const start = give(piWith({ ...loggedIn, ...waiting, protectionLevel: "P" }), "STOR a").pi;
    assert.deepEqual(start.state.restart, waiting.restart);
    const { state } = step(start, { kind: "finished", reply: reply(553, "no"), changes: {} }).pi;
    assert.deepEqual([state.restart, state.announcedBytes], [{ kind: "none" }, undefined]);
    const other = give(piWith({ ...loggedIn, ...waiting }), "SIZE a").pi;
    const after = step(other, { kind: "finished", reply: reply(213, "1"), changes: {} }).pi.state;
    assert.deepEqual([after.restart, after.announcedBytes], [waiting.restart, 5n]);
  });

  it("R-959-04 verbs and letters are case-blind", () => {
    for (const line of ["type i", "tYpE I", "TYPE i"]) {
      assert.deepEqual(codes(give(piWith(loggedIn), line).effects), ["run"]);
    }
  });

  it("R-959-03 keeps every space of a pathname but the one that separates", () => {
    const [effect] = give(piWith(loggedIn), "DELE   a ").effects;
    assert.equal(effect?.kind, "run");
    assert.equal(effect?.kind === "run" && effect.command.argument, "  a ");
  });

  it("R-959-07 queues while a command runs and answers in order", () => {
    let pi = running();
    for (const line of ["NOOP", "XYZZY"]) pi = give(pi, line).pi;
    const done = step(pi, { kind: "finished", reply: reply(226, "done"), changes: {} });
    assert.deepEqual(codes(done.effects), [226, "run"]);
    const next = step(done.pi, { kind: "finished", reply: reply(200, "ok"), changes: {} });
    assert.deepEqual(codes(next.effects), [200, 500]);
    assert.equal(next.pi.running, undefined);
  });

  it("S-15 stops reading when the queue is full and goes on when it has room", () => {
    let pi = running();
    const effects: ServerPiEffect[] = [];
    for (let count = 0; count < 4; count++) {
      const given = give(pi, "NOOP");
      pi = given.pi;
      effects.push(...given.effects);
    }
    assert.deepEqual(codes(effects), ["pause"]);
    const done = step(pi, { kind: "finished", reply: reply(226, "done"), changes: {} });
    assert.deepEqual(codes(done.effects), [226, "run", "resume"]);
  });

  it("R-959-61 ABOR goes ahead of the queue and ends the transfer", () => {
    const queued = give(running(), "NOOP").pi;
    const aborted = give(queued, "ABOR");
    assert.deepEqual(codes(aborted.effects), ["abort-transfer"]);
    const finished = step(aborted.pi, { kind: "finished", reply: reply(426, "aborted"), changes: {} });
    assert.deepEqual(codes(finished.effects), [426, "run"]);
    assert.equal(finished.pi.running, "ABOR");
  });

  it("R-959-63 STAT is answered beside a transfer; STAT with a path waits", () => {
    assert.deepEqual(codes(give(running(), "STAT").effects), ["report-status"]);
    assert.equal(give(running(), "STAT /").pi.queue.length, 1);
  });

  it("R-959-28 QUIT waits for the transfer, then the connection closes", () => {
    const waiting = give(running(), "QUIT");
    assert.deepEqual(codes(waiting.effects), []);
    const afterwards = step(waiting.pi, { kind: "finished", reply: reply(226, "done"), changes: {} });
    assert.deepEqual(codes(afterwards.effects), [226, "run"]);
    const closed = step(afterwards.pi, { kind: "finished", reply: reply(221, "bye"), changes: {} });
    assert.deepEqual(codes(closed.effects), [221, "close"]);
    assert.deepEqual(give(closed.pi, "NOOP").effects, []);
  });

  it("R-959-44 any command between RNFR and RNTO parts them", () => {
    const pair = { kind: "rename-from", path: "/a" as never } as const;
    assert.deepEqual(codes(give(piWith({ ...loggedIn, pair }), "RNTO b").effects), ["run"]);
    const between = give(piWith({ ...loggedIn, pair }), "XYZZY").pi;
    assert.deepEqual(codes(give(between, "RNTO b").effects), [503]);
  });

  it("S-04 closes at the first word of another protocol and echoes nothing", () => {
    for (const line of ["GET / HTTP/1.1", "EHLO x", "A1 LOGIN a b", "post /"]) {
      const { effects, pi } = give(piWith(), line);
      assert.deepEqual(codes(effects), [421, "close"]);
      assert.equal(pi.closing, true);
    }
  });

  it("S-04 closes after too many unknown verbs", () => {
    let pi = piWith();
    const seen: (number | string)[] = [];
    for (let count = 0; count < 4; count++) {
      const given = give(pi, "<script>");
      pi = given.pi;
      seen.push(...codes(given.effects));
    }
    assert.deepEqual(seen, [500, 500, 500, 421, "close"]);
  });

  it("never throws, whatever line comes in whatever state, and answers at most once", () => {
    const verb = fc.constantFrom(...Object.keys(verbs), "XCWD", "", "?", "GET");
    const argument = fc.oneof(
      fc.constant(""),
      fc.string({ maxLength: 40 }),
      fc.constantFrom("1", "P", "/a b", "|1|::1|9|"),
    );
    const line = fc.tuple(verb, argument).map(([word, rest]) => `${word}${rest === "" ? "" : ` ${rest}`}` as Octets);
    fc.assert(
      fc.property(fc.boolean(), fc.array(line, { maxLength: 30 }), (login, input) => {
        let pi = piWith(login ? loggedIn : {});
        for (const text of input) {
          const given = step(pi, { kind: "line", line: text });
          assert.ok(given.effects.length <= 2);
          pi = given.pi;
          if (pi.running !== undefined) pi = step(pi, { kind: "finished", reply: reply(200, ""), changes: {} }).pi;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("replies", () => {
  it("R-959-08 no inner line of a multi-line reply looks like its last", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 6 }), (texts) => {
        const lines = texts.map((text) => text as Octets) as [Octets, ...Octets[]];
        const wire = encodeReply({ code: 211, lines });
        const split = wire.split("\r\n");
        assert.equal(split.pop(), "");
        assert.equal(split.filter((line) => /^\d{3} /.test(line)).length, 1);
        assert.match(split.at(-1) ?? "", /^211 /);
        assert.equal(split.length, lines.length);
      }),
    );
  });

  it("S-09 CR, LF and NUL in a name cannot forge a reply; 0xFF is doubled", () => {
    assert.equal(encodeReply({ code: 257, lines: ["a\r\n230 b\0\xFF" as Octets] }), "257 a??230 b?\xFF\xFF\r\n");
  });
});
