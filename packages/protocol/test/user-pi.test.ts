import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorOfFailure, limitValues, type Octets, octetsFromText, type UserPiEvent } from "@sallyport/protocol";
import { Dialogue, download, opened, secured, upload } from "./user-pi-dialogue.ts";

describe("the opening", () => {
  test("R-CLI-02 R-4217-01 R-4217-22 R-2389-03 R-2640-06 AUTH TLS, USER, PASS, PBSZ, PROT, FEAT, OPTS UTF8", () => {
    const dialogue = new Dialogue();
    assert.deepEqual(dialogue.answers("220 ready"), ["AUTH TLS"]);
    assert.deepEqual(dialogue.answers("234 go"), []);
    assert.deepEqual(dialogue.happens({ kind: "tls-established" }), ["USER alice"]);
    assert.deepEqual(dialogue.answers("331 password"), ["PASS s3cret"]);
    assert.deepEqual(dialogue.answers("230 in"), ["PBSZ 0"]);
    assert.deepEqual(dialogue.answers("200 PBSZ=0"), ["PROT P"]);
    assert.deepEqual(dialogue.answers("200 P"), ["FEAT"]);
    assert.deepEqual(dialogue.says("211-Extensions:\r\n utf8\r\n  Rest Stream\r\n211 End\r\n"), ["OPTS UTF8 ON"]);
    assert.deepEqual(dialogue.answers("504 no"), []);
    const [effect] = dialogue.of("opened");
    assert.deepEqual(
      [...(effect?.features ?? [])],
      [
        ["UTF8", ""],
        ["REST", "Stream"],
      ],
    );
  });

  test("R-959-02 after 120 the client goes on waiting for 220", () => {
    const dialogue = new Dialogue();
    assert.deepEqual(dialogue.says("120-soon\r\n120 five minutes\r\n"), []);
    assert.deepEqual(dialogue.answers("220 ready"), ["AUTH TLS"]);
  });

  test("R-IMP-02 an implicit connection is greeted inside TLS, and nothing is said before", () => {
    const dialogue = new Dialogue({ security: "implicit" });
    assert.deepEqual(dialogue.happens({ kind: "tls-established" }), []);
    assert.deepEqual(dialogue.answers("220 ready"), ["USER alice"]);
  });

  test("R-CLI-09 a greeting 230 is a login, inside TLS and in plain mode", () => {
    const implicit = new Dialogue({ security: "implicit" });
    implicit.happens({ kind: "tls-established" });
    assert.deepEqual(implicit.answers("230 in"), ["PBSZ 0"]);
    assert.deepEqual(new Dialogue({ security: "plain" }).answers("230 in"), ["FEAT"]);
  });

  test("S-03 a greeting 230 in the clear is worth nothing where TLS is wanted", () => {
    const dialogue = new Dialogue();
    assert.deepEqual(dialogue.answers("230 in"), ["AUTH TLS"]);
    dialogue.answers("234 go");
    assert.deepEqual(dialogue.happens({ kind: "tls-established" }), ["USER alice"]);
    const refusing = new Dialogue();
    refusing.answers("230 in");
    refusing.answers("500 no");
    refusing.answers("500 no");
    assert.deepEqual(refusing.answers("500 no"), ["QUIT"]);
  });

  test("R-959-10 a 3yz that asks for no secret gets none", () => {
    for (const reply of ["314 what", "350 more"]) {
      const dialogue = new Dialogue({ security: "plain" });
      dialogue.answers("220 ready");
      assert.deepEqual(dialogue.answers(reply), ["QUIT"]);
      assert.equal(dialogue.of("close")[0]?.failure?.code, "SALLYPORT_REPLY_UNEXPECTED");
    }
  });

  test("R-IMP-04 implicit: PBSZ and PROT are sent, and a refusal is borne", () => {
    const dialogue = new Dialogue({ security: "implicit" });
    dialogue.happens({ kind: "tls-established" });
    dialogue.answers("220 ready");
    assert.deepEqual(dialogue.answers("230 in"), ["PBSZ 0"]);
    assert.deepEqual(dialogue.answers("503 no"), ["PROT P"]);
    assert.deepEqual(dialogue.answers("502 no"), ["FEAT"]);
  });

  test("R-4217-10 R-SSL-03 refused AUTH goes through the names in order, and never on in the clear (S-03)", () => {
    const dialogue = new Dialogue();
    dialogue.answers("220 ready");
    assert.deepEqual(dialogue.answers("504 no"), ["AUTH TLS-C"]);
    assert.deepEqual(dialogue.answers("534 no"), ["AUTH SSL"]);
    assert.deepEqual(dialogue.answers("500 no"), ["QUIT"]);
    assert.equal(dialogue.of("close")[0]?.failure?.code, "SALLYPORT_TLS_UNAVAILABLE");
    assert.equal(dialogue.of("close")[0]?.reconnect, "never");
  });

  test("S-03 whatever a server says in the clear, no USER and no PASS follow", () => {
    for (const reply of ["230 in", "331 password", "200 ok", "502 no", "421 no", "334 ADAT=", "120 wait"]) {
      for (const security of ["explicit", "implicit"] as const) {
        const dialogue = new Dialogue({ security });
        for (let turn = 0; turn < 8; turn++) dialogue.answers(reply);
        assert.deepEqual(
          dialogue.of("send").filter(({ line }) => /^(?:USER|PASS)/.test(line)),
          [],
        );
      }
    }
  });

  test("S-03 a policy of plain FTP sends them", () => {
    const dialogue = new Dialogue({ security: "plain" });
    assert.deepEqual(dialogue.answers("220 ready"), ["USER alice"]);
    assert.deepEqual(dialogue.answers("331 password"), ["PASS s3cret"]);
    assert.deepEqual(dialogue.answers("230 in"), ["FEAT"]);
  });

  test("S-02 any octet behind the 234 line is fatal, in one piece or in the next", () => {
    for (const [first, ...more] of [
      ["234 go\r\n230 in\r\n"],
      ["234 go\r\n\r\n"],
      ["234 go\r\n", "2"],
      ["234 go\r\n", "\n"],
    ]) {
      const dialogue = new Dialogue();
      dialogue.answers("220 ready");
      dialogue.says(first ?? "");
      for (const piece of more) dialogue.says(piece);
      assert.equal(dialogue.of("close")[0]?.failure?.code, "SALLYPORT_TLS_INJECTION");
      assert.deepEqual(dialogue.happens({ kind: "tls-established" }), []);
    }
  });

  test("R-4217-08 an untrusted peer hears QUIT inside TLS and no USER; a failed handshake hears nothing", () => {
    const untrusted = new Dialogue();
    untrusted.answers("220 ready");
    untrusted.answers("234 go");
    assert.deepEqual(untrusted.happens({ kind: "tls-untrusted", cause: "another name" }), ["QUIT"]);
    const failed = new Dialogue();
    failed.answers("220 ready");
    failed.answers("234 go");
    assert.deepEqual(failed.happens({ kind: "tls-failed", cause: "alert" }), []);
    assert.equal(failed.of("close")[0]?.failure?.code, "SALLYPORT_HANDSHAKE_FAILED");
  });

  test("R-2228-31 232 needs no PASS, 336 and 332 ask for what they ask for, 202 is a login", () => {
    assert.deepEqual(secured().answers("232 certificate"), ["PBSZ 0"]);
    assert.deepEqual(secured().answers("336 challenge"), ["PASS s3cret"]);
    const account = secured({}, { credentials: { user: "a" as Octets, account: "b" as Octets } });
    assert.deepEqual(account.answers("332 account"), ["ACCT b"]);
    assert.deepEqual(account.answers("202 superfluous"), ["PBSZ 0"]);
    const missing = secured({}, { credentials: { user: "a" as Octets } });
    assert.deepEqual(missing.answers("331 password"), ["QUIT"]);
    assert.equal(missing.of("close")[0]?.failure?.code, "SALLYPORT_CREDENTIAL_MISSING");
  });

  test("R-2228-16 GSSAPI exchanges tokens; after a refusal the next mechanism is tried", () => {
    const dialogue = new Dialogue({ mechanisms: ["GSSAPI", "TLS"] });
    assert.deepEqual(dialogue.answers("220 ready"), ["AUTH GSSAPI"]);
    dialogue.answers("334 go");
    assert.deepEqual(dialogue.happens({ kind: "security-token", token: "YQ==" as Octets }), ["ADAT YQ=="]);
    dialogue.answers("335 ADAT=Yg==");
    assert.equal(dialogue.of("next-security-token")[1]?.step, "next");
    assert.equal(dialogue.of("next-security-token")[1]?.token, "Yg==");
    assert.deepEqual(dialogue.happens({ kind: "security-token", token: "Yw==" as Octets }), ["ADAT Yw=="]);
    assert.deepEqual(dialogue.answers("535 bad"), ["AUTH TLS"]);
  });

  test("a server without FEAT is served", () => {
    const dialogue = opened();
    assert.equal(dialogue.of("opened")[0]?.features.size, 0);
  });

  test("R-CLI-02 explicit: without PROT P there is no transfer", () => {
    const dialogue = secured();
    for (const reply of ["331 password", "230 in", "200 ok"]) dialogue.answers(reply);
    assert.deepEqual(dialogue.answers("536 no"), ["QUIT"]);
    assert.equal(dialogue.of("close")[0]?.failure?.code, "SALLYPORT_PROTECTION_REFUSED");
  });

  test("R-CLI-08 a refused login shows neither password nor account", () => {
    const dialogue = secured();
    dialogue.answers("331 password");
    dialogue.answers("530 wrong");
    const failure = dialogue.of("close")[0]?.failure;
    assert.ok(failure);
    const error = errorOfFailure(failure);
    assert.equal(error.code, "SALLYPORT_LOGIN_REFUSED");
    assert.doesNotMatch(JSON.stringify([error.message, error.transcript, failure]), /s3cret/);
    assert.match(JSON.stringify(error.transcript), /PASS \*\*\*\*/);
  });
});

