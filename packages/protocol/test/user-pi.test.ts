import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  errorOfFailure,
  limitValues,
  newUserPi,
  type Octets,
  octetsFromText,
  receiveOctets,
  ReplyDecoder,
  type Settlement,
  stepUserPi,
  type TransferRequest,
  type UserPi,
  type UserPiEffect,
  type UserPiEvent,
  type UserPiPolicy,
  type UserPiStart,
} from "@sallyport/protocol";

const policy: UserPiPolicy = {
  security: "explicit",
  mechanisms: ["TLS", "TLS-C", "SSL"],
  dataProtection: "P",
  dataSetup: "passive",
  passiveAddress: "control",
  pipelinedMax: 1,
  limits: limitValues(),
};

/** A user-PI and all that it wanted, with the server's part played by hand. */
class Dialogue {
  pi: UserPi;
  readonly effects: UserPiEffect[] = [];
  readonly #decoder = new ReplyDecoder(limitValues());
  #read = 0;

  constructor(changes: Partial<UserPiPolicy> = {}, start: Partial<UserPiStart> = {}) {
    const { pi, effects } = newUserPi({
      policy: { ...policy, ...changes },
      credentials: { user: "alice" as Octets, password: "s3cret" as Octets },
      peerAddress: "192.0.2.1",
      ...start,
    });
    this.pi = pi;
    this.effects.push(...effects);
  }

  /** The server says something; returns the command lines that follow. */
  says(text: string): string[] {
    const { pi, effects } = receiveOctets(this.pi, this.#decoder, Buffer.from(text, "latin1"));
    return this.#note(pi, effects);
  }

  /** A reply of one line. */
  answers(...replies: string[]): string[] {
    return this.says(replies.map((reply) => `${reply}\r\n`).join(""));
  }

  happens(event: UserPiEvent): string[] {
    const { pi, effects } = stepUserPi(this.pi, event);
    return this.#note(pi, effects);
  }

  asks(request: Extract<UserPiEvent, { kind: "request" }>["request"]): string[] {
    return this.happens({ kind: "request", request });
  }

  /** The timer that is armed runs out. */
  waits(): string[] {
    return this.happens({ kind: "timeout", sequence: this.pi.timerSequence });
  }

  of<K extends UserPiEffect["kind"]>(kind: K): Extract<UserPiEffect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<UserPiEffect, { kind: K }> => effect.kind === kind);
  }

  settlement(id: number): Settlement | undefined {
    return this.of("settled").find((effect) => effect.id === id)?.settlement;
  }

  outcome(id: number): number | string | undefined {
    const settlement = this.settlement(id);
    return settlement?.ok === false ? settlement.failure.code : settlement?.reply.code;
  }

  #note(pi: UserPi, effects: readonly UserPiEffect[]): string[] {
    this.pi = pi;
    this.effects.push(...effects);
    const lines = this.of("send").map(({ line }) => line as string);
    const fresh = lines.slice(this.#read);
    this.#read = lines.length;
    return fresh;
  }
}

function secured(changes: Partial<UserPiPolicy> = {}, start: Partial<UserPiStart> = {}): Dialogue {
  const dialogue = new Dialogue(changes, start);
  dialogue.answers("220 ready");
  dialogue.answers("234 go");
  dialogue.happens({ kind: "tls-established" });
  return dialogue;
}

/** Opened, with FEAT empty. */
function opened(changes: Partial<UserPiPolicy> = {}, start: Partial<UserPiStart> = {}): Dialogue {
  const dialogue = secured(changes, start);
  for (const reply of ["331 password", "230 in", "200 ok", "200 P", "502 no FEAT"]) dialogue.answers(reply);
  assert.equal(dialogue.pi.phase, "open");
  return dialogue;
}

const download: TransferRequest = {
  kind: "transfer",
  id: 1,
  verb: "RETR",
  argument: "f" as Octets,
  direction: "download",
  type: "A",
};
const upload: TransferRequest = { ...download, verb: "STOR", direction: "upload" };

/** A transfer whose command was just sent. */
function transferring(request: TransferRequest): Dialogue {
  const dialogue = opened();
  dialogue.asks(request);
  dialogue.answers("229 (|||4000|)");
  assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 1 }), [`${request.verb} f`]);
  return dialogue;
}