describe("requests", () => {
  test("one after the other, each with its own reply", () => {
    const dialogue = opened();
    assert.deepEqual(dialogue.asks({ kind: "command", id: 1, verb: "PWD" }), ["PWD"]);
    assert.deepEqual(dialogue.asks({ kind: "command", id: 2, verb: "DELE", argument: "f" as Octets }), []);
    assert.deepEqual(dialogue.answers('257 "/"'), ["DELE f"]);
    dialogue.answers("250 gone");
    assert.deepEqual([dialogue.outcome(1), dialogue.outcome(2)], [257, 250]);
  });

  test("R-1123-02 codes that nobody knows count by their first digit", () => {
    for (const [reply, outcome] of [
      ["299 x", 299],
      ["499 x", "SALLYPORT_COMMAND_REFUSED"],
    ] as const) {
      const dialogue = opened();
      dialogue.asks({ kind: "command", id: 1, verb: "NOOP" });
      dialogue.answers(reply);
      assert.equal(dialogue.outcome(1), outcome);
    }
  });

  test("a final reply without an arrow in RFC 959 §6 fails the command; the connection is in step", () => {
    const dialogue = opened();
    dialogue.asks({ kind: "command", id: 1, verb: "NOOP" });
    dialogue.answers("350 what");
    assert.equal(dialogue.outcome(1), "SALLYPORT_REPLY_UNEXPECTED");
    assert.deepEqual(dialogue.asks({ kind: "command", id: 2, verb: "PWD" }), ["PWD"]);
  });

  test("a preliminary reply where there is none closes, since its successor would be another's", () => {
    const dialogue = opened();
    dialogue.asks({ kind: "command", id: 1, verb: "NOOP" });
    dialogue.answers("150 what");
    assert.equal(dialogue.outcome(1), "SALLYPORT_REPLY_UNEXPECTED");
    assert.equal(dialogue.pi.phase, "closed");
  });

  test("a reply that answers nothing closes the connection", () => {
    const dialogue = opened();
    dialogue.answers("226 who asked?");
    assert.equal(dialogue.of("close")[0]?.failure?.code, "SALLYPORT_REPLY_UNSOLICITED");
    dialogue.asks({ kind: "command", id: 1, verb: "NOOP" });
    assert.equal(dialogue.outcome(1), "SALLYPORT_CONNECTION_OVER");
  });

  test("421 at any time ends everything, and says to come back later (R-1123-03)", () => {
    const dialogue = opened();
    dialogue.asks({ kind: "command", id: 1, verb: "DELE", argument: "f" as Octets });
    dialogue.asks({ kind: "command", id: 2, verb: "PWD" });
    dialogue.answers("421 bye");
    assert.deepEqual(
      [dialogue.outcome(1), dialogue.outcome(2)],
      ["SALLYPORT_SERVICE_CLOSING", "SALLYPORT_SERVICE_CLOSING"],
    );
    const retries = [1, 2].map((id) => {
      const settlement = dialogue.settlement(id);
      return settlement?.ok === false && settlement.failure.retry;
    });
    assert.deepEqual(retries, ["check", "again"]);
    assert.equal(dialogue.of("close")[0]?.reconnect, "later");
  });

  test("R-CLI-05 a reply that does not come in time costs the connection; timers that are over count for nothing", () => {
    const dialogue = opened();
    dialogue.asks({ kind: "command", id: 1, verb: "PWD" });
    dialogue.happens({ kind: "timeout", sequence: dialogue.pi.timerSequence - 1 });
    assert.equal(dialogue.outcome(1), undefined);
    dialogue.waits();
    assert.equal(dialogue.outcome(1), "SALLYPORT_REPLY_TIMEOUT");
    assert.equal(dialogue.of("close")[0]?.reconnect, "now");
    dialogue.happens({ kind: "timeout", sequence: dialogue.pi.timerSequence });
    assert.equal(dialogue.of("close").length, 1);
  });

  test("S-09 CR, LF and NUL are refused before anything is sent", () => {
    for (const octet of ["\r", "\n", "\0"]) {
      const dialogue = opened();
      const argument = `a${octet}DELE b` as Octets;
      for (const lines of [
        dialogue.asks({ kind: "command", id: 1, verb: "SIZE", argument }),
        dialogue.asks({ kind: "rename", id: 2, from: "a" as Octets, to: argument }),
        dialogue.asks({ ...download, id: 3, argument }),
      ]) {
        assert.deepEqual(lines, []);
      }
      for (const id of [1, 2, 3]) assert.equal(dialogue.outcome(id), "SALLYPORT_ARGUMENT_FORBIDDEN");
    }
  });

  test("R-1123-12 other octets go as they are, and 0xFF doubled", () => {
    const dialogue = opened();
    const argument = "\x01é\xFF" as Octets;
    assert.deepEqual(dialogue.asks({ kind: "command", id: 1, verb: "SIZE", argument }), ["SIZE \x01é\xFF\xFF"]);
  });

  test("verbs that the user-PI keeps account of are not for the user to send", () => {
    const dialogue = opened();
    for (const verb of ["TYPE", "pass", "QUIT", "NO OP", ""]) {
      dialogue.asks({ kind: "command", id: 1, verb });
      assert.equal(dialogue.outcome(1), "SALLYPORT_VERB_RESERVED");
    }
  });

  test("the queue is bounded", () => {
    const dialogue = opened({ limits: limitValues({ requestQueueCount: 2 }) });
    for (const id of [1, 2, 3, 4]) dialogue.asks({ kind: "command", id, verb: "NOOP" });
    assert.equal(dialogue.outcome(4), "SALLYPORT_QUEUE_FULL");
    assert.equal(dialogue.outcome(3), undefined);
  });

  test("verbs that leave no trace are pipelined where the policy says so, others wait", () => {
    const dialogue = opened({ pipelinedMax: 2 });
    assert.deepEqual(dialogue.asks({ kind: "command", id: 1, verb: "PWD" }), ["PWD"]);
    assert.deepEqual(dialogue.asks({ kind: "command", id: 2, verb: "SIZE", argument: "f" as Octets }), ["SIZE f"]);
    assert.deepEqual(dialogue.asks({ kind: "command", id: 3, verb: "NOOP" }), []);
    assert.deepEqual(dialogue.asks({ kind: "command", id: 4, verb: "DELE", argument: "f" as Octets }), []);
    assert.deepEqual(dialogue.answers("257 /"), ["NOOP"]);
    assert.deepEqual(dialogue.answers("213 5", "200 ok"), ["DELE f"]);
    assert.deepEqual(
      [1, 2, 3].map((id) => dialogue.outcome(id)),
      [257, 213, 200],
    );
  });

  test("RNFR 350, RNTO 250; any other reply to RNFR keeps RNTO back", () => {
    const dialogue = opened();
    const rename = { kind: "rename", from: "a" as Octets, to: "b" as Octets } as const;
    assert.deepEqual(dialogue.asks({ ...rename, id: 1 }), ["RNFR a"]);
    assert.deepEqual(dialogue.answers("350 go on"), ["RNTO b"]);
    dialogue.answers("250 done");
    assert.equal(dialogue.outcome(1), 250);
    for (const reply of ["250 done?", "550 no"]) {
      const failing = opened();
      failing.asks({ ...rename, id: 2 });
      assert.deepEqual(failing.answers(reply), []);
      assert.match(String(failing.outcome(2)), /SALLYPORT_/);
    }
  });

  test("QUIT is over with its reply, with the end of the connection, or with neither", () => {
    for (const end of [
      (dialogue: Dialogue) => dialogue.answers("221 bye"),
      (dialogue: Dialogue) => dialogue.happens({ kind: "connection-closed" }),
      (dialogue: Dialogue) => dialogue.waits(),
    ]) {
      const dialogue = opened();
      assert.deepEqual(dialogue.asks({ kind: "quit", id: 1 }), ["QUIT"]);
      end(dialogue);
      assert.deepEqual(dialogue.of("close"), [{ kind: "close", reconnect: "never", failure: undefined }]);
    }
  });
});

test("no event in any state makes it throw, and all that is asked is settled once it is closed", () => {
  const events: UserPiEvent[] = [
    ...[120, 150, 200, 211, 220, 226, 229, 230, 234, 331, 332, 350, 421, 426, 502, 550, 632].map(
      (code) => ({ kind: "reply", code, lines: [octetsFromText("(|||4000|)")], truncated: false }) as const,
    ),
    { kind: "request", request: { ...upload, id: 0 } },
    { kind: "request", request: { ...download, id: 0 } },
    { kind: "request", request: { ...download, id: 0, preparesNext: true } },
    { kind: "request", request: { kind: "status", id: 0 } },
    { kind: "request", request: { kind: "quit", id: 0 } },
    { kind: "tls-established" },
    { kind: "security-token", token: "YQ==" as Octets },
    { kind: "security-established" },
    { kind: "security-failed", cause: undefined },
    { kind: "data-connected", connection: 1 },
    { kind: "data-ended", connection: 1, outcome: "complete" },
    { kind: "data-ended", connection: 1, outcome: "failed" },
  ];
  let state = 1;
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };
  for (let run = 0; run < 2_000; run++) {
    const isOpened = below(2) === 0;
    const dialogue = isOpened
      ? opened({ sendsAhead: below(2) === 0 })
      : new Dialogue({ security: below(2) === 0 ? "plain" : "explicit" });
    const asked: number[] = [];
    for (let turn = 0; turn < 25; turn++) {
      const event = events[below(events.length)];
      if (below(6) === 0) dialogue.happens({ kind: "abort", id: below(asked.length + 1) });
      if (event?.kind === "request") {
        asked.push(turn);
        dialogue.asks({ ...event.request, id: turn });
      } else if (event !== undefined) dialogue.happens(event);
    }
    dialogue.happens({ kind: "connection-closed" });
    assert.deepEqual(
      dialogue
        .of("settled")
        .map(({ id }) => id)
        .toSorted((one, other) => one - other),
      asked,
    );
  }
});