function dataEnded(dialogue: Dialogue, outcome: "complete" | "truncated" | "failed", connection = 1): string[] {
  return dialogue.happens({ kind: "data-ended", connection, outcome });
}

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
    assert.equal(dialogue.of("next-security-token")[1]?.token, "Yg==");
    assert.deepEqual(dialogue.happens({ kind: "security-token", token: "Yw==" as Octets }), ["ADAT Yw=="]);
    assert.deepEqual(dialogue.answers("535 bad"), ["AUTH TLS"]);
  });

  test("235 begins the envelopes and a login inside them", () => {
    const dialogue = new Dialogue({ mechanisms: ["GSSAPI"] });
    dialogue.answers("220 ready");
    dialogue.answers("334 go");
    dialogue.happens({ kind: "security-token", token: "YQ==" as Octets });
    assert.deepEqual(dialogue.answers("235 ADAT=Yg=="), ["USER alice"]);
    assert.equal(dialogue.of("wrap-commands").length, 1);
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
    assert.doesNotMatch(JSON.stringify({ ...error, message: error.message }), /s3cret/);
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

describe("transfers", () => {
  test("R-959-66 complete means both, 226 and the proper end of the data, in any order", () => {
    for (const request of [download, upload]) {
      for (const order of ["reply first", "data first"]) {
        const dialogue = transferring(request);
        dialogue.answers("150 go");
        if (order === "reply first") dialogue.answers("226 done");
        dataEnded(dialogue, "complete");
        assert.equal(dialogue.outcome(1), order === "reply first" ? 226 : undefined);
        if (order === "data first") dialogue.answers("226 done");
        assert.equal(dialogue.outcome(1), 226);
        assert.equal(dialogue.of("move-data").length, 1);
      }
    }
  });

  test("R-959-66 226 with data that was cut is a failure, and so is 426 with all the data", () => {
    for (const [outcome, code] of [
      ["truncated", "SALLYPORT_DATA_TRUNCATED"],
      ["failed", "SALLYPORT_DATA_FAILED"],
    ] as const) {
      const dialogue = transferring(download);
      dialogue.answers("150 go", "226 done");
      dataEnded(dialogue, outcome);
      assert.equal(dialogue.outcome(1), code);
    }
    const dialogue = transferring(upload);
    dialogue.answers("150 go");
    dataEnded(dialogue, "complete");
    dialogue.answers("426 cut");
    assert.equal(dialogue.outcome(1), "SALLYPORT_COMMAND_REFUSED");
  });

  test("R-959-66 an upload without 226 is not complete, and may have been stored all the same", () => {
    const dialogue = transferring(upload);
    dialogue.answers("150 go");
    dataEnded(dialogue, "complete");
    dialogue.happens({ kind: "connection-closed" });
    const settlement = dialogue.settlement(1);
    assert.ok(settlement?.ok === false);
    assert.deepEqual([settlement.failure.code, settlement.failure.retry], ["SALLYPORT_CONNECTION_LOST", "check"]);
  });

  test("R-CLI-09 a server without 150, with 125, with data before 150", () => {
    const silent = transferring(upload);
    silent.waits();
    assert.equal(silent.of("move-data").length, 1);
    dataEnded(silent, "complete");
    silent.answers("226 done");
    assert.equal(silent.outcome(1), 226);
    const early = transferring(download);
    dataEnded(early, "complete");
    early.answers("125 go", "250 done");
    assert.equal(early.outcome(1), 250);
  });

  test("an upload that was never begun is not complete by 226", () => {
    const dialogue = transferring(upload);
    dialogue.answers("226 done");
    assert.equal(dialogue.outcome(1), "SALLYPORT_REPLY_UNEXPECTED");
    assert.equal(dialogue.of("break-data").length, 1);
  });

  test("R-2428-04 R-1579-01 EPSV first; after 500, 501, 502 or 522 PASV, and remembered", () => {
    for (const code of [500, 501, 502, 522]) {
      const dialogue = opened();
      assert.deepEqual(dialogue.asks(download), ["EPSV"]);
      assert.deepEqual(dialogue.answers(`${code} no`), ["PASV"]);
      dialogue.answers("227 (192,0,2,1,15,160)");
      assert.deepEqual(dialogue.of("connect-data")[0]?.endpoint, { host: "192.0.2.1", port: 4000 });
      assert.deepEqual(dialogue.of("remember"), [{ kind: "remember", memory: { passive: "PASV" } }]);
    }
    assert.deepEqual(opened({}, { memory: { passive: "PASV" } }).asks(download), ["PASV"]);
  });

  test("R-2428-04 over IPv6 there is no PASV", () => {
    const dialogue = opened({}, { peerAddress: "2001:db8::1", memory: { passive: "PASV" } });
    assert.deepEqual(dialogue.asks(download), ["EPSV"]);
    assert.deepEqual(dialogue.answers("502 no"), []);
    assert.equal(dialogue.outcome(1), "SALLYPORT_NO_DATA_SETUP");
  });

  test("R-1123-20 S-10 the address of 227 is read in any form and not followed", () => {
    const dialogue = opened({}, { memory: { passive: "PASV" } });
    dialogue.asks(download);
    dialogue.answers("227 =10,0,0,1,4,1");
    assert.deepEqual(dialogue.of("connect-data")[0]?.endpoint, { host: "192.0.2.1", port: 1025 });
    assert.deepEqual(dialogue.of("foreign-address")[0]?.named, { host: "10.0.0.1", port: 1025 });
  });

  test("a reply to PASV without an endpoint fails the transfer alone", () => {
    const dialogue = opened();
    dialogue.asks(download);
    dialogue.answers("229 somewhere");
    assert.equal(dialogue.outcome(1), "SALLYPORT_PASSIVE_REPLY_UNREADABLE");
    assert.deepEqual(dialogue.asks({ kind: "command", id: 2, verb: "PWD" }), ["PWD"]);
  });

  test("a port that cannot be reached is tried once more by PASV", () => {
    const dialogue = opened();
    dialogue.asks(download);
    dialogue.answers("229 (|||4000|)");
    assert.deepEqual(dataEnded(dialogue, "failed"), ["PASV"]);
    dialogue.answers("227 (192,0,2,1,15,161)");
    dataEnded(dialogue, "failed", 1);
    assert.equal(dialogue.outcome(1), undefined, "the first connection's end is not the second's");
    dialogue.waits();
    assert.equal(dialogue.outcome(1), "SALLYPORT_DATA_FAILED");
  });

  test("active: PORT for IPv4, EPRT for IPv6", () => {
    for (const [host, line] of [
      ["192.0.2.7", "PORT 192,0,2,7,15,160"],
      ["2001:db8::7", "EPRT |2|2001:db8::7|4000|"],
    ] as const) {
      const dialogue = opened({ dataSetup: "active" });
      assert.deepEqual(dialogue.asks(download), []);
      const sent = dialogue.happens({ kind: "data-listening", connection: 1, endpoint: { host, port: 4000 } });
      assert.deepEqual(sent, [line]);
      assert.deepEqual(dialogue.answers("200 ok"), ["RETR f"]);
    }
  });

  test("R-CLI-03 TYPE, STRU and MODE are sent where they change", () => {
    const dialogue = opened();
    assert.deepEqual(dialogue.asks({ ...download, type: "I", mode: "B" }), ["TYPE I"]);
    assert.deepEqual(dialogue.answers("200 I"), ["MODE B"]);
    assert.deepEqual(dialogue.answers("200 B"), ["EPSV"]);
    dialogue.answers("229 (|||4000|)");
    dialogue.happens({ kind: "data-connected", connection: 1 });
    dialogue.answers("150 go", "226 done");
    dataEnded(dialogue, "complete");
    assert.deepEqual(dialogue.asks({ ...download, id: 2, type: "I", mode: "B" }), ["EPSV"]);
    dialogue.answers("425 no port");
    assert.deepEqual(dialogue.asks({ ...download, id: 3, type: "I" }), ["MODE S"]);
  });

  test("R-3659-09 REST comes last, and REST 0 before the next where the transfer was refused", () => {
    const dialogue = opened();
    dialogue.asks({ ...download, restartOffset: 7n });
    dialogue.answers("229 (|||4000|)");
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 1 }), ["REST 7"]);
    assert.deepEqual(dialogue.answers("350 ok"), ["RETR f"]);
    dialogue.answers("550 no");
    dialogue.asks({ ...download, id: 2 });
    dialogue.answers("229 (|||4000|)");
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 2 }), ["REST 0"]);
    assert.deepEqual(dialogue.answers("350 ok"), ["RETR f"]);
  });

  test("REST that is refused, or answered 2yz, is no resumed transfer", () => {
    for (const [reply, code] of [
      ["502 no", "SALLYPORT_RESTART_REFUSED"],
      ["200 ok", "SALLYPORT_RESTART_REFUSED"],
    ] as const) {
      const dialogue = opened();
      dialogue.asks({ ...download, restartOffset: 7n });
      dialogue.answers("229 (|||4000|)");
      dialogue.happens({ kind: "data-connected", connection: 1 });
      assert.deepEqual(dialogue.answers(reply), []);
      assert.equal(dialogue.outcome(1), code);
    }
  });

  test("R-4217-28 a refused transfer leaves the level as it was; nothing is sent again in the clear", () => {
    for (const code of [521, 522, 534, 425, 431, 550]) {
      const dialogue = transferring(download);
      assert.deepEqual(dialogue.answers(`${code} TLS`), []);
      assert.equal(dialogue.pi.opening.protection, "P");
      assert.deepEqual(
        dialogue.of("send").filter(({ line }) => line === "PROT C"),
        [],
      );
    }
  });

  test("R-959-65 R-1123-13 ABOR is fenced by NOOP, so that every number of replies leaves the connection in step", () => {
    const variants = [
      ["426 cut", "226 aborted"],
      ["226 done", "226 nothing to abort"],
      ["226 aborted"],
      ["225 nothing"],
      ["426 cut"],
      ["426 cut", "225 open"],
      ["426 cut", "500 what is ABOR"],
    ];
    for (const [first = "", ...rest] of variants) {
      const dialogue = transferring(download);
      dialogue.answers("150 go");
      assert.deepEqual(dialogue.happens({ kind: "abort", id: 1 }), ["ABOR"]);
      assert.equal(dialogue.of("break-data").length, 1);
      assert.deepEqual(dialogue.answers(first), ["NOOP"]);
      for (const reply of rest) dialogue.answers(reply);
      assert.equal(dialogue.outcome(1), undefined);
      dialogue.answers("200 fence");
      assert.equal(dialogue.outcome(1), "SALLYPORT_ABORTED");
      assert.deepEqual(dialogue.asks({ kind: "command", id: 2, verb: "PWD" }), ["PWD"]);
      dialogue.answers("257 /");
      assert.equal(dialogue.outcome(2), 257);
    }
  });

  test("a transfer is given up before its command without ABOR", () => {
    const dialogue = opened();
    dialogue.asks(download);
    assert.deepEqual(dialogue.happens({ kind: "abort", id: 1 }), []);
    assert.deepEqual(dialogue.answers("229 (|||4000|)"), []);
    assert.equal(dialogue.outcome(1), "SALLYPORT_ABORTED");
    assert.deepEqual(dialogue.of("connect-data"), []);
    assert.deepEqual(dialogue.asks({ ...download, id: 2 }), ["EPSV"]);
    assert.deepEqual(dialogue.asks({ ...download, id: 3 }), []);
    dialogue.happens({ kind: "abort", id: 3 });
    assert.equal(dialogue.outcome(3), "SALLYPORT_ABORTED");
  });

  test("STAT goes ahead of a transfer after its 150, and its reply is not the transfer's", () => {
    const dialogue = transferring(download);
    assert.deepEqual(dialogue.asks({ kind: "status", id: 2 }), []);
    assert.deepEqual(dialogue.answers("150 go"), ["STAT"]);
    dialogue.says("211-Status\r\n 226 not a reply\r\n211 End\r\n");
    assert.deepEqual([dialogue.outcome(1), dialogue.outcome(2)], [undefined, 211]);
    dialogue.asks({ kind: "status", id: 3 });
    dialogue.answers("226 done");
    dataEnded(dialogue, "complete");
    dialogue.answers("211 idle");
    assert.deepEqual([dialogue.outcome(1), dialogue.outcome(3)], [226, 211]);
  });

  test("preliminary replies are bounded", () => {
    const dialogue = opened({ limits: limitValues({ preliminaryRepliesCount: 3 }) });
    dialogue.asks(download);
    dialogue.answers("229 (|||4000|)");
    dialogue.happens({ kind: "data-connected", connection: 1 });
    for (let count = 0; count < 4; count++) dialogue.answers("110 MARK 1 = 1");
    assert.equal(dialogue.outcome(1), "SALLYPORT_REPLY_UNEXPECTED");
  });
});

test("no event in any state makes it throw, and all that is asked is settled once it is closed", () => {
  const events: UserPiEvent[] = [
    ...[120, 150, 200, 211, 220, 226, 229, 230, 234, 331, 332, 350, 421, 426, 502, 550, 632].map(
      (code) => ({ kind: "reply", code, lines: [octetsFromText("(|||4000|)")], truncated: false }) as const,
    ),
    { kind: "request", request: { ...upload, id: 0 } },
    { kind: "request", request: { ...download, id: 0 } },
    { kind: "request", request: { kind: "status", id: 0 } },
    { kind: "request", request: { kind: "quit", id: 0 } },
    { kind: "tls-established" },
    { kind: "security-token", token: undefined },
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
    const dialogue = below(2) === 0 ? opened() : new Dialogue({ security: below(2) === 0 ? "plain" : "explicit" });
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
